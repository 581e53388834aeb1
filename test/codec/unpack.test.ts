/** What the build packs comes out again as it went in, whichever way zlib has deflated it. */
import { constants, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unpack, unpackText } from "../../src/core/unpack.ts";

const options = [
  { level: 0 },
  { level: 1 },
  { level: 9 },
  { level: 9, strategy: constants.Z_FIXED },
  { level: 9, strategy: constants.Z_HUFFMAN_ONLY },
];

/** Bytes that repeat, and bytes that do not. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc
    .array(fc.constantFrom("RESERVATION ", "KEY ", "é", "x"), { maxLength: 900 })
    .map((words) => Buffer.from(words.join(""))),
);

describe("unpack", () => {
  it("is the inverse of zlib's raw deflate", () => {
    fc.assert(
      fc.property(content, fc.constantFrom(...options), (bytes, how) => {
        const packed = Buffer.from(deflateRawSync(bytes, how)).toString("base64");
        expect(Buffer.from(unpack(packed))).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it("copies from as far back and as long as deflate can", () => {
    const block = Uint8Array.from({ length: 32768 }, (_, index) => (index * 7919) >> 3);
    const bytes = Buffer.concat([block, block, new Uint8Array(100_000), block.subarray(0, 5)]);
    for (const how of options) {
      const packed = Buffer.from(deflateRawSync(bytes, how)).toString("base64");
      expect(Buffer.compare(Buffer.from(unpack(packed)), bytes)).toBe(0);
    }
  });

  it("reads text as UTF-8", () => {
    const packed = Buffer.from(deflateRawSync("Prüfung 名前", { level: 9 })).toString("base64");
    expect(unpackText(packed)).toBe("Prüfung 名前");
  });
});
