/**
 * A tape drive as it answers: blocks, filemarks, the ends of the tape, positions, mode parameters, loading. Sense data are
 * read byte by byte: FILEMARK 80h, EOM 40h and ILI 20h of byte 2, INFORMATION from byte 3.
 */
import { describe, expect, it } from "vitest";
import {
  createCartridge,
  createDrive,
  createSimulatedTarget,
  type DeviceServerOptions,
} from "../../transports/simulated/index.ts";
import { attentionsOf, createLab, GOOD } from "./lab.ts";

const three = (value: number) => [(value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
const read = (length: number, flags = 0) => Uint8Array.of(0x08, flags, ...three(length), 0);
const write = (length: number, flags = 0) => Uint8Array.of(0x0a, flags, ...three(length), 0);
const filemarks = (count: number) => Uint8Array.of(0x10, 0, ...three(count), 0);
const space = (code: number, count: number) => Uint8Array.of(0x11, code, ...three(count & 0xffffff), 0);
const rewind = Uint8Array.of(0x01, 0, 0, 0, 0, 0);
const locate = (to: number) => Uint8Array.of(0x2b, 0, 0, 0, 0, 0, to, 0, 0, 0);

function setup(options: DeviceServerOptions = {}) {
  const lab = createLab({ type: "tape", ...options });
  const a = lab.nexus("a");
  const send = (cdb: Uint8Array, out?: Uint8Array) => {
    const { status, dataIn, sense } = lab.server.execute(a, cdb, out);
    if (status === 0) return { answer: GOOD, data: [...dataIn] };
    const flags = ((sense[2] as number) & 0xe0).toString(16);
    const hex = (byte: number | undefined) => (byte ?? 0).toString(16).padStart(2, "0");
    const information = new DataView(sense.buffer, sense.byteOffset).getInt32(3);
    const key = (sense[2] as number) & 0x0f;
    return { answer: `${key}/${hex(sense[12])}/${hex(sense[13])} ${flags} ${information}`, data: [...dataIn] };
  };
  const answer = (cdb: Uint8Array, out?: Uint8Array) => send(cdb, out).answer;
  const position = () =>
    new DataView(lab.server.execute(a, Uint8Array.of(0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0)).dataIn.buffer).getUint32(4);
  const put = (text: string) => answer(write(text.length), new TextEncoder().encode(text));
  const get = (length: number, flags = 0) => {
    const { answer: how, data } = send(read(length, flags));
    return `${String.fromCharCode(...data)}|${how}`;
  };
  return { lab, a, send, answer, position, put, get };
}

/** Three blocks, a filemark, one block, two filemarks. */
function recorded() {
  const unit = setup();
  for (const text of ["one", "second", "3"]) unit.put(text);
  unit.answer(filemarks(1));
  unit.put("after");
  unit.answer(filemarks(2));
  unit.answer(rewind);
  return unit;
}

describe("Blocks and filemarks", () => {
  it("are read back as they were written, one by one", () => {
    const { get } = recorded();
    expect(get(3)).toBe(`one|${GOOD}`);
    expect(get(6)).toBe(`second|${GOOD}`);
    expect(get(1)).toBe(`3|${GOOD}`);
    expect(get(10)).toBe("|0/00/01 80 10");
    expect(get(5)).toBe(`after|${GOOD}`);
    expect(get(1)).toBe("|0/00/01 80 1");
    expect(get(1)).toBe("|0/00/01 80 1");
    expect(get(7)).toBe("|8/00/05 0 7");
  });

  it("of another length than asked for are told of, with their data", () => {
    const { get } = recorded();
    expect(get(10)).toBe("one|0/00/00 20 7");
    expect(get(4)).toBe("seco|0/00/00 20 -2");
    expect(get(5, 2)).toBe(`3|${GOOD}`);
  });

  it("writing ends the tape there", () => {
    const { get, put, answer } = recorded();
    expect(answer(space(0, 1))).toBe(GOOD);
    put("new");
    expect(get(1)).toBe("|8/00/05 0 1");
    answer(rewind);
    expect([get(3), get(3)]).toEqual([`one|${GOOD}`, `new|${GOOD}`]);
  });

  it("of a fixed length, after MODE SELECT", () => {
    const { answer, send, get } = setup();
    expect(answer(read(1, 1))).toMatch(/^5\/24\/00/);
    const list = Uint8Array.of(0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 0, 4);
    expect(answer(Uint8Array.of(0x15, 0x10, 0, 0, 12, 0), list)).toBe(GOOD);
    expect(send(Uint8Array.of(0x1a, 0, 0, 0, 12, 0)).data).toEqual([11, 0, 0x10, 8, 0x5a, 0, 0, 0, 0, 0, 0, 4]);
    expect(answer(write(3, 1), new TextEncoder().encode("aaaabbbbcccc"))).toBe(GOOD);
    answer(rewind);
    expect(get(2, 1)).toBe(`aaaabbbb|${GOOD}`);
    expect(get(2, 1)).toBe("cccc|8/00/05 0 1");
  });

  it("do not fit for ever", () => {
    const { put, answer } = setup({ drive: createDrive(createCartridge("SMALL", 10)) });
    expect(put("12345678")).toBe(GOOD);
    expect(put("901")).toBe("13/00/02 40 3");
    expect(answer(filemarks(1))).toBe(GOOD);
    expect(put("90")).toBe(GOOD);
  });
});

describe("Positions", () => {
  it("SPACE over blocks and filemarks, both ways, to the ends", () => {
    const { answer, position } = recorded();
    expect([answer(space(0, 2)), position()]).toEqual([GOOD, 2]);
    expect([answer(space(0, 5)), position()]).toEqual(["0/00/01 80 4", 4]);
    expect([answer(space(0, -1)), position()]).toEqual(["0/00/01 80 1", 3]);
    expect([answer(space(0, -5)), position()]).toEqual(["0/00/04 40 2", 0]);
    expect([answer(space(1, 2)), position()]).toEqual([GOOD, 6]);
    expect([answer(space(1, 2)), position()]).toEqual(["8/00/05 0 1", 7]);
    expect([answer(space(1, -2)), position()]).toEqual([GOOD, 5]);
    expect([answer(space(3, 0)), position()]).toEqual([GOOD, 7]);
    expect(answer(space(4, 1))).toMatch(/^5\/24\/00/);
  });

  it("LOCATE and READ POSITION", () => {
    const { answer, position, get, send } = recorded();
    expect([answer(locate(4)), position(), get(5)]).toEqual([GOOD, 4, `after|${GOOD}`]);
    expect([answer(locate(99)), position()]).toEqual(["8/00/05 0 0", 7]);
    answer(rewind);
    expect(send(Uint8Array.of(0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0)).data).toEqual([0x80, ...new Array(19).fill(0)]);
  });

  it("ERASE takes everything behind it away", () => {
    const { answer, get } = recorded();
    answer(locate(1));
    expect(answer(Uint8Array.of(0x19, 1, 0, 0, 0, 0))).toBe(GOOD);
    expect(get(1)).toBe("|8/00/05 0 1");
  });

  it("READ BLOCK LIMITS: up to 8 MiB", () => {
    expect(setup().send(Uint8Array.of(0x05, 0, 0, 0, 0, 0)).data).toEqual([0, 0x80, 0, 0, 0, 1]);
  });
});

describe("Loading", () => {
  const load = Uint8Array.of(0x1b, 0, 0, 0, 1, 0);
  const unload = Uint8Array.of(0x1b, 0, 0, 0, 0, 0);

  it("UNLOAD makes it not ready, LOAD ready again and tells everybody", () => {
    const { lab, a, answer, position } = recorded();
    answer(space(0, 1));
    expect(answer(unload)).toBe(GOOD);
    expect(answer(new Uint8Array(6))).toMatch(/^2\/3a\/00/);
    expect(answer(load)).toBe(GOOD);
    expect(attentionsOf(a)).toEqual(["28/00"]);
    expect(lab.send(a, new Uint8Array(6))).toBe("6/28/00");
    expect(position()).toBe(0);
  });

  it("PREVENT keeps the tape, until PREEMPT AND ABORT of whoever did", () => {
    const { lab, a } = recorded();
    const b = lab.nexus("b");
    lab.register(a, 1n);
    lab.register(b, 2n);
    expect(lab.send(a, Uint8Array.of(0x1e, 0, 0, 0, 1, 0))).toBe(GOOD);
    expect(lab.send(b, unload)).toBe("5/53/02");
    expect(lab.out(b, 5, { key: 2n, newKey: 1n, type: 3 })).toBe(GOOD);
    expect(lab.send(b, unload)).toBe(GOOD);
  });

  it("a drive of a changer has what the robot puts in, and has it no more when it is taken", () => {
    const target = createSimulatedTarget();
    const changer = target.unit(1, { type: "changer" }).server;
    const tape = target.unit(0, { type: "tape" }).server;
    expect(tape.drive).toBe(changer.library?.drives[0]);
    const c = changer.nexus({ protocol: "iscsi", name: "iqn.2026-01.com.example:a", isid: 1n });
    const t = tape.nexus({ protocol: "iscsi", name: "iqn.2026-01.com.example:a", isid: 1n });
    const ready = () => tape.execute(t, new Uint8Array(6)).status;
    expect(ready()).toBe(2);
    const move = (from: number, to: number) =>
      changer.execute(c, Uint8Array.of(0xa5, 0, 0, 0, from >> 8, from & 255, to >> 8, to & 255, 0, 0, 0, 0)).status;
    expect(move(1000, 500)).toBe(0);
    expect([ready(), ready()]).toEqual([2, 0]);
    expect(tape.execute(t, write(3), Uint8Array.of(1, 2, 3)).status).toBe(0);
    expect(move(500, 1000)).toBe(0);
    expect(ready()).toBe(2);
    expect(move(1001, 500)).toBe(0);
    ready();
    expect(tape.execute(t, read(3)).status).toBe(2);
    expect(move(500, 1001)).toBe(0);
    expect(move(1000, 500)).toBe(0);
    ready();
    expect([...tape.execute(t, read(3)).dataIn]).toEqual([1, 2, 3]);
  });
});

it("INQUIRY: a tape with a removable medium", () => {
  const { dataIn } = setup().lab.server.execute(setup().a, Uint8Array.of(0x12, 0, 0, 0, 36, 0));
  expect([dataIn[0], dataIn[1], new TextDecoder().decode(dataIn.subarray(8, 32))]).toEqual([
    1,
    0x80,
    "SIMULATEPERSISTENT TAPE ",
  ]);
});
