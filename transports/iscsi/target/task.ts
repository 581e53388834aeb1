/** One SCSI command under way at the target. Types, and the way out of the session's tables. */
import type { ServedUnit, UnitNexus } from "./device.ts";
import type { Session } from "./session.ts";

/** One R2T that the initiator is answering. */
export interface Burst {
  readonly transferTag: number;
  /** Where in the command's data it begins, in bytes. */
  readonly offset: number;
  readonly length: number;
  received: number;
  dataSn: number;
}

/** A SCSI command under way. */
export interface Task {
  readonly initiatorTaskTag: number;
  readonly cmdSn: number;
  readonly immediate: boolean;
  readonly lunHigh: number;
  readonly lunLow: number;
  /** Undefined where the LUN leads nowhere. */
  readonly unit: ServedUnit | undefined;
  readonly nexus: UnitNexus | undefined;
  readonly cdb: Uint8Array;
  /** The task attribute (RFC 7143 11.3.1). All but ACA are taken as SIMPLE. */
  readonly attribute: number;
  readonly reads: boolean;
  readonly writes: boolean;
  readonly expectedLength: number;
  /** How many bytes of data-out are collected: the expected length, or less where that is more than any command has. */
  readonly wanted: number;
  /** Data-out so far; grows to `wanted` when there is memory. */
  buffer: Uint8Array;
  /** How many bytes the session's account was charged. */
  charged: number;
  received: number;
  /** How many bytes may come unasked, and whether more of them are to come. */
  readonly unsolicitedLimit: number;
  unsolicitedOpen: boolean;
  unsolicitedDataSn: number;
  /** Up to where data has come unasked or has been asked for. */
  requested: number;
  readonly bursts: Burst[];
  r2tSn: number;
  /** Its data did not come as it should: the rest is awaited, then it fails. */
  spoiled: boolean;
  /** Its CmdSN has had its turn. */
  inOrder: boolean;
  /** The unit has it. */
  executing: boolean;
  /** When data was last asked for or received, in milliseconds of the monotonic clock. */
  dataAt: number;
}

/** Is the task still one of the session's? */
export const isAlive = (session: Session, task: Task): boolean => session.tasks.get(task.initiatorTaskTag) === task;

/** Takes a task out of the session: answered, or aborted. Its memory is given back. */
export function removeTask(session: Session, task: Task): void {
  if (!isAlive(session, task)) return;
  session.tasks.delete(task.initiatorTaskTag);
  if (task.immediate) session.immediate--;
  // A task whose CmdSN has not had its turn holds no place yet.
  else if (task.inOrder) session.active--;
  if (task.charged > 0) {
    session.bytes -= task.charged;
    session.host.memory.bytes -= task.charged;
    task.charged = 0;
    session.host.memoryFreed();
  }
}

/** Charges memory to the session; false if there is not that much left. */
export function charge(session: Session, task: Task, bytes: number): boolean {
  const { limits, memory } = session.host;
  const more = bytes - task.charged;
  if (session.bytes + more > limits.sessionBytes && session.bytes > task.charged) return false;
  if (memory.bytes + more > limits.totalBytes && memory.bytes > task.charged) return false;
  task.charged = bytes;
  session.bytes += more;
  memory.bytes += more;
  return true;
}
