/**
 * The contract that a transport keeps: it carries raw command bytes to one logical unit and brings back what the
 * device server answered. Types and prose for those who write a transport; nothing is implemented here.
 *
 * The contract, in the order in which it matters:
 *
 * 1. `execute` **resolves** whenever the device server answered, whatever the status. A CHECK CONDITION is an answer.
 * 2. `execute` **rejects** only for want of an answer, with a `ScsiError` from `transportError(…)` that says whether the
 *    command may have been executed: `delivered: "no"` (certainly not) or `"unknown"`. When in doubt: `"unknown"`.
 * 3. A transport never repeats a command on its own. Repeating is the caller's decision (see retry.ts).
 * 4. `dataIn` and `sense` belong to the caller: fresh memory, never a view of a buffer that is used again, and
 *    never longer than what really arrived.
 * 5. An aborted signal or an elapsed timeout rejects at once. What the request lent (`cdb`, `dataOut`) stays untouched
 *    and may be read until the transport has really finished with it; the caller must not modify it before then.
 * 6. Any number of calls may be under way at once; one that hangs does not hold up the others.
 * 7. After disposal every call rejects with code `CLOSED` and `delivered: "no"`; calls under way reject first.
 */
import type { TransportId } from "./transport-id.ts";

/** One command as bytes, and the room for its answer. */
export interface ScsiRequest {
  /** The command descriptor block: 6, 10, 12, 16 or up to 260 bytes. */
  readonly cdb: Uint8Array;
  /** Bytes sent to the device server. Absent or empty: none. */
  readonly dataOut?: Uint8Array | undefined;
  /** The most bytes to accept from the device server; 0 for none. */
  readonly dataInLength: number;
}

/** What the device server answered. */
export interface ScsiResponse {
  /** The SCSI status byte (SAM-5 5.3.1), e.g. 0x00 GOOD, 0x02 CHECK CONDITION, 0x18 RESERVATION CONFLICT. */
  readonly status: number;
  /** Exactly the bytes that arrived: at most `dataInLength`. */
  readonly dataIn: Uint8Array;
  /** Sense data as it arrived; empty if there was none. */
  readonly sense: Uint8Array;
  /**
   * Bytes asked for less bytes transferred, as the transport reports it: positive for an underflow, negative for an
   * overflow (the device server had more than there was room for), 0 if all went exactly.
   */
  readonly residual: number;
}

/** How long one delivery may take, and how to give it up. */
export interface TransportOptions {
  /** Gives the command up: `execute` rejects at once with code `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until `execute` rejects with code `TIMEOUT`. Absent or Infinity: no limit. */
  readonly timeoutMs?: number | undefined;
}

/** What a reset is aimed at (SAM-5 clause 7), from the narrowest to the widest. */
export type ResetScope = "logical-unit" | "target" | "bus";

/** One way to one logical unit through one I_T nexus. */
export interface Transport {
  /** For people: what is being talked to, without any secret, e.g. `iscsi://127.0.0.1:3260/iqn.2026-01.test:disk/1`. */
  readonly name: string;
  /** The initiator port of this I_T nexus, if the transport knows it: how to find ourselves in READ FULL STATUS. */
  readonly initiatorPort?: TransportId | undefined;
  /** Carries one command. See the contract at the head of this file. */
  execute(request: ScsiRequest, options?: TransportOptions): Promise<ScsiResponse>;
  /** Task management, where the transport has it: resets, and resolves when the target has confirmed it. */
  reset?(scope: ResetScope, options?: TransportOptions): Promise<void>;
  /** Ends every call under way, frees everything, and resolves when that is done. Twice is once. */
  [Symbol.asyncDispose](): Promise<void>;
}
