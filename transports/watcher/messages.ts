/**
 * What goes between a watching thread and those who use its units: plain data, and errors as plain data. A unit has a number; so
 * has a call, by which its answer is told from others.
 */
import {
  type Expectation,
  type FailfastEvent,
  type FailfastOptions,
  isScsiError,
  type ResetScope,
  ScsiError,
  type ScsiErrorDetails,
  type ScsiRequest,
  type TransportId,
  type Verdict,
} from "../../src/index.ts";

/** What is to be done when access is lost, by the thread itself, whatever the other threads are busy with. */
export type LastAct = "report" | "exit" | "panic";

/** What the thread is started with. */
export interface WatcherSettings {
  readonly options: Pick<FailfastOptions, "intervalMs" | "deadlineMs" | "silence" | "rule">;
  readonly act: LastAct;
  /** A file to which the evidence is appended before the end. */
  readonly lastWords: string | undefined;
  /** One 32-bit word: 1 once access is lost. */
  readonly flag: SharedArrayBuffer;
  /** `import.meta.url` of the program that the thread is part of: where packages are looked for. */
  readonly moduleUrl: string;
}

/** What can be asked of the thread. */
export type Request =
  | { readonly do: "open"; readonly url: string; readonly options: OpenRemoteOptions }
  | {
      readonly do: "execute";
      readonly unit: number;
      readonly request: ScsiRequest;
      readonly timeoutMs: number | undefined;
    }
  | { readonly do: "reset"; readonly unit: number; readonly scope: ResetScope; readonly timeoutMs: number | undefined }
  | { readonly do: "close"; readonly unit: number }
  | { readonly do: "watch"; readonly unit: number; readonly expectation: Expectation }
  | { readonly do: "unwatch"; readonly unit: number }
  /** Gives up the call with that number. */
  | { readonly do: "abort"; readonly of: number }
  | { readonly do: "lateness" }
  | { readonly do: "connect" }
  | { readonly do: "stop" };

/** Options of opening that can be sent. */
export interface OpenRemoteOptions {
  /** Where credentials are looked up that the URL does not have. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The iSCSI name to log in with. */
  readonly initiatorName?: string | undefined;
  /** The LUN where the URL names none. */
  readonly defaultLun?: number | undefined;
  /** Milliseconds for the opening. */
  readonly timeoutMs?: number | undefined;
}

/** A unit that has been opened. */
export interface OpenedUnit {
  readonly unit: number;
  readonly name: string;
  readonly initiatorPort: TransportId | undefined;
  readonly resets: boolean;
}

/** What the thread says. */
export type Word =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: PlainError }
  | { readonly event: FailfastEvent }
  | { readonly verdict: Verdict }
  | { readonly ready: true }
  | { readonly failed: PlainError };

/** An error as data. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  /** Of a ScsiError. */
  readonly details?: ScsiErrorDetails | undefined;
}

/** An error as data; what caused it is only a text. */
export function plain(error: unknown): PlainError {
  if (isScsiError(error)) {
    const { code, command, unit, status, sense, unreadableSense, field, delivered, errno } = error;
    return {
      name: error.name,
      message: error.message,
      details: { code, command, unit, status, sense, unreadableSense, field, delivered, errno },
    };
  }
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: String(error) };
}

/** The error again. */
export function revived({ name, message, details }: PlainError): Error {
  if (details !== undefined) return new ScsiError(message, details);
  if (name === "TypeError") return new TypeError(message);
  return name === "RangeError" ? new RangeError(message) : new Error(message);
}

/** What both a thread's port and a worker can do, as far as it is needed here. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
}
