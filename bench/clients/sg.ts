/** INQUIRY by SG_IO through the threads, with sg-libc.c for a kernel: what a command costs on this runtime. */
import { createRequire } from "node:module";
import { bunThread, denoThread, koffiThread } from "../../transports/sg/generated/threads.ts";
import { createThreads } from "../../transports/sg/threads.ts";
import { createSgTransport } from "../../transports/sg/transport.ts";
import type { Sample, SgJob } from "../jobs.ts";
import { start } from "./stopwatch.ts";

/** The runtime's own door. */
const program = () => {
  if ("Bun" in globalThis) return { source: bunThread };
  if ("Deno" in globalThis) return { source: denoThread };
  return { source: koffiThread, koffi: createRequire(import.meta.url).resolve("koffi") };
};

export async function measureSg(job: SgJob): Promise<Sample> {
  const threads = createThreads({ ...program(), libc: job.library });
  const none = { sysfs: undefined, scsiDevice: undefined, sgNode: undefined, hint: undefined };
  const node = { path: "/dev/fake", kind: "disk", ...none } as const;
  const transport = await createSgTransport({ threads, node, initiatorPort: undefined });
  const inquiry = { cdb: Uint8Array.of(0x12, 0, 0, 0, 96, 0), dataInLength: 96 };
  const watch = start(job);
  const lane = async () => {
    for (; !watch.stopped; watch.done++) {
      if ((await transport.execute(inquiry)).dataIn[95] !== 0x77) throw new Error("A wrong byte");
    }
  };
  await Promise.all(Array.from({ length: job.depth }, lane));
  const sample = await watch.sample;
  await transport[Symbol.asyncDispose]();
  return sample;
}
