/**
 * A process of its own, over the built package: for what must not happen in the process that runs the tests. Run as
 * `child.mjs VERB ARGUMENT...`; prints one line of JSON.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
// run.sh has put it there.
import { createLogicalUnit, isScsiError, noRetries } from "../../build/lab/dist/index.js";

const entry = "Bun" in globalThis ? "sg-bun" : "Deno" in globalThis ? "sg-deno" : "sg-node";
const { openSg } = await import(`../../build/lab/dist/${entry}.js`);

const answer = (value) => console.log(JSON.stringify(value));
const failure = (error) =>
  isScsiError(error)
    ? { code: error.code, delivered: error.delivered, message: error.message }
    : { code: "none", message: String(error) };

async function unitAt(node, options) {
  return createLogicalUnit(await openSg(node, options), { retry: noRetries, timeoutMs: 60_000 });
}

/** Collects garbage, where the runtime was started so that it can be asked to. */
const collect = () => ("Bun" in globalThis ? globalThis.Bun.gc(true) : globalThis.gc?.());

const verbs = {
  /** READ KEYS and REGISTER AND IGNORE EXISTING KEY: what becomes of each. */
  async both(node, access) {
    const results = {};
    let unit;
    try {
      unit = await unitAt(node, { access });
      await unit.testUnitReady().catch(() => {});
      const tell = (promise) => promise.then(() => ({ code: "done" }), failure);
      results.in = await tell(unit.readKeys());
      results.out = await tell(unit.registerAndIgnoreExistingKey({ newKey: 0n }));
    } catch (error) {
      results.open = failure(error);
    }
    await unit?.[Symbol.asyncDispose]();
    answer(results);
  },

  /** Leaves commands behind in the kernel, and ends. */
  async leave(node, count, busy) {
    const unit = await unitAt(node);
    const controller = new AbortController();
    const calls = Array.from({ length: Number(count) }, () => unit.testUnitReady(controller).catch(failure));
    while (Number(await readFile(busy, "utf8")) < Number(count))
      await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
    answer((await Promise.all(calls)).map(({ code, delivered }) => `${code} ${delivered}`));
  },

  /** PREEMPT AND ABORT over a path on which it hangs for ever. */
  async hang(node, other) {
    const victim = await unitAt(other);
    await victim.testUnitReady().catch(() => {});
    await victim.registerAndIgnoreExistingKey({ newKey: 0x22n });
    const unit = createLogicalUnit(await openSg(node, { closeTimeoutMs: 500 }), { retry: noRetries, deadlineMs: 8000 });
    await unit.testUnitReady().catch(() => {});
    await unit.registerAndIgnoreExistingKey({ newKey: 0x11n });
    const started = performance.now();
    const command = { key: 0x11n, victimKey: 0x22n, type: "write-exclusive", timeoutMs: 2000 };
    const call = await unit.preemptAndAbort(command).then(() => ({ code: "done" }), failure);
    const waitedMs = performance.now() - started;
    await readFile("/etc/passwd");
    const closed = await unit[Symbol.asyncDispose]().then(() => ({ code: "done" }), failure);
    answer({ call, waitedMs, closed });
  },

  /**
   * INQUIRY and READ KEYS so many times, eight at a time, with collections between; every answer is compared. All the while there is a
   * read under way on a slow device, so that the kernel has memory of ours whenever garbage is collected. Bare requests: what a logical unit
   * does besides takes long in emulation. Ends after so many seconds, however many there were.
   */
  async many(node, count, every, slowNode, limit) {
    const unit = await unitAt(node);
    await unit.testUnitReady().catch(() => {});
    await unit.registerAndIgnoreExistingKey({ newKey: 0x5eedn });
    const { transport } = unit;
    const slow = await openSg(slowNode);
    const inquiry = { cdb: Uint8Array.of(0x12, 0, 0, 0, 96, 0), dataInLength: 96 };
    const readKeys = { cdb: Uint8Array.of(0x5e, 0, 0, 0, 0, 0, 0, 0, 64, 0), dataInLength: 64 };
    const read = { cdb: Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 8, 0), dataInLength: 4096 };
    const dataOut = Uint8Array.from({ length: read.dataInLength }, (_, at) => (at * 7 + (at >> 8)) & 0xff);
    await slow.execute({ cdb: Uint8Array.of(0x2a, ...read.cdb.subarray(1)), dataOut, dataInLength: 0 });
    const identity = (await transport.execute(inquiry)).dataIn;
    const keys = (await transport.execute(readKeys)).dataIn;
    let left = Number(count);
    let wrong = Buffer.from(keys.subarray(7, 16)).toString("hex") === "080000000000005eed" ? 0 : 1;
    let collected = 0;
    let reading = false;
    let meanwhile = 0;
    const check = (expected, { dataIn }) => {
      if (Buffer.compare(expected, dataIn) !== 0) wrong++;
    };
    const used = [];
    const started = performance.now();
    const ended = () => left <= 0 || performance.now() - started > 1000 * Number(limit);
    const lane = async () => {
      while (!ended()) {
        left -= 2;
        check(identity, await transport.execute(inquiry));
        check(keys, await transport.execute(readKeys));
        if (left % Number(every) < 2) {
          if (reading) meanwhile++;
          collect();
          collected++;
          const { rss, heapUsed, external } = process.memoryUsage();
          used.push({ resident: rss, live: heapUsed + external });
        }
      }
    };
    const slowLane = async () => {
      while (!ended()) {
        reading = true;
        const answer = await slow.execute(read);
        reading = false;
        check(dataOut, answer);
      }
    };
    await Promise.all([slowLane(), ...Array.from({ length: 8 }, lane)]);
    const seconds = (performance.now() - started) / 1000;
    await slow[Symbol.asyncDispose]();
    await unit.registerAndIgnoreExistingKey({ newKey: 0n });
    await unit[Symbol.asyncDispose]();
    answer({
      sent: count - left,
      wrong,
      collected,
      meanwhile,
      seconds,
      canCollect: "Bun" in globalThis || "gc" in globalThis,
      middle: used[Math.floor(used.length / 2)],
      end: used.at(-1),
    });
  },

  /** How long one INQUIRY takes, one after the other, and eight at a time; in microseconds, each measured for so many seconds. */
  /** Microseconds per command in the best of so many rounds: a runtime compiles what is used often, which takes seconds of an emulated processor. */
  async pace(node, rounds, roundMs) {
    const transport = await openSg(node);
    const inquiry = { cdb: Uint8Array.of(0x12, 0, 0, 0, 96, 0), dataInLength: 96 };
    const round = async (lanes) => {
      let count = 0;
      const started = performance.now();
      const end = started + Number(roundMs);
      const lane = async () => {
        for (; performance.now() < end; count++) await transport.execute(inquiry);
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      return ((performance.now() - started) * 1000) / count;
    };
    const best = async (lanes) => {
      let least = Infinity;
      for (let done = 0; done < rounds; done++) least = Math.min(least, await round(lanes));
      return least;
    };
    const alone = await best(1);
    const together = await best(8);
    await transport[Symbol.asyncDispose]();
    answer({ alone, together });
  },
};

const [verb, ...args] = process.argv.slice(2);
await verbs[verb](...args);
