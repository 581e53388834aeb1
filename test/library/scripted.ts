/** A transport that answers from a script, and remembers what it was sent: for tests of what stands above transports. */
import {
  type RetryPolicy,
  type ScsiError,
  type ScsiRequest,
  type ScsiResponse,
  type Transport,
  type TransportErrorCode,
  type TransportId,
  type TransportOptions,
  transportError,
} from "../../src/index.ts";

/** One answer: a response, an error, or whatever a function makes of the request. */
export type Step =
  | ScsiResponse
  | Error
  | ((request: ScsiRequest, options: TransportOptions) => ScsiResponse | Promise<ScsiResponse>);

/** What was sent, when asked. */
export interface Sent {
  readonly request: ScsiRequest;
  readonly options: TransportOptions;
}

export interface Scripted extends Transport {
  readonly sent: Sent[];
  readonly disposed: () => number;
  /** The first byte of every CDB that was sent, and for PERSISTENT RESERVE the service action behind a slash. */
  readonly commands: () => string[];
}

/** Answers step by step; the last step goes on for ever. */
export function scripted(steps: readonly Step[], more: Partial<Transport> = {}): Scripted {
  const sent: Sent[] = [];
  let disposed = 0;
  return {
    name: "scripted://unit",
    sent,
    disposed: () => disposed,
    commands: () =>
      sent.map(({ request: { cdb } }) => {
        const operation = (cdb[0] as number).toString(16).padStart(2, "0");
        return operation === "5e" || operation === "5f" ? `${operation}/${cdb[1]}` : operation;
      }),
    async execute(request, options = {}) {
      const step = steps[Math.min(sent.length, steps.length - 1)] as Step;
      sent.push({ request, options });
      if (step instanceof Error) throw step;
      return typeof step === "function" ? step(request, options) : step;
    },
    async [Symbol.asyncDispose]() {
      disposed++;
    },
    ...more,
  };
}

/** A transport that answers READ KEYS, READ RESERVATION and READ FULL STATUS from a table, and everything else by a step. */
export function looking(
  seen: Readonly<Record<"keys" | "reservation" | "status", Step>>,
  other: Step,
  initiatorPort?: TransportId,
): Scripted {
  const table: Readonly<Record<number, Step>> = { 0: seen.keys, 1: seen.reservation, 3: seen.status };
  const step: Step = async (request, options) => {
    const chosen = request.cdb[0] === 0x5e ? (table[request.cdb[1] as number] as Step) : other;
    if (chosen instanceof Error) throw chosen;
    return typeof chosen === "function" ? chosen(request, options) : chosen;
  };
  return scripted([step], { initiatorPort });
}

const empty = new Uint8Array(0);

/** Bytes from hexadecimal digits. */
export const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16));

export const good = (dataIn = ""): ScsiResponse => ({ status: 0x00, dataIn: bytes(dataIn), sense: empty, residual: 0 });

export const status = (code: number): ScsiResponse => ({ status: code, dataIn: empty, sense: empty, residual: 0 });

/** CHECK CONDITION with sense data of fixed format. */
export function check(senseKey: number, asc: number, ascq: number, options: { deferred?: boolean } = {}): ScsiResponse {
  const sense = new Uint8Array(18);
  sense.set([options.deferred === true ? 0x71 : 0x70, 0, senseKey, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq]);
  return { status: 0x02, dataIn: empty, sense, residual: 0 };
}

/** CHECK CONDITION with the sense data given, and data if any. */
export const checkWith = (sense: string, dataIn = ""): ScsiResponse => ({
  status: 0x02,
  dataIn: bytes(dataIn),
  sense: bytes(sense),
  residual: 0,
});

export const lost = (
  code: TransportErrorCode = "CONNECTION_LOST",
  delivered: "no" | "unknown" = "unknown",
): ScsiError => transportError(code, delivered, `scripted ${code}`);

/** Never answers; rejects when the signal fires, as a transport does. */
export const hangs: Step = (_, { signal }) =>
  new Promise((_, reject) => {
    const stop = (): void => reject(transportError("ABORTED", "unknown", "given up", signal?.reason));
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });

/** A policy that repeats as the default does, without waiting long. */
export const quick = (policy: RetryPolicy): RetryPolicy => ({ ...policy, backoffMs: 1, maxBackoffMs: 1 });
