/**
 * TransportIDs of every protocol: text, value and bytes. The bytes are typed from the tables of spc4r17 7.5.4 (SOP: SPC-5), whose
 * positions sg_persist's decode_sym_transportid has too.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeTransportId,
  encodeTransportId,
  formatTransportId,
  parseTransportId,
  type TransportId,
} from "../../src/index.ts";

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16));

const cases: [text: string, id: TransportId, hex: string][] = [
  [
    "fcp,10000000c9abcdef",
    { protocol: "fcp", portName: 0x1000_0000_c9ab_cdefn },
    "00 00000000000000 10000000c9abcdef 0000000000000000",
  ],
  [
    "spi,7,2",
    { protocol: "spi", scsiAddress: 7, relativeTargetPort: 2 },
    "01 00 0007 0000 0002 0000000000000000 0000000000000000",
  ],
  [
    "sbp,0011223344556677",
    { protocol: "sbp", eui64: 0x0011_2233_4455_6677n },
    "03 00000000000000 0011223344556677 0000000000000000",
  ],
  [
    "srp,fe800000000000000002c90300a1b2c3",
    { protocol: "srp", portIdentifier: 0xfe80_0000_0000_0000_0002_c903_00a1_b2c3n },
    "04 00000000000000 fe800000000000000002c90300a1b2c3",
  ],
  [
    "sas,5000c50012345678",
    { protocol: "sas", address: 0x5000_c500_1234_5678n },
    "06 000000 5000c50012345678 000000000000000000000000",
  ],
  ["sop,0301", { protocol: "sop", routingId: 0x0301 }, "0a 00 0301 0000000000000000 000000000000000000000000"],
  [
    "iqn.2026-01.com.example:node-1",
    { protocol: "iscsi", name: "iqn.2026-01.com.example:node-1" },
    "05 00 0020 69716e2e323032362d30312e636f6d2e6578616d706c653a6e6f64652d31 0000",
  ],
  [
    "iqn.2026-01.com.example:node-1,i,0x00023d000001",
    { protocol: "iscsi", name: "iqn.2026-01.com.example:node-1", isid: 0x0002_3d00_0001n },
    "45 00 0030 69716e2e323032362d30312e636f6d2e6578616d706c653a6e6f64652d31 2c692c3078 303030323364303030303031 00",
  ],
  [
    "eui.02004567a425678d",
    { protocol: "iscsi", name: "eui.02004567a425678d" },
    "05 00 0018 6575692e30323030343536376134323536373864 00000000",
  ],
  [
    "naa.52004567ba64678d",
    { protocol: "iscsi", name: "naa.52004567ba64678d" },
    "05 00 0018 6e61612e35323030343536376261363436373864 00000000",
  ],
];

describe.each(cases)("%s", (text, id, hex) => {
  test("is read from text and written as text", () => {
    expect(parseTransportId(text)).toEqual(id);
    expect(formatTransportId(id)).toBe(text);
  });

  test("has the standard's bytes, both ways", () => {
    expect(encodeTransportId(id)).toEqual(bytes(hex));
    expect(decodeTransportId(bytes(hex))).toEqual(id);
  });
});

test("capitals and a 0x in front are understood", () => {
  expect(parseTransportId("SAS,0x5000C50012345678")).toEqual(parseTransportId("sas,5000c50012345678"));
  expect(parseTransportId("SOP,0x301")).toEqual(parseTransportId("sop,0301"));
});

test("an unknown protocol is kept byte for byte, as text too", () => {
  const ada = bytes("09 01020304050607 08090a0b0c0d0e0f 1011121314151617");
  const id = decodeTransportId(ada);
  expect(id).toEqual({ protocol: "opaque", protocolIdentifier: 9, bytes: ada });
  expect(formatTransportId(id)).toBe("hex,0901020304050607 08090a0b0c0d0e0f 1011121314151617".replaceAll(" ", ""));
  expect(parseTransportId(formatTransportId(id))).toEqual(id);
  expect(encodeTransportId(id)).toEqual(ada);
});

test("an iSCSI TransportID whose name is not UTF-8 is kept byte for byte", () => {
  const odd = bytes("05 00 0014 ff6e2e6162636465666768696a6b6c6d6e6f7000");
  expect(decodeTransportId(odd)).toEqual({ protocol: "opaque", protocolIdentifier: 5, bytes: odd });
});

/** Format 00b with a name that no initiator may have, as hexadecimal digits. */
const named = (hex: string): Uint8Array => {
  const nameBytes = bytes(hex);
  const id = new Uint8Array(4 + Math.max(20, (nameBytes.length + 4) & ~3));
  id.set([0x05, 0, (id.length - 4) >> 8, (id.length - 4) & 0xff]);
  id.set(nameBytes, 4);
  return id;
};

test.each([
  ["a space", "69716e2e 20 78"],
  ["a comma", "69716e2e 2c 78"],
  ["a byte order mark in front", "efbbbf 69716e2e78"],
  ["U+FFFD itself", "69716e2e efbfbd"],
  ["nothing at all", ""],
  ["224 bytes", `69716e2e${"78".repeat(220)}`],
])("an iSCSI TransportID whose name has %s could not be sent as a name, and is kept byte for byte", (_, hex) => {
  const id = decodeTransportId(named(hex));
  expect(id).toEqual({ protocol: "opaque", protocolIdentifier: 5, bytes: named(hex) });
  expect(encodeTransportId(id)).toEqual(named(hex));
  expect(parseTransportId(formatTransportId(id))).toEqual(id);
});

test("a name that is neither iqn., eui. nor naa. is said to be iSCSI's", () => {
  const id: TransportId = { protocol: "iscsi", name: "storage-client", isid: 1n };
  expect(decodeTransportId(encodeTransportId(id))).toEqual(id);
  expect(formatTransportId(id)).toBe("iscsi,storage-client,i,0x000000000001");
  expect(parseTransportId("iscsi,storage-client,i,0x000000000001")).toEqual(id);
  expect(parseTransportId("iscsi,iqn.2026-01.x:y")).toEqual(parseTransportId("iqn.2026-01.x:y"));
  expect(() => parseTransportId("iscsi,")).toThrow("must be an iSCSI name");
});

test("a name with half a surrogate pair is refused: UTF-8 has no such thing", () => {
  expect(() => encodeTransportId({ protocol: "iscsi", name: "iqn.\ud800" })).toThrow(RangeError);
});

test("whatever bytes decode to can be said as text and sent again, and is then the same", () => {
  const first = fc.constantFrom(0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0f, 0x45, 0x46, 0x85, 0xc5);
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: "binary", maxLength: 30 }).map((each) => new TextEncoder().encode(each)),
    fc
      .tuple(fc.constantFrom("", "iqn.", "naa.", " "), fc.constantFrom("", ",i,0x", ",i,0x12", ",i,0x1234567890123"))
      .map(([name, rest]) => new TextEncoder().encode(name + rest)),
  );
  fc.assert(
    fc.property(first, fc.oneof(text, fc.uint8Array({ maxLength: 8 })), (byte, rest) => {
      const id = new Uint8Array(4 + Math.max(20, (rest.length + 4) & ~3));
      id.set(rest, 4);
      id.set([byte, 0, 0, id.length - 4]);
      const decoded = decodeTransportId(id);
      expect(decodeTransportId(encodeTransportId(decoded))).toEqual(decoded);
      expect(parseTransportId(formatTransportId(decoded))).toEqual(decoded);
    }),
    { numRuns: 400 },
  );
});

test.each([
  ["sas,5000c5001234567", "After sas, comes a SAS address of 16 hexadecimal digits"],
  ["srp,fe80000000000000", "After srp, comes an initiator port identifier of 32 hexadecimal digits"],
  ["spi,7", "After spi, comes a SCSI address and a relative target port"],
  ["spi,70000,1", "scsiAddress must be 0 to 65535"],
  ["sop,12345", "After sop, comes a routing ID"],
  ["hex,0", "After hex, comes pairs of hexadecimal digits"],
  ["hex,06", "shorter than its first bytes say"],
  ["iqn.2026-01.x:y,i,0x", "After an iSCSI name comes ,i,0x and at most 12 hexadecimal digits"],
  ["iqn.2026-01.x:y,i,0x1234567890123", "at most 12 hexadecimal digits"],
  ["iqn.2026-01.x y", "no comma, space, NUL or U+FFFD"],
  [`iqn.${"x".repeat(220)}`, "223 bytes of UTF-8, got 224"],
  ["usb,1234", "Known forms: iqn."],
  ["", "Not a TransportID"],
])("%j is refused: %s", (text, why) => {
  expect(() => parseTransportId(text)).toThrow(RangeError);
  expect(() => parseTransportId(text)).toThrow(why);
});

/** Any TransportID that can be sent. */
const name = fc
  .tuple(
    fc.constantFrom("iqn.", "eui.", "naa.", "", "sas"),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
  )
  .map(([prefix, rest]) => prefix + rest.replace(/[\0,\s\ufffd]/g, "-"))
  .filter((text) => new TextEncoder().encode(text).length <= 223);
const long = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const short = fc.integer({ min: 0, max: 0xffff });
const anyTransportId: fc.Arbitrary<TransportId> = fc.oneof(
  name.map((text): TransportId => ({ protocol: "iscsi", name: text })),
  fc
    .tuple(name, fc.bigInt({ min: 0n, max: 2n ** 48n - 1n }))
    .map(([text, isid]): TransportId => ({ protocol: "iscsi", name: text, isid })),
  long.map((portName): TransportId => ({ protocol: "fcp", portName })),
  long.map((address): TransportId => ({ protocol: "sas", address })),
  long.map((eui64): TransportId => ({ protocol: "sbp", eui64 })),
  fc
    .bigInt({ min: 0n, max: 2n ** 128n - 1n })
    .map((portIdentifier): TransportId => ({ protocol: "srp", portIdentifier })),
  fc
    .tuple(short, short)
    .map(([scsiAddress, relativeTargetPort]): TransportId => ({ protocol: "spi", scsiAddress, relativeTargetPort })),
  short.map((routingId): TransportId => ({ protocol: "sop", routingId })),
  fc.tuple(fc.constantFrom(2, 7, 8, 9, 11, 12, 13, 14, 15), fc.uint8Array({ minLength: 23, maxLength: 23 })).map(
    ([protocolIdentifier, rest]): TransportId => ({
      protocol: "opaque",
      protocolIdentifier,
      bytes: Uint8Array.from([protocolIdentifier, ...rest]),
    }),
  ),
);

test("parse(format(x)) = x and decode(encode(x)) = x for every TransportID", () => {
  fc.assert(
    fc.property(anyTransportId, (id) => {
      expect(parseTransportId(formatTransportId(id))).toEqual(id);
      expect(decodeTransportId(encodeTransportId(id))).toEqual(id);
    }),
    { numRuns: 2000 },
  );
});
