/** Who a unit is and what it can do: designators as text, two paths to one unit, supported service actions, ALLOW COMMANDS. */
import { describe, expect, it } from "vitest";
import { allowCommandsText } from "../../src/explain.ts";
import { type Designator, formatDesignator, sameLogicalUnit, supportedServiceActions } from "../../src/index.ts";
import { hexBytes } from "../golden/markdown.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

const designator = (type: number, codeSet: number, bytes: Uint8Array, association = "logical-unit"): Designator =>
  ({ association, type, codeSet, protocolIdentifier: undefined, bytes }) as Designator;

describe("formatDesignator", () => {
  it.each([
    [3, 1, hexBytes("50 00 c5 00 12 34 56 78"), "naa.5000c50012345678"],
    [3, 1, hexBytes("60 01 40 50 00 00 00 00 00 00 00 00 00 00 00 01"), "naa.60014050000000000000000000000001"],
    [2, 1, hexBytes("00 11 22 33 44 55 66 77"), "eui.0011223344556677"],
    [1, 2, ascii("LIO-ORG disk-1  "), "t10.LIO-ORG disk-1"],
    [0, 2, ascii("anything\0"), "vendor.anything"],
    [0, 1, hexBytes("de ad"), "vendor.dead"],
    [4, 1, hexBytes("00 00 01 02"), "relative-target-port.258"],
    [5, 1, hexBytes("00 00 00 03"), "target-port-group.3"],
    [6, 1, hexBytes("00 00 00 04"), "logical-unit-group.4"],
    [7, 1, hexBytes("00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff"), "md5.00112233445566778899aabbccddeeff"],
    [8, 3, ascii("iqn.2026-01.com.example:disk,t,0x0001\0\0\0"), "iqn.2026-01.com.example:disk,t,0x0001"],
    [
      10,
      1,
      hexBytes("10 00 01 23 45 67 89 ab cd ef 01 23 45 67 89 ab cd ef"),
      "uuid.01234567-89ab-cdef-0123-456789abcdef",
    ],
  ])("of type %d, code set %d, is %s %s", (type, codeSet, bytes, text) => {
    expect(formatDesignator(designator(type, codeSet, bytes))).toBe(text);
  });

  it.each([
    [3, 1, "50 00", "type-3.5000"],
    [4, 1, "00 01", "type-4.0001"],
    [9, 1, "00 00", "type-9.0000"],
    [8, 3, "ff fe", "fffe"],
    [3, 1, "", "type-3."],
  ])("keeps the bytes of one that does not have its type's form: type %d, %s", (type, codeSet, bytes, text) => {
    expect(formatDesignator(designator(type, codeSet, hexBytes(bytes)))).toBe(text);
  });
});

describe("sameLogicalUnit", () => {
  const naa = (last: string, association?: string): Designator =>
    designator(3, 1, hexBytes(`50 00 c5 00 12 34 56 ${last}`), association);
  const t10 = designator(1, 2, ascii("VENDOR  serial"));

  it("is true for the same NAA designator, whatever else differs", () => {
    expect(sameLogicalUnit([naa("78"), t10], [naa("78"), designator(1, 2, ascii("other"))])).toBe(true);
  });

  it("is false for another NAA designator, even with the same T10 vendor ID", () => {
    expect(sameLogicalUnit([naa("78"), t10], [naa("79"), t10])).toBe(false);
  });

  it("falls back on a type that both have", () => {
    expect(sameLogicalUnit([naa("78"), t10], [t10])).toBe(true);
    expect(sameLogicalUnit([naa("78"), t10], [designator(1, 2, ascii("other"))])).toBe(false);
  });

  it("does not look at ports, nor at designators that others may have too", () => {
    expect(sameLogicalUnit([naa("78", "target-port")], [naa("78", "target-port")])).toBeUndefined();
    const vendors = designator(0, 2, ascii("disk"));
    expect(sameLogicalUnit([vendors], [vendors])).toBeUndefined();
    expect(sameLogicalUnit([naa("78")], [t10])).toBeUndefined();
    expect(sameLogicalUnit([], [])).toBeUndefined();
  });
});

describe("supportedServiceActions", () => {
  const list = [
    { operationCode: 0x5f, serviceAction: 6, cdbLength: 10 },
    { operationCode: 0x5f, serviceAction: 0, cdbLength: 10 },
    { operationCode: 0x5e, serviceAction: 3, cdbLength: 10 },
    { operationCode: 0x12, serviceAction: undefined, cdbLength: 6 },
  ];
  it("lists those of PERSISTENT RESERVE OUT, or of the operation code that is named", () => {
    expect(supportedServiceActions(list)).toEqual([0, 6]);
    expect(supportedServiceActions(list, 0x5e)).toEqual([3]);
    expect(supportedServiceActions(list, 0x12)).toEqual([]);
  });
});

describe("allowCommandsText", () => {
  it("has a meaning for codes 0 to 4, and calls the others reserved", () => {
    expect(allowCommandsText(0)).toContain("does not say");
    expect(allowCommandsText(2)).toContain("do not pass write exclusive ones");
    // spc4r36f 6.15.4 table 208: RECEIVE COPY RESULTS passes under 100b alone; the others pass write exclusive ones only.
    for (const code of [2, 3]) expect(allowCommandsText(code)).toContain("RECEIVE COPY RESULTS passes neither");
    expect(allowCommandsText(4)).toMatch(
      /^TEST UNIT READY and RECEIVE COPY RESULTS pass write exclusive and exclusive access .* pass write exclusive ones$/,
    );
    expect(new Set([0, 1, 2, 3, 4].map(allowCommandsText)).size).toBe(5);
    for (const code of [5, 6, 7]) expect(allowCommandsText(code)).toBe(`code ${code}, which is reserved`);
  });
});
