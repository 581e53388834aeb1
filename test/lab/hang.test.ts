/** A device that hangs: what goes on meanwhile, and what becomes of the commands. */
import { readdir, readFile } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { isScsiError, type Transport } from "../../src/index.ts";
import { openSg } from "../../transports/sg/index.ts";
import { child } from "./child.ts";
import { clean, connect, doomed, holdUp, letGo, run, say, underway, unitAt, units } from "./units.ts";

const testUnitReady = { cdb: new Uint8Array(6), dataInLength: 0 };
const inKernel = () => underway(units.ISCSI_C);

/** A timer of 10 ms is to fire at least every 20 ms. */
const BOUND_MS = 20;
/** For so many seconds at most the best one is looked for: beside another guest most of them are late for want of a processor. */
const SECONDS = 20;
/** An abort is to return within 10 ms, or within what a timer is late by on this machine with nothing outstanding. */
const ABORT_MS = 10;

interface Busy {
  /** The longest time from one tick to the next. */
  readonly gapMs: number;
  readonly files: number;
  readonly commands: number;
}

/** Reads files and sends commands for a second, and looks at a timer meanwhile. */
async function busySecond(device: Transport): Promise<Busy> {
  let gapMs = 0;
  let last = performance.now();
  const tick = (): void => {
    const now = performance.now();
    gapMs = Math.max(gapMs, now - last);
    last = now;
  };
  const timer = setInterval(tick, 10);
  let files = 0;
  let commands = 0;
  const end = last + 1000;
  const read = async () => {
    for (; performance.now() < end; files++) await readFile("/proc/self/stat");
  };
  const send = async () => {
    for (; performance.now() < end; commands++) await device.execute(testUnitReady);
  };
  await Promise.all([read(), send()]);
  clearInterval(timer);
  tick();
  return { gapMs, files, commands };
}

/**
 * The best of so many seconds, or the first that is below the bound: what stalls the event loop does so in each of them, and what
 * else this emulated machine is busy with does not.
 */
async function latest(device: Transport, seconds: number, bound = 0): Promise<Busy> {
  let best = await busySecond(device);
  for (let second = 1; second < seconds && best.gapMs >= bound; second++) {
    const next = await busySecond(device);
    if (next.gapMs < best.gapMs) best = next;
  }
  return best;
}

afterEach(async () => {
  letGo();
  await expect.poll(inKernel, { timeout: 60_000 }).toBe(0);
});

test.each(["sg", "sd"] as const)(
  "64 commands outstanding at an %s node: timers, files and other devices go on; aborts are at once",
  async (kind) => {
    const transport = await openSg(units.ISCSI_C[kind], { closeTimeoutMs: 500 });
    await using other = await connect(units.A1[kind]);
    await transport.execute(testUnitReady);
    await other.execute(testUnitReady);
    const calm = await latest(other, 5, BOUND_MS);
    // On a machine that is busy with other things, no worse than twice what it is with none.
    const bound = Math.max(BOUND_MS, 2 * calm.gapMs);
    holdUp();
    const controllers = Array.from({ length: 64 }, () => new AbortController());
    const calls = controllers.map(({ signal }) =>
      transport.execute(testUnitReady, { signal }).then(
        () => expect.fail("answered"),
        (error: unknown) => ({ error, at: performance.now() }),
      ),
    );
    await expect.poll(inKernel, { timeout: 200_000 }).toBe(64);

    // The thread for the other device is there before anything is measured.
    await other.execute(testUnitReady);
    const hung = await latest(other, SECONDS, BOUND_MS);
    expect(await inKernel()).toBe(64);

    const took: number[] = [];
    for (const [index, controller] of controllers.entries()) {
      const fired = performance.now();
      controller.abort();
      const { error, at } = await (calls[index] as (typeof calls)[number]);
      took.push(at - fired);
      expect(isScsiError(error) && [error.code, error.delivered]).toEqual(["ABORTED", "unknown"]);
    }
    // The code of the first is compiled while it runs, on an emulated processor.
    const first = took.shift() as number;
    took.sort((one, two) => one - two);
    const [median, nearlyAll, slowest] = [took[31], took[56], took[62]] as [number, number, number];
    say(
      `${kind}, 64 outstanding: a 10 ms timer fired every ${hung.gapMs.toFixed(1)} ms at worst (${calm.gapMs.toFixed(1)} with none), ` +
        `while ${hung.files} files were read and ${hung.commands} commands went to another device; ` +
        `the first abort took ${first.toFixed(2)} ms, the others ${median.toFixed(2)} (median), ${slowest.toFixed(2)} (the slowest)`,
    );
    expect(hung.gapMs).toBeLessThan(bound);
    expect(hung.files).toBeGreaterThan(10);
    expect(hung.commands).toBeGreaterThan(10);
    expect(nearlyAll).toBeLessThan(Math.max(ABORT_MS, calm.gapMs));
    expect(await inKernel()).toBe(64);

    const closing = await transport[Symbol.asyncDispose]().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isScsiError(closing) && closing.message).toMatch(
      /is not closed yet: the kernel has not come back from 64 calls/,
    );
  },
  400_000,
);

test("a process that leaves commands behind ends without a crash when the kernel is back", async () => {
  holdUp();
  const busy = `/sys/class/scsi_device/${units.ISCSI_C.address}/device/device_busy`;
  const { answer, exit } = await child<string[]>("leave", [units.ISCSI_C.sd, 8, busy]);
  expect(answer).toEqual(Array.from({ length: 8 }, () => "ABORTED unknown"));
  // Time for whatever goes wrong at the end of a process.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(await inKernel()).toBe(8);
  const released = performance.now();
  letGo();
  const { code, signal } = await exit;
  const later = (performance.now() - released) / 1000;
  say(`a process that left 8 commands in the kernel ended ${later.toFixed(1)} s after the kernel was back from them`);
  expect([code, signal]).toEqual([0, null]);
});

test("a signal that hits every thread while the kernel has a command does not make it send the command again", async () => {
  const [a, c] = [await unitAt(units.ISCSI_A.sg), await unitAt(units.ISCSI_C.sg)];
  await clean(a, c);
  const before = (await a.readKeys()).prGeneration;
  let arrived = 0;
  const count = (): void => void arrived++;
  process.on("SIGUSR2", count);
  holdUp();
  const call = c.registerAndIgnoreExistingKey({ newKey: 0x5en });
  await expect.poll(inKernel, { timeout: 60_000 }).toBe(1);
  // tgkill(2): a profiler sends its signals so, to one thread.
  const each = "syscall(234, $ARGV[0] + 0, $_ + 0, 12) for @ARGV[1..$#ARGV]";
  await run("perl", "-e", each, String(process.pid), ...(await readdir("/proc/self/task")));
  await expect.poll(() => arrived).toBeGreaterThan(0);
  expect(await inKernel()).toBe(1);
  letGo();
  await call;
  process.off("SIGUSR2", count);
  const { keys, prGeneration } = await a.readKeys();
  expect([keys, prGeneration - before]).toEqual([[0x5en], 1]);
  await a.registerAndIgnoreExistingKey({ newKey: 1n });
  await a.clear({ key: 1n });
  for (const unit of [a, c]) await unit[Symbol.asyncDispose]();
});

test("PREEMPT AND ABORT through tcm_loop, over which the kernel hangs for good: it is given up, and everything else goes on", async () => {
  interface Answer {
    readonly call: { readonly code: string; readonly delivered: string };
    readonly waitedMs: number;
    readonly closed: { readonly code: string; readonly message: string };
  }
  const [own, other] = doomed;
  const { answer, process: hanging } = await child<Answer>("hang", [own.sg, other.sg]);
  // It cannot end, and nobody can end it.
  hanging.stdout?.destroy();
  hanging.stderr?.destroy();
  hanging.unref();
  say(`PREEMPT AND ABORT that hangs, with a timeout of 2000 ms, was given up after ${answer.waitedMs.toFixed(0)} ms`);
  expect(answer.call).toMatchObject({ code: "LOST_ANSWER", delivered: "unknown" });
  expect(answer.closed).toMatchObject({ code: "TIMEOUT" });
  await using transport = await connect(units.A1.sg);
  expect((await transport.execute(testUnitReady)).status).toBe(0);
});
