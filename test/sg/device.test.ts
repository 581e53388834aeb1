/** Calls on a device, with threads that are imagined: they tell when the test wants them to, also before `run` returns. */
import { expect, test } from "vitest";
import type { KernelCall, Threads, Told } from "../../transports/sg/calls.ts";
import { openDevice } from "../../transports/sg/device.ts";
import { Control, Operation } from "../../transports/sg/memory.ts";
import type { DeviceNode } from "../../transports/sg/node-of.ts";

const node: DeviceNode = {
  path: "/dev/sg0",
  kind: "sg",
  sysfs: undefined,
  scsiDevice: undefined,
  sgNode: undefined,
  hint: undefined,
};

/** Opens and closes at once; keeps everything else while `keeping`, and has it done at once otherwise. */
function imaginedThreads() {
  const kept: (() => void)[] = [];
  const state = { keeping: true, kept };
  const threads: Threads = {
    run<Result>(_: unknown, call: KernelCall<Result>, told: Told<Result>) {
      const control = new Int32Array(12);
      call.put({ control, view: new DataView(new ArrayBuffer(8)), bytes: new Uint8Array(8192), address: 0n });
      const tell = () => told.done(call.take(0, undefined as never));
      if (state.keeping && control[Control.OPERATION] === Operation.IOCTL) kept.push(tell);
      else tell();
      return { abandon: () => true };
    },
  };
  return { threads, state };
}

const call = {
  what: () => "a call",
  writing: false,
  make: (): KernelCall<string> => ({
    room: 0,
    put: ({ control }) => {
      control[Control.OPERATION] = Operation.IOCTL;
    },
    take: () => "done",
  }),
};

test("however many wait at an sg node, those that are over at once do not start within each other", async () => {
  const { threads, state } = imaginedThreads();
  const device = await openDevice(threads, node, false, 1000);
  const results = Array.from({ length: 50_000 }, () => device.send(call, {}));
  await expect.poll(() => state.kept.length).toBe(64);
  state.keeping = false;
  for (const tell of state.kept) tell();
  expect(new Set(await Promise.all(results))).toEqual(new Set(["done"]));
  await device.close();
});
