/** Sense data beyond the golden cases: every descriptor too short for its type, vendors' formats, the lean reader. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSense, readSense, type SenseDescriptor, type SenseNumbers, unreadableSense } from "../../src/index.ts";
import { hexBytes } from "../golden/markdown.ts";
import { anyBytes, damaged, goldenBytes } from "./arbitraries.ts";

/** Descriptor format sense data around some descriptors. */
const around = (...descriptors: string[]): Uint8Array => {
  const bytes = hexBytes(descriptors.join(" "));
  return Uint8Array.of(0x72, 5, 0x24, 0, 0, 0, 0, bytes.length, ...bytes);
};
const only = (descriptor: string): SenseDescriptor =>
  decodeSense(around(descriptor))?.descriptors[0] as SenseDescriptor;

const numbers = (): SenseNumbers => ({
  responseCode: 0,
  senseKey: 0,
  asc: 0,
  ascq: 0,
  deferred: false,
  truncated: false,
  senseKeySpecific: -1,
});

describe("a sense data descriptor", () => {
  it.each([
    ["00 09 80 00 00 00 00 00 00 00 01", "information"],
    ["01 09 00 00 00 00 00 00 00 00 01", "command specific"],
    ["02 04 00 00 c0 00", "sense key specific"],
    ["03 01 00", "field replaceable unit"],
    ["04 01 00", "stream commands"],
    ["05 01 00", "block commands"],
    ["09 0b 01 40 12 34 0a 01 0b 02 0c 03 40", "ATA status return"],
    ["0a 05 02 04 04 00 80", "another progress indication"],
    ["0c 01 83", "forwarded sense"],
    ["0d 15 a0 00 80 00 05 2a 00 00 00 01 00 00 00 02 00 00 00 00 00 00 00", "direct access block"],
  ])("that is too short for its type is kept as bytes, and nothing is read from it: %s", (text) => {
    const sense = decodeSense(around(text));
    expect(sense?.descriptors).toEqual([{ type: hexBytes(text)[0], kind: "unknown", bytes: hexBytes(text) }]);
    expect(sense).toMatchObject({ filemark: false, endOfMedium: false, incorrectLength: false, truncated: false });
    for (const name of ["information", "commandSpecific", "fieldPointer", "fieldReplaceableUnit"] as const)
      expect(sense?.[name]).toBeUndefined();
  });

  it("of information without VALID is a vendor's value, and not INFORMATION", () => {
    const sense = decodeSense(around("00 0a 00 00 00 00 00 00 00 00 00 09"));
    expect(sense?.information).toBeUndefined();
    expect(sense?.descriptors[0]).toMatchObject({ kind: "information", valid: false, information: 9n });
  });

  it("of ATA without EXTEND has a count of 8 bits and an LBA of 24 (SAT)", () => {
    const registers = only("09 0c 00 40 12 34 0a 01 0b 02 0c 03 40 51");
    expect(registers).toMatchObject({ extend: false, count: 0x34, lba: 0x030201n });
  });

  it("of a type from 80h on is a vendor's, of any other unknown type unknown; both keep their bytes", () => {
    expect(only("80 02 be ef")).toEqual({ type: 0x80, kind: "vendor-specific", bytes: hexBytes("80 02 be ef") });
    expect(only("ff 00")).toEqual({ type: 0xff, kind: "vendor-specific", bytes: hexBytes("ff 00") });
    expect(only("7f 01 aa")).toEqual({ type: 0x7f, kind: "unknown", bytes: hexBytes("7f 01 aa") });
    for (const osd of ["06", "07", "08"]) expect(only(`${osd} 02 11 22`).kind).toBe("unknown");
  });

  it("that is cut ends the list, and the sense data say that they are truncated", () => {
    const sense = decodeSense(around("03 02 00 07", "00 0a 80 00").subarray(0, 16));
    expect(sense?.descriptors.map(({ kind }) => kind)).toEqual(["field-replaceable-unit"]);
    expect(sense?.truncated).toBe(true);
  });
});

describe("SENSE KEY SPECIFIC", () => {
  const withKey = (senseKey: number, bytes: string): Uint8Array =>
    Uint8Array.of(0x70, 0, senseKey, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, ...hexBytes(bytes));

  it("is a retry count with RECOVERED ERROR, MEDIUM ERROR and HARDWARE ERROR, and with no other key (smr-j table 18)", () => {
    for (let key = 0; key < 16; key++) {
      const sense = decodeSense(withKey(key, "80 01 02"));
      expect(sense?.retryCount).toBe([1, 3, 4].includes(key) ? 0x102 : undefined);
      expect(sense?.progress === undefined).toBe(![0, 2].includes(key));
      expect(sense?.fieldPointer === undefined).toBe(key !== 5);
      expect(sense?.segmentPointer === undefined).toBe(key !== 10);
      expect(sense?.unitAttentionOverflow).toBe(key === 6 ? false : undefined);
      expect(sense?.senseKeySpecific).toBe(0x000102);
    }
  });

  it("means nothing without SKSV", () => {
    for (let key = 0; key < 16; key++) {
      const sense = decodeSense(withKey(key, "7f ff ff"));
      expect(sense?.senseKeySpecific).toBeUndefined();
      expect([sense?.retryCount, sense?.progress, sense?.fieldPointer, sense?.segmentPointer]).toEqual(
        Array(4).fill(undefined),
      );
    }
  });
});

describe("sense data without a sense key", () => {
  it.each([
    ["", "empty", undefined],
    ["70", "too-short", 0x70],
    ["72", "too-short", 0x72],
    ["7f 01 02 03", "vendor-specific", 0x7f],
    ["ff 01", "vendor-specific", 0x7f],
    ["00 00 00 00", "reserved", 0],
    ["74 00 00 00", "reserved", 0x74],
    ["6f 00 00 00", "reserved", 0x6f],
  ])("are kept byte for byte, and why: %s is %s", (text, why, responseCode) => {
    const bytes = hexBytes(text);
    expect(decodeSense(bytes)).toBeUndefined();
    expect(unreadableSense(bytes)).toEqual({ why, responseCode, bytes });
  });

  it("are exactly those that decodeSense cannot read", () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged(goldenBytes("sense"))), (bytes) => {
        expect(unreadableSense(bytes) === undefined).toBe(decodeSense(bytes) !== undefined);
      }),
    );
  });
});

describe("readSense", () => {
  it("tells the same numbers as decodeSense, and leaves the object alone where there is no sense key", () => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged(goldenBytes("sense"))), (bytes) => {
        const into = numbers();
        const whole = decodeSense(bytes);
        expect(readSense(bytes, into)).toBe(whole !== undefined);
        if (whole === undefined) expect(into).toEqual(numbers());
        else {
          const { responseCode, senseKey, asc, ascq, deferred, truncated, senseKeySpecific = -1 } = whole;
          expect(into).toEqual({ responseCode, senseKey, asc, ascq, deferred, truncated, senseKeySpecific });
        }
      }),
    );
  });
});
