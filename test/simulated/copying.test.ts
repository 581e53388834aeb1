/**
 * EXTENDED COPY(LID1) and the commands that tell of it, byte by byte: lists are made by hand from the tables of spc4r36f 6.4.3 to 6.5, and
 * what must come of them is from 5.17.4, 5.17.7, 6.22, 6.23, 6.25 and 7.8.17.
 */
import { describe, expect, it } from "vitest";
import {
  type CopyUnit,
  createDeviceServer,
  createMedium,
  createSimulatedTarget,
  type DeviceServer,
  MediumError,
  type Nexus,
} from "../../transports/simulated/index.ts";
import { answerText, attentionsOf, CONFLICT, createLab, GOOD, iqn, SA, TYPE } from "./lab.ts";

const BLOCK = 512;
const HOLD = 0;
const RESERVED = 1;
const MAY_DISCARD = 2;
const NO_IDENTIFIER = 3;
const THIS = 0xffff;

interface Header {
  readonly id?: number;
  readonly usage?: number;
  readonly inline?: number;
  readonly cscdLength?: number;
  readonly segmentLength?: number;
}

/** Table 172. */
function list(cscds: readonly Uint8Array[], segments: readonly Uint8Array[], header: Header = {}): Uint8Array {
  const sum = (parts: readonly Uint8Array[]) => parts.reduce((total, { length }) => total + length, 0);
  const bytes = new Uint8Array(16 + sum(cscds) + sum(segments));
  const view = new DataView(bytes.buffer);
  bytes[0] = header.id ?? 1;
  bytes[1] = (header.usage ?? HOLD) << 3;
  view.setUint16(2, header.cscdLength ?? sum(cscds));
  view.setUint32(8, header.segmentLength ?? sum(segments));
  view.setUint32(12, header.inline ?? 0);
  let at = 16;
  for (const part of [...cscds, ...segments]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Table 140, of a designation descriptor as page 83h has it. */
function cscd(designation: Uint8Array, { type = 0xe4, device = 0, pad = 0, blockLength = 0 } = {}): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes[0] = type;
  bytes[1] = device;
  bytes.set(designation, 4);
  bytes[28] = pad << 2;
  bytes.set([blockLength >>> 16, blockLength >>> 8, blockLength & 0xff], 29);
  return bytes;
}

interface Segment {
  readonly from?: number;
  readonly to?: number;
  readonly dc?: number;
  readonly cat?: number;
  readonly type?: number;
  readonly length?: number;
}

/** Table 151. */
function segment(blocks: number, sourceLba: number, destinationLba: number, other: Segment = {}): Uint8Array {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  bytes[0] = other.type ?? 0x02;
  bytes[1] = ((other.dc ?? 0) << 1) | (other.cat ?? 0);
  view.setUint16(2, other.length ?? 0x18);
  view.setUint16(4, other.from ?? 0);
  view.setUint16(6, other.to ?? 0);
  view.setUint16(10, blocks);
  view.setBigUint64(12, BigInt(sourceLba));
  view.setBigUint64(20, BigInt(destinationLba));
  return bytes;
}

function copyCdb(length: number): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb[0] = 0x83;
  new DataView(cdb.buffer).setUint32(10, length);
  return cdb;
}

const receiveCdb = (serviceAction: number, id = 0, allocationLength = 255) =>
  Uint8Array.of(0x84, serviceAction, id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, allocationLength, 0, 0);

/** The unit's own designation descriptors, from page 83h. */
function designationsOf(server: DeviceServer, nexus: Nexus): Uint8Array[] {
  const { dataIn } = server.execute(nexus, Uint8Array.of(0x12, 1, 0x83, 0, 255, 0));
  const found: Uint8Array[] = [];
  for (let at = 4; at < dataIn.length; at += 4 + (dataIn[at + 3] as number)) {
    found.push(dataIn.slice(at, at + 4 + (dataIn[at + 3] as number)));
  }
  return found;
}

const blocks16 = (operationCode: number, lba: number, count: number) =>
  Uint8Array.of(operationCode, 0, 0, 0, 0, 0, 0, 0, lba >>> 8, lba & 0xff, 0, 0, 0, count, 0, 0);
const letters = (text: string, blockSize = BLOCK) =>
  Uint8Array.from([...text].flatMap((letter) => new Array(blockSize).fill(letter.charCodeAt(0))));

/** What the blocks hold: a letter each, `.` for zeros. */
function shownBlocks(server: DeviceServer, nexus: Nexus, lba: number, count: number, blockSize = BLOCK): string {
  const { dataIn } = server.execute(nexus, blocks16(0x88, lba, count));
  return Array.from({ length: count }, (_, index) => {
    const block = dataIn.subarray(index * blockSize, (index + 1) * blockSize);
    const [first = 0] = block;
    if (block.some((byte) => byte !== first)) return "?";
    return first === 0 ? "." : String.fromCharCode(first);
  }).join("");
}

function setup(options = {}) {
  const lab = createLab(options);
  const a = lab.nexus("a");
  const [naa = new Uint8Array(4), t10 = new Uint8Array(4)] = designationsOf(lab.server, a);
  const copy = (bytes: Uint8Array, length = bytes.length, from = a) => lab.server.execute(from, copyCdb(length), bytes);
  return {
    lab,
    a,
    naa,
    t10,
    own: cscd(naa),
    copy,
    text: (bytes: Uint8Array, length = bytes.length) => answerText(copy(bytes, length)),
    fill: (text: string, lba = 0) => lab.send(a, blocks16(0x8a, lba, text.length), letters(text)),
    shown: (lba: number, count: number) => shownBlocks(lab.server, a, lba, count),
    receive: (serviceAction: number, id = 1, from = a, allocationLength = 255) =>
      lab.server.execute(from, receiveCdb(serviceAction, id, allocationLength)),
  };
}

/** Sense key and codes, the field pointer, and COMMAND-SPECIFIC INFORMATION of a copy that was aborted. */
function aborted({ sense }: { readonly sense: Uint8Array }): string {
  const view = new DataView(sense.buffer, sense.byteOffset);
  const hex = (byte: number) => byte.toString(16).padStart(2, "0");
  const pointer = view.getUint8(15) === 0x80 ? ` list ${view.getUint16(16)}` : "";
  return `${view.getUint8(2)}/${hex(view.getUint8(12))}/${hex(view.getUint8(13))}${pointer} segment ${view.getUint16(10)}`;
}

describe("EXTENDED COPY(LID1)", () => {
  it("copies the segments of a list in their order", () => {
    const { own, text, fill, shown } = setup();
    fill("abcd");
    expect(text(list([own], [segment(2, 0, 10), segment(3, 1, 20), segment(1, 10, 0)]))).toBe(GOOD);
    expect(shown(10, 3)).toBe("ab.");
    expect(shown(20, 4)).toBe("bcd.");
    expect(shown(0, 4)).toBe("abcd");
  });

  it("copies what was there where source and destination overlap", () => {
    const { own, text, fill, shown } = setup();
    fill("abcd");
    expect(text(list([own], [segment(4, 0, 1)]))).toBe(GOOD);
    expect(shown(0, 6)).toBe("aabcd.");
  });

  it("finds a unit by any of its designators, or as the one that was asked", () => {
    const { naa, t10, text, fill, shown } = setup();
    fill("a");
    expect(text(list([cscd(naa)], [segment(1, 0, 5)]))).toBe(GOOD);
    expect(text(list([cscd(t10)], [segment(1, 0, 6)]))).toBe(GOOD);
    expect(text(list([], [segment(1, 0, 7, { from: THIS, to: THIS })]))).toBe(GOOD);
    expect(shown(5, 4)).toBe("aaa.");
  });

  it("takes an empty list, and one with more behind it", () => {
    const { own, text } = setup();
    expect(text(new Uint8Array(0))).toBe(GOOD);
    expect(text(list([], []))).toBe(GOOD);
    expect(text(Uint8Array.of(...list([own], [segment(1, 0, 5)]), 1, 2, 3))).toBe(GOOD);
  });

  it.each([
    ["shorter than its header", (own: Uint8Array) => list([own], []).subarray(0, 15), "5/1a/00"],
    ["that ends within a CSCD descriptor", (own: Uint8Array) => list([own], []).subarray(0, 47), "5/1a/00"],
    [
      "that ends within a segment",
      (own: Uint8Array) => list([own], [segment(1, 0, 9)]).subarray(0, 16 + 32 + 27),
      "5/1a/00",
    ],
    ["with LIST ID USAGE 01b", (own: Uint8Array) => list([own], [], { usage: RESERVED }), "5/26/00 list 1.4"],
    [
      "with LIST ID USAGE 11b and an identifier",
      (own: Uint8Array) => list([own], [], { usage: NO_IDENTIFIER }),
      "5/26/00 list 0",
    ],
    ["with inline data", (own: Uint8Array) => list([own], [], { inline: 4 }), "5/26/00 list 12"],
    [
      "whose CSCD descriptors are cut",
      (own: Uint8Array) => list([own], [segment(1, 0, 9)], { cscdLength: 33 }),
      "5/1a/00",
    ],
    [
      "whose CSCD descriptors are no whole ones",
      (own: Uint8Array) => list([own, own.subarray(0, 8)], [], {}),
      "5/26/00 list 2",
    ],
    [
      "whose segments are said to be 4 GiB less a byte",
      (own: Uint8Array) => list([own], [segment(1, 0, 9)], { segmentLength: 0xffff_ffff }),
      "5/1a/00",
    ],
    ["with 17 CSCD descriptors", (own: Uint8Array) => list(new Array(17).fill(own), []), "5/26/06"],
    ["with 17 segments", (own: Uint8Array) => list([own], new Array(17).fill(segment(1, 0, 9))), "5/26/08"],
    [
      "longer than the descriptors may be together",
      (own: Uint8Array) => list(new Array(17).fill(own), new Array(16).fill(segment(1, 0, 9))),
      "5/1a/00",
    ],
    [
      "with a CSCD descriptor of another type",
      (own: Uint8Array) => list([own, own.map((byte, at) => (at === 0 ? 0xe0 : byte))], []),
      "5/26/07 list 48",
    ],
    [
      "with a designator that is too long",
      (own: Uint8Array) => list([own.map((byte, at) => (at === 7 ? 21 : byte))], []),
      "5/26/00 list 23",
    ],
    [
      "with a segment of another type",
      (own: Uint8Array) => list([own], [segment(1, 0, 9), segment(1, 0, 9, { type: 0x03 }).subarray(0, 20)]),
      "5/26/09 list 76",
    ],
    [
      "with a segment of a wrong length",
      (own: Uint8Array) => list([own], [segment(1, 0, 9, { length: 0x14 })]),
      "5/26/00 list 50",
    ],
    [
      "whose last segment is cut",
      (own: Uint8Array) => list([own], [segment(1, 0, 9).subarray(0, 20)]),
      "5/26/00 list 8",
    ],
  ])("refuses a list %s, and copies nothing", (_name, make, expected) => {
    const { own, text, fill, shown } = setup();
    fill("a");
    expect(text(make(own))).toBe(expected);
    expect(shown(9, 1)).toBe(".");
  });

  it("refuses less data than PARAMETER LIST LENGTH says", () => {
    const { own, text } = setup();
    const bytes = list([own], [segment(1, 0, 9)]);
    expect(text(bytes, bytes.length + 1)).toBe("5/1a/00");
    expect(text(Uint8Array.of(...bytes, 0), 0xffff_ffff)).toBe("5/1a/00");
  });

  it.each([
    ["a source that the list does not have", segment(1, 0, 9, { from: 1 }), "10/08/04 list 80 segment 1"],
    ["a destination that it does not have", segment(1, 0, 9, { to: 0x800 }), "10/08/04 list 82 segment 1"],
    ["the null logical unit", segment(1, 0, 9, { to: 0xc000 }), "10/08/04 list 82 segment 1"],
    ["more blocks than there are to read", segment(2, 2047, 9), "10/00/00 list 88 segment 1"],
    ["more blocks than there is room for", segment(2, 0, 2047), "10/00/00 list 96 segment 1"],
    ["more than a segment may move", segment(8193, 0, 9), "10/26/00 list 86 segment 1"],
  ])("ends at a segment with %s; those before it are done", (_name, wrong, expected) => {
    const { own, copy, fill, shown } = setup();
    fill("a");
    expect(aborted(copy(list([own], [segment(1, 0, 5), wrong])))).toBe(expected);
    expect(shown(5, 1)).toBe("a");
    expect(shown(9, 1)).toBe(".");
  });

  it.each([
    [
      "that nobody shows",
      (naa: Uint8Array) => cscd(naa.map((byte, at) => (at === 11 ? byte ^ 1 : byte))),
      "10/0d/02 list 16",
    ],
    ["that names a target port", () => cscd(Uint8Array.of(0x01, 0x14, 0, 4, 0, 0, 0, 1)), "10/0d/02 list 16"],
    [
      "that names a target port as the unit is named",
      (naa: Uint8Array) => cscd(naa.map((byte, at) => (at === 1 ? byte | 0x10 : byte))),
      "10/0d/02 list 16",
    ],
    ["of another kind of device", (naa: Uint8Array) => cscd(naa, { device: 1 }), "10/0d/03 list 16"],
    ["with another block length", (naa: Uint8Array) => cscd(naa, { blockLength: 4096 }), "10/26/00 list 45"],
  ])("ends at a CSCD descriptor %s", (_name, make, expected) => {
    const { naa, copy } = setup();
    expect(aborted(copy(list([make(naa)], [segment(1, 0, 9)])))).toBe(`${expected} segment 0`);
  });

  it("says what the unit itself said, in fixed and in descriptor format", () => {
    const { lab, a, own, copy } = setup();
    const modeSelect = (settings: number) =>
      lab.send(
        a,
        Uint8Array.of(0x15, 0x10, 0, 0, 16, 0),
        Uint8Array.of(0, 0, 0, 0, 0x0a, 0x0a, settings, 0x10, 0x08, 0, 0, 0, 0xff, 0xff, 0, 0),
      );
    // SWP.
    expect(modeSelect(0)).toBe(GOOD);
    const fixed = copy(list([own], [segment(1, 0, 9)])).sense;
    expect([...fixed.subarray(0, 20)]).toEqual([
      0x70, 0, 0x0a, 0, 0, 0, 0, 29, 0, 18, 0, 0, 0x0d, 0x01, 0, 0x80, 0, 16, 0x02, 0x70,
    ]);
    // DATA PROTECT, LOGICAL UNIT SOFTWARE WRITE PROTECTED.
    expect([fixed[21], fixed[31], fixed[32]]).toEqual([7, 0x27, 0x02]);
    // D_SENSE too.
    expect(modeSelect(0x04)).toBe(GOOD);
    const { sense } = copy(list([own], [segment(0, 0, 9), segment(1, 0, 9)]));
    expect([...sense.subarray(0, 8)]).toEqual([0x72, 0x0a, 0x0d, 0x01, 0, 0, 0, sense.length - 8]);
    const forwarded = sense.subarray(28);
    expect([...forwarded.subarray(0, 8)]).toEqual([0x0c, forwarded.length - 2, 2, 0x02, 0x72, 7, 0x27, 0x02]);
  });

  it("says of a source too what it said: a medium that cannot be read", () => {
    const medium = createMedium(BLOCK);
    const broken = {
      ...medium,
      read() {
        throw new MediumError("read", new Error("for this test"));
      },
    };
    const { own, copy } = setup({ medium: broken });
    const { sense } = copy(list([own], [segment(0, 0, 9), segment(1, 0, 9)]));
    // The first byte of COMMAND-SPECIFIC INFORMATION is the source's.
    expect([...sense.subarray(8, 12)]).toEqual([18, 0, 0, 1]);
    // CHECK CONDITION; MEDIUM ERROR, UNRECOVERED READ ERROR.
    expect([sense[18], sense[19], sense[21], sense[31], sense[32]]).toEqual([0x02, 0x70, 3, 0x11, 0x00]);
  });

  it("is refused as a whole to whom the reservation refuses a write (table 65)", () => {
    const { lab, a, own, copy } = setup();
    const b = lab.nexus("b");
    lab.register(b, 0xbn);
    lab.reserve(b, 0xbn, TYPE.WE);
    const bytes = list([own], [segment(1, 0, 9)]);
    expect(answerText(copy(bytes, bytes.length, a))).toBe(CONFLICT);
    expect(answerText(copy(bytes, bytes.length, b))).toBe(GOOD);
  });
});

describe("Between two units of a target", () => {
  function pair(second = {}) {
    const target = createSimulatedTarget();
    const units = [target.unit(0), target.unit(1, second)] as const;
    const [one, two] = units;
    const nexusOf = (unit: typeof one, letter: string) => unit.identify({ initiatorPort: `${iqn(letter)},i,0x1` });
    const a = nexusOf(one, "a");
    const a2 = nexusOf(two, "a");
    const naaOf = (unit: typeof one, nexus: Nexus) => designationsOf(unit.server, nexus)[0] as Uint8Array;
    const ends = (pads: readonly [number, number] = [0, 0]) => [
      cscd(naaOf(one, a), { pad: pads[0] }),
      cscd(naaOf(two, a2), { pad: pads[1] }),
    ];
    const copy = (bytes: Uint8Array) => one.server.execute(a, copyCdb(bytes.length), bytes);
    return { one, two, a, a2, nexusOf, ends, copy };
  }
  const there = { from: 0, to: 1 };
  const back = { from: 1, to: 0 };

  it("copies there and back", () => {
    const { one, two, a, a2, ends, copy } = pair();
    one.server.execute(a, blocks16(0x8a, 0, 2), letters("ab"));
    expect(answerText(copy(list(ends(), [segment(2, 0, 7, there), segment(1, 8, 20, back)])))).toBe(GOOD);
    expect(shownBlocks(two.server, a2, 7, 3)).toBe("ab.");
    expect(shownBlocks(one.server, a, 20, 2)).toBe("b.");
  });

  it("a reservation of the other unit keeps the copy out, as it keeps out who asked for it", () => {
    const { two, a2, nexusOf, ends, copy } = pair();
    const b2 = nexusOf(two, "b");
    const out = (serviceAction: number, type: number, bytes: readonly number[]) =>
      two.server.execute(b2, Uint8Array.of(0x5f, serviceAction, type, 0, 0, 0, 0, 0, 24, 0), Uint8Array.from(bytes))
        .status;
    const zeros = new Array(8).fill(0);
    const key = [0, 0, 0, 0, 0, 0, 0, 0xb];
    expect(out(SA.REGISTER, 0, [...zeros, ...key, ...zeros])).toBe(0);
    expect(out(SA.RESERVE, TYPE.WE, [...key, ...zeros, ...zeros])).toBe(0);
    // READ is allowed, WRITE is not: status 18h and no sense data.
    expect(answerText(copy(list(ends(), [segment(1, 0, 7, back)])))).toBe(GOOD);
    const answer = copy(list(ends(), [segment(1, 0, 7, there)]));
    expect(aborted(answer)).toBe("10/0d/01 list 48 segment 0");
    expect([...answer.sense.subarray(8, 10), answer.sense[18], answer.sense.length]).toEqual([0, 18, 0x18, 19]);
    expect(shownBlocks(two.server, a2, 7, 1)).toBe(".");
  });

  it("leaves unit attention conditions for the initiator", () => {
    const { two, a2, ends, copy } = pair();
    two.server.reset();
    const before = attentionsOf(a2);
    expect(before).toEqual(["29/03"]);
    expect(answerText(copy(list(ends(), [segment(1, 0, 7, there)])))).toBe(GOOD);
    expect(attentionsOf(a2)).toEqual(before);
  });

  it("lets go of every I_T nexus that it came through, however the copy ends", () => {
    const { one, two, ends } = pair();
    let held = 0;
    const watched = [one, two].map(
      ({ server }): CopyUnit => ({
        nexus(...ports) {
          held++;
          return server.nexus(...ports);
        },
        execute: server.execute,
        retireNexus(nexus) {
          held--;
          server.retireNexus(nexus);
        },
      }),
    );
    const manager = createDeviceServer({ peers: () => watched });
    const a = manager.nexus({ protocol: "iscsi", name: iqn("a"), isid: 1n });
    manager.execute(a, new Uint8Array(6));
    // Two that go well, one that ends at its second segment.
    for (const second of [segment(1, 0, 7, there), segment(1, 0, 7, back), segment(1, 5000, 7, there)]) {
      const bytes = list(ends(), [segment(1, 0, 3, there), second]);
      manager.execute(a, copyCdb(bytes.length), bytes);
      expect(held).toBe(0);
    }
    expect([...manager.execute(a, receiveCdb(0x00, 1)).dataIn]).toEqual([0, 0, 0, 8, 2, 0, 2, 0, 0, 0, 0x02, 0]);
  });

  it("a tape is no copy destination", () => {
    const { ends, copy } = pair({ type: "tape" });
    expect(aborted(copy(list(ends(), [segment(1, 0, 7, there)])))).toBe("10/0d/03 list 48 segment 0");
  });

  // Table 116. The second unit's blocks are of 2048 bytes: four of the first's.
  it.each([
    ["neither", [0, 0], 0, "10/26/0a list 80 segment 0", ".."],
    ["PAD of the destination", [0, 1], 0, GOOD, "a?"],
    ["PAD of the source", [1, 0], 0, GOOD, "a."],
    ["PAD of both", [1, 1], 0, GOOD, "a?"],
    ["CAT", [0, 0], 1, GOOD, "a."],
  ] as const)("what does not fill a block, with %s", (_name, pads, cat, expected, shown) => {
    const { one, two, a, a2, ends, copy } = pair({ blockSize: 2048 });
    one.server.execute(a, blocks16(0x8a, 0, 5), letters("aaaaa"));
    const answer = copy(list(ends(pads), [segment(5, 0, 7, { ...there, cat })]));
    expect(answer.status === 0 ? GOOD : aborted(answer)).toBe(expected);
    expect(shownBlocks(two.server, a2, 7, 2, 2048)).toBe(shown);
  });

  it("CAT takes what is left over into the next segment", () => {
    const { one, two, a, a2, ends, copy } = pair({ blockSize: 2048 });
    one.server.execute(a, blocks16(0x8a, 0, 8), letters("aaaaabbb"));
    const cat = { ...there, cat: 1 };
    expect(answerText(copy(list(ends(), [segment(5, 0, 7, cat), segment(3, 0, 8, cat)])))).toBe(GOOD);
    const { dataIn } = two.server.execute(a2, blocks16(0x88, 8, 1));
    expect(String.fromCharCode(...[0, 512, 1024, 1536].map((at) => dataIn[at] as number))).toBe("aaaa");
  });

  it("DC counts blocks of the destination, and what the source has too much of is left over", () => {
    const { one, two, a, a2, ends, copy } = pair({ blockSize: 2048 });
    one.server.execute(a, blocks16(0x8a, 0, 8), letters("aaaabbbb"));
    expect(answerText(copy(list(ends(), [segment(2, 0, 7, { ...there, dc: 1 })])))).toBe(GOOD);
    expect(shownBlocks(two.server, a2, 7, 3, 2048)).toBe("ab.");
    // One small block of a large one: the rest of it is inexact, unless it may be dropped.
    expect(aborted(copy(list(ends(), [segment(1, 7, 30, { ...back, dc: 1 })])))).toBe("10/26/0a list 80 segment 0");
    expect(answerText(copy(list(ends([0, 1]), [segment(1, 7, 30, { ...back, dc: 1 })])))).toBe(GOOD);
    expect(shownBlocks(one.server, a, 30, 2)).toBe("a.");
  });

  // Table 116, third row, and the second beside it.
  it.each([
    ["is kept for the next segment with PAD of the destination alone", [1, 0], "bcd"],
    ["is dropped with PAD of both", [1, 1], "..."],
  ] as const)("what is left over of the source %s", (_name, pads, next) => {
    const { one, two, a, a2, ends, copy } = pair({ blockSize: 2048 });
    two.server.execute(a2, blocks16(0x8a, 7, 1), letters("abcd"));
    const dc = { ...back, dc: 1 };
    expect(answerText(copy(list(ends(pads), [segment(1, 7, 30, dc), segment(3, 100, 40, dc)])))).toBe(GOOD);
    expect(shownBlocks(one.server, a, 30, 2)).toBe("a.");
    expect(shownBlocks(one.server, a, 40, 3)).toBe(next);
  });

  it("with DC what is left over of the destination is not padded (table 116, note a)", () => {
    const { ends, copy } = pair({ blockSize: 2048 });
    const segments = [segment(5, 0, 7, { ...there, cat: 1 }), segment(0, 0, 30, { ...back, dc: 1 })];
    expect(aborted(copy(list(ends([1, 0]), segments)))).toBe("10/26/0a list 108 segment 1");
  });
});

describe("After a copy", () => {
  const FAILURE = 0x04;
  const STATUS = 0x00;
  const unknown = "5/24/00 cdb 2";

  it("RECEIVE COPY STATUS(LID1) tells once how it went, to who sent it", () => {
    const { lab, own, copy, receive } = setup();
    expect(answerText(receive(STATUS))).toBe(unknown);
    copy(list([own], [segment(2, 0, 9), segment(1, 0, 9)]));
    expect(answerText(receive(STATUS, 1, lab.nexus("b")))).toBe(unknown);
    expect([...receive(STATUS).dataIn]).toEqual([0, 0, 0, 8, 1, 0, 2, 0, 0, 0, 0x06, 0]);
    expect(answerText(receive(STATUS))).toBe(unknown);
  });

  it("RECEIVE COPY FAILURE DETAILS(LID1) has the sense data of one that failed, until it has sent them", () => {
    const { own, copy, receive, a } = setup();
    const { sense } = copy(list([own], [segment(1, 0, 9), segment(1, 0, 9, { to: 3 })], { id: 7, usage: MAY_DISCARD }));
    expect([...receive(STATUS, 7).dataIn]).toEqual([0, 0, 0, 8, 2, 0, 2, 0, 0, 0, 0x02, 0]);
    const cut = receive(FAILURE, 7, a, 4).dataIn;
    expect([...cut]).toEqual([0, 0, 0, 74]);
    const { dataIn } = receive(FAILURE, 7);
    expect(dataIn).toHaveLength(78);
    expect([...dataIn.subarray(56, 60)]).toEqual([0x02, 0, 0, 18]);
    expect(dataIn.subarray(60)).toEqual(sense);
    expect(answerText(receive(FAILURE, 7))).toBe(unknown);
  });

  it("details go when none of them are wanted: ALLOCATION LENGTH 0 (6.23 b)", () => {
    const { own, copy, receive, a } = setup();
    copy(list([own], [segment(1, 0, 9, { to: 3 })]));
    expect(answerText(receive(STATUS))).toBe(GOOD);
    expect(receive(FAILURE, 1, a, 0).dataIn).toHaveLength(0);
    expect(answerText(receive(FAILURE))).toBe(unknown);
  });

  it("there are no details of one that went well", () => {
    const { own, copy, receive } = setup();
    copy(list([own], [segment(1, 0, 9)]));
    expect([...receive(FAILURE).dataIn]).toEqual([0, 0, 0, 0]);
  });

  it("nothing is kept with LIST ID USAGE 11b, nor through a reset or the loss of the nexus", () => {
    const { lab, a, own, copy, receive } = setup();
    const bytes = list([own], [segment(1, 0, 9)]);
    expect(answerText(copy(list([own], [segment(1, 0, 9)], { id: 0, usage: NO_IDENTIFIER })))).toBe(GOOD);
    expect(answerText(receive(STATUS, 0))).toBe(unknown);
    for (const lose of [() => lab.server.reset(), () => lab.server.powerCycle(), () => lab.server.loseNexus(a)]) {
      expect(answerText(copy(bytes))).toBe(GOOD);
      lose();
      a.attentions.length = 0;
      expect(answerText(receive(STATUS))).toBe(unknown);
    }
  });

  it("a list that is refused ends what is kept under its identifier too: it was received (6.23 c, 6.25 b)", () => {
    const { lab, own, copy, receive } = setup();
    const failing = list([own], [segment(1, 0, 9, { to: 3 })]);
    const refusedBy: readonly (readonly [answer: string, bytes: Uint8Array])[] = [
      ["5/26/00 list 1.4", list([own], [], { usage: RESERVED })],
      ["5/26/00 list 12", list([own], [], { inline: 1 })],
      ["5/1a/00", list([own], [], { segmentLength: 28 })],
      ["5/26/09 list 48", list([own], [segment(1, 0, 9, { type: 3 })])],
    ];
    for (const [answer, bytes] of refusedBy) {
      copy(failing);
      copy(failing, failing.length, lab.nexus("b"));
      expect(answerText(copy(bytes))).toBe(answer);
      expect([answer, answerText(receive(STATUS))]).toEqual([answer, unknown]);
      expect([answer, answerText(receive(FAILURE))]).toEqual([answer, unknown]);
      expect(answerText(receive(STATUS, 1, lab.nexus("b")))).toBe(GOOD);
    }
  });

  it("what names no list leaves what is kept: a list without its header, LIST ID USAGE 11b, another identifier, none at all", () => {
    const { own, copy, receive } = setup();
    const whole = list([own], [segment(1, 0, 9)]);
    for (const bytes of [
      whole.subarray(0, 15),
      list([own], [], { usage: NO_IDENTIFIER }),
      list([own], [], { id: 2, usage: RESERVED }),
      new Uint8Array(0),
    ]) {
      copy(whole);
      copy(bytes);
      expect(answerText(receive(STATUS))).toBe(GOOD);
    }
  });

  it("sixteen results are kept, and the eldest goes", () => {
    const { own, copy, receive } = setup();
    for (let id = 1; id <= 17; id++) copy(list([own], [segment(1, 0, 9)], { id }));
    expect(answerText(receive(STATUS, 1))).toBe(unknown);
    expect(answerText(receive(STATUS, 2))).toBe(GOOD);
    expect(answerText(receive(STATUS, 17))).toBe(GOOD);
  });
});

describe("What it tells of itself", () => {
  it("RECEIVE COPY OPERATING PARAMETERS (table 244)", () => {
    const { receive } = setup();
    const { dataIn } = receive(0x03);
    const view = new DataView(dataIn.buffer, dataIn.byteOffset);
    expect(dataIn).toHaveLength(46);
    expect(view.getUint32(0)).toBe(42);
    // SNLID; 16 CSCD descriptors, 16 segments, 960 bytes of both, 4 MiB a segment.
    expect([dataIn[4], view.getUint16(8), view.getUint16(10), view.getUint32(12), view.getUint32(16)]).toEqual([
      1,
      16,
      16,
      960,
      4 * 2 ** 20,
    ]);
    // No inline data, no held data, no streams; one copy at a time; whole blocks.
    expect([...dataIn.subarray(20)]).toEqual([
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 9, 0, 0, 0, 0, 0, 2, 0x02, 0xe4,
    ]);
  });

  it("VPD page 8Fh has the same figures (7.8.17)", () => {
    const { lab, a } = setup();
    const { dataIn } = lab.server.execute(a, Uint8Array.of(0x12, 1, 0x8f, 0, 255, 0));
    // biome-ignore format: a line for each descriptor
    expect([...dataIn]).toEqual([
      0x00, 0x8f, 0x00, 0x64,
      0x00, 0x01, 0x00, 0x0c, 8, 0x83, 1, 0x00, 0x84, 3, 0x00, 0x03, 0x04, 0, 0, 0,
      0x00, 0x04, 0x00, 0x1c, 0, 0, 0, 0, 0, 16, 0, 16, 0, 0, 0x03, 0xc0, ...new Array(16).fill(0),
      0x00, 0x08, 0x00, 0x04, 2, 0x02, 0xe4, 0,
      0x00, 0x0c, 0x00, 0x04, 0, 2, 0xff, 0xff,
      0x80, 0x01, 0x00, 0x20, 0, 0, 0, 1, 0, 0, 0, 1, 0x00, 0x40, 0, 0, 9, ...new Array(19).fill(0),
    ]);
  });

  it("tapes and changers have no copy manager", () => {
    for (const type of ["tape", "changer"] as const) {
      const lab = createLab({ type });
      const a = lab.nexus("a");
      expect(lab.server.execute(a, Uint8Array.of(0x12, 0, 0, 0, 36, 0)).dataIn[5]).toBe(0);
      expect(lab.send(a, Uint8Array.of(0x12, 1, 0x8f, 0, 255, 0))).toBe("5/24/00 cdb 2");
      expect(lab.send(a, receiveCdb(0x03))).toBe("5/20/00 cdb 0");
    }
  });
});
