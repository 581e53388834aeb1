/** Fail-fast in a thread of its own: it keeps its deadline while this thread does nothing else than be busy. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { threadText } from "../../scripts/thread-text.mjs";
import { isScsiError, type Loss, type Verdict } from "../../src/index.ts";
import { startFailfast } from "../../transports/failfast.ts";
import { failure } from "./world.ts";

const KEY = 0xan;
const RESCUER = 0xbn;
const WERO = "write-exclusive-registrants-only";
let names = 0;
const disk = (): [a: string, b: string] => {
  const name = `sim:thread-${++names}`;
  return [`${name}?initiator=iqn.2026-01.test:a,i,0x1`, `${name}?initiator=iqn.2026-01.test:b,i,0x1`];
};

/** Nothing else happens in this thread. */
function busy(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

describe("a watching thread", () => {
  test("opens units that are used from here, through the nexus of its probes", async () => {
    await using failfast = await startFailfast({ intervalMs: 20 });
    const [urlA, urlB] = disk();
    const a = await failfast.open(urlA);
    const b = await failfast.open(urlB, { timeoutMs: 5000 });
    expect(a.name).toContain("initiator=iqn.2026-01.test:a");
    expect(a.transport.initiatorPort).toMatchObject({ protocol: "iscsi", name: "iqn.2026-01.test:a" });
    await a.register({ newKey: KEY });
    await b.register({ newKey: RESCUER });
    expect((await b.readFullStatus()).registrations).toHaveLength(2);
    await a.write10({ lba: 3, data: new Uint8Array(512).fill(7) });
    expect((await b.read10({ lba: 3, blocks: 1 }))[5]).toBe(7);
    await a.reset("logical-unit");
    expect(await failure(a.register({ key: 0x99n, newKey: 1n }))).toMatchObject({
      code: "RESERVATION_CONFLICT",
      status: 0x18,
    });
    expect(isScsiError(await failure(a.inquiry({ signal: AbortSignal.abort() })))).toBe(true);
    await a[Symbol.asyncDispose]();
    expect(await failure(a.inquiry())).toMatchObject({ code: "CLOSED", delivered: "no" });
    expect(await failure(failfast.open("nothing:at-all"))).toBeInstanceOf(TypeError);
    expect(failfast.lost).toBe(false);
  });

  test("fires the signal, with the evidence; what expects nothing does not", async () => {
    const heard: Verdict[] = [];
    await using failfast = await startFailfast({ intervalMs: 20, onLoss: (verdict) => heard.push(verdict) });
    const [urlA, urlB] = disk();
    const [a, b] = [await failfast.open(urlA), await failfast.open(urlB)];
    await a.register({ newKey: KEY });
    await b.register({ newKey: RESCUER });
    expect(await a.watch({ kind: "registered", key: KEY })).toBe(true);
    expect((await failfast.lateness()).probes).toBeGreaterThan(0);
    await b.preemptAndAbort({ key: RESCUER, victimKey: KEY, type: WERO });
    await new Promise((resolve) => failfast.signal.addEventListener("abort", resolve));
    expect(failfast.lost).toBe(true);
    expect(failfast.signal.reason).toMatchObject({ code: "ACCESS_LOST", errno: "EACCES" });
    expect(heard).toEqual([failfast.verdict]);
    expect(heard[0]?.losses).toMatchObject([{ reason: "not-registered", keys: { keys: [RESCUER] } }]);
  });

  test("counts a conflict that a command meets, at once, and shows it to a thread that is busy", async () => {
    await using failfast = await startFailfast({ intervalMs: 60_000 });
    const [urlA, urlB] = disk();
    const [a, b] = [await failfast.open(urlA), await failfast.open(urlB)];
    await a.register({ newKey: KEY });
    await b.register({ newKey: RESCUER });
    await b.reserve({ key: RESCUER, type: WERO });
    await a.watch({ kind: "registered", key: KEY });
    await b.preemptAndAbort({ key: RESCUER, victimKey: KEY, type: WERO });
    await failure(a.testUnitReady({ retry: { maxAttempts: 1, backoffMs: 0, maxBackoffMs: 0, decide: () => "no" } }));
    const writing = a.write10({ lba: 0, data: new Uint8Array(512) });
    writing.catch(() => undefined);
    const until = performance.now() + 5000;
    while (!failfast.lost && performance.now() < until);
    expect([failfast.lost, failfast.signal.aborted]).toEqual([true, false]);
    expect(await failure(writing)).toMatchObject({ code: "RESERVATION_CONFLICT" });
    expect(failfast.verdict?.losses).toMatchObject([{ noticedBy: "command", reason: "conflict" }]);
  });

  test("has the highest priority, where the system permits that", async ({ skip }) => {
    const permitted =
      process.platform === "linux" && process.getuid?.() === 0 && !("Bun" in globalThis) && !("Deno" in globalThis);
    if (!permitted) return skip("priorities of threads: on Linux, by root, on Node");
    /** The nice value is the 19th field of stat; the second, in parentheses, may have spaces (proc_pid_stat(5)). */
    const nice = (thread: string): number =>
      Number(
        readFileSync(`/proc/self/task/${thread}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ")[16],
      );
    const before = readdirSync("/proc/self/task").filter((thread) => nice(thread) === -20).length;
    await using _ = await startFailfast({ intervalMs: 1000 });
    expect(readdirSync("/proc/self/task").filter((thread) => nice(thread) === -20)).toHaveLength(before + 1);
    expect(nice(String(process.pid))).not.toBe(-20);
  });

  test("that is to panic the machine says before it starts if it may not", async () => {
    if (process.getuid?.() === 0) return expect(process.getuid()).toBe(0); // Never armed here: this machine is not to be lost.
    await expect(startFailfast({ intervalMs: 1000, act: "panic" })).rejects.toThrow(/EACCES|EPERM|ENOENT/);
  });
});

test("the thread ends the process, however busy that is, and leaves its last words", async () => {
  const folder = mkdtempSync(join(tmpdir(), "failfast-"));
  try {
    const words = join(folder, "words");
    const bundle = await threadText("test/multihost/victim.ts");
    writeFileSync(join(folder, "victim.cjs"), bundle);
    const args = "Deno" in globalThis ? ["run", "-A"] : [];
    const child = spawn(process.execPath, [...args, join(folder, "victim.cjs"), words], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += String(chunk);
    });
    const signal = await new Promise((resolve) => child.on("exit", (_code, by) => resolve(by)));
    expect(said).toBe("armed\n");
    expect(signal).toBe("SIGKILL");
    expect(readFileSync(words, "utf8")).toMatch(
      /^scsi-persist: fail-fast: sim:victim.*Key 0xa is not registered any more/,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 30_000);

// The quick suite tries fewer disks and a shorter time, and judges no milliseconds; `npm run test:failfast` does it all.
const whole = process.env.FAILFAST === "whole";
const DISKS = whole ? 1000 : 200;
const FENCED = DISKS / 2;
const INTERVAL_MS = 100;
const BLOCKED_MS = whole ? 5000 : 1000;

const bound = whole ? "within 50 ms more" : "meanwhile";

test(`${DISKS} disks, probed every ${INTERVAL_MS} ms, this thread blocked for ${BLOCKED_MS} ms: every loss is noticed ${bound}, none is missed, none is false`, {
  timeout: 120_000,
}, async ({ skip }) => {
  const [load = 0] = loadavg();
  const losses = new Map<string, Loss>();
  await using failfast = await startFailfast({
    intervalMs: INTERVAL_MS,
    rule: "all",
    observer: (event) => {
      if (event.type === "lost") losses.set(event.loss.disk, event.loss);
    },
  });
  const disks = await Promise.all(
    Array.from({ length: DISKS }, async () => {
      const [urlA, urlB] = disk();
      const [a, b] = [await failfast.open(urlA), await failfast.open(urlB)];
      await a.register({ newKey: KEY });
      await b.register({ newKey: RESCUER });
      await a.reserve({ key: KEY, type: WERO });
      return { victim: a, urlB };
    }),
  );
  const victims = disks.map(({ victim }) => victim);
  for (const victim of victims) expect(await victim.watch({ kind: "registered", key: KEY })).toBe(true);
  // A third thread fences, for this one can do nothing.
  const fencer = new Worker(await threadText("test/multihost/fencer.ts"), { eval: true });
  const next = () => new Promise<unknown>((resolve) => fencer.once("message", resolve));
  const port = await failfast.connect();
  const urls = disks.slice(0, FENCED).map(({ urlB }) => urlB);
  const spreadMs = BLOCKED_MS - 2 * INTERVAL_MS;
  fencer.postMessage({ port, urls, rescuer: RESCUER, victim: KEY, spreadMs, type: WERO }, [port as never]);
  expect(await next()).toBe("ready");
  const done = next();
  fencer.postMessage("go");
  busy(BLOCKED_MS);
  const freeAt = performance.timeOrigin + performance.now();
  const fenced = (await done) as { readonly beganMs: number; readonly endedMs: number }[];
  expect(fenced).toHaveLength(FENCED);
  // What was noticed while nobody listened arrives now.
  for (let tries = 0; losses.size < FENCED && tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 2 * INTERVAL_MS));
  }
  const lateness = await failfast.lateness();
  await fencer.terminate();
  expect([...losses.keys()].sort()).toEqual(
    victims
      .slice(0, FENCED)
      .map(({ name }) => name)
      .sort(),
  );
  const took = victims.slice(0, FENCED).map(({ name }, index) => {
    const { endedMs } = fenced[index] as { readonly endedMs: number };
    return (losses.get(name) as Loss).atEpochMs - endedMs;
  });
  const worst = Math.max(...took);
  const mean = took.reduce((sum, one) => sum + one, 0) / took.length;
  console.log(
    `fail-fast, ${DISKS} disks: noticed after ${mean.toFixed(1)} ms in the mean, ${worst.toFixed(1)} ms at worst; ${lateness.probes} probes, at worst ${lateness.worstMs.toFixed(1)} ms late`,
  );
  // The first at least: a machine with more to do than it has processors can hold any thread up.
  expect(Math.min(...[...losses.values()].map(({ atEpochMs }) => atEpochMs))).toBeLessThan(freeAt);
  if (!whole) return;
  if (load > availableParallelism())
    return skip(`the bound is not judged: the load is ${load.toFixed(1)} before this test`);
  expect(lateness.probes).toBeGreaterThan((0.4 * DISKS * BLOCKED_MS) / INTERVAL_MS);
  expect(worst).toBeLessThanOrEqual(INTERVAL_MS + 50);
});
