/** Multihost disk control on LIO, over iSCSI by the kernel's initiator and SG_IO; and processes that are fenced there. */
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  accessStatus,
  createMultihostDisk,
  inKeys,
  inReservations,
  type LogicalUnit,
  persistentSupport,
  quickReserve,
  registerHost,
  releaseOwnership,
  reserveShared,
  takeOwnership,
} from "../../../src/index.ts";
import { cli } from "../../cli/harness.ts";
import { describeMultihost } from "../../multihost-story.ts";
import { attentions, clean, run, say, unitAt, units } from "../units.ts";

describeMultihost("SG_IO over iSCSI to LIO", async () => {
  const [a, b, c] = [await unitAt(units.ISCSI_A.sg), await unitAt(units.ISCSI_B.sg), await unitAt(units.ISCSI_C.sg)];
  await clean(a, b, c);
  return {
    a,
    b,
    c,
    async dispose() {
      await clean(a, b, c);
      for (const each of [a, b, c]) await each[Symbol.asyncDispose]();
    },
  };
});

describe("errors that the manual documents, from the kernel", () => {
  test("ENOTSUP: a disk without persistent reservations; RESERVE it has", async () => {
    await using unit = await unitAt(units.DEBUG.sg);
    await attentions(unit);
    const disk = createMultihostDisk(unit);
    expect(await persistentSupport(disk)).toEqual({ persistent: false });
    for (const call of [
      () => inKeys(disk, { listSize: 1 }),
      () => inReservations(disk, { listSize: 1 }),
      () => registerHost(disk, { oldKey: 0n, newKey: 1n, aptpl: true }),
      () => reserveShared(disk, { key: 1n, type: "write-exclusive" }),
    ]) {
      await expect(call()).rejects.toMatchObject({ errno: "ENOTSUP", code: "ILLEGAL_REQUEST", sense: { asc: 0x20 } });
    }
    await quickReserve(disk);
    expect(await accessStatus(disk)).toMatchObject({ access: true });
    await releaseOwnership(disk);
  });

  test("EIO: a disk that is offline", async () => {
    await using unit = await unitAt(units.DEBUG.sg);
    const state = `/sys/class/scsi_device/${units.DEBUG.address}/device/state`;
    await writeFile(state, "offline\n");
    const disk = createMultihostDisk(unit);
    for (const call of [accessStatus, quickReserve, takeOwnership]) {
      await expect(call(disk), call.name).rejects.toMatchObject({ errno: "EIO" });
    }
    await expect(inKeys(createMultihostDisk(unit), { listSize: 1 })).rejects.toMatchObject({ errno: "EIO" });
    await writeFile(state, "running\n");
    await attentions(unit);
    expect(await accessStatus(disk)).toMatchObject({ access: true });
  });

  test("EPERM: not root", async () => {
    await run("chmod", "600", units.DEBUG.sg);
    const command = [process.execPath, "dist/cli.js", "mhd", "status", units.DEBUG.sg, "--json"];
    const { exit, stdout } = await run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...command);
    expect(exit).toBe(15);
    expect(JSON.parse(stdout).error).toMatchObject({ code: "PERMISSION_DENIED", errno: "EPERM" });
  });
});

describe("a process that is fenced by another initiator's PREEMPT AND ABORT over iSCSI", () => {
  const VICTIM = 0xdeadn;
  const RESCUER = 0xb0n;
  const WORDS = "/tmp/last-words";
  let rescuer: LogicalUnit;

  beforeAll(async () => {
    rescuer = await unitAt(units.ISCSI_B.sg);
    return () => rescuer[Symbol.asyncDispose]();
  });

  const now = (): number => performance.timeOrigin + performance.now();
  const number = async (): Promise<number> => {
    const data = await rescuer.read10({ lba: 0, blocks: 1 });
    return new DataView(data.buffer, data.byteOffset).getUint32(0);
  };

  /** Starts a victim, fences it once it is armed, and waits for its end. */
  async function fence(act: "report" | "exit", intervalMs: number, busy: "writing" | "idle" | "busy") {
    await clean(rescuer);
    const program = join(import.meta.dirname, "fenced.mjs");
    const args = [program, units.ISCSI_A.sg, String(VICTIM), act, String(intervalMs), busy, WORDS];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const said: Record<string, unknown>[] = [];
    let text = "";
    const armed = new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk) => {
        text += String(chunk);
        for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
          said.push(JSON.parse(text.slice(0, end)));
          text = text.slice(end + 1);
          if (said.at(-1)?.armed !== undefined) resolve();
        }
      });
      child.on("exit", () => reject(new Error(`the victim ended too early: ${JSON.stringify(said)}`)));
    });
    armed.catch(() => undefined);
    const ended = new Promise<{ at: number; signal: string | null; code: number | null }>((resolve) =>
      child.on("exit", (code, signal) => resolve({ at: now(), signal, code })),
    );
    await armed;
    await attentions(rescuer);
    await rescuer.registerAndIgnoreExistingKey({ newKey: RESCUER });
    // Let it write, or be busy, for a while.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await rescuer.preemptAndAbort({ key: RESCUER, victimKey: VICTIM, type: "write-exclusive-registrants-only" });
    const fenced = now();
    const there = await number();
    const end = await ended;
    // Nothing that was under way comes after.
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { said, end, fenced, there, later: await number() };
  }

  test.each(["idle", "writing"] as const)("%s: the signal fires", async (busy) => {
    const { said, fenced, there, later, end } = await fence("report", 1000, busy);
    const [aborted] = said.filter((one) => one.aborted !== undefined);
    expect(aborted).toMatchObject(busy === "idle" ? { by: "probe", reason: "not-registered" } : {});
    say(
      `PREEMPT AND ABORT to abort, ${busy}, interval 1000 ms: ${((aborted?.aborted as number) - fenced).toFixed(0)} ms, by a ${aborted?.by}`,
    );
    expect(there).toBeGreaterThanOrEqual(5);
    expect(later).toBe(there);
    expect(end.code).toBe(0);
    if (busy === "writing") expect(said.some((one) => one.code === "RESERVATION_CONFLICT")).toBe(true);
  });

  test.each(["busy", "writing"] as const)("%s: the process is ended by its watching thread", async (busy) => {
    const { said, fenced, there, later, end } = await fence("exit", 1000, busy);
    expect(end.signal).toBe("SIGKILL");
    // Between the two the kernel takes the process down, which emulation makes slow.
    const [, by, late, at = ""] = /by a (\w+), (\S+) ms late, at (\S+)\)\n$/.exec(await readFile(WORDS, "utf8")) ?? [];
    say(
      `PREEMPT AND ABORT to exit, ${busy}, interval 1000 ms: ${(end.at - fenced).toFixed(0)} ms; noticed after ${(Date.parse(at) - fenced).toFixed(0)} ms by a ${by}, ${late} ms late`,
    );
    expect(said.some((one) => one.survived === true)).toBe(false);
    expect(there).toBeGreaterThanOrEqual(5);
    expect(later).toBe(there);
  });

  test("a command that scsi-persist mhd failfast guards", async () => {
    const victim = await unitAt(units.ISCSI_A.sg);
    await clean(rescuer, victim);
    await victim.registerAndIgnoreExistingKey({ newKey: VICTIM });
    await rescuer.registerAndIgnoreExistingKey({ newKey: RESCUER });
    const line = ["mhd", "failfast", "--interval", "200", "--key", `0x${VICTIM.toString(16)}`, units.ISCSI_A.sg];
    const running = cli([...line, "--", "sleep", "300"]);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await rescuer.preemptAndAbort({ key: RESCUER, victimKey: VICTIM, type: "write-exclusive" });
    const fenced = now();
    const { exit } = await running;
    say(`PREEMPT AND ABORT to the end of a guarded command, interval 200 ms: ${(now() - fenced).toFixed(0)} ms`);
    expect(exit).toBe(37);
    await clean(rescuer, victim);
    await victim[Symbol.asyncDispose]();
  });
});
