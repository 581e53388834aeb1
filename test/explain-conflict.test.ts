/** Conflicts explained: every reason from the evidence that shows it, and none where the evidence does not. */
import { describe, expect, test } from "vitest";
import {
  type ConflictEvidence,
  explainConflict,
  legacyReservationConflict,
  reservationTypeMeanings,
} from "../src/explain.ts";
import {
  type Command,
  commands,
  parseTransportId,
  type Registration,
  type ReservationHolder,
  type ReservationType,
  reservationTypeNames,
  reservationTypes,
} from "../src/index.ts";

const US = parseTransportId("iqn.2026-01.test:us,i,0x1");
const THEM = parseTransportId("iqn.2026-01.test:them,i,0x2");
const type: ReservationType = "write-exclusive";

const registered = (key: bigint, transportId = US, holder = false): Registration => ({
  key,
  transportId,
  holder,
  allTargetPorts: false,
  relativeTargetPort: 1,
});

const heldBy = (key: bigint, as: ReservationType = type): ReservationHolder => ({
  holder: "one-nexus",
  key,
  type: as,
  typeCode: reservationTypes[as],
  scope: 0,
});

const heldByAll: ReservationHolder = {
  holder: "all-registrants",
  type: "write-exclusive-all-registrants",
  typeCode: 7,
  scope: 0,
};

/** What is seen on a target with these registrations. */
function seen(
  registrations: readonly Registration[],
  reservation: ReservationHolder = { holder: "none" },
  known = true,
): ConflictEvidence {
  return {
    keys: { prGeneration: 1, keys: registrations.map(({ key }) => key), truncated: false },
    reservation: { ...reservation, prGeneration: 1, truncated: false },
    registrations: known ? registrations : undefined,
  };
}

const reason = (command: Command<unknown>, evidence: ConflictEvidence) => explainConflict(command, evidence, US).reason;

describe("REGISTER", () => {
  test("with a key, though not registered", () => {
    const explained = explainConflict(commands.register({ key: 1n, newKey: 2n }), seen([registered(1n, THEM)]), US);
    expect(explained.reason).toBe("not-registered");
    expect(explained.remedies).toMatchObject([{ do: "register", newKey: 2n }]);
  });

  test("without a key, though registered: the remedy names the present one", () => {
    const explained = explainConflict(commands.register({ newKey: 2n }), seen([registered(9n)]), US);
    expect(explained.reason).toBe("already-registered");
    expect(explained.because).toContain("0x9");
    expect(explained.remedies).toMatchObject([{ do: "register", key: 9n, newKey: 2n }]);
  });

  test("with a key that is not the one registered", () => {
    const command = commands.register({ key: 1n, newKey: 2n });
    expect(reason(command, seen([registered(9n)]))).toBe("registered-with-another-key");
  });

  test("without a key, where the target does not tell who is registered: only one thing can be wrong", () => {
    const explained = explainConflict(commands.register({ newKey: 2n }), seen([registered(9n)], undefined, false), US);
    expect(explained.reason).toBe("already-registered");
    expect(explained.remedies).toMatchObject([{ do: "register", ignoreExistingKey: true, newKey: 2n }]);
  });

  test("with a key that nobody has, where the target does not tell who is registered", () => {
    const command = commands.register({ key: 1n, newKey: 2n });
    expect(reason(command, seen([registered(9n)], undefined, false))).toBe("key-not-registered");
    expect(reason(command, seen([registered(1n)], undefined, false))).toBe("owner-unknown");
  });

  test("everything right now: it has changed since", () => {
    expect(reason(commands.register({ key: 1n, newKey: 2n }), seen([registered(1n)]))).toBe("unexplained");
    expect(reason(commands.register({ newKey: 2n }), seen([]))).toBe("unexplained");
  });
});

describe("all that need a registration", () => {
  const needing: readonly Command<unknown>[] = [
    commands.reserve({ key: 1n, type }),
    commands.release({ key: 1n, type }),
    commands.clear({ key: 1n }),
    commands.preempt({ key: 1n, victimKey: 2n, type }),
    commands.preemptAndAbort({ key: 1n, victimKey: 2n, type }),
    commands.registerAndMove({ key: 1n, newKey: 2n, transportId: THEM, relativeTargetPort: 1 }),
  ];

  test.each(needing.map((command) => [command.name, command] as const))("%s", (_name, command) => {
    expect(reason(command, seen([registered(2n, THEM)]))).toBe("not-registered");
    expect(reason(command, seen([registered(7n), registered(2n, THEM)]))).toBe("registered-with-another-key");
    expect(reason(command, seen([registered(2n, THEM)], undefined, false))).toBe("key-not-registered");
  });

  test("our key, but registered for another host: both are said", () => {
    const { because } = explainConflict(commands.clear({ key: 1n }), seen([registered(1n, THEM)]), US);
    expect(because).toBe("This host is not registered. Key 0x1 is registered, but for another host.");
  });

  test("one of several registrations of the same port is enough", () => {
    const evidence = seen([registered(7n), { ...registered(1n), relativeTargetPort: 2 }]);
    expect(reason(commands.clear({ key: 1n }), evidence)).toBe("unexplained");
  });
});

describe("RESERVE", () => {
  const reserve = commands.reserve({ key: 1n, type });

  test("held by another: ask, or preempt with the type that is there", () => {
    const evidence = seen([registered(1n), registered(2n, THEM, true)], heldBy(2n, "exclusive-access"));
    const explained = explainConflict(reserve, evidence, US);
    expect(explained.reason).toBe("held-by-another");
    expect(explained.because).toBe(
      "The reservation is held by key 0x2 (iqn.2026-01.test:them,i,0x000000000002), of type exclusive-access.",
    );
    expect(explained.remedies).toMatchObject([
      { do: "ask-the-holder", key: 2n },
      { do: "preempt", key: 1n, victimKey: 2n, type: "exclusive-access" },
    ]);
  });

  test("another host with our very key holds it", () => {
    const evidence = seen([registered(1n), registered(1n, THEM, true)], heldBy(1n));
    expect(reason(reserve, evidence)).toBe("held-by-another");
  });

  test("held by us with another type: preempt ourselves", () => {
    const evidence = seen([registered(1n, US, true)], heldBy(1n, "exclusive-access"));
    const explained = explainConflict(reserve, evidence, US);
    expect(explained.reason).toBe("held-with-another-type");
    expect(explained.remedies).toMatchObject([{ do: "preempt", key: 1n, victimKey: 1n, type }]);
  });

  test("held by all registrants: everybody else would have to go", () => {
    const explained = explainConflict(reserve, seen([registered(1n), registered(2n, THEM)], heldByAll), US);
    expect(explained.reason).toBe("held-with-another-type");
    expect(explained.remedies).toMatchObject([{ do: "preempt", key: 1n, victimKey: 0n, type }]);
  });

  test("held by us already, or by nobody: it has changed since", () => {
    expect(reason(reserve, seen([registered(1n, US, true)], heldBy(1n)))).toBe("unexplained");
    expect(reason(reserve, seen([registered(1n)]))).toBe("unexplained");
  });

  test("without full status the key decides", () => {
    expect(reason(reserve, seen([registered(1n), registered(2n)], heldBy(2n), false))).toBe("held-by-another");
    expect(reason(reserve, seen([registered(1n)], heldBy(1n, "exclusive-access"), false))).toBe(
      "held-with-another-type",
    );
  });
});

test("PREEMPT of a key that nobody has", () => {
  const command = commands.preempt({ key: 1n, victimKey: 2n, type });
  expect(reason(command, seen([registered(1n)]))).toBe("victim-not-registered");
  expect(reason(command, seen([registered(1n), registered(2n, THEM)]))).toBe("unexplained");
  expect(reason(commands.preempt({ key: 1n, victimKey: 0n, type }), seen([registered(1n)]))).toBe("unexplained");
});

describe("REGISTER AND MOVE", () => {
  const move = commands.registerAndMove({ key: 1n, newKey: 2n, transportId: THEM, relativeTargetPort: 1 });

  test("by one who does not hold", () => {
    expect(reason(move, seen([registered(1n), registered(2n, THEM, true)], heldBy(2n)))).toBe("not-the-holder");
    expect(explainConflict(move, seen([registered(1n)]), US).because).toContain("nobody holds a reservation");
  });

  test("of a reservation that everybody holds", () => {
    expect(reason(move, seen([registered(1n, US, true)], heldByAll))).toBe("type-cannot-move");
  });

  test("by the holder: it has changed since", () => {
    expect(reason(move, seen([registered(1n, US, true)], heldBy(1n)))).toBe("unexplained");
  });
});

test("nothing that can be seen decides about RELEASE, CLEAR and REPLACE LOST RESERVATION", () => {
  const evidence = seen([registered(1n)], heldBy(2n));
  expect(reason(commands.release({ key: 1n, type }), evidence)).toBe("unexplained");
  expect(reason(commands.clear({ key: 1n }), evidence)).toBe("unexplained");
  expect(reason(commands.replaceLostReservation({ newKey: 1n, type }), evidence)).toBe("unexplained");
});

test("our key is registered, nothing else is wrong, and the target does not tell who is who: perhaps not for us", () => {
  const evidence = seen([registered(1n), registered(2n, THEM)], undefined, false);
  for (const command of [commands.reserve({ key: 1n, type }), commands.clear({ key: 1n })]) {
    const explained = explainConflict(command, evidence, US);
    expect(explained.reason).toBe("owner-unknown");
    expect(explained.remedies).toMatchObject([{ do: "register", newKey: 1n, ignoreExistingKey: true }]);
  }
});

describe("reads and writes", () => {
  const write = commands.write10({ lba: 0, data: new Uint8Array(512) });

  test("of a registered host that may not: preempt, if it must be", () => {
    const explained = explainConflict(write, seen([registered(1n), registered(2n, THEM, true)], heldBy(2n)), US);
    expect(explained.reason).toBe("reservation-forbids");
    expect(explained.because).toContain("only the holder may write, everybody may read.");
    expect(explained.because).toContain("This host is registered with key 0x1 and does not hold it.");
    expect(explained.remedies.map((remedy) => remedy.do)).toEqual(["ask-the-holder", "preempt"]);
  });

  test("of a host that only needs to register", () => {
    for (const held of [heldByAll, heldBy(2n, "exclusive-access-registrants-only")]) {
      const explained = explainConflict(write, seen([registered(2n, THEM, true)], held), US);
      expect(explained.because).toContain("This host is not registered.");
      expect(explained.remedies).toMatchObject([{ do: "register" }]);
    }
  });

  test("of a host whose port is not known: nothing is said about it", () => {
    const { because } = explainConflict(write, seen([registered(2n, THEM, true)], heldBy(2n)));
    expect(because).not.toContain("This host");
  });

  test("without a reservation it is not explained", () => {
    expect(reason(write, seen([]))).toBe("unexplained");
  });
});

test("lists that are not whole explain nothing", () => {
  const evidence = seen([]);
  const cut = { ...evidence, keys: { ...evidence.keys, truncated: true } };
  expect(reason(commands.clear({ key: 1n }), cut)).toBe("unexplained");
});

test("an older RESERVE has an explanation of its own, and every type a meaning", () => {
  expect(legacyReservationConflict.reason).toBe("legacy-reservation");
  expect(Object.keys(reservationTypeMeanings)).toEqual(reservationTypeNames);
});
