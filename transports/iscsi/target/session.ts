/**
 * What one session of the full-feature phase is and remembers, and the serial numbers that follow from it. The files
 * beside it act on it; nothing here sends anything.
 */
import type { TransportId } from "../../../src/transport-id.ts";
import type { Output } from "../output.ts";
import type { SessionParameters } from "../parameters.ts";
import { compareSerial } from "../pdu.ts";
import type { ServedUnit, UnitNexus } from "./device.ts";
import type { SessionEnd, SessionIdentity, TargetEvent } from "./events.ts";
import type { IscsiTargetDefinition, TargetLimits } from "./options.ts";
import type { Task } from "./task.ts";

/** What a session needs of the server. */
export interface SessionHost {
  readonly limits: TargetLimits;
  /** What an initiator may send in one data segment, in bytes. */
  readonly maxRecvDataSegmentLength: number;
  /** The bytes of data-out that all sessions have under way. */
  readonly memory: { bytes: number };
  /** All sessions of the same target, this one included. */
  peers(session: Session): Iterable<Session>;
  /** Memory was given back: those who wait for it may go on. */
  memoryFreed(): void;
  /** The addresses of a target's portals as SendTargets lists them, as seen from the session's connection. */
  addresses(session: Session): readonly string[];
  targets(): readonly IscsiTargetDefinition[];
  emit(event: TargetEvent): void;
}

/** The connection beneath a session. */
export interface SessionConnection {
  readonly output: Output;
  /** Sends what there is, then closes. */
  finish(): void;
  /** Closes at once. */
  destroy(): void;
}

/** Something that waits for its turn in the CmdSN order. */
export type Turn = () => void;

/** A session. */
export interface Session {
  readonly host: SessionHost;
  readonly connection: SessionConnection;
  readonly output: Output;
  readonly identity: SessionIdentity;
  /** Absent in a discovery session. */
  readonly target: IscsiTargetDefinition | undefined;
  readonly initiatorPort: TransportId;
  readonly cid: number;
  readonly relativeTargetPort: number;
  readonly parameters: SessionParameters;
  /** The nexuses that were used, by unit. */
  readonly nexuses: Map<ServedUnit, UnitNexus>;
  /** By initiator task tag. */
  readonly tasks: Map<number, Task>;
  /** What came before its turn, by CmdSN. */
  readonly waiting: Map<number, Turn>;
  /** Commands that are complete and wait until the peer takes output. */
  readonly ready: Task[];
  /** Writes that wait for memory. */
  readonly starved: Task[];
  statSn: number;
  expCmdSn: number;
  /** Non-immediate tasks under way. */
  active: number;
  /** Immediate tasks under way. */
  immediate: number;
  /** Bytes of data-out under way. */
  bytes: number;
  nextTransferTag: number;
  /** A text that is being sent or received in parts. */
  text: TextExchange | undefined;
  /** When anything was last received, in milliseconds of the monotonic clock. */
  heardAt: number;
  /** The transfer tag of a NOP-In that waits for its answer, and since when. */
  ping: { readonly tag: number; readonly since: number } | undefined;
  /** When the initiator has to have logged out, if it was asked to, in milliseconds of the monotonic clock. */
  logoutBy: number | undefined;
  /** Set once the session has ended; nothing is sent or executed any more. */
  ended: SessionEnd | undefined;
}

/** A text exchange of several PDUs. */
export interface TextExchange {
  readonly initiatorTaskTag: number;
  readonly transferTag: number;
  /** Parts of the request so far. */
  readonly received: Uint8Array[];
  receivedLength: number;
  /** What of the answer is still to be sent; undefined while the request is not whole. */
  unsent: Uint8Array | undefined;
}

/** The highest CmdSN that the session takes: never less than it was, because a task takes a number and a place. */
export function maxCmdSn(session: Session): number {
  return (session.expCmdSn + session.host.limits.commands - session.active - 1) >>> 0;
}

/** Is a CmdSN one that the session takes now? */
export function inWindow(session: Session, cmdSn: number): boolean {
  return compareSerial(cmdSn, session.expCmdSn) >= 0 && compareSerial(cmdSn, maxCmdSn(session)) <= 0;
}

/** The StatSN for a response, which is then used up. */
export function takeStatSn(session: Session): number {
  const { statSn } = session;
  session.statSn = (statSn + 1) >>> 0;
  return statSn;
}

/** A target transfer tag that is not in use: never FFFFFFFFh, and not again for a long time. */
export function takeTransferTag(session: Session): number {
  session.nextTransferTag = (session.nextTransferTag + 1) & 0x7fff_ffff;
  return session.nextTransferTag;
}

/** The nexus of the session with a unit. */
export function nexusOf(session: Session, unit: ServedUnit): UnitNexus {
  let nexus = session.nexuses.get(unit);
  if (nexus === undefined) {
    nexus = unit.nexus(session.initiatorPort, session.relativeTargetPort);
    session.nexuses.set(unit, nexus);
  }
  return nexus;
}

/** Ends a session: its tasks are gone, its nexuses are lost. What becomes of the connection is the caller's. */
export function endSession(session: Session, end: SessionEnd, why: string): void {
  if (session.ended !== undefined) return;
  session.ended = end;
  session.tasks.clear();
  session.waiting.clear();
  session.ready.length = 0;
  session.starved.length = 0;
  const { host } = session;
  host.memory.bytes -= session.bytes;
  session.bytes = 0;
  for (const [unit, nexus] of session.nexuses) unit.loseNexus(nexus);
  host.emit({ type: "session-ended", session: session.identity, end, why });
  host.memoryFreed();
}
