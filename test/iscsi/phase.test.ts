/**
 * The parts of a full-feature phase that a socket cannot show well: wrapping numbers, tags, and memory that is used
 * again.
 */
import { expect, test } from "vitest";
import { createOutput } from "../../transports/iscsi/output.ts";
import { negotiate } from "../../transports/iscsi/parameters.ts";
import { get32, Opcode } from "../../transports/iscsi/pdu.ts";
import { createPhase, updateWindow, windowIsOpen } from "../../transports/iscsi/phase.ts";
import { createSink } from "../../transports/iscsi/receiving.ts";
import { responseHeader } from "../../transports/iscsi/response-pdus.ts";
import { run } from "../../transports/iscsi/sending.ts";
import { execute } from "../../transports/iscsi/session.ts";
import { createTask, createTaskTable, TaskKind } from "../../transports/iscsi/task.ts";
import { join } from "./fake-target.ts";

function phaseAt(cmdSn: number, maxCmdSn: number) {
  const written: Uint8Array[] = [];
  const socket = { held: 0 };
  const output = createOutput((length) => new Uint8Array(length), {
    write: (chunks) => {
      written.push(...chunks.map((chunk) => chunk.slice()));
    },
    held: () => socket.held,
  });
  const choices = { headerDigest: "none", dataDigest: "none", immediateData: true, unsolicitedData: true } as const;
  const phase = createPhase({
    peer: "nobody",
    output,
    parameters: negotiate(choices, false).result(),
    cmdSn,
    expStatSn: 1,
    maxCmdSn,
    keepAlive: undefined,
    abortTimeoutMs: 1000,
    report() {},
    tick() {},
    ended() {},
  });
  const numbers = (): number[] => {
    const bytes = join(written);
    return Array.from({ length: bytes.length / 48 }, (_, index) => get32(bytes, index * 48 + 24));
  };
  return { phase, numbers, written, socket };
}

test("what a command has still to send is not sent once it is given up", () => {
  const { phase, written, socket } = phaseAt(1, 8);
  const controller = new AbortController();
  const request = { cdb: new Uint8Array(10), dataOut: new Uint8Array(50_000), dataInLength: 0 };
  const writing = execute(phase, phase, 0, 0, request, Number.POSITIVE_INFINITY, controller.signal);
  const command = get32(join(written), 16);
  socket.held = 2_000_000;
  const r2t = responseHeader(Opcode.R2T, {
    statSn: 1,
    expCmdSn: 2,
    maxCmdSn: 9,
    initiatorTaskTag: command,
    targetTransferTag: 1,
    word40: 8192,
    word44: 512,
  });
  createSink(phase).pdu(r2t, 0, 48, r2t, 0, 0);
  run(phase);
  expect(phase.transfers).toHaveLength(1);
  controller.abort();
  socket.held = 0;
  written.length = 0;
  run(phase);
  expect(phase.transfers).toHaveLength(0);
  expect(join(written)[0]).toBe(Opcode.TASK_MANAGEMENT_REQUEST | 0x40);
  expect(join(written)).toHaveLength(48);
  return expect(writing).rejects.toMatchObject({ code: "ABORTED", delivered: "unknown" });
});

test("CmdSN and the window wrap past 2^32", () => {
  const { phase, numbers } = phaseAt(0xffff_fffe, 0xffff_ffff);
  for (let count = 0; count < 5; count++) {
    execute(phase, phase, 0, 0, { cdb: new Uint8Array(6), dataInLength: 0 }, Number.POSITIVE_INFINITY, undefined);
  }
  run(phase);
  expect(numbers()).toEqual([0xffff_fffe, 0xffff_ffff]);
  expect(windowIsOpen(phase)).toBe(false);
  updateWindow(phase, 0, 1);
  run(phase);
  expect(numbers()).toEqual([0xffff_fffe, 0xffff_ffff, 0, 1]);
  // Impossible: the window would end before the commands that the target has seen.
  updateWindow(phase, 200, 150);
  expect([phase.expCmdSn, phase.maxCmdSn]).toEqual([0, 1]);
  // Older than what is known.
  updateWindow(phase, 0xffff_ffff, 0xffff_ffff);
  expect(phase.maxCmdSn).toBe(1);
});

test("a tag finds its task only while the task has it, and does not come back soon", () => {
  const table = createTaskTable();
  const seen = new Set<number>();
  for (let count = 0; count < 1000; count++) {
    const task = createTask({ kind: TaskKind.COMMAND });
    expect(table.add(task)).toBe(true);
    expect(table.find(task.tag)).toBe(task);
    seen.add(task.tag);
    table.remove(task);
    expect(table.find(task.tag)).toBeUndefined();
  }
  expect(seen.size).toBe(1000);
  expect(table.size).toBe(0);
  expect(table.find(0xffff_ffff)).toBeUndefined();
});

test("commands cannot take the tags that are kept for aborting them", () => {
  const table = createTaskTable();
  let commands = 0;
  while (table.add(createTask({ kind: TaskKind.COMMAND }))) commands++;
  expect(commands).toBe(4096 - 64);
  expect(table.add(createTask({ kind: TaskKind.TASK_MANAGEMENT }))).toBe(true);
  let others = 1;
  while (table.add(createTask({ kind: TaskKind.PING }))) others++;
  expect(others).toBe(64);
});

test("output comes out whole and in order, whatever is copied and whatever is lent", () => {
  const written: Uint8Array[] = [];
  let held = 0;
  // What the socket has sent, it needs no more: from then on the memory may change.
  const settle = (): void => {
    for (const [index, chunk] of written.entries()) written[index] = chunk.slice();
  };
  const output = createOutput((length) => new Uint8Array(length).fill(0xee), {
    write: (chunks) => {
      for (const chunk of chunks) written.push(chunk);
      if (held === 0) settle();
    },
    held: () => held,
  });
  const wanted: number[] = [];
  let value = 0;
  for (let round = 0; round < 401; round++) {
    // The socket keeps what it is given every other while: then that memory must not be used again.
    held = round % 100 < 50 ? 0 : 1;
    if (held === 0) settle();
    const length = (round * 37) % 700;
    const at = output.reserve(length);
    for (let index = 0; index < length; index++) output.bytes[at + index] = value;
    for (let index = 0; index < length; index++) wanted.push(value);
    value = (value + 1) & 0xff;
    if (round % 7 === 0) {
      output.lend(new Uint8Array(1000).fill(value));
      for (let index = 0; index < 1000; index++) wanted.push(value);
    }
    if (round % 3 === 0) output.flush();
  }
  output.bytes[output.reserve(1)] = value;
  wanted.push(value);
  expect(output.backlog()).toBeGreaterThan(held);
  output.flush();
  expect(output.backlog()).toBe(held);
  expect(Buffer.compare(join(written), Uint8Array.from(wanted))).toBe(0);
});
