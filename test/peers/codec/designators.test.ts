/** VPD page 83h beside libsgutils2, which sg_vpd reads it with: 10 000 pages, each designator with every field of its header. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands, type Designator, formatDesignator, isScsiError } from "../../../src/index.ts";
import { page } from "./designator-pages.ts";
import { digits, type Sgutils, sgutils } from "./sgutils.ts";

let library: Sgutils;
beforeAll(async () => {
  library = await sgutils();
});
afterAll(() => library[Symbol.asyncDispose]());

const associations = ["logical-unit", "target-port", "target-device", "reserved"];

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
