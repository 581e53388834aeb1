/**
 * Sense data beside libsgutils2, the library of sg_decode_sense: 120 000 buffers, random and structured. Fields and the meaning of the
 * text are equal; where they are not, COMPLIANCE.md says why, and the rule here says exactly where.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { additionalSenseText, decodeSense, type SenseData } from "../../../src/index.ts";
import { additional, makers } from "./sense-buffers.ts";
import { digits, type Sgutils, sgutils } from "./sgutils.ts";

let library: Sgutils;
beforeAll(async () => {
  library = await sgutils();
});
afterAll(() => library[Symbol.asyncDispose]());

interface Peer {
  readonly known: boolean;
  readonly numbers: Readonly<Record<string, number | string | undefined>>;
  readonly text: string;
}

function peerOf(line: string[]): Peer {
  const [known, responseCode, senseKey, asc, ascq, informed, information, specific, filemark, eom, ili, progress] =
    line;
  const on = (value: string | undefined): boolean => value === "1";
  return {
    known: on(known),
    text: line.slice(12).join(" ").replaceAll(/:\| +/g, ": "),
    numbers: {
      responseCode: Number(responseCode),
      senseKey: Number(senseKey),
      asc: Number(asc),
      ascq: Number(ascq),
      information: on(informed) ? information : undefined,
      commandSpecific: specific,
      filemark: on(filemark) ? 1 : 0,
      endOfMedium: on(eom) ? 1 : 0,
      incorrectLength: on(ili) ? 1 : 0,
      progress: Number(progress),
    },
  };
}

/** What SENSE KEY SPECIFIC says, in sg_decode_sense's words. */
function specificText(sense: SenseData): string | undefined {
  const { fieldPointer: field, segmentPointer: segment } = sense;
  const bit = (value: number | undefined): string => (value === undefined ? "" : ` bit ${value}`);
  if (field !== undefined)
    return `Error in ${field.in === "cdb" ? "Command" : "Data parameters"}: byte ${field.byte}${bit(field.bit)}`;
  if (segment !== undefined) {
    const from = segment.inSegmentDescriptor ? "segment descriptor" : "parameter list";
    return `Relative to start of ${from}, byte ${segment.byte}${bit(segment.bit)}`;
  }
  if (sense.retryCount !== undefined) return `retry count: ${sense.retryCount}`;
  if (sense.unitAttentionOverflow !== undefined)
    return `Unit attention condition queue: overflow flag is ${sense.unitAttentionOverflow ? 1 : 0}`;
  return undefined;
}

const retryCounts = (text: string): string =>
  text.replace(/retry count: (0x[0-9a-f]+|\d+)/g, (_, count: string) => `retry count: ${Number(count)}`);

/** How sg_decode_sense calls each kind of descriptor. */
const kindNames: Readonly<Record<SenseData["descriptors"][number]["kind"], RegExp>> = {
  information: /^Information: (?!.*too short)/,
  "command-specific": /^Command specific: (?!.*too short)/,
  "sense-key-specific": /^Sense key specific: /,
  "field-replaceable-unit": /^Field replaceable unit code: 0x/,
  "stream-commands": /^Stream commands: (?!.*too short)/,
  "block-commands": /^Block commands: Incorrect/,
  "ata-status-return": /^ATA Status Return: extend/,
  "another-progress": /^Another progress indication: \d/,
  "forwarded-sense": /^Forwarded sense data/,
  "direct-access-block": /^Direct-access block device/,
  "vendor-specific": /^(Vendor specific|NVMe Status)/,
  unknown: /./,
};

/** Bytes of fixed format that count: ADDITIONAL SENSE LENGTH says where they end (smr-j 2.4.1.2). */
const counting = (buffer: Uint8Array): number =>
  buffer.length < 8 ? buffer.length : Math.min(buffer.length, 8 + (buffer[7] as number));

/**
 * Where libsgutils2 does otherwise, and rightly or not says something else: the table of COMPLIANCE.md, row by row. Each is as
 * narrow as it can be.
 */
function explained(what: string, buffer: Uint8Array, sense: SenseData | undefined): boolean {
  if (what === "known") return sense === undefined && buffer.length < ((buffer[0] as number) >= 0x72 ? 2 : 3);
  if (sense === undefined) return false;
  const kinds = sense.descriptors.map(({ kind }) => kind);
  const many = new Set(kinds).size < kinds.length;
  if (sense.responseCode >= 0x72) {
    const whole = kinds.includes("direct-access-block");
    if (what === "incorrectLength") return whole || kinds.includes("block-commands") || many || sense.truncated;
    if (what === "progress") return whole || kinds.includes("another-progress") || many;
    if (what === "information" || what === "commandSpecific") return whole || many || sense.truncated || odd(sense);
    if (what === "filemark" || what === "endOfMedium" || what === "specific")
      return many || sense.truncated || odd(sense);
    return false;
  }
  const there = counting(buffer);
  // ATA PASS-THROUGH INFORMATION AVAILABLE: the ATA registers stand in the place of these fields (SAT).
  if (what === "specific" && sense.asc === 0 && sense.ascq === 0x1d) return true;
  if (["filemark", "endOfMedium", "incorrectLength"].includes(what)) return buffer.length < 8;
  if (what === "commandSpecific") return there < 12;
  return (what === "progress" || what === "specific") && there < 18;
}

/** Has it a descriptor of another length than its type's? */
const odd = ({ descriptors: list }: SenseData): boolean =>
  list.some(({ type, bytes: all }) => additional[type] !== undefined && all[1] !== additional[type]);

interface Difference {
  readonly what: string;
  readonly bytes: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

function compare(buffer: Uint8Array, peer: Peer): Difference[] {
  const sense = decodeSense(buffer);
  const found: Difference[] = [];
  const differ = (what: string, ours: unknown, theirs: unknown): void => {
    if (ours !== theirs && !explained(what, buffer, sense)) found.push({ what, bytes: digits(buffer), ours, theirs });
  };
  differ("known", sense !== undefined, peer.known);
  if (sense === undefined || !peer.known) return found;
  const ours: Peer["numbers"] = {
    responseCode: sense.responseCode,
    senseKey: sense.senseKey,
    asc: sense.asc,
    ascq: sense.ascq,
    information: sense.information?.toString(),
    commandSpecific: (sense.commandSpecific ?? 0n).toString(),
    filemark: sense.filemark ? 1 : 0,
    endOfMedium: sense.endOfMedium ? 1 : 0,
    incorrectLength: sense.incorrectLength ? 1 : 0,
    progress: sense.progress === undefined ? -1 : sense.progress * 65536,
  };
  for (const name of Object.keys(ours)) differ(name, ours[name], peer.numbers[name]);
  const specific = specificText(sense);
  if (specific !== undefined) differ("specific", retryCounts(peer.text).includes(specific), true);
  const late = peer.text.includes("deferred");
  differ("deferred", sense.deferred, late);
  const named = [...peer.text.matchAll(/Descriptor type: ([^|]*)/g)].map(([, text]) => text as string);
  sense.descriptors.forEach((one, index) => {
    if (!kindNames[one.kind].test(named[index] ?? "")) differ("descriptor", one.kind, named[index] ?? "");
  });
  return found;
}

describe("sense data beside libsgutils2", () => {
  test.each(Object.entries(makers))("40 000 buffers: %s", async (_, make) => {
    const buffers = Array.from({ length: 40_000 }, () => Uint8Array.from(make()));
    const lines = await library.ask(buffers.map((buffer) => `S${digits(buffer)}`));
    const differences = buffers.flatMap((buffer, index) => compare(buffer, peerOf(lines[index] as string[])));
    const counts: Record<string, number> = {};
    for (const { what } of differences) counts[what] = (counts[what] ?? 0) + 1;
    expect({ counts, first: Object.keys(counts).map((what) => differences.find((one) => one.what === what)) }).toEqual({
      counts: {},
      first: [],
    });
  });

  test("the texts of all 65536 codes", async () => {
    const codes = Array.from({ length: 65_536 }, (_, code) => code);
    const lines = await library.ask(codes.map((code) => `A${code.toString(16).padStart(4, "0")}`));
    const plain = (text: string): string =>
      text
        .replace(/\[?0x([0-9a-f]+)\]?$/, (_, hex: string) => `${hex.padStart(2, "0")}h`)
        .toUpperCase()
        .replaceAll(/[^A-Z0-9]/g, "");
    const others = codes.flatMap((code) => {
      const theirs = /^Additional sense: (.*)$/.exec(lines[code]?.[0] ?? "")?.[1];
      const ours = additionalSenseText(code >> 8, code & 0xff);
      if (theirs === undefined || ours === undefined || plain(theirs) === plain(ours)) return [];
      // T10's list has rows of their own for these two, with NN in the place of the qualifier.
      if (code === 0x4d00 || code === 0x7000) return [];
      return [`${code.toString(16)}: ${ours} | ${theirs}`];
    });
    expect(others).toEqual([]);
  });
});
