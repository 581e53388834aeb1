/**
 * REPORT TARGET PORT GROUPS and what page 83h says of groups, beside LIO (Linux 6.1): the same form, and the same state of the port. LIO's group has the
 * number 0 and supports other states, because an administrator may set them; ours has the number 1 and one state. RETURN DATA LENGTH of the extended
 * header is n-3 in table 305, and the length of the list alone in the text beneath it: the table is followed here, the text by LIO.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Sessions, Side } from "./side.ts";
import { openTargets, type Targets } from "./targets.ts";

let targets: Targets;
let ours: Sessions;
let theirs: Sessions;

beforeAll(async () => {
  targets = await openTargets();
  ({ ours, theirs } = await targets.open("iqn.2026-11.lab:many", ["a"]));
  for (const sessions of [ours, theirs]) {
    for (let tries = 0; tries < 5; tries++) await ask(sessions, new Uint8Array(6), 0);
  }
}, 120_000);
afterAll(async () => {
  await ours?.close();
  await theirs?.close();
  await targets?.close();
});

const LUN = 29;
const self = process.env.LAB_PORT === "self";
const ask = async (sessions: Sessions, cdb: Uint8Array, dataInLength = 255): Promise<number[]> => {
  const side: Side = sessions.unit(LUN);
  return [...(await side.send(0, { cdb, dataInLength })).dataIn];
};
/** AO_SUP here; AO_SUP, AN_SUP, S_SUP, U_SUP, O_SUP and T_SUP there. */
const [NONE_BUT_OPTIMIZED, EVERY] = [0x01, 0xcf];
/** Table 306 with one port, whose relative identifier is 1. */
const group = (number: number, supported: number, status: number) => [
  ...[0, supported, 0, number, 0, status, 0, 1],
  ...[0, 0, 0, 1],
];
const here = group(1, NONE_BUT_OPTIMIZED, 0);
const there = group(0, EVERY, 0);

test.each([
  ["with the short header", 0, [0, 0, 0, 12], [0, 0, 0, 12]],
  ["with the extended header", 1, [0, 0, 0, 16, 0x10, 0, 0, 0], [0, 0, 0, 12, 0x10, 0, 0, 0]],
])("REPORT TARGET PORT GROUPS %s", async (_name, format, header, theirHeader) => {
  const cdb = Uint8Array.of(0xa3, (format << 5) | 0x0a, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0);
  expect(await ask(ours, cdb)).toEqual([...header, ...here]);
  // What RETURN DATA LENGTH does not count LIO does not send: the port at the end.
  const sent = 4 + (theirHeader[3] as number);
  if (!self) expect(await ask(theirs, cdb)).toEqual([...theirHeader, ...there].slice(0, sent));
});

test("TPGS of INQUIRY, and a target port group in page 83h beside the relative target port", async () => {
  const groupOf = async (sessions: Sessions): Promise<number[] | undefined> => {
    const page = await ask(sessions, Uint8Array.of(0x12, 1, 0x83, 0, 255, 0));
    for (let at = 4; at < page.length; at += 4 + (page[at + 3] as number)) {
      if (((page[at + 1] as number) & 0x3f) === 0x15) return page.slice(at + 4, at + 8);
    }
    return undefined;
  };
  const tpgs = async (sessions: Sessions) =>
    // SCCS and ACC are before it, 3PC after it.
    (((await ask(sessions, Uint8Array.of(0x12, 0, 0, 0, 96, 0), 96))[5] as number) >>> 4) & 3;
  expect([await tpgs(ours), await groupOf(ours)]).toEqual([1, [0, 0, 0, 1]]);
  // Implicit and explicit.
  if (!self) expect([await tpgs(theirs), await groupOf(theirs)]).toEqual([3, [0, 0, 0, 0]]);
});
