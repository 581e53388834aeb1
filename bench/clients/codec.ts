/** The codec alone: nanoseconds for building and taking apart, through the API, the core's exports, or plain JavaScript. */
import { PersistentReserveIn, PersistentReserveOut, ReservationType, Scope } from "../../src/core/generated/codes.ts";
import { ListRecord, SenseRecord } from "../../src/core/generated/records.ts";
import { core, crc32c, dataIn, dataSize, word } from "../../src/core/index.ts";
import { commands, decodeSense } from "../../src/index.ts";
import type { CodecJob, CodecMaker, Sample } from "../jobs.ts";
import {
  plainCrc32c,
  plainFullStatus,
  plainKeys,
  plainPersistentReserveOut,
  plainReadKeysCdb,
  plainSense,
} from "./plain.ts";
import { fullStatusAnswer, keysAnswer, senseAnswer } from "./samples.ts";

/** One operation; what it returns is added up, so that no compiler leaves it out. */
type Once = (i: number) => number;

const KEY = 0xa1a1_0000_0000_0001n;
const VICTIMS = Array.from({ length: 64 }, (_, i) => 0xb2b2_0000_0000_0000n + BigInt(i));
const victim = (i: number): bigint => VICTIMS[i & 63] as bigint;

const persistentReserveOut: Record<CodecMaker, () => Once> = {
  api: () => (i) => {
    const command = commands.preempt({ key: KEY, victimKey: victim(i), type: "write-exclusive-registrants-only" });
    return command.cdb.length + (command.dataOut as Uint8Array).length;
  },
  core: () => (i) =>
    core.persistentReserveOut(
      PersistentReserveOut.PREEMPT,
      Scope.LOGICAL_UNIT,
      ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY,
      KEY,
      victim(i),
      0,
      0,
      0,
      0,
    ),
  plain: () => (i) => {
    const { cdb, list } = plainPersistentReserveOut(KEY, victim(i));
    return cdb.length + list.length;
  },
};

function readKeys(bytes: Uint8Array): Record<CodecMaker, () => Once> {
  return {
    api: () => () => commands.readKeys().read(bytes).keys.length,
    core: () => () => {
      core.persistentReserveIn(PersistentReserveIn.READ_KEYS, 8192);
      dataIn(bytes);
      core.decodeKeys(bytes.length);
      return word(ListRecord.COUNT);
    },
    plain: () => () => plainReadKeysCdb().length + plainKeys(bytes).keys.length,
  };
}

function readFullStatus(bytes: Uint8Array): Record<CodecMaker, () => Once> {
  return {
    api: () => () => commands.readFullStatus().read(bytes).registrations.length,
    core: () => () => {
      core.persistentReserveIn(PersistentReserveIn.READ_FULL_STATUS, 8192);
      dataIn(bytes);
      core.decodeFullStatus(bytes.length);
      return word(ListRecord.COUNT);
    },
    plain: () => () => plainReadKeysCdb().length + plainFullStatus(bytes).registrations.length,
  };
}

function sense(): Record<CodecMaker, () => Once> {
  const bytes = senseAnswer.slice();
  const vary = (i: number): Uint8Array => {
    bytes[13] = i & 3;
    return bytes;
  };
  return {
    api: () => (i) => (decodeSense(vary(i)) as { ascq: number }).ascq,
    core: () => (i) => {
      dataIn(vary(i));
      return core.decodeSense(bytes.length) + word(SenseRecord.ASCQ);
    },
    plain: () => (i) => (plainSense(vary(i)) as { ascq: number }).ascq,
  };
}

function checksum(length: number): Record<CodecMaker, () => Once> {
  const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
  return {
    api: () => () => crc32c(bytes),
    // The bytes are in the window already, as much of them as fits.
    core: () => () => {
      let crc = 0;
      for (let left = length; left > 0; left -= dataSize) crc = core.crc32c(crc, Math.min(left, dataSize));
      return crc;
    },
    plain: () => () => plainCrc32c(bytes),
  };
}

function once(job: CodecJob): Once {
  const count = Number(job.what.slice(job.what.lastIndexOf("-") + 1));
  if (job.what === "pr-out") return persistentReserveOut[job.maker]();
  if (job.what === "sense") return sense()[job.maker]();
  if (job.what.startsWith("keys-")) return readKeys(keysAnswer(count))[job.maker]();
  if (job.what.startsWith("full-status-")) return readFullStatus(fullStatusAnswer(count))[job.maker]();
  return checksum(count)[job.maker]();
}

/** Larger batches until one fills the time; what came before it was the warm-up. */
export function measureCodec(job: CodecJob): Sample {
  const operation = once(job);
  let sink = 0;
  let batch = 16;
  let i = 0;
  const measureMs = job.measureMs;
  for (;;) {
    const from = performance.now();
    for (let n = 0; n < batch; n++) sink = (sink + operation(i++)) | 0;
    const elapsedMs = performance.now() - from;
    if (elapsedMs >= measureMs) {
      if (sink === 0.5) throw new Error("unreachable, and the compiler cannot know");
      return { value: (elapsedMs * 1e6) / batch };
    }
    batch = elapsedMs > measureMs / 20 ? Math.ceil((batch * measureMs * 1.05) / elapsedMs) : batch * 4;
  }
}
