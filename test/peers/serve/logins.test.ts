/**
 * Initiators that come without end, each under a name of its own, at `serve` as a process: a thousand logins a second, every one
 * with a command, some with a registration, some without a logout. What the process has resident must not grow with them, and who
 * was there before must go on. LOGIN_SECONDS says for how long.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { Opcode } from "../../../transports/iscsi/pdu.ts";
import { rawInitiator, testUnitReady, WRITE } from "../../iscsi-target/raw-initiator.ts";

const TARGET = "iqn.2026-01.test:disk";
const SECONDS = Number(process.env.LOGIN_SECONDS ?? 12);
const PER_SECOND = 1000;
/** So many begin together. */
const TOGETHER = 20;
const MIB = 2 ** 20;
/** What a heap may gain between two moments when nothing holds on to anything. */
const LEEWAY = 32 * MIB;

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** REGISTER: a parameter list with SERVICE ACTION RESERVATION KEY alone. */
const register = [0x5f, 0, 0, 0, 0, 0, 0, 0, 24];
const listWithKey = (key: number): Uint8Array => {
  const list = new Uint8Array(24);
  new DataView(list.buffer).setUint32(12, key);
  return list;
};

/** One initiator, from its connection to its end; the status of its last command. */
async function visit(where: { readonly port: number }, number: number): Promise<number | undefined> {
  const initiator = await rawInitiator(where);
  try {
    await initiator.logIn(TARGET, { InitiatorName: `iqn.2026-01.test:visitor-${number}` }, BigInt(number));
    initiator.command({ cdb: testUnitReady, tag: 1 });
    let answer = await initiator.expect(Opcode.SCSI_RESPONSE);
    if (number % 10 === 0) {
      initiator.command({ cdb: register, tag: 2, flags: 0x80 | WRITE, expected: 24, data: listWithKey(number + 1) });
      answer = await initiator.expect(Opcode.SCSI_RESPONSE);
    }
    if (number % 2 === 0) {
      initiator.raw(Uint8Array.from([0x46, 0x80, ...new Array(46).fill(0)]));
      await initiator.expect(Opcode.LOGOUT_RESPONSE);
    }
    return answer.header[3];
  } finally {
    initiator.destroy();
  }
}

it(
  "a thousand logins a second by ever new initiators: serve does not grow, and who is there goes on",
  async () => {
    const args = ["dist/cli.js", "serve", "--portal", "127.0.0.1:0", "--target", TARGET];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.once("close", resolve));
    try {
      const where = await new Promise<{ port: number }>((resolve) => {
        createInterface({ input: child.stdout }).on("line", (line) => {
          const port = /^serving +iscsi:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
          if (port !== undefined) resolve({ port: Number(port) });
        });
      });
      const good = await rawInitiator(where);
      await good.logIn(TARGET);
      const statuses = new Map<number | undefined, number>();
      const resident: number[] = [];
      const began = performance.now();
      for (let second = 0, number = 0; second < SECONDS; second++) {
        for (const until = number + PER_SECOND; number < until; ) {
          const first = number;
          number += TOGETHER;
          const seen = await Promise.all(Array.from({ length: TOGETHER }, (_, i) => visit(where, first + i)));
          for (const status of seen) statuses.set(status, (statuses.get(status) ?? 0) + 1);
          const due = began + (number / PER_SECOND) * 1000;
          if (performance.now() < due) await pause(due - performance.now());
        }
        good.command({ cdb: testUnitReady, tag: 0x100 + second });
        // Registrations of others are none of its business.
        expect((await good.expect(Opcode.SCSI_RESPONSE)).header[3]).toBe(0);
        resident.push(await residentBytes(child.pid as number));
      }
      const took = (performance.now() - began) / 1000;
      const total = SECONDS * PER_SECOND;
      const mib = resident.map((bytes) => Math.round(bytes / MIB));
      console.log(`${total} logins in ${took.toFixed(1)} s; MiB resident after each ${PER_SECOND}: ${mib.join(" ")}`);
      expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(total);
      // Registered are as many as can be; the others were told why not, and none was left without an answer.
      expect([...statuses.keys()].every((status) => status === 0 || status === 2)).toBe(true);
      const early = Math.max(...resident.slice(0, Math.ceil(SECONDS / 3)));
      expect(resident.at(-1)).toBeLessThan(early + LEEWAY);
      good.destroy();
    } finally {
      child.kill("SIGINT");
      await ended;
    }
  },
  SECONDS * 5000 + 30_000,
);
