/**
 * What an observer is told of a session. Types only. No event holds a secret.
 */
import type { ScsiError } from "../../src/errors.ts";

/** Something that happened to a session. */
export type IscsiEvent =
  /** A login succeeded. `relogin`: it replaces a connection that was lost. */
  | {
      readonly type: "connected";
      readonly relogin: boolean;
      readonly host: string;
      readonly port: number;
      readonly authentication: "none" | "chap" | "mutual-chap";
      readonly headerDigest: boolean;
      readonly dataDigest: boolean;
    }
  /**
   * A connection has ended. `unknown` commands were under way and may have been executed; `unsent` ones certainly were
   * not.
   */
  | { readonly type: "connection-lost"; readonly error: ScsiError; readonly unknown: number; readonly unsent: number }
  /** A login failed. */
  | { readonly type: "login-failed"; readonly error: ScsiError }
  /** The target sent the login elsewhere. */
  | { readonly type: "redirected"; readonly host: string; readonly port: number; readonly permanent: boolean }
  /** An Asynchronous Message (RFC 7143 11.9). `sense` is empty unless `event` is 0. */
  | {
      readonly type: "async-message";
      readonly event: number;
      readonly words: string;
      readonly lun: bigint;
      readonly sense: Uint8Array;
      readonly parameters: readonly [number, number, number];
    }
  /** A Reject (RFC 7143 11.17). */
  | { readonly type: "rejected"; readonly reason: number; readonly words: string; readonly opcode: number }
  /** ABORT TASK was sent for a command that was given up, and this is what the target said. */
  | { readonly type: "task-aborted"; readonly response: number; readonly words: string };

/** Is told of events as they happen. What it throws is ignored; it must not take long. */
export type IscsiObserver = (event: IscsiEvent) => void;
