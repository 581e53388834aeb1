/**
 * Very many commands with garbage collected between them: no wrong byte, no growth of memory, no file left open. Without a kernel: fake-libc.c
 * takes each pointer as a kernel would. SG_CALLS says how many (npm run test:million); the lab has the same with LIO.
 */
import v8 from "node:v8";
import vm from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createThreads } from "../../transports/sg/threads.ts";
import { createSgTransport } from "../../transports/sg/transport.ts";
import { buildFakeLibc, doors } from "./doors.ts";

const calls = Number(process.env.SG_CALLS || 2000);
const collections = Math.min(2000, calls / 100);
/** Commands under way at once. */
const LANES = 8;

let libc: Awaited<ReturnType<typeof buildFakeLibc>>;
beforeAll(async () => {
  libc = await buildFakeLibc();
});
afterAll(() => libc?.remove());

/** The collector, if this runtime lets itself be asked. */
function collector(): (() => void) | undefined {
  const { Bun, gc } = globalThis as { Bun?: { gc(now: boolean): void }; gc?: () => void };
  if (Bun !== undefined) return () => Bun.gc(true);
  if (gc !== undefined) return gc;
  try {
    v8.setFlagsFromString("--expose-gc");
    return vm.runInNewContext("gc") as () => void;
  } catch {
    return undefined;
  }
}

test.each(Object.entries(doors))(
  `${calls} commands through %s`,
  async (name, program) => {
    if (libc === undefined) return expect(process.env.SG_CALLS).toBeUndefined();
    const collect = collector();
    // With its last thread the library would end, and its disk with it (koffi).
    const threads = createThreads({ ...program, libc: libc.path, idleMs: 60_000 });
    const none = { sysfs: undefined, scsiDevice: undefined, sgNode: undefined, hint: undefined };
    const node = { path: "/dev/fake", kind: "disk", ...none } as const;
    const transport = await createSgTransport({ threads, node, initiatorPort: undefined });
    const block = (lba: number) => Uint8Array.from({ length: 512 }, (_, at) => (at * 7 + lba * 13) & 0xff);
    for (let lba = 0; lba < LANES; lba++) {
      const cdb = Uint8Array.of(0x2a, 0, 0, 0, 0, lba, 0, 0, 1, 0);
      await transport.execute({ cdb, dataOut: block(lba), dataInLength: 0 });
    }
    const inquiry = { cdb: Uint8Array.of(0x12, 0, 0, 0, 36, 0), dataInLength: 36 };
    const identity = Buffer.from((await transport.execute(inquiry)).dataIn);
    let left = calls;
    const wrong: string[] = [];
    const check = (what: string, expected: Buffer, found: Uint8Array): void => {
      if (expected.equals(found)) return;
      const at = expected.findIndex((byte, index) => byte !== found[index]);
      wrong.push(
        `${what} with ${left} left: ${found.length} bytes, from ${at} on ${Buffer.from(found).toString("hex", at, at + 16)}`,
      );
    };
    let collected = 0;
    /** Is there a call in the "kernel"? How often was there one when garbage was collected? */
    let slow = false;
    let meanwhile = 0;
    const used: NodeJS.MemoryUsage[] = [];
    const started = performance.now();
    const lane = async (lba: number): Promise<void> => {
      const read = { cdb: Uint8Array.of(0x28, 0, 0, 0, 0, lba, 0, 0, 1, 0), dataInLength: 512 };
      const expected = Buffer.from(block(lba));
      while (left > 0) {
        left -= 2;
        check("INQUIRY", identity, (await transport.execute(inquiry)).dataIn);
        check(`READ(10) of ${lba}`, expected, (await transport.execute(read)).dataIn);
        if (calls - left > (collected + 1) * (calls / collections)) {
          if (slow) meanwhile++;
          collect?.();
          collected++;
          used.push(process.memoryUsage());
        }
      }
    };
    const slowLane = async (): Promise<void> => {
      for (let byte = 0; left > 0; byte = (byte + 1) & 0xff) {
        slow = true;
        const { dataIn } = await transport.execute({ cdb: Uint8Array.of(0xc9, 5, byte, 0, 0, 0), dataInLength: 4096 });
        slow = false;
        check("a slow command", Buffer.alloc(4096, byte), dataIn);
      }
    };
    await Promise.all([slowLane(), ...Array.from({ length: LANES }, (_, lba) => lane(lba))]);
    const seconds = (performance.now() - started) / 1000;
    await transport[Symbol.asyncDispose]();
    const [middle, end] = [used[used.length >> 1], used.at(-1)] as [NodeJS.MemoryUsage, NodeJS.MemoryUsage];
    const grown = (end.rss - middle.rss) / 1e6;
    const grownLive = (end.heapUsed + end.external - middle.heapUsed - middle.external) / 1e6;
    if (process.env.SG_CALLS) {
      console.log(
        `${name}: ${calls} commands in ${seconds.toFixed(0)} s, ${Math.round(calls / seconds)} a second, ` +
          `${collect ? collected : "no"} collections, ${meanwhile} of them with a call under way, ${grown.toFixed(1)} MB more than at half time, objects ${grownLive.toFixed(2)} MB`,
      );
    }
    expect(collected).toBeGreaterThanOrEqual(collections - LANES);
    expect(meanwhile).toBeGreaterThan(collected / 2);
    expect([wrong.length, ...wrong.slice(0, 20)]).toEqual([0]);
    // A runtime asks for memory in great steps; what objects take after a collection stays as it is.
    if (collect) expect(grownLive).toBeLessThan(2);
    expect(grown).toBeLessThan(64);
  },
  1_800_000,
);
