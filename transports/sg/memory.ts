/**
 * The memory that one thread and the main thread share, and how a call is laid out in it. Constants and views only: this file
 * runs on both sides and may import nothing.
 *
 * The memory is a SharedArrayBuffer: no collector moves it, and none frees it while either side holds it. A thread holds its
 * own for as long as it lives, so what the kernel has been given stays valid until the kernel has returned, whatever the
 * caller has done meanwhile. Data lie on pages of their own, on which nobody writes while a call is under way: a fork at that
 * moment does not part them from the pages that a device is filling.
 */

/** Words of 32 bits at the head of the memory. */
export const Control = {
  /** One of {@link State}; the only word on which anybody waits. */
  STATE: 0,
  /** One of {@link Operation}. */
  OPERATION: 1,
  /** The file descriptor; for OPEN the flags. */
  TARGET: 2,
  /** The ioctl's request number. */
  REQUEST: 3,
  /** Where in the memory the argument lies, in bytes: the ioctl's structure, the path to open. */
  ARGUMENT: 4,
  /** What the call returned, or minus errno. */
  RESULT: 5,
  /** How long the call took, in microseconds, 2^31 - 1 at most. */
  MICROSECONDS: 6,
  /** How long the thread shall look for the next call before it sleeps, in microseconds. */
  ALERT_MICROSECONDS: 7,
} as const;

/**
 * Every change is one atomic step from one of these to another, so each side knows what the other has seen: nobody can mistake the end of one
 * call for that of the next.
 */
export const State = {
  /** The thread waits for a call. */
  IDLE: 0,
  /** A call is written down, or under way; the main thread looks for its end here. */
  WATCHED: 1,
  /** The same, and the main thread wants a message at its end. */
  ANNOUNCED: 2,
  /** The thread has had nothing to do for long, and has ended. */
  ENDED: 3,
} as const;

export const Operation = { OPEN: 0, IOCTL: 1, CLOSE: 2 } as const;

/** Bytes of the control words. */
export const CONTROL_LENGTH = 48;
/** 64 bits: the memory's own address, written by the thread when it starts. */
export const ADDRESS_OFFSET = 48;
/** The header of a SCSI command, or the structure of another ioctl. */
export const HEADER_OFFSET = 64;
export const CDB_OFFSET = 256;
export const CDB_ROOM = 256;
export const SENSE_OFFSET = 512;
/** The most sense data there can be (SPC-5 4.4). */
export const SENSE_ROOM = 252;
export const DATA_OFFSET = 4096;

/** The main thread's views of a thread's memory. */
export interface ThreadMemory {
  readonly control: Int32Array;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** The memory's address in this process. */
  readonly address: bigint;
}

/** What a thread is told when it starts. */
export interface ThreadSettings {
  readonly memory: SharedArrayBuffer;
  /** Milliseconds without a call after which the thread ends. */
  readonly idleMs: number;
  /** A file to take open, ioctl and close from instead of the C library. */
  readonly libc?: string | undefined;
  /** Where koffi is, for the threads that use it. */
  readonly koffi?: string | undefined;
}
