/** The codec alone: nanoseconds for building and taking apart, through the API, the core's exports, or plain JavaScript. */
import { PersistentReserveIn, PersistentReserveOut, ReservationType, Scope } from "../../src/core/generated/codes.ts";
import { ListRecord, SenseRecord } from "../../src/core/generated/records.ts";
import { core, crc32c, dataIn, dataSize, word } from "../../src/core/index.ts";
import { commands, decodeSense, readKeysInto, readSense, writePersistentReserveOut } from "../../src/index.ts";
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

/** Who can do it: for what libiscsi does not have there are no functions that take the caller's buffers. */
type Makers = Partial<Record<CodecMaker, () => Once>>;

const persistentReserveOut: Makers = {
  api: () => (i) => {
    const command = commands.preempt({ key: KEY, victimKey: victim(i), type: "write-exclusive-registrants-only" });
    return command.cdb.length + (command.dataOut as Uint8Array).length;
  },
  buffers: () => {
    const [cdb, list] = [new Uint8Array(10), new Uint8Array(24)];
    const fields = {
      serviceAction: PersistentReserveOut.PREEMPT,
      typeCode: ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY,
      key: KEY,
      serviceActionKey: 0n,
      persistThroughPowerLoss: false,
      allTargetPorts: false,
    };
    return (i) => {
      fields.serviceActionKey = victim(i);
      writePersistentReserveOut(cdb, list, fields);
      return (cdb[1] as number) + (list[15] as number);
    };
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

function readKeys(bytes: Uint8Array): Makers {
  return {
    api: () => () => commands.readKeys().read(bytes).keys.length,
    // One and the same CDB serves them all, so that it need not be made again.
    buffers: () => {
      const into = { prGeneration: 0, count: 0, truncated: false, keys: new BigUint64Array(1024) };
      return () => (readKeysInto(bytes, into) ? into.count : 0);
    },
    core: () => () => {
      core.persistentReserveIn(PersistentReserveIn.READ_KEYS, 8192);
      dataIn(bytes);
      core.decodeKeys(bytes.length);
      return word(ListRecord.COUNT);
    },
    plain: () => () => plainReadKeysCdb().length + plainKeys(bytes).keys.length,
  };
}

function readFullStatus(bytes: Uint8Array): Makers {
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

function sense(): Makers {
  const bytes = senseAnswer.slice();
  const vary = (i: number): Uint8Array => {
    bytes[13] = i & 3;
    return bytes;
  };
  return {
    api: () => (i) => (decodeSense(vary(i)) as { ascq: number }).ascq,
    buffers: () => {
      const into = {
        responseCode: 0,
        senseKey: 0,
        asc: 0,
        ascq: 0,
        deferred: false,
        truncated: false,
        senseKeySpecific: -1,
      };
      return (i) => (readSense(vary(i), into) ? into.ascq : 0);
    },
    core: () => (i) => {
      dataIn(vary(i));
      return core.decodeSense(bytes.length) + word(SenseRecord.ASCQ);
    },
    plain: () => (i) => (plainSense(vary(i)) as { ascq: number }).ascq,
  };
}

function checksum(length: number): Makers {
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

function makersOf(what: CodecJob["what"]): Makers {
  const count = Number(what.slice(what.lastIndexOf("-") + 1));
  if (what === "pr-out") return persistentReserveOut;
  if (what === "sense") return sense();
  if (what.startsWith("keys-")) return readKeys(keysAnswer(count));
  if (what.startsWith("full-status-")) return readFullStatus(fullStatusAnswer(count));
  return checksum(count);
}

function once({ what, maker }: CodecJob): Once {
  const make = makersOf(what)[maker];
  if (make === undefined) throw new Error(`Nobody does ${what} by ${maker}`);
  return make();
}

/** A batch takes so long at least: the clock costs nothing then, and some batches are left alone by whatever else the machine does. */
const BATCH_MS = 2;

/** Larger batches until one is long enough; then as many as fill the time. What comes before a quarter of it is the warm-up. */
export function measureCodec(job: CodecJob): Sample {
  const operation = once(job);
  let sink = 0;
  let batch = 16;
  let i = 0;
  const began = performance.now();
  let [batches, totalMs, leastMs] = [0, 0, Number.POSITIVE_INFINITY];
  while (totalMs < job.measureMs) {
    const from = performance.now();
    for (let n = 0; n < batch; n++) sink = (sink + operation(i++)) | 0;
    const elapsedMs = performance.now() - from;
    if (sink === 0.5) throw new Error("unreachable, and the compiler cannot know");
    if (elapsedMs < BATCH_MS) {
      batch *= 2;
      // What was counted were shorter ones.
      [batches, totalMs, leastMs] = [0, 0, Number.POSITIVE_INFINITY];
    } else if (from - began > job.measureMs / 4) {
      batches++;
      totalMs += elapsedMs;
      leastMs = Math.min(leastMs, elapsedMs);
    }
  }
  return { value: (totalMs * 1e6) / (batches * batch), best: (leastMs * 1e6) / batch };
}
