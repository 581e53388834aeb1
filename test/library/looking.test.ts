/** A lost answer of PERSISTENT RESERVE OUT: nothing is sent twice; one looks, and says what was seen. */
import { describe, expect, it } from "vitest";
import {
  type CommandMethods,
  commands,
  createLogicalUnit,
  defaultRetryPolicy,
  encodeTransportId,
  type LogicalUnit,
  type TransportId,
} from "../../src/index.ts";
import { rejection } from "../rejection.ts";
import { check, good, looking, lost, quick, type Step, scripted, status } from "./scripted.ts";

const fast = { retry: quick(defaultRetryPolicy) };
const us: TransportId = { protocol: "sas", address: 0x5000_c500_1234_5678n };

const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, "0");
const keys = (...values: number[]): Step =>
  good(`00000007${hex(values.length * 8, 8)}${values.map((key) => hex(key, 16)).join("")}`);
const nobody = good("0000000700000000");
const held = (key: number, type: number): Step => good(`0000000700000010${hex(key, 16)}0000000000${hex(type, 2)}0000`);
const noSuchAction = check(5, 0x20, 0x00);

/** READ FULL STATUS for one registration. */
const registeredAs = (id: TransportId, key: number, holder = false): Step => {
  const transportId = Array.from(encodeTransportId(id), (byte) => hex(byte, 2)).join("");
  return good(`0000000700000030${hex(key, 16)}00000000${holder ? "01" : "00"}0100000000000100000018${transportId}`);
};

const changes: readonly { name: string; send: (unit: LogicalUnit) => Promise<void> }[] = [
  { name: "register", send: (unit) => unit.register({ key: 1n, newKey: 0x11n }) },
  { name: "registerAndIgnoreExistingKey", send: (unit) => unit.registerAndIgnoreExistingKey({ newKey: 0x11n }) },
  { name: "reserve", send: (unit) => unit.reserve({ key: 0x11n, type: "write-exclusive" }) },
  { name: "release", send: (unit) => unit.release({ key: 0x11n, type: "write-exclusive" }) },
  { name: "clear", send: (unit) => unit.clear({ key: 0x11n }) },
  { name: "preempt", send: (unit) => unit.preempt({ key: 0x11n, victimKey: 0x22n, type: "write-exclusive" }) },
  {
    name: "preemptAndAbort",
    send: (unit) => unit.preemptAndAbort({ key: 0x11n, victimKey: 0x22n, type: "write-exclusive" }),
  },
  {
    name: "registerAndMove",
    send: (unit) => unit.registerAndMove({ key: 0x11n, newKey: 0x22n, transportId: us, relativeTargetPort: 1 }),
  },
  {
    name: "replaceLostReservation",
    send: (unit) => unit.replaceLostReservation({ newKey: 0x11n, type: "write-exclusive" }),
  },
];

describe("every command of PERSISTENT RESERVE OUT", () => {
  it("is tried here", () => {
    const out = Object.entries(commands).filter(([name]) =>
      /^(register|re(serve|lease)$|clear|preempt|replace)/.test(name),
    );
    expect(changes.map(({ name }) => name).sort()).toEqual(out.map(([name]) => name).sort());
  });

  for (const { name, send } of changes) {
    it.each([["CONNECTION_LOST"], ["TIMEOUT"], ["PROTOCOL_ERROR"]] as const)(
      `${name} is sent once after %s, whatever is seen`,
      async (code) => {
        for (const seen of [keys(0x11), keys(0x22), keys(0x11, 0x22), keys()]) {
          for (const reservation of [nobody, held(0x11, 1), held(0x22, 1), held(0, 7)]) {
            for (const status of [noSuchAction, registeredAs(us, 0x11, true), registeredAs(us, 1)]) {
              const transport = looking({ keys: seen, reservation, status }, lost(code), us);
              await send(createLogicalUnit(transport, fast)).catch((error) => {
                expect(error).toMatchObject({ code: "LOST_ANSWER", delivered: "unknown" });
              });
              expect(transport.commands().filter((sent) => sent.startsWith("5f/"))).toHaveLength(1);
              expect(transport.commands().slice(1)).toEqual(["5e/0", "5e/1", "5e/3"]);
            }
          }
        }
      },
    );

    it(`${name} is LOST_ANSWER without evidence if the target cannot be asked`, async () => {
      const transport = scripted([lost("CONNECTION_LOST"), lost("CONNECTION_FAILED", "no")]);
      const error = await rejection(send(createLogicalUnit(transport, fast)));
      expect(error).toMatchObject({
        code: "LOST_ANSWER",
        evidence: undefined,
        delivered: "unknown",
        unit: "scripted://unit",
      });
      expect(error.message).toMatch(
        /^Cannot [A-Z ]+: its answer was lost \(scripted CONNECTION_LOST\), and the target could not be asked\. /,
      );
      expect(transport.commands().filter((sent) => sent.startsWith("5f/"))).toHaveLength(1);
    });

    it(`${name} that was certainly not delivered is sent again`, async () => {
      const transport = scripted([lost("CONNECTION_FAILED", "no"), good()]);
      await send(createLogicalUnit(transport, fast));
      expect(transport.sent).toHaveLength(2);
      expect(transport.sent[1]?.request.cdb).toEqual(transport.sent[0]?.request.cdb);
    });
  }
});

describe("what was seen", () => {
  it("lets the command succeed where the wanted state is plainly there, and says by what", async () => {
    const transport = looking(
      { keys: keys(0x11), reservation: nobody, status: registeredAs(us, 0x11) },
      lost("TIMEOUT"),
      us,
    );
    const command = commands.register({ key: 1n, newKey: 0x11n });
    const { result, settledBy, attempts } = await createLogicalUnit(transport, fast).perform(command);
    expect(result).toBeUndefined();
    expect(settledBy).toMatchObject({
      verdict: "achieved",
      keys: { keys: [0x11n], prGeneration: 7 },
      reservation: { holder: "none" },
      registrations: [{ key: 0x11n, transportId: us }],
    });
    expect(attempts.map(({ command, code }) => [command, code])).toEqual([
      ["REGISTER", "TIMEOUT"],
      ["READ KEYS", undefined],
      ["READ RESERVATION", undefined],
      ["READ FULL STATUS", undefined],
    ]);
  });

  it("comes with the error where it is not", async () => {
    const cause = lost("TIMEOUT");
    const transport = looking({ keys: keys(1), reservation: nobody, status: registeredAs(us, 1) }, cause, us);
    const error = await rejection(createLogicalUnit(transport, fast).register({ key: 1n, newKey: 0x11n }));
    expect(error).toMatchObject({
      code: "LOST_ANSWER",
      cause,
      evidence: { verdict: "not-achieved", keys: { keys: [1n] } },
    });
    expect(error.message).toContain("and what it should bring about is not there now");
    expect(error.attempts).toHaveLength(4);
  });

  it("comes with the error where it does not tell", async () => {
    const transport = looking({ keys: keys(0x11), reservation: nobody, status: noSuchAction }, lost("TIMEOUT"));
    const error = await rejection(createLogicalUnit(transport, fast).register({ newKey: 0x11n }));
    expect(error.evidence).toMatchObject({ verdict: "undecided", registrations: undefined });
    expect(error.message).toContain("and what the target shows now does not tell");
  });

  it("is looked for through unit attentions and a busy unit", async () => {
    const answers: Step[] = [lost("TIMEOUT"), check(6, 0x29, 0x07), status(0x08), keys(), nobody, noSuchAction];
    const transport = scripted(answers);
    const { settledBy, unitAttentions } = await createLogicalUnit(transport, fast).perform(commands.clear({ key: 1n }));
    expect(settledBy?.verdict).toBe("achieved");
    expect(unitAttentions.map(({ asc, ascq }) => [asc, ascq])).toEqual([[0x29, 0x07]]);
    expect(transport.commands()).toEqual(["5f/3", "5e/0", "5e/0", "5e/0", "5e/1", "5e/3"]);
  });

  it("of READ FULL STATUS does not count if it was cut, or of another moment", async () => {
    const cut = good("0000000700000060");
    const later = good("0000000800000000");
    for (const status of [cut, later]) {
      const transport = looking({ keys: keys(0x11), reservation: nobody, status }, lost("TIMEOUT"), us);
      const error = await rejection(createLogicalUnit(transport, fast).register({ newKey: 0x11n }));
      expect(error.evidence?.registrations).toBeUndefined();
    }
  });

  it("is told to an observer too", async () => {
    const seen: string[] = [];
    const transport = looking({ keys: keys(), reservation: nobody, status: noSuchAction }, lost("TIMEOUT"));
    await createLogicalUnit(transport, fast).clear({ key: 1n, observer: (attempt) => seen.push(attempt.command) });
    expect(seen).toEqual(["CLEAR", "READ KEYS", "READ RESERVATION", "READ FULL STATUS"]);
  });

  it("of an answer that is malformed leaves no evidence", async () => {
    const transport = looking({ keys: good("00"), reservation: nobody, status: noSuchAction }, lost("TIMEOUT"));
    expect(await rejection(createLogicalUnit(transport, fast).clear({ key: 1n }))).toMatchObject({
      code: "LOST_ANSWER",
      evidence: undefined,
    });
  });
});

describe("a lost answer of", () => {
  const reads: readonly [string, Partial<Record<keyof CommandMethods, unknown>>][] = [
    ["readKeys", {}],
    ["testUnitReady", {}],
    ["readCapacity10", {}],
    ["reportLuns", {}],
    ["read10", { lba: 0, blocks: 0 } as object],
  ];
  it.each(reads)("%s is asked for again", async (name, options) => {
    const transport = scripted([lost("TIMEOUT"), lost("CONNECTION_LOST"), status(0x18)]);
    const method = createLogicalUnit(transport, fast)[name as "testUnitReady"];
    expect((await rejection(method(options as object))).code).toBe("RESERVATION_CONFLICT");
    expect(transport.sent).toHaveLength(3);
  });

  it.each([
    ["write10", { lba: 0, data: new Uint8Array(512) }],
    ["write16", { lba: 0, data: new Uint8Array(512) }],
    ["reserve6", {}],
    ["release6", {}],
    ["reserve10", {}],
    ["release10", {}],
  ])(
    "%s is neither repeated nor looked into: the transport's error says that it may have happened",
    async (name, options) => {
      const transport = scripted([lost("TIMEOUT")]);
      const method = createLogicalUnit(transport, fast)[name as "testUnitReady"];
      expect(await rejection(method(options as object))).toMatchObject({ code: "TIMEOUT", delivered: "unknown" });
      expect(transport.sent).toHaveLength(1);
    },
  );
});
