/** Answers that did not arrive whole: asked for once more with the room that they need, and never taken for whole. */
import { describe, expect, it } from "vitest";
import { commands, createLogicalUnit, defaultRetryPolicy, type ScsiRequest } from "../../src/index.ts";
import { rejection } from "../rejection.ts";
import { bytes, check, good, lost, quick, type Scripted, scripted, status } from "./scripted.ts";

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
const key = (value: number): string => hex(value, 16);

/** The whole answer of READ KEYS for that many keys. */
const keysAnswer = (count: number): string =>
  `00000007${hex(count * 8, 8)}${Array.from({ length: count }, (_, index) => key(index + 1)).join("")}`;

/** A device server that sends as much of an answer as there is room for, and does not alter its lengths. */
const cut =
  (answer: string) =>
  ({ dataInLength }: ScsiRequest) => ({ ...good(), dataIn: bytes(answer).slice(0, dataInLength) });

/** The allocation lengths that were asked with, from bytes 7 and 8 of the CDBs. */
const rooms = (transport: Scripted): number[] =>
  transport.sent.map(({ request: { cdb } }) => ((cdb[7] as number) << 8) | (cdb[8] as number));

describe("READ KEYS", () => {
  it("is sent once if the answer is whole", async () => {
    const transport = scripted([cut(keysAnswer(3))]);
    expect(await createLogicalUnit(transport).readKeys()).toMatchObject({ keys: [1n, 2n, 3n], truncated: false });
    expect(rooms(transport)).toEqual([8192]);
  });

  it("is sent again, once, with exactly the room that the answer needs", async () => {
    const transport = scripted([cut(keysAnswer(2000))]);
    const { keys, truncated, prGeneration } = await createLogicalUnit(transport).readKeys();
    expect(keys).toHaveLength(2000);
    expect([keys[0], keys[1999], truncated, prGeneration]).toEqual([1n, 2000n, false, 7]);
    expect(rooms(transport)).toEqual([8192, 16008]);
    expect(transport.sent.map(({ request }) => request.dataInLength)).toEqual([8192, 16008]);
  });

  it("is not whole if there are more keys than any allocation length: and says so", async () => {
    const transport = scripted([cut(keysAnswer(9000))]);
    const { keys, truncated } = await createLogicalUnit(transport).readKeys();
    expect(keys).toHaveLength(8190);
    expect(truncated).toBe(true);
    expect(rooms(transport)).toEqual([8192, 65535]);
  });

  it("is not whole if keys are registered between the two questions: and says so", async () => {
    const transport = scripted([cut(keysAnswer(2000)), cut(keysAnswer(2001))]);
    const { keys, truncated } = await createLogicalUnit(transport).readKeys();
    expect(keys).toHaveLength(2000);
    expect(truncated).toBe(true);
    expect(transport.sent).toHaveLength(2);
  });

  it("is sent again where the target sends whole keys only and leaves room", async () => {
    // tgt: 18 bytes of room, two keys, 16 bytes sent.
    const transport = scripted([good(keysAnswer(2).slice(0, 32)), cut(keysAnswer(2))]);
    const { keys, truncated } = await createLogicalUnit(transport).readKeys({ allocationLengthBytes: 18 });
    expect([keys, truncated]).toEqual([[1n, 2n], false]);
    expect(rooms(transport)).toEqual([18, 24]);
  });

  it("is sent again where the target announces only what it had room for", async () => {
    // LIO before 5.x: 1023 keys fill 8192 bytes, and ADDITIONAL LENGTH says that there are no more.
    const transport = scripted([cut(keysAnswer(1023)), cut(keysAnswer(1500))]);
    const { keys, truncated } = await createLogicalUnit(transport).readKeys();
    expect([keys.length, truncated]).toEqual([1500, false]);
    expect(rooms(transport)).toEqual([8192, 65535]);
  });

  it("with a length that no memory holds gets the most that a CDB can ask for, and says that it is not whole", async () => {
    const transport = scripted([good(`00000007fffffff8${key(1)}`)]);
    const { keys, truncated } = await createLogicalUnit(transport).readKeys();
    expect([keys, truncated]).toEqual([[1n], true]);
    expect(rooms(transport)).toEqual([8192, 65535]);
  });
});

describe("READ FULL STATUS", () => {
  const sas = `${key(1)}00000000000000000000000100000018060000005000c50012345678${"00".repeat(12)}`;
  const answer = (count: number): string => `00000007${hex(count * 48, 8)}${sas.repeat(count)}`;

  it("is sent again, once, with exactly the room that the answer needs", async () => {
    const transport = scripted([cut(answer(300))]);
    const { registrations, truncated } = await createLogicalUnit(transport).readFullStatus();
    expect([registrations.length, truncated]).toEqual([300, false]);
    expect(rooms(transport)).toEqual([8192, 14408]);
  });

  it("is sent again where LIO counted only the descriptors that it had room for", async () => {
    // Seen with LIO 6.1: two registrations, 40 bytes of room, and the answer says that nobody is registered.
    const transport = scripted([good("0000000200000000"), cut(answer(2))]);
    const { registrations, truncated } = await createLogicalUnit(transport).readFullStatus({
      allocationLengthBytes: 40,
    });
    expect([registrations.length, truncated]).toEqual([2, false]);
    expect(rooms(transport)).toEqual([40, 65535]);
  });

  it("is sent again if another descriptor with the longest name might not have fitted", async () => {
    const transport = scripted([cut(answer(165)), cut(answer(170))]);
    const { registrations } = await createLogicalUnit(transport).readFullStatus();
    expect(registrations).toHaveLength(170);
    expect(rooms(transport)).toEqual([8192, 65535]);
  });

  it("is sent once if there was room for another descriptor of any length", async () => {
    const transport = scripted([cut(answer(164))]);
    expect((await createLogicalUnit(transport).readFullStatus()).registrations).toHaveLength(164);
    expect(rooms(transport)).toEqual([8192]);
  });
});

describe("READ RESERVATION", () => {
  const answer = `0000000700000010${key(5)}0000000000010000`;

  it("is sent again if its descriptor did not arrive", async () => {
    const transport = scripted([cut(answer)]);
    const state = await createLogicalUnit(transport).readReservation({ allocationLengthBytes: 8 });
    expect(state).toMatchObject({ holder: "one-nexus", key: 5n, truncated: false });
    expect(rooms(transport)).toEqual([8, 24]);
  });

  it("without a reservation is sent once, even with the least room", async () => {
    const transport = scripted([cut("0000000700000000")]);
    expect(await createLogicalUnit(transport).readReservation({ allocationLengthBytes: 8 })).toMatchObject({
      holder: "none",
      truncated: false,
    });
    expect(transport.sent).toHaveLength(1);
  });

  it("that never arrives whole says so, and is not asked for a third time", async () => {
    const transport = scripted([good(answer.slice(0, 16))]);
    expect(await createLogicalUnit(transport).readReservation({ allocationLengthBytes: 8 })).toMatchObject({
      truncated: true,
    });
    expect(transport.sent).toHaveLength(2);
  });
});

describe("REPORT LUNS and the VPD pages", () => {
  const luns = `${hex(24, 8)}00000000${key(0)}0001000000000000${"0002000000000000"}`;
  const page = (code: string, contents: string): string => `00${code}${hex(contents.length / 2, 4)}${contents}`;

  it("ask again with the room that they need", async () => {
    const reportLuns = scripted([cut(luns)]);
    expect(await createLogicalUnit(reportLuns).reportLuns({ allocationLengthBytes: 16 })).toEqual({
      luns: [0n, 0x0001_0000_0000_0000n, 0x0002_0000_0000_0000n],
      truncated: false,
    });
    expect(reportLuns.sent.map(({ request }) => request.dataInLength)).toEqual([16, 32]);

    const pages = scripted([cut(page("00", "008083"))]);
    expect(await createLogicalUnit(pages).supportedVpdPages({ allocationLengthBytes: 5 })).toEqual({
      pages: [0, 0x80, 0x83],
      truncated: false,
    });
    expect(pages.sent.map(({ request }) => request.dataInLength)).toEqual([5, 7]);

    const serial = scripted([cut(page("80", "41424344"))]);
    expect(await createLogicalUnit(serial).unitSerialNumber({ allocationLengthBytes: 6 })).toMatchObject({
      serialNumber: "ABCD",
    });

    const identification = scripted([cut(page("83", "0103000833333330000000a0"))]);
    const { designators } = await createLogicalUnit(identification).deviceIdentification({ allocationLengthBytes: 10 });
    expect(designators).toHaveLength(1);
  });
});

describe("the second question", () => {
  const fast = { retry: quick(defaultRetryPolicy) };

  it("is repeated as the first would be, and its attempts are remembered", async () => {
    const transport = scripted([cut(keysAnswer(2000)), status(0x08), check(6, 0x29, 0), cut(keysAnswer(2000))]);
    const { result, attempts, unitAttentions } = await createLogicalUnit(transport, fast).perform(commands.readKeys());
    expect(result.keys).toHaveLength(2000);
    expect(attempts.map(({ code }) => code)).toEqual([undefined, "BUSY", "UNIT_ATTENTION", undefined]);
    expect(unitAttentions).toHaveLength(1);
    expect(rooms(transport)).toEqual([8192, 16008, 16008, 16008]);
  });

  it("that fails is a failure: half a list is not given out", async () => {
    const transport = scripted([cut(keysAnswer(2000)), lost("CLOSED", "no")]);
    const error = await rejection(createLogicalUnit(transport, fast).readKeys());
    expect(error).toMatchObject({ code: "CLOSED", command: "READ KEYS" });
    expect(error.attempts).toHaveLength(2);
  });
});
