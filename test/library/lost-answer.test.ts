/**
 * What may be concluded after a lost answer: every intent against every kind of evidence. "achieved" lets a caller go on as if
 * the target had answered GOOD, so every cell in which somebody else could have brought the same about must not say it.
 */
import { describe, expect, it } from "vitest";
import {
  commands,
  type LostAnswerEvidence,
  type Registration,
  type ReservationIntent,
  type ReservationState,
  type TransportId,
} from "../../src/index.ts";
import { judge } from "../../src/lost-answer.ts";

type Verdict = LostAnswerEvidence["verdict"];

const ours: TransportId = { protocol: "iscsi", name: "iqn.2026-01.com.example:us", isid: 0x00023d000001n };
const theirs: TransportId = { protocol: "iscsi", name: "iqn.2026-01.com.example:them", isid: 0x00023d000002n };
const third: TransportId = { protocol: "iscsi", name: "iqn.2026-01.com.example:third", isid: 0x00023d000003n };

const OLD = 0x01n;
const NEW = 0x11n;
const THEIR = 0x22n;
const THIRD = 0x33n;

const none: ReservationState = { holder: "none", prGeneration: 5, truncated: false };
const held = (key: bigint, type: "write-exclusive" | "exclusive-access-registrants-only" = "write-exclusive") =>
  ({ holder: "one-nexus", key, type, typeCode: 1, scope: 0, prGeneration: 5, truncated: false }) as ReservationState;
const heldByAll: ReservationState = {
  holder: "all-registrants",
  type: "write-exclusive-all-registrants",
  typeCode: 7,
  scope: 0,
  prGeneration: 5,
  truncated: false,
};

const registered = (transportId: TransportId, key: bigint, holder = false, relativeTargetPort = 1): Registration => ({
  key,
  transportId,
  allTargetPorts: false,
  relativeTargetPort,
  holder,
  ...(holder ? { type: "write-exclusive" as const, typeCode: 1, scope: 0 } : {}),
});

/** Evidence: what READ FULL STATUS shows, and what READ KEYS and READ RESERVATION say of the same state. */
interface Evidence {
  readonly keys?: readonly bigint[];
  readonly reservation?: ReservationState;
  /** With READ FULL STATUS; READ KEYS follows from it. */
  readonly registrations?: readonly Registration[];
}

function verdict(
  intent: ReservationIntent | undefined,
  evidence: Evidence,
  port: TransportId | undefined = ours,
): Verdict {
  const keys = evidence.keys ?? evidence.registrations?.map(({ key }) => key) ?? [];
  return judge(
    intent as ReservationIntent,
    {
      keys: { prGeneration: 5, keys, truncated: false },
      reservation: evidence.reservation ?? none,
      registrations: evidence.registrations,
    },
    port,
  );
}

type Row = readonly [what: string, evidence: Evidence, verdict: Verdict];

/** One table for each intent: rows of evidence, and what may be concluded. */
const tables: readonly {
  intent: string;
  command: { readonly intent?: ReservationIntent | undefined };
  rows: readonly Row[];
}[] = [
  {
    intent: "REGISTER of a first or another key",
    command: commands.register({ key: OLD, newKey: NEW }),
    rows: [
      ["we are registered with it", { registrations: [registered(ours, NEW)] }, "achieved"],
      ["we are registered with the old one", { registrations: [registered(ours, OLD)] }, "not-achieved"],
      [
        "we are not registered, another is, with the same key",
        { registrations: [registered(theirs, NEW)] },
        "not-achieved",
      ],
      ["nobody is registered", { registrations: [] }, "not-achieved"],
      [
        "registered through two target ports, both with it",
        { registrations: [registered(ours, NEW), registered(ours, NEW, false, 2)] },
        "achieved",
      ],
      [
        "registered through two target ports, one with it",
        { registrations: [registered(ours, NEW), registered(ours, OLD, false, 2)] },
        "undecided",
      ],
      ["keys alone: it is there, perhaps another's", { keys: [NEW] }, "undecided"],
      ["keys alone: it is not there", { keys: [OLD, THEIR] }, "not-achieved"],
    ],
  },
  {
    intent: "REGISTER of the key that we have, for the sake of APTPL",
    command: commands.register({ key: NEW, newKey: NEW, persistThroughPowerLoss: true }),
    rows: [
      ["we are registered with it, as before", { registrations: [registered(ours, NEW)] }, "undecided"],
      ["we are not registered", { registrations: [] }, "not-achieved"],
      ["keys alone: it is there", { keys: [NEW] }, "undecided"],
    ],
  },
  {
    intent: "REGISTER AND IGNORE EXISTING KEY",
    command: commands.registerAndIgnoreExistingKey({ newKey: NEW }),
    rows: [
      ["we are registered with it", { registrations: [registered(ours, NEW)] }, "achieved"],
      ["we are registered with another", { registrations: [registered(ours, OLD)] }, "not-achieved"],
      ["keys alone: it is there", { keys: [NEW] }, "undecided"],
    ],
  },
  ...(
    [
      ["APTPL", { persistThroughPowerLoss: true }],
      ["ALL_TG_PT", { allTargetPorts: true }],
      ["SPEC_I_PT", { initiatorPorts: [theirs] }],
    ] as const
  ).map(([flag, options]) => ({
    intent: `REGISTER AND IGNORE EXISTING KEY with ${flag}, which may have been registered without it`,
    command: commands.registerAndIgnoreExistingKey({ newKey: NEW, ...options }),
    rows: [
      ["we are registered with the key", { registrations: [registered(ours, NEW)] }, "undecided"],
      ["we are registered with another", { registrations: [registered(ours, OLD)] }, "not-achieved"],
    ] as readonly Row[],
  })),
  {
    intent: "unregistering",
    command: commands.register({ key: OLD, newKey: 0n }),
    rows: [
      ["we are not registered", { registrations: [registered(theirs, THEIR)] }, "achieved"],
      ["nobody is registered", { registrations: [] }, "achieved"],
      ["we are registered", { registrations: [registered(ours, OLD)] }, "not-achieved"],
      [
        "we are registered through two target ports",
        { registrations: [registered(ours, OLD), registered(ours, OLD, false, 2)] },
        "undecided",
      ],
      ["keys alone: none", { keys: [] }, "achieved"],
      ["keys alone: some", { keys: [THEIR] }, "undecided"],
      [
        "the target reports our name without an ISID: it may be us",
        { registrations: [registered({ protocol: "iscsi", name: ours.name as string }, OLD)] },
        "undecided",
      ],
    ],
  },
  {
    intent: "RESERVE",
    command: commands.reserve({ key: NEW, type: "write-exclusive" }),
    rows: [
      ["we hold", { reservation: held(NEW), registrations: [registered(ours, NEW, true)] }, "achieved"],
      [
        "another holds with the same key",
        { reservation: held(NEW), registrations: [registered(ours, NEW), registered(theirs, NEW, true)] },
        "not-achieved",
      ],
      ["nobody holds", { registrations: [registered(ours, NEW)] }, "not-achieved"],
      [
        "we hold another type",
        { reservation: held(NEW, "exclusive-access-registrants-only"), registrations: [registered(ours, NEW, true)] },
        "not-achieved",
      ],
      [
        "we hold, perhaps through our other target port",
        {
          reservation: held(NEW),
          registrations: [registered(ours, NEW, true), registered(ours, NEW, false, 2)],
        },
        "undecided",
      ],
      ["keys alone: our key holds, and nobody else has it", { keys: [NEW, THEIR], reservation: held(NEW) }, "achieved"],
      ["keys alone: our key holds, and two have it", { keys: [NEW, NEW], reservation: held(NEW) }, "undecided"],
      ["keys alone: another key holds", { keys: [NEW, THEIR], reservation: held(THEIR) }, "not-achieved"],
      ["keys alone: nobody holds", { keys: [NEW] }, "not-achieved"],
      ["keys alone: all hold", { keys: [NEW], reservation: heldByAll }, "not-achieved"],
    ],
  },
  {
    intent: "RESERVE for all registrants",
    command: commands.reserve({ key: NEW, type: "write-exclusive-all-registrants" }),
    rows: [
      ["we hold", { reservation: heldByAll, registrations: [registered(ours, NEW, true)] }, "achieved"],
      [
        "we are not registered",
        { reservation: heldByAll, registrations: [registered(theirs, THEIR, true)] },
        "not-achieved",
      ],
      ["keys alone: ours is registered", { keys: [NEW], reservation: heldByAll }, "achieved"],
      ["keys alone: ours is not registered", { keys: [THEIR], reservation: heldByAll }, "not-achieved"],
      ["one nexus holds", { keys: [NEW], reservation: held(NEW) }, "not-achieved"],
    ],
  },
  {
    intent: "RELEASE",
    command: commands.release({ key: NEW, type: "write-exclusive" }),
    rows: [
      ["nobody holds", { keys: [NEW] }, "achieved"],
      ["another holds", { keys: [NEW, THEIR], reservation: held(THEIR) }, "achieved"],
      ["our key holds", { keys: [NEW], reservation: held(NEW) }, "not-achieved"],
      ["all hold, we among them", { keys: [NEW], reservation: heldByAll }, "not-achieved"],
      ["all hold, we are not registered", { keys: [THEIR], reservation: heldByAll }, "achieved"],
    ],
  },
  {
    intent: "CLEAR",
    command: commands.clear({ key: NEW }),
    rows: [
      ["nothing is left", { keys: [] }, "achieved"],
      ["our key is there", { keys: [NEW] }, "not-achieved"],
      ["others have registered, before or after", { keys: [THEIR] }, "undecided"],
      ["no keys, but a reservation", { keys: [], reservation: held(THEIR) }, "undecided"],
    ],
  },
  {
    intent: "PREEMPT",
    command: commands.preempt({ key: NEW, victimKey: THEIR, type: "write-exclusive" }),
    rows: [
      ["the victim is gone, and we hold", { keys: [NEW], reservation: held(NEW) }, "achieved"],
      [
        "the victim is gone, and the nexus that holds is ours",
        { registrations: [registered(ours, NEW, true), registered(third, NEW)], reservation: held(NEW) },
        "achieved",
      ],
      [
        "the victim is gone, and the nexus that holds has our key, but is not ours",
        { registrations: [registered(ours, NEW), registered(third, NEW, true)], reservation: held(NEW) },
        "undecided",
      ],
      ["the victim is gone, our key holds, and two have it", { keys: [NEW, NEW], reservation: held(NEW) }, "undecided"],
      [
        "the victim is gone, and a third holds: it may have been quicker",
        { keys: [NEW, THIRD], reservation: held(THIRD) },
        "undecided",
      ],
      ["the victim is gone, and nobody holds: it may have left by itself", { keys: [NEW] }, "undecided"],
      [
        "the victim is gone, and all registrants hold: a third may have been quicker",
        { keys: [NEW, THIRD], reservation: heldByAll },
        "undecided",
      ],
      ["the victim is there", { keys: [NEW, THEIR], reservation: held(THEIR) }, "not-achieved"],
      ["the victim is there, though we hold", { keys: [NEW, THEIR], reservation: held(NEW) }, "not-achieved"],
      ["the victim is gone, and so are we", { keys: [THIRD], reservation: held(THIRD) }, "undecided"],
    ],
  },
  {
    intent: "PREEMPT of everybody else",
    command: commands.preempt({ key: NEW, victimKey: 0n, type: "write-exclusive-all-registrants" }),
    rows: [
      ["we are alone, and hold", { keys: [NEW], reservation: heldByAll }, "achieved"],
      ["others are there", { keys: [NEW, THEIR], reservation: heldByAll }, "not-achieved"],
      ["another with our key is there", { keys: [NEW, NEW], reservation: heldByAll }, "undecided"],
      ["we are gone", { keys: [], reservation: none }, "undecided"],
    ],
  },
  {
    intent: "PREEMPT of our own key",
    command: commands.preempt({ key: NEW, victimKey: NEW, type: "write-exclusive" }),
    rows: [
      ["we are there, and hold", { keys: [NEW], reservation: held(NEW) }, "undecided"],
      ["we are gone", { keys: [], reservation: none }, "undecided"],
    ],
  },
  {
    intent: "PREEMPT AND ABORT",
    command: commands.preemptAndAbort({ key: NEW, victimKey: THEIR, type: "write-exclusive" }),
    rows: [
      [
        "the victim is gone, and we hold: but whether its tasks are leaves no trace",
        { keys: [NEW], reservation: held(NEW) },
        "undecided",
      ],
      ["the victim is there", { keys: [NEW, THEIR], reservation: held(THEIR) }, "not-achieved"],
    ],
  },
  {
    intent: "REGISTER AND MOVE with another key",
    command: commands.registerAndMove({ key: OLD, newKey: NEW, transportId: theirs, relativeTargetPort: 1 }),
    rows: [
      [
        "it holds",
        { registrations: [registered(ours, OLD), registered(theirs, NEW, true)], reservation: held(NEW) },
        "achieved",
      ],
      ["we hold", { registrations: [registered(ours, OLD, true)], reservation: held(OLD) }, "not-achieved"],
      [
        "it holds through another target port",
        { registrations: [registered(theirs, NEW, true, 2)], reservation: held(NEW) },
        "not-achieved",
      ],
      ["keys alone: the new key holds", { keys: [OLD, NEW], reservation: held(NEW) }, "achieved"],
      ["keys alone: the old key holds", { keys: [OLD], reservation: held(OLD) }, "not-achieved"],
      ["nobody holds", { keys: [OLD, NEW] }, "undecided"],
      ["all hold", { keys: [OLD, NEW], reservation: heldByAll }, "undecided"],
    ],
  },
  {
    intent: "REGISTER AND MOVE with the same key",
    command: commands.registerAndMove({ key: NEW, newKey: NEW, transportId: theirs, relativeTargetPort: 1 }),
    rows: [
      [
        "it holds",
        { registrations: [registered(ours, NEW), registered(theirs, NEW, true)], reservation: held(NEW) },
        "achieved",
      ],
      [
        "we hold",
        { registrations: [registered(ours, NEW, true), registered(theirs, NEW)], reservation: held(NEW) },
        "not-achieved",
      ],
      ["keys alone: the key holds, as before", { keys: [NEW, NEW], reservation: held(NEW) }, "undecided"],
    ],
  },
  {
    intent: "REPLACE LOST RESERVATION",
    command: commands.replaceLostReservation({ newKey: NEW, type: "write-exclusive" }),
    rows: [
      ["we hold", { reservation: held(NEW), registrations: [registered(ours, NEW, true)] }, "achieved"],
      ["nobody holds", { registrations: [] }, "not-achieved"],
    ],
  },
];

describe.each(tables)("$intent", ({ command, rows }) => {
  it.each(rows)("%s", (_, evidence, expected) => {
    expect(verdict(command.intent, evidence)).toBe(expected);
  });

  it("what was not read whole decides nothing", () => {
    const keys = { prGeneration: 5, keys: [], truncated: false };
    const intent = command.intent as ReservationIntent;
    expect(
      judge(intent, { keys: { ...keys, truncated: true }, reservation: none, registrations: undefined }, ours),
    ).toBe("undecided");
    const unread: ReservationState = { ...none, truncated: true };
    expect(judge(intent, { keys, reservation: unread, registrations: undefined }, ours)).toBe("undecided");
  });
});

describe("answers of different moments", () => {
  it("decide nothing: PRGENERATION moved between them", () => {
    const keys = { prGeneration: 6, keys: [], truncated: false };
    const intent = commands.clear({ key: NEW }).intent as ReservationIntent;
    expect(
      judge(intent, { keys: { ...keys, prGeneration: 5 }, reservation: none, registrations: undefined }, ours),
    ).toBe("achieved");
    expect(judge(intent, { keys, reservation: none, registrations: undefined }, ours)).toBe("undecided");
  });
});

describe("a transport that does not know its initiator port", () => {
  it("has keys alone to go by, even with READ FULL STATUS", () => {
    const intent = commands.register({ newKey: NEW }).intent;
    expect(verdict(intent, { registrations: [registered(ours, NEW)] })).toBe("achieved");
    expect(judgeWithoutPort(intent as ReservationIntent, [registered(ours, NEW)])).toBe("undecided");
  });
});

function judgeWithoutPort(intent: ReservationIntent, registrations: readonly Registration[]): Verdict {
  const keys = { prGeneration: 5, keys: registrations.map(({ key }) => key), truncated: false };
  return judge(intent, { keys, reservation: none, registrations }, undefined);
}

describe("commands that leave nothing to look for", () => {
  it("have no intent: REPLACE LOST RESERVATION for all registrants", () => {
    expect(
      commands.replaceLostReservation({ newKey: NEW, type: "write-exclusive-all-registrants" }).intent,
    ).toBeUndefined();
  });
});
