/** The threads in which the kernel is called, with a door that leads nowhere: needs no C library and no device. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { threadText } from "../../scripts/thread-text.mjs";
import { type CallGroup, callGroup as group, type KernelCall, ThreadStartError } from "../../transports/sg/calls.ts";
import { oneMoreHelps } from "../../transports/sg/growth.ts";
import { Control, DATA_OFFSET, Operation } from "../../transports/sg/memory.ts";
import { createThreads } from "../../transports/sg/threads.ts";

const SLEEP = 0;
const FAIL = 1;
const DIE = 2;
const WHICH = 3;
const ADD = 4;
const OPTIONS = 5;
/** A little less than what calls that wait are patient for. */
const STALL_MS = 4;

const call = (request: number, number: number, room = 0): KernelCall<number> => ({
  room,
  put({ control }) {
    control[Control.OPERATION] = Operation.IOCTL;
    control[Control.TARGET] = number;
    control[Control.REQUEST] = request;
    control[Control.ARGUMENT] = DATA_OFFSET;
  },
  take: (result) => result,
});

let source: string;
beforeAll(async () => {
  source = await threadText("test/sg/fake-door.ts");
}, 60_000);

interface Call<Result> {
  readonly done: Promise<Result>;
  abandon(): boolean;
}

/** Threads whose results come as promises. */
function newThreads(libc?: string): { run<Result>(group: CallGroup, call: KernelCall<Result>): Call<Result> } {
  const threads = createThreads({ source, libc, idleMs: 200 });
  return {
    run<Result>(group: CallGroup, call: KernelCall<Result>) {
      let abandon!: () => boolean;
      const done = new Promise<Result>((done, failed) => {
        const pending = threads.run(group, call, { done, failed });
        abandon = () => pending.abandon();
      });
      return { done, abandon };
    },
  };
}

test.each([
  ["there is none", { threads: 0 }, true],
  ["calls come back, and wait a little", { waitedMs: 4 }, false],
  ["long calls come back, but others wait", { waitedMs: 5 }, true],
  ["short calls come back, however long others have waited", { waitedMs: 60_000, short: true }, false],
  ["none has come back for a while, and they had been short", { stalledMs: 5, short: true }, true],
  ["none has come back for less than it takes to start one", { stalledMs: 99, stoodStillMs: 100 }, false],
  ["none has come back for as long as that", { stalledMs: 100, stoodStillMs: 100 }, true],
  ["long calls have waited for less than that", { waitedMs: 99, stoodStillMs: 100 }, false],
  ["long calls have waited for as long as that", { waitedMs: 100, stoodStillMs: 100 }, true],
] as const)("one more thread, where %s", (_, need, helps) => {
  const calm = { threads: 1, stalledMs: 0, waitedMs: 0, short: false, stoodStillMs: 0 };
  expect(oneMoreHelps({ ...calm, ...need })).toBe(helps);
});

describe("calls in threads", () => {
  test("bring back what the call returned, and minus errno", async () => {
    const threads = newThreads();
    expect(await threads.run(group(), call(SLEEP, 0)).done).toBe(0);
    expect(await threads.run(group(), call(FAIL, 19)).done).toBe(-19);
  });

  test("see the memory that was written for them, and are seen", async () => {
    const threads = newThreads();
    const add = call(ADD, 5);
    const sum = await threads.run(group(), {
      room: 4,
      put(memory) {
        add.put(memory);
        memory.view.setUint32(DATA_OFFSET, 37, true);
      },
      take: (result, { view }) => [result, view.getUint32(DATA_OFFSET, true)],
    }).done;
    expect(sum).toEqual([0, 42]);
  });

  test("start without the program's own options: what --import and --require load would be loaded by each of them", async () => {
    expect(await newThreads().run(group(), call(OPTIONS, 0)).done).toBe(0);
    const before = process.env.NODE_OPTIONS;
    process.env.NODE_OPTIONS = "--require=/does/not/exist";
    const started = newThreads().run(group(), call(OPTIONS, 0)).done;
    try {
      expect(await started).toBe(0);
    } finally {
      if (before === undefined) delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = before;
    }
  });

  test("get as much room as they ask for", async () => {
    const threads = newThreads();
    await threads.run(group(), call(SLEEP, 0)).done;
    const room = 3 * 1024 * 1024;
    const length = await threads.run(group(), { ...call(SLEEP, 0, room), take: (_, { bytes }) => bytes.length }).done;
    expect(length).toBeGreaterThanOrEqual(DATA_OFFSET + room);
  });

  test("use one thread as long as one at a time is asked for", async () => {
    const threads = newThreads();
    const seen = new Set<number>();
    for (let count = 0; count < 100; count++) seen.add(await threads.run(group(), call(WHICH, 0)).done);
    expect(seen.size).toBe(1);
  });

  /** Eight calls at a time, so many milliseconds long, until there are eight threads: how many there are, and how often calls stood still. */
  async function eightAtATime(ms: number, within: number): Promise<{ threads: number; stalls: number }> {
    const threads = newThreads();
    const one = group();
    await threads.run(one, call(SLEEP, ms)).done;
    const seen = new Set<unknown>();
    let last = performance.now();
    let stalls = 0;
    const until = last + within;
    const lane = async (): Promise<void> => {
      while (performance.now() < until && seen.size < 8) {
        seen.add(await threads.run(one, { ...call(SLEEP, ms), take: (_, { control }) => control }).done);
        const now = performance.now();
        stalls += Math.floor((now - last) / STALL_MS);
        last = now;
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    return { threads: seen.size, stalls };
  }

  test("eight long ones at a time have eight threads", async () => {
    expect((await eightAtATime(20, 20_000)).threads).toBeGreaterThanOrEqual(8);
  }, 30_000);

  test("eight short ones at a time have one, and another one only when none has come back for some milliseconds", async () => {
    const { threads, stalls } = await eightAtATime(0, 400);
    expect(threads).toBeLessThanOrEqual(1 + stalls);
  });

  test("do not wait for one that hangs", async () => {
    const threads = newThreads();
    const order: string[] = [];
    const hanging = threads.run(group(), call(SLEEP, 700)).done.then(() => order.push("the one that hangs"));
    for (let count = 0; count < 5; count++) await threads.run(group(), call(SLEEP, 0)).done;
    order.push("five others");
    await hanging;
    expect(order).toEqual(["five others", "the one that hangs"]);
  });

  test("leave timers, files and other groups alone while 64 of one group hang; more of that group have to wait", async () => {
    const threads = newThreads();
    const hanging = group();
    const calls = Array.from({ length: 70 }, () => threads.run(hanging, call(SLEEP, 40_000)));
    // All 64 are under way at the same time.
    await expect.poll(() => hanging.running, { timeout: 40_000 }).toBe(64);
    expect(await threads.run(group(), call(FAIL, 7)).done).toBe(-7);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 10);
    for (let count = 0; count < 8; count++) expect((await readFile("package.json")).length).toBeGreaterThan(0);
    await expect.poll(() => ticks).toBeGreaterThan(10);
    clearInterval(timer);
    expect(hanging.running).toBe(64);
    expect(calls.map((each) => each.abandon())).toEqual(calls.map((_, index) => index < 64));
  }, 60_000);

  test("of another group do not have to wait until those of one that hangs have threads", async () => {
    const threads = newThreads();
    const hanging = group();
    for (let count = 0; count < 24; count++) threads.run(hanging, call(SLEEP, 40_000));
    const other = group();
    for (let count = 0; count < 3; count++) {
      await threads.run(other, call(SLEEP, 0)).done;
      expect(hanging.running).toBeLessThan(24);
    }
  });

  test("made one after the other let timers and files have their turn", async () => {
    const threads = newThreads();
    const one = group();
    const began = performance.now();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const file = readFile("package.json").then(() => "read");
    let seen = "";
    file.then((what) => {
      seen = what;
    });
    while ((ticks < 10 || seen === "") && performance.now() - began < 10_000) {
      await threads.run(one, call(SLEEP, 0)).done;
    }
    clearInterval(timer);
    expect([ticks >= 10, seen]).toEqual([true, "read"]);
  });

  test("asked for all at once are not all made before the event loop turns", async () => {
    const threads = newThreads();
    const one = group();
    await threads.run(one, call(SLEEP, 0)).done;
    await threads.run(one, call(SLEEP, 0)).done;
    const calls = Array.from({ length: 5000 }, () => threads.run(one, call(SLEEP, 0)).done);
    expect(one.returned).toBeLessThan(5000);
    const first = Promise.race(calls).then(() => "a call");
    expect(await Promise.race([first, Promise.all(calls).then(() => "all of them")])).toBe("a call");
    expect(new Set(await Promise.all(calls))).toEqual(new Set([0]));
  });

  test("can be abandoned before they are given to the kernel, and then are never made", async () => {
    const threads = newThreads();
    let made = false;
    const first = threads.run(group(), call(SLEEP, 300));
    const second = threads.run(group(), {
      ...call(SLEEP, 0),
      put() {
        made = true;
      },
    });
    expect(second.abandon()).toBe(false);
    await first.done;
    await threads.run(group(), call(SLEEP, 0)).done;
    expect(made).toBe(false);
  });

  test("go on when they are abandoned later, and say so", async () => {
    const threads = newThreads();
    const one = group();
    const hanging = threads.run(one, call(SLEEP, 300));
    await expect.poll(() => one.running).toBe(1);
    expect(hanging.abandon()).toBe(true);
    expect(await hanging.done).toBe(0);
    expect(one.running).toBe(0);
  });

  test("start a new thread when those that were idle have ended", async () => {
    const threads = newThreads();
    const first = await threads.run(group(), call(WHICH, 0)).done;
    await new Promise((resolve) => setTimeout(resolve, 400));
    const second = await threads.run(group(), call(WHICH, 0)).done;
    expect(second).not.toBe(first);
  });

  test("reject when their thread dies, and only they", async () => {
    const threads = newThreads();
    const one = group();
    const hanging = threads.run(group(), call(SLEEP, 500)).done;
    await expect(threads.run(one, call(DIE, 0)).done).rejects.toThrow("the thread met an error");
    expect(one.running).toBe(0);
    expect(await hanging).toBe(0);
    expect(await threads.run(one, call(FAIL, 3)).done).toBe(-3);
  });

  test("reject when no thread can be started", async () => {
    const failure = newThreads("broken").run(group(), call(SLEEP, 0)).done;
    await expect(failure).rejects.toBeInstanceOf(ThreadStartError);
    await expect(failure).rejects.toThrow("this library cannot be loaded");
  });
});
