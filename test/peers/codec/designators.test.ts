/** VPD page 83h beside libsgutils2, which sg_vpd reads it with: 10 000 pages, each designator with every field of its header. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands, type Designator, formatDesignator, isScsiError } from "../../../src/index.ts";
import { digits, randomNumbers, type Sgutils, sgutils } from "./sgutils.ts";

let library: Sgutils;
beforeAll(async () => {
  library = await sgutils();
});
afterAll(() => library[Symbol.asyncDispose]());

const random = randomNumbers(83);
const associations = ["logical-unit", "target-port", "target-device", "reserved"];
const lengths = [0, 4, 8, 12, 16, 18, 20, 36];

/** One designation descriptor; now and then with a length that its type does not have. */
function descriptor(): number[] {
  const type = random(12);
  const length = lengths[random(lengths.length)] as number;
  const naa = [0x20, 0x30, 0x50, 0x60][random(4)] as number;
  const text = random(2) === 0;
  const content = Array.from({ length }, () => (text ? 0x61 + random(26) : random(256)));
  if (type === 3 && length > 0) content[0] = naa | random(16);
  return [
    (random(16) << 4) | (text ? 2 + random(2) : 1),
    (random(2) << 7) | (random(4) << 4) | type,
    0,
    length,
    ...content,
  ];
}

function page(): Uint8Array {
  const list = Array.from({ length: random(6) }, descriptor).flat();
  const claimed = Math.max(0, list.length - (random(20) === 0 ? random(3) : 0));
  return Uint8Array.of(0, 0x83, claimed >> 8, claimed & 0xff, ...list.slice(0, claimed));
}

/** What we read; undefined for a page that is refused. */
function read(bytes: Uint8Array): readonly Designator[] | undefined {
  try {
    return commands.deviceIdentification().read(bytes).designators;
  } catch (error) {
    if (isScsiError(error)) return undefined;
    throw error;
  }
}

const header = (one: Designator): string =>
  [associations.indexOf(one.association), one.type, one.codeSet, one.protocolIdentifier ?? -1, one.bytes.length].join();

test("10 000 pages of VPD page 83h", async () => {
  const pages = Array.from({ length: 10_000 }, page);
  const lines = await library.ask(pages.map((bytes) => `V${digits(bytes)}`));
  let refused = 0;
  let named = 0;
  pages.forEach((bytes, index) => {
    const line = lines[index] as string[];
    const result = line.at(-1);
    const theirs = line.slice(0, -1);
    const ours = read(bytes);
    // -2: a descriptor that ends after the page does. Such a page is refused as a whole here.
    // A page without descriptors is whole here, and -2 there.
    if (bytes.length === 4) {
      expect(ours).toEqual([]);
      return;
    }
    if (ours === undefined) refused++;
    expect(ours === undefined, digits(bytes)).toBe(result === "-2");
    if (ours === undefined) return;
    expect(
      theirs.map((text) => text.split(",").slice(0, 5).join()),
      digits(bytes),
    ).toEqual(ours.map(header));
    ours.forEach((one, at) => {
      const match = /^(?:naa|eui)\.([0-9a-f]+)$/.exec(formatDesignator(one));
      if (match === null) return;
      const text = theirs[at] as string;
      if (!text.includes(`0x${match[1]}`)) return;
      named++;
    });
  });
  expect(refused).toBeGreaterThan(50);
  expect(named).toBeGreaterThan(500);
});
