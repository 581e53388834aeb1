/**
 * READ ELEMENT STATUS, MODE SENSE of element addresses, MOVE MEDIUM and their like as bytes. Answers are tgtd's (tgt 1.0.85, Debian
 * 12), as they came over iSCSI, and descriptors drawn by hand; CDBs are drawn by hand from the tables that assembly/media-fields.ts
 * names. Then whatever is wrong with an answer.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  elementAddressAssignment,
  initializeElementStatus,
  moveMedium,
  preventAllowMediumRemoval,
  readElementStatus,
} from "../../src/changer/index.ts";
import { describeCommand } from "../../src/explain.ts";
import { isScsiError } from "../../src/index.ts";

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.replaceAll(/\s/g, "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hexOf = (data: Uint8Array): string => Buffer.from(data).toString("hex");
const word = (value: number, width: number): string => value.toString(16).padStart(width * 2, "0");
const text = (content: string, length: number): string => hexOf(new TextEncoder().encode(content.padEnd(length)));

describe("Commands", () => {
  it.each([
    [
      "READ ELEMENT STATUS",
      readElementStatus({
        type: "import-export",
        startingAddress: 0x0a,
        count: 3,
        currentData: true,
        deviceIdentifiers: true,
        allocationLengthBytes: 0x10203,
      }),
      "b8 13 00 0a 00 03 03 01 02 03 00 00",
    ],
    ["READ ELEMENT STATUS, plain", readElementStatus({ volumeTags: false }), "b8 00 00 00 ff ff 00 00 10 00 00 00"],
    [
      "MOVE MEDIUM",
      moveMedium({ transport: 1, source: 0x3e8, destination: 0x1f4 }),
      "a5 00 00 01 03 e8 01 f4 00 00 00 00",
    ],
    ["INITIALIZE ELEMENT STATUS", initializeElementStatus(), "07 00 00 00 00 00"],
    ["PREVENT", preventAllowMediumRemoval({ prevent: true }), "1e 00 00 00 01 00"],
    ["ALLOW", preventAllowMediumRemoval({ prevent: false }), "1e 00 00 00 00 00"],
    ["MODE SENSE", elementAddressAssignment(), "1a 08 1d 00 ff 00"],
  ])("%s", (_name, command, cdb) => {
    expect(hexOf(command.cdb)).toBe(cdb.replaceAll(" ", ""));
    expect(describeCommand(command).cdb.fields.length).toBeGreaterThan(1);
  });

  it("refuse what the CDB cannot carry", () => {
    expect(() => moveMedium({ source: 65_536, destination: 0 })).toThrow("source must be 0 to 65535, got 65536");
    expect(() => moveMedium({ source: 0, destination: -1 })).toThrow(RangeError);
    expect(() => readElementStatus({ type: "slot" as never })).toThrow("type must be one of medium-transport, storage");
    expect(() => readElementStatus({ allocationLengthBytes: 4 })).toThrow(RangeError);
    expect(() => preventAllowMediumRemoval({ prevent: 1 as never })).toThrow(TypeError);
  });

  it("name their fields", () => {
    const { fields } = describeCommand(moveMedium({ source: 1000, destination: 500 })).cdb;
    expect(fields.filter(({ value }) => value !== 0n).map(({ name, value }) => [name, value])).toEqual([
      ["OPERATION CODE", 0xa5n],
      ["SOURCE ADDRESS", 1000n],
      ["DESTINATION ADDRESS", 500n],
    ]);
  });
});

/** tgtd: b8 14 00 00 ff ff 03 00 20 00 00 00, one drive with TAPE001 in it. Behind the header it counts 94 bytes, and sends 86. */
const tgtDrive = bytes(`
  000a0001 0000005e 04800056 00000056 01f40100 00000000 008003e8 54415045 30303120 20202020 20202020 20202020
  20202020 20202020 20202020 00000000 02010022 49455420 20202020 56495254 55414c2d 54415045 20202020 6265`);

/** tgtd: 1a 08 1d 00 ff 00. */
const tgtAddresses = bytes("17000000 1d12 0001 0001 03e8 0005 000a 0001 01f4 0001 0000");

/** By hand: a mailslot that an operator filled and a slot in an abnormal state, with both volume tags. */
const both = bytes(`
  000a 0002 00 0000b8
  03 c0 0054 00 000054
  000a 3b 00 0000 000000 00 0000 ${text("CLN001L6", 32)} 0000 0000 ${text("ALT1", 32)} 0000 0007
  02 c0 0054 00 000054
  03e8 05 00 8304 000000 c0 03e9 ${text("", 32)} 0000 0000 ${text("", 32)} 0000 0000`);

const plain = {
  accessible: false,
  exception: undefined,
  byOperator: false,
  importEnabled: false,
  exportEnabled: false,
  source: undefined,
  inverted: false,
  volumeTag: undefined,
  alternateVolumeTag: undefined,
  identifier: undefined,
};

describe("Answers", () => {
  it("tgtd's drive: the identifier is cut, and all else there", () => {
    expect(readElementStatus().read(tgtDrive)).toEqual({
      elements: [{ ...plain, address: 500, type: "data-transfer", full: true, source: 1000, volumeTag: "TAPE001" }],
      available: 1,
      truncated: false,
    });
  });

  it("with its last eight bytes, the identifier too", () => {
    const whole = Uint8Array.of(...tgtDrive, ...bytes(text("af11", 8)));
    expect(readElementStatus().read(whole).elements[0]?.identifier).toBe("IET     VIRTUAL-TAPE    beaf11");
  });

  it("tgtd's element addresses", () => {
    expect(elementAddressAssignment().read(tgtAddresses)).toEqual({
      "medium-transport": { first: 1, count: 1 },
      storage: { first: 1000, count: 5 },
      "import-export": { first: 10, count: 1 },
      "data-transfer": { first: 500, count: 1 },
    });
  });

  it("element addresses behind a block descriptor", () => {
    const behind = Uint8Array.of(0x1f, 0, 0, 8, ...new Uint8Array(8), ...tgtAddresses.subarray(4));
    expect(elementAddressAssignment().read(behind)["data-transfer"]).toEqual({ first: 500, count: 1 });
  });

  it("every flag, both volume tags, two pages", () => {
    expect(readElementStatus().read(both)).toEqual({
      elements: [
        {
          ...plain,
          address: 10,
          type: "import-export",
          full: true,
          accessible: true,
          byOperator: true,
          importEnabled: true,
          exportEnabled: true,
          volumeTag: "CLN001L6",
          alternateVolumeTag: "ALT1",
        },
        {
          ...plain,
          address: 1000,
          type: "storage",
          full: true,
          exception: { asc: 0x83, ascq: 0x04 },
          source: 1001,
          inverted: true,
        },
      ],
      available: 2,
      truncated: false,
    });
  });

  it("what is no printable ASCII reads as ?", () => {
    const odd = both.slice();
    odd[8 + 8 + 12] = 0x1b;
    expect(readElementStatus().read(odd).elements[0]?.volumeTag).toBe("?LN001L6");
  });

  it("an answer that is cut says so, and how much room the whole needs", () => {
    const command = readElementStatus({ allocationLengthBytes: 100 });
    const cut = both.subarray(0, 100);
    expect(command.read(cut)).toMatchObject({ available: 2, truncated: true });
    expect(command.read(cut).elements.map(({ address }) => address)).toEqual([10]);
    expect(hexOf(command.again?.(cut)?.cdb.subarray(7, 10) as Uint8Array)).toBe("0000c0");
    expect(command.again?.(cut)?.again?.(both)).toBeUndefined();
  });

  it("nothing at all: no element", () => {
    expect(readElementStatus().read(bytes("0000 0000 00 000000"))).toEqual({
      elements: [],
      available: 0,
      truncated: false,
    });
    // tgtd, of a type that it has none of: it counts the page's header and does not send it.
    expect(readElementStatus().read(bytes("0000 0000 00 000008"))).toMatchObject({ elements: [], truncated: false });
  });
});

const page = (type: number, flags: number, each: number, count: number): string =>
  `${word(type, 1)}${word(flags, 1)}${word(each, 2)}00${word(count, 3)}`;
const status = (available: number, rest: string): Uint8Array =>
  bytes(`0001${word(available, 2)}00${word(rest.length / 2, 3)}${rest}`);

describe("Hostile answers are refused", () => {
  it.each([
    ["shorter than a header", bytes("0001 0001 00 0000")],
    ["of an element type that there is not", status(1, page(5, 0, 16, 16) + "00".repeat(16))],
    ["of element type 0", status(1, page(0, 0, 16, 16) + "00".repeat(16))],
    ["descriptors of no length", status(1, page(2, 0, 0, 16) + "00".repeat(16))],
    ["descriptors shorter than their fields", status(1, page(2, 0, 8, 16) + "00".repeat(16))],
    ["descriptors without room for their volume tags", status(1, page(2, 0xc0, 52, 52) + "00".repeat(52))],
    ["half a descriptor", status(1, page(2, 0, 16, 24) + "00".repeat(24))],
    ["a page longer than the report", status(9, page(2, 0, 16, 144) + "00".repeat(16))],
    ["half a page header at the end", status(1, `${page(2, 0, 16, 16)}${"00".repeat(16)}03000010`)],
    ["more than any window", new Uint8Array(256 * 1024 + 1)],
  ])("%s", (_name, answer) => {
    expect(() => readElementStatus().read(answer)).toThrow(/^Cannot read the answer to READ ELEMENT STATUS: expected/);
  });

  it.each([
    ["none", ""],
    ["another page", `17000000 1c12 ${"00".repeat(18)}`],
    ["half a page", "17000000 1d12 00010001"],
    ["block descriptors that are not there", "170000ff 1d12"],
  ])("element addresses: %s", (_name, answer) => {
    expect(() => elementAddressAssignment().read(bytes(answer))).toThrow(/expected a whole mode page 1Dh/);
  });

  it("whatever the bytes: a value whose elements are within them, or a refusal", () => {
    const seeds = [tgtDrive, both];
    const damaged = fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(191), fc.nat(255)), { maxLength: 4 }), fc.nat(192))
      .map(([seed, changes, length]) => {
        const out = seed.slice(0, length);
        for (const [at, value] of changes) if (at < out.length) out[at] = value;
        return out;
      });
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })), (answer) => {
        try {
          const { elements, truncated, available } = readElementStatus().read(answer);
          read++;
          expect(8 + elements.length * 12).toBeLessThanOrEqual(Math.max(8, answer.length));
          if (elements.length < available) expect(truncated).toBe(true);
        } catch (error) {
          if (!isScsiError(error)) throw error;
          expect(error.code).toBe("MALFORMED_RESPONSE");
        }
      }),
      { numRuns: 2000 },
    );
    expect(read).toBeGreaterThan(200);
  });
});
