/** Our initiator under load: one session, so many commands outstanding, through LogicalUnit as a user has it. */
import { createLogicalUnit, type LogicalUnit } from "../../src/index.ts";
import { connectIscsi, type IscsiConnectOptions } from "../../transports/iscsi/index.ts";
import type { IscsiJob, Sample } from "../jobs.ts";
import { type Stopwatch, start } from "./stopwatch.ts";

const BLOCK = 512;

function operationOf(job: IscsiJob, unit: LogicalUnit): () => Promise<unknown> {
  if (job.operation === "tur") return () => unit.testUnitReady();
  if (job.operation === "keys") {
    return async () => {
      const { keys } = await unit.readKeys();
      if (keys.length !== job.keys) throw new Error(`expected ${job.keys} keys, got ${keys.length}`);
    };
  }
  const blocks = Number(job.operation.slice("read:".length)) / BLOCK;
  return () => unit.read10({ lba: 0, blocks });
}

async function repeat(watch: Stopwatch, once: () => Promise<unknown>): Promise<void> {
  while (!watch.stopped) {
    await once();
    watch.done++;
  }
}

export async function measureIscsi(job: IscsiJob): Promise<Sample> {
  const digest = job.digests ? "crc32c" : "none";
  const options: IscsiConnectOptions = {
    host: "127.0.0.1",
    port: job.port,
    target: job.target,
    initiatorName: "iqn.2026-01.test:bench",
    headerDigest: digest,
    dataDigest: digest,
  };
  if (job.operation === "login") {
    const watch = start(job);
    await repeat(watch, async () => (await connectIscsi(options))[Symbol.asyncDispose]());
    return watch.sample;
  }
  await using session = await connectIscsi(options);
  const once = operationOf(job, createLogicalUnit(session.logicalUnit(1)));
  const watch = start(job);
  await Promise.all(Array.from({ length: job.depth }, () => repeat(watch, once)));
  return await watch.sample;
}
