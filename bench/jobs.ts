/** What one child process measures: the words between run.ts, which starts it, and client.ts, which is it. Types only. */

/** One command, over and over. `read:4096` reads, and `write:4096` writes so many bytes at the start of the disk; only libiscsi writes. */
export type Operation = "tur" | "keys" | "login" | `read:${number}` | `write:${number}`;

/** How long to run: first unmeasured, then measured. */
export interface Times {
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** Our initiator against a target. */
export interface IscsiJob extends Times {
  readonly kind: "iscsi";
  readonly port: number;
  readonly target: string;
  readonly operation: Exclude<Operation, `write:${number}`>;
  readonly depth: number;
  /** Insist on CRC32C over headers and data. */
  readonly digests: boolean;
  /** How many keys READ KEYS must find. */
  readonly keys: number;
}

/** A bare socket: bytes out, bytes in, nothing looked at. */
export interface BareJob extends Times {
  readonly kind: "bare";
  readonly port: number;
  readonly operation: Exclude<Operation, "login" | `write:${number}`>;
  readonly depth: number;
  /** Log in to this target first, and find the answer's length out; else `responseBytes` is needed. */
  readonly target?: string;
  readonly responseBytes?: number;
}

/** What is encoded or decoded. */
export type CodecCase = "pr-out" | `keys-${number}` | `full-status-${number}` | "sense" | `crc32c-${number}`;

/** By whom: the public API, the same with the caller's buffers, the core's exports, or plain DataView code. */
export type CodecMaker = "api" | "buffers" | "core" | "plain";

export interface CodecJob {
  readonly kind: "codec";
  readonly what: CodecCase;
  readonly maker: CodecMaker;
  readonly measureMs: number;
}

/** A unit in this process: one that answers at once with the same bytes, or the simulated one. */
export interface UnitJob extends Times {
  readonly kind: "unit";
  readonly unit: "instant" | "simulated";
  /** `cycle`: REGISTER, RESERVE, RELEASE and REGISTER again, counted as four. */
  readonly what: "read-keys" | "reserve" | "cycle";
  /** Through LogicalUnit's methods, by `transport.execute` alone, or of the simulated one by `server.execute`, synchronously. */
  readonly through: "logical-unit" | "transport" | "server";
}

/** INQUIRY by SG_IO. */
export interface SgJob extends Times {
  readonly kind: "sg";
  /** The library that stands in for the C library. */
  readonly library: string;
  readonly depth: number;
}

export type Job = IscsiJob | BareJob | CodecJob | UnitJob | SgJob;

/** One measurement, as a child prints it: one line of JSON. */
export interface Sample {
  /** Operations per second, or of the codec nanoseconds per operation. */
  readonly value: number;
  /** Of the codec: the same in the best batch of 2 ms, which hardly moves with what else the machine does. */
  readonly best?: number;
  /** Of the measuring process: processor time per operation in microseconds, kernel included. */
  readonly cpuUs?: number;
  /** How many operations there were, those that were not measured included. */
  readonly operations?: number;
  /** Bytes that answer one request. */
  readonly responseBytes?: number;
}
