/**
 * Whatever bytes arrive: a value or a refusal. Never a trap, never a look past the length given, and never a list that is
 * short without saying so.
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CommandRecord, ListRecord } from "../../src/core/generated/records.ts";
import { cdbWindow, core, dataSize, dataWindow } from "../../src/core/index.ts";
import { type Command, commands, decodeSense, decodeTransportId, isScsiError } from "../../src/index.ts";
import { anyBytes, damaged, goldenBytes } from "./arbitraries.ts";

const RUNS = { numRuns: 2000 };
const MALFORMED = -1;
/** Bytes as characters, one each: text compares a thousand times faster than arrays of numbers do in an assertion. */
const latin1 = new TextDecoder("latin1");

const records = new Uint8Array(core.memory.buffer, core.records.value as number, core.recordsSize.value as number);
/** More than the records of any answer that is tried here. */
const OBSERVED = 3 * 1024;

const responses = goldenBytes("data-in").filter(({ length }) => length < 400);
const lists = goldenBytes("data-out");
const cdbs = goldenBytes("cdb");
const senses = goldenBytes("sense");
const ids = goldenBytes("transport-id");

/** READ ELEMENT STATUS of a slot and of a drive, 16 bytes each, laid out by hand. */
const elements = Uint8Array.from(
  [0, 1, 0, 2, 0, 0, 0, 48].concat(
    [2, 0, 0, 16, 0, 0, 0, 16, 3, 0xe8, 9, ...new Array<number>(13).fill(0)],
    [4, 0, 0, 16, 0, 0, 0, 16, 1, 0xf4, 8, ...new Array<number>(13).fill(0)],
  ),
);

/** Everything that a decoder says about `bytes`: its answer, and what it left in the records window, as text. */
function said(window: Uint8Array, bytes: Uint8Array, beyond: number, decode: (length: number) => number): string {
  window.fill(beyond, bytes.length, Math.min(window.length, bytes.length + 512));
  window.set(bytes);
  records.fill(0, 0, OBSERVED);
  const answer = decode(bytes.length);
  if (answer !== 0 && answer !== MALFORMED) throw new Error(`it answered ${answer}`);
  const input = latin1.decode(window.subarray(0, bytes.length));
  return `${answer} ${input === latin1.decode(bytes)} ${latin1.decode(records.subarray(0, OBSERVED))}`;
}

const decoders: readonly { name: string; seeds: readonly Uint8Array[]; decode: (length: number) => number }[] = [
  { name: "decodeKeys", seeds: responses, decode: core.decodeKeys },
  { name: "decodeReservation", seeds: responses, decode: core.decodeReservation },
  { name: "decodeCapabilities", seeds: responses, decode: core.decodeCapabilities },
  { name: "decodeFullStatus", seeds: responses, decode: core.decodeFullStatus },
  { name: "decodeLuns", seeds: responses, decode: core.decodeLuns },
  { name: "decodeCapacity10", seeds: responses, decode: core.decodeCapacity10 },
  { name: "decodeCapacity16", seeds: responses, decode: core.decodeCapacity16 },
  { name: "decodeInquiry", seeds: responses, decode: core.decodeInquiry },
  ...[0x00, 0x80, 0x83].flatMap((page) => [
    {
      name: `decodeVpdHeader of ${page}`,
      seeds: responses,
      decode: (length: number) => core.decodeVpdHeader(page, length),
    },
    {
      name: `decodeDesignators of ${page}`,
      seeds: responses,
      decode: (length: number) => core.decodeDesignators(page, length),
    },
  ]),
  { name: "decodeTargetPortGroups", seeds: responses, decode: core.decodeTargetPortGroups },
  { name: "decodeElementStatus", seeds: [elements], decode: core.decodeElementStatus },
  { name: "decodeAllCommands", seeds: responses, decode: core.decodeAllCommands },
  { name: "decodeOneCommand", seeds: responses, decode: core.decodeOneCommand },
  { name: "decodeSense", seeds: senses, decode: core.decodeSense },
  { name: "decodeTransportId", seeds: ids, decode: (length) => core.decodeTransportId(0, length) },
  ...[0x00, 0x04, 0x07].map((action) => ({
    name: `decodeParameterList of ${action}`,
    seeds: lists,
    decode: (length: number) => core.decodeParameterList(action, length),
  })),
];

describe("every decoder of the core", () => {
  it("is tried here", () => {
    const exported = Object.keys(core).filter((name) => name.startsWith("decode"));
    const tried = new Set([...decoders.map(({ name }) => name.split(" ")[0]), "decodeCommand"]);
    expect([...tried].sort()).toEqual(exported.sort());
  });

  // All that read the same kind of bytes share them: making the bytes takes longer than reading them.
  it.each([
    ["answers", responses],
    ["parameter lists", lists],
    ["sense data", senses],
    ["TransportIDs", ids],
  ])("of %s says 0 or MALFORMED, and does not look past the length given", (_, seeds) => {
    const alike = decoders.filter((each) => each.seeds === seeds);
    expect(alike).not.toEqual([]);
    fc.assert(
      fc.property(fc.oneof(damaged(seeds), anyBytes), (bytes) => {
        for (const { name, decode } of alike) {
          const first = said(dataWindow, bytes, 0x00, decode);
          const same =
            said(dataWindow, bytes, 0xff, decode) === first && said(dataWindow, bytes, 0x08, decode) === first;
          if (!same) throw new Error(`${name} looked past ${bytes.length} bytes`);
          if (!/^(0|-1) true /.test(first)) throw new Error(`${name} changed its input`);
        }
      }),
      RUNS,
    );
  });

  it("decodeCommand answers 0 or MALFORMED, and does not look past the length given", () => {
    fc.assert(
      fc.property(fc.oneof(damaged(cdbs), fc.uint8Array({ maxLength: 32 })), (bytes) => {
        const cdb = bytes.subarray(0, 32);
        const first = said(cdbWindow, cdb, 0x00, core.decodeCommand);
        const second = said(cdbWindow, cdb, 0xff, core.decodeCommand);
        expect(first === second).toBe(true);
      }),
      RUNS,
    );
  });

  it.each(decoders)("$name refuses lengths beyond its window", ({ decode }) => {
    dataWindow.fill(0);
    for (const length of [dataSize + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) expect(decode(length)).toBe(MALFORMED);
  });

  it("decodeCommand refuses lengths beyond its window", () => {
    for (const length of [cdbWindow.length + 1, 0x7fff_ffff, 0xffff_ffff])
      expect(core.decodeCommand(length)).toBe(MALFORMED);
  });

  it.each(decoders)("$name survives a full window of any one byte", ({ decode }) => {
    for (const value of [0x00, 0x01, 0x06, 0x08, 0x45, 0x70, 0x72, 0x7f, 0x80, 0xff]) {
      dataWindow.fill(value);
      expect([0, MALFORMED]).toContain(decode(dataSize));
    }
  });

  it("decodeTransportId does not look outside the place that it is given", () => {
    dataWindow.fill(0x06);
    expect(core.decodeTransportId(dataSize - 24, 24)).toBe(0);
    expect(core.decodeTransportId(dataSize - 23, 24)).toBe(MALFORMED);
    expect(core.decodeTransportId(dataSize, 0)).toBe(MALFORMED);
    expect(core.decodeTransportId(0xffff_ffff, 24)).toBe(MALFORMED);
    expect(core.decodeTransportId(8, 0xffff_fff8)).toBe(MALFORMED);
  });
});

/** The commands that read something, each with arguments that let it. */
const readers: readonly { name: string; command: Command<unknown> }[] = [
  commands.readKeys({ allocationLengthBytes: 65535 }),
  commands.readReservation(),
  commands.reportCapabilities(),
  commands.readFullStatus({ allocationLengthBytes: 65535 }),
  commands.inquiry(),
  commands.supportedVpdPages(),
  commands.unitSerialNumber(),
  commands.deviceIdentification(),
  commands.reportLuns(),
  commands.readCapacity10(),
  commands.readCapacity16(),
  commands.requestSense(),
  commands.reportTargetPortGroups(),
  commands.reportSupportedOperationCodes(),
  commands.reportSupportedOperationCode({ operationCode: 0x5f }),
  commands.read10({ lba: 0, blocks: 1 }),
  commands.read16({ lba: 0, blocks: 1 }),
].map((command: Command<unknown>) => ({ name: command.name, command }));

/** What the command makes of the bytes; undefined for a refusal. Anything else that is thrown is a failure. */
function readOrRefuse<Result>(command: Command<Result>, bytes: Uint8Array): Result | undefined {
  try {
    return command.read(bytes);
  } catch (error) {
    if (isScsiError(error) && error.code === "MALFORMED_RESPONSE") return undefined;
    throw error;
  }
}

describe("every command that reads", () => {
  it("returns a value or refuses as MALFORMED_RESPONSE, and says the same again", () => {
    fc.assert(
      fc.property(fc.oneof(damaged([...responses, ...senses]), anyBytes), (bytes) => {
        const before = latin1.decode(bytes);
        for (const { name, command } of readers) {
          const first = readOrRefuse(command, bytes);
          dataWindow.fill(0xff, 0, 1024);
          if (!isDeepStrictEqual(readOrRefuse(command, bytes), first)) throw new Error(`${name} read beyond its bytes`);
          const more = first === undefined ? undefined : command.again?.(bytes);
          if (more !== undefined && more.dataInLength <= command.dataInLength) throw new Error(`${name} asks for less`);
        }
        if (latin1.decode(bytes) !== before) throw new Error("the answer was changed");
      }),
      RUNS,
    );
  });

  it.each(readers)("$name refuses an answer that no window holds", ({ command }) => {
    expect(readOrRefuse(command, new Uint8Array(dataSize + 1))).toBeUndefined();
  });

  it("what it returned is the caller's own: the next answer does not change it", () => {
    for (const { command } of readers) {
      for (const bytes of responses) {
        const value = readOrRefuse(command, bytes);
        if (value === undefined) continue;
        const copy = structuredClone(value);
        dataWindow.fill(0xff);
        records.fill(0xff, 0, OBSERVED);
        expect(value).toEqual(copy);
      }
    }
  });
});

const be32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);

describe("a list that says that it is whole", () => {
  const cases = [
    {
      what: "READ KEYS",
      read: commands.readKeys(),
      count: ({ keys }: { keys: readonly bigint[] }) => keys.length,
      at: 4,
    },
    {
      what: "REPORT LUNS",
      read: commands.reportLuns(),
      count: ({ luns }: { luns: readonly bigint[] }) => luns.length,
      at: 0,
    },
  ] as const;
  for (const { what, read, count, at } of cases) {
    it(`has every entry that ${what} announced`, () => {
      fc.assert(
        fc.property(fc.oneof(damaged(responses), anyBytes), (bytes) => {
          const list = readOrRefuse(read as Command<never>, bytes);
          if (list === undefined) return;
          const announced = be32(bytes, at);
          const there = Math.min(bytes.length - 8, announced);
          expect((count as (list: never) => number)(list)).toBe(Math.floor(there / 8));
          expect((list as { truncated: boolean }).truncated).toBe(8 + announced > bytes.length);
        }),
        RUNS,
      );
    });
  }

  it("has every descriptor that READ FULL STATUS announced", () => {
    fc.assert(
      fc.property(damaged(responses), (bytes) => {
        const status = readOrRefuse(commands.readFullStatus(), bytes);
        if (status === undefined) return;
        const end = 8 + be32(bytes, 4);
        let at = 8;
        for (let i = 0; i < status.registrations.length; i++) at += 24 + be32(bytes, at + 20);
        if (status.truncated) expect(at).toBeLessThan(end);
        else expect(at).toBe(end);
        expect(at).toBeLessThanOrEqual(bytes.length);
      }),
      RUNS,
    );
  });

  it("has every designator that VPD page 83h announced", () => {
    fc.assert(
      fc.property(damaged(responses), (bytes) => {
        const page = readOrRefuse(commands.deviceIdentification(), bytes);
        if (page === undefined) return;
        const end = 4 + ((bytes[2] as number) << 8) + (bytes[3] as number);
        const at = 4 + page.designators.reduce((sum, designator) => sum + 4 + designator.bytes.length, 0);
        if (page.truncated) expect(at).toBeLessThan(end);
        else expect(at).toBe(end);
        expect(at).toBeLessThanOrEqual(bytes.length);
      }),
      RUNS,
    );
  });

  it("is never made of a core that ran out of rows", () => {
    // 4096 registrations of 48 bytes need more rows than 65535 bytes can hold, but the core's window is larger than that.
    const count = 5000;
    const bytes = new Uint8Array(8 + count * 48);
    new DataView(bytes.buffer).setUint32(4, bytes.length - 8);
    for (let i = 0; i < count; i++) {
      bytes[8 + i * 48 + 23] = 24;
      bytes[8 + i * 48 + 24] = 0x06;
    }
    dataWindow.set(bytes);
    expect(core.decodeFullStatus(bytes.length)).toBe(0);
    const words = new Uint32Array(records.buffer, records.byteOffset, 16);
    expect(words[ListRecord.COUNT >> 2]).toBe(count);
    expect(words[ListRecord.TRUNCATED >> 2]).toBe(0);
  });
});

describe("sense data", () => {
  it("of any bytes decode to a value or to undefined", () => {
    fc.assert(
      fc.property(fc.oneof(damaged(senses), anyBytes), (bytes) => {
        const sense = decodeSense(bytes);
        if (sense === undefined) return;
        expect(sense.bytes).toEqual(bytes);
        expect(sense.senseKey).toBeLessThan(16);
        if (sense.progress !== undefined) expect(sense.progress).toBeLessThan(1);
      }),
      RUNS,
    );
  });

  it("longer than any device sends do not trap either", () => {
    expect(decodeSense(new Uint8Array(dataSize + 1).fill(0x70))?.senseKey).toBe(0);
  });
});

describe("a TransportID", () => {
  it("of any bytes decodes to a value or throws RangeError", () => {
    fc.assert(
      fc.property(fc.oneof(damaged(ids), anyBytes), (bytes) => {
        try {
          const id = decodeTransportId(bytes);
          if (id.protocol === "opaque") expect(id.bytes).toEqual(bytes.subarray(0, id.bytes.length));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      RUNS,
    );
  });
});

describe("a CDB", () => {
  it("shorter than its operation code demands is malformed, and one byte longer is not", () => {
    const lengths = [6, 10, 10, 0, 16, 12, 0, 0];
    for (let operationCode = 0; operationCode < 256; operationCode++) {
      const length = lengths[operationCode >> 5] as number;
      cdbWindow.fill(0xff);
      cdbWindow[0] = operationCode;
      expect(core.decodeCommand(0)).toBe(MALFORMED);
      if (length > 0) expect(core.decodeCommand(length - 1)).toBe(MALFORMED);
      expect(core.decodeCommand(Math.max(length, 1))).toBe(0);
      expect(new Uint32Array(records.buffer, records.byteOffset, 16)[CommandRecord.CDB_LENGTH >> 2]).toBe(length);
    }
  });
});
