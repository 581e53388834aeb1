/**
 * EXTENDED COPY(LID1) and RECEIVE COPY RESULTS beside LIO: the same commands to both, within a unit and between two, and lists that are wrong.
 * Each answer of LIO (Linux 6.1) that differs stands beside ours with the clause of SPC-4 revision 36f that decides; the lists are made by hand
 * from its tables.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answer, Sessions, Side } from "./side.ts";
import { openTargets, type Targets } from "./targets.ts";

const BLOCK = 512;
const BLOCKS = 2048;
let targets: Targets;
let ours: Sessions;
let theirs: Sessions;

beforeAll(async () => {
  targets = await openTargets();
  ({ ours, theirs } = await targets.open("iqn.2026-11.lab:many", ["a", "b"]));
}, 120_000);
afterAll(async () => {
  await ours?.close();
  await theirs?.close();
  await targets?.close();
});

const first = 30;
const second = 31;
const none = new Uint8Array(0);
const send = (side: Side, cdb: Uint8Array, dataOut: Uint8Array = none, dataInLength = 0, host = 0): Promise<Answer> =>
  side.send(host, { cdb, dataOut, dataInLength });

/** Takes the unit attention conditions off, and finds the NAA designator of VPD page 83h, header and all. */
async function designation(side: Side): Promise<Uint8Array> {
  for (const host of [0, 1]) {
    for (let tries = 0; tries < 5; tries++) await send(side, new Uint8Array(6), none, 0, host);
  }
  const { dataIn } = await send(side, Uint8Array.of(0x12, 1, 0x83, 1, 0, 0), none, 256);
  for (let at = 4; at < dataIn.length; at += 4 + (dataIn[at + 3] as number)) {
    if (((dataIn[at + 1] as number) & 0x3f) === 3) return dataIn.slice(at, at + 4 + (dataIn[at + 3] as number));
  }
  throw new Error(`${side.name} shows no NAA designator`);
}

const cscd = (designator: Uint8Array, type = 0xe4): Uint8Array => {
  const bytes = new Uint8Array(32);
  bytes[0] = type;
  bytes.set(designator, 4);
  bytes.set([0, BLOCK >>> 8, BLOCK & 0xff], 29);
  return bytes;
};

/** Table 151. */
function segment(blocks: number, sourceLba: number, destinationLba: number, from = 0, to = 0, type = 2, length = 0x18) {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  bytes[0] = type;
  view.setUint16(2, length);
  view.setUint16(4, from);
  view.setUint16(6, to);
  view.setUint16(10, blocks);
  view.setBigUint64(12, BigInt(sourceLba));
  view.setBigUint64(20, BigInt(destinationLba));
  return bytes;
}

/** Table 172. */
function list(
  cscds: readonly Uint8Array[],
  segments: readonly Uint8Array[],
  usage = 0,
  id = 1,
  inline = 0,
): Uint8Array {
  const parts = [...cscds, ...segments];
  const bytes = new Uint8Array(16 + parts.reduce((sum, { length }) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  bytes[0] = id;
  bytes[1] = usage << 3;
  view.setUint16(
    2,
    cscds.reduce((sum, { length }) => sum + length, 0),
  );
  view.setUint32(
    8,
    segments.reduce((sum, { length }) => sum + length, 0),
  );
  view.setUint32(12, inline);
  let at = 16;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const copy = (side: Side, bytes: Uint8Array, length = bytes.length, host = 0): Promise<Answer> => {
  const cdb = new Uint8Array(16);
  cdb[0] = 0x83;
  new DataView(cdb.buffer).setUint32(10, length);
  return send(side, cdb, bytes, 0, host);
};
const text = ({ status, sense }: Answer): string =>
  status === 0 ? GOOD : sense === "" ? `status ${status.toString(16)}` : sense;
const blocks = (side: Side, operationCode: number, lba: number, count: number, dataOut = none): Promise<Answer> => {
  const cdb = new Uint8Array(16);
  cdb[0] = operationCode;
  new DataView(cdb.buffer).setUint32(6, lba);
  cdb[13] = count;
  return send(side, cdb, dataOut, dataOut.length === 0 ? count * BLOCK : 0);
};
/** With LAB_PORT=self both are ours. */
const self = process.env.LAB_PORT === "self";

/** Sends the same to both: what comes of it here, and there. */
async function both(ask: (one: Side, two: Side) => Promise<Answer>): Promise<readonly [ours: string, theirs: string]> {
  const ends = [ours, theirs].map((sessions) => ask(sessions.unit(first), sessions.unit(second)));
  return (await Promise.all(ends)).map(text) as [string, string];
}

const GOOD = "GOOD";
const LENGTH = "5/1a/00";
const FIELD = "5/26/00";
type Make = (one: Uint8Array, two: Uint8Array) => Uint8Array | readonly [Uint8Array, number];
const unknown = (designator: Uint8Array): Uint8Array =>
  designator.map((byte, at) => (at === designator.length - 1 ? byte ^ 0xff : byte));
const many = (count: number, part: Uint8Array): Uint8Array[] => new Array(count).fill(part);
const one4 = segment(4, 0, 100);

describe("EXTENDED COPY(LID1)", () => {
  // LIO's own answer, where it is another, and why ours is ours.
  // biome-ignore format: a table
  test.each<[name: string, ours: string, theirs: string | undefined, why: string | undefined, make: Make]>([
    ["within the unit", GOOD, undefined, undefined, (one) => list([cscd(one)], [one4])],
    ["to another unit", GOOD, undefined, undefined, (one, two) => list([cscd(one), cscd(two)], [segment(4, 0, 200, 0, 1)])],
    ["from another unit", GOOD, undefined, undefined, (one, two) => list([cscd(one), cscd(two)], [segment(4, 200, 300, 1, 0)])],
    ["of no blocks", GOOD, undefined, undefined, (one) => list([cscd(one)], [segment(0, 0, 100)])],
    ["with an empty list", GOOD, undefined, undefined, () => none],
    ["with LIST ID USAGE 10b", GOOD, undefined, undefined, (one) => list([cscd(one)], [one4], 2)],
    ["with LIST ID USAGE 11b", GOOD, undefined, undefined, (one) => list([cscd(one)], [one4], 3, 0)],
    ["with LIST ID USAGE 11b and a list identifier", FIELD, GOOD, "6.4.3.2 table 129", (one) => list([cscd(one)], [one4], 3, 1)],
    ["with LIST ID USAGE 01b", FIELD, GOOD, "6.4.3.2 table 129: reserved", (one) => list([cscd(one)], [one4], 1)],
    ["with a list shorter than its header", LENGTH, FIELD, "6.4.1: truncated", (one) => [list([cscd(one)], []), 15]],
    ["with a list cut within a segment", LENGTH, GOOD, "6.4.1: truncated", (one) => [list([cscd(one)], [one4]), 16 + 32 + 20]],
    ["without a segment", GOOD, FIELD, "5.17.7.1: what is not used is not there", (one) => list([cscd(one)], [])],
    ["with inline data announced", FIELD, undefined, undefined, (one) => list([cscd(one)], [one4], 0, 1, 8)],
    ["with two segments", GOOD, "5/26/08", "6.4.3.5: each has its own limit, and says so", (one) => list([cscd(one)], [one4, one4])],
    ["with three CSCD descriptors", GOOD, "5/26/06", "6.4.3.4: likewise", (one) => list(many(3, cscd(one)), [one4])],
    ["with 17 CSCD descriptors", "5/26/06", undefined, undefined, (one) => list(many(17, cscd(one)), [one4])],
    ["with 17 segments", "5/26/08", undefined, undefined, (one) => list([cscd(one)], many(17, one4))],
    ["with more of both than either takes", LENGTH, undefined, undefined, (one) => list(many(17, cscd(one)), many(20, one4))],
    ["with a CSCD descriptor of type E0h", "5/26/07", undefined, undefined, (one) => list([cscd(one, 0xe0)], [one4])],
    ["with a segment of type 03h", "5/26/09", undefined, undefined, (one) => list([cscd(one)], [segment(4, 0, 100, 0, 0, 3)])],
    ["with a segment of a wrong length", FIELD, undefined, undefined, (one) => list([cscd(one)], [segment(4, 0, 100, 0, 0, 2, 0x14)])],
    ["with CSCD descriptors of 40 bytes", FIELD, "5/26/07", "6.4.5.1 names no code; the first descriptor's type is supported", (one) => list([cscd(one), new Uint8Array(8)], [one4])],
    ["to a descriptor that is not there", "a/08/04", "a/0d/02", "6.4.6.1", (one) => list([cscd(one)], [segment(4, 0, 100, 0, 1)])],
    ["from a descriptor that is not there", "a/08/04", "a/0d/02", "6.4.6.1", (one) => list([cscd(one)], [segment(4, 0, 100, 1, 0)])],
    ["to a unit that nobody has", "a/0d/02", undefined, undefined, (one) => list([cscd(one), cscd(unknown(one))], [segment(4, 0, 100, 0, 1)])],
    ["to blocks that are not there", "a/00/00", "a/0d/02", "5.17.7.4 g names no code; the unit can be reached", (one) => list([cscd(one)], [segment(4, 0, BLOCKS - 2)])],
    ["from blocks that are not there", "a/00/00", "a/0d/02", "5.17.7.4 g names no code; the unit can be reached", (one) => list([cscd(one)], [segment(4, BLOCKS - 2, 0)])],
  ])("%s: %s, on LIO %s (%s)", async (_name, here, there = here, _why, make) => {
    const answers = await both(async (one, two) => {
      const made = make(await designation(one), await designation(two));
      const [bytes, length] = made instanceof Uint8Array ? [made, made.length] : made;
      return copy(one, bytes, length);
    });
    expect(answers).toEqual([here, self ? here : there]);
  });

  test("copies the same blocks", async () => {
    const data = Uint8Array.from({ length: 4 * BLOCK }, (_, at) => (at * 7 + (at >>> 9)) & 0xff);
    for (const sessions of [ours, theirs]) {
      const [one, two] = [sessions.unit(first), sessions.unit(second)];
      const [naaOne, naaTwo] = [await designation(one), await designation(two)];
      await blocks(one, 0x8a, 0, 4, data);
      expect(text(await copy(one, list([cscd(naaOne), cscd(naaTwo)], [segment(4, 0, 200, 0, 1)])))).toBe(GOOD);
      expect((await blocks(two, 0x88, 200, 4)).dataIn).toEqual(data);
    }
  });
});

const receive = (serviceAction: number, id = 0): Uint8Array =>
  Uint8Array.of(0x84, serviceAction, id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0);

describe("under a reservation of the other unit by another host", () => {
  const out = (side: Side, serviceAction: number, type: number, key: number, newKey: number): Promise<Answer> => {
    const parameters = new Uint8Array(24);
    parameters[7] = key;
    parameters[15] = newKey;
    return send(side, Uint8Array.of(0x5f, serviceAction, type, 0, 0, 0, 0, 0, 24, 0), parameters, 0, 1);
  };
  beforeAll(async () => {
    await both(async (one, two) => {
      await designation(one);
      await designation(two);
      expect(text(await out(two, 0, 0, 0, 0xb))).toBe(GOOD);
      return out(two, 1, 1, 0xb, 0);
    });
  });
  afterAll(async () => {
    await both((_one, two) => out(two, 3, 0, 0xb, 0));
  });
  const between = async (one: Side, two: Side, part: Uint8Array, host = 0): Promise<Answer> =>
    copy(one, list([cscd(await designation(one)), cscd(await designation(two))], [part]), undefined, host);
  const there = segment(4, 0, 200, 0, 1);

  // LIO's copy manager comes to the other unit as an I_T nexus of its own that is registered nowhere.
  test.each<[name: string, ours: string, theirs: string, ask: (one: Side, two: Side) => Promise<Answer>]>([
    ["a copy to it ends in the middle", "a/0d/01", "a/0d/02", (one, two) => between(one, two, there)],
    ["a copy from it is done: write exclusive", GOOD, GOOD, (one, two) => between(one, two, segment(4, 0, 200, 1, 0))],
    ["a copy by who holds it is done here", GOOD, "a/0d/02", (one, two) => between(one, two, there, 1)],
    ["a copy sent to it is a conflict", "status 18", "status 18", (one, two) => between(two, one, segment(4, 0, 200))],
    ["RECEIVE COPY OPERATING PARAMETERS is allowed", GOOD, GOOD, (_one, two) => send(two, receive(3), none, 255)],
  ])("%s", async (_name, here, theirs, ask) => {
    expect(await both(ask)).toEqual([here, self ? here : theirs]);
  });
});

test("RECEIVE COPY OPERATING PARAMETERS: LIO announces 42 bytes too, and has smaller lists and longer segments", async () => {
  const shown = async (side: Side) => {
    const { dataIn } = await send(side, receive(3), none, 255);
    const view = new DataView(dataIn.buffer, dataIn.byteOffset);
    const list = [...dataIn.subarray(44, 46)];
    return [
      view.getUint32(0),
      dataIn[4],
      view.getUint16(8),
      view.getUint16(10),
      view.getUint32(12),
      view.getUint32(16),
      list,
    ];
  };
  expect(await shown(ours.unit(first))).toEqual([42, 1, 16, 16, 960, 4 * 2 ** 20, [0x02, 0xe4]]);
  if (!self) {
    expect(await shown(theirs.unit(first))).toEqual([42, 1, 2, 1, 1024, 256 * 2 ** 20, [0x02, 0xe4]]);
  }
});

test("what became of a copy: here by its list identifier, on LIO never", async () => {
  const answers = await both(async (one) => {
    expect(text(await copy(one, list([cscd(await designation(one))], [one4], 0, 9)))).toBe(GOOD);
    return send(one, receive(0, 9), none, 255);
  });
  expect(answers).toEqual([GOOD, self ? GOOD : "5/24/00"]);
});
