/** What a device server answers to one command, and the few ways to make such an answer. */
import { Status } from "../../src/core/generated/codes.ts";
import type { Nexus } from "./nexus.ts";
import { encodeFault, type Fault } from "./sense.ts";

/** The device server's answer to one command. Its arrays are fresh memory, or empty. */
export interface Answer {
  /** The SCSI status byte. */
  readonly status: number;
  /** Already cut to the CDB's ALLOCATION LENGTH. */
  readonly dataIn: Uint8Array;
  /** Sense data with CHECK CONDITION, in descriptor format where D_SENSE of the Control mode page is 1, else in fixed format; otherwise empty. */
  readonly sense: Uint8Array;
  /** With GOOD: how many bytes of data-out the command takes, whatever was sent. */
  readonly dataOutLength: number;
  /** The I_T nexuses whose other commands are to be aborted: the victims of PREEMPT AND ABORT. */
  readonly aborted: readonly Nexus[];
  /**
   * What a robot has yet to do before this may be answered, in steps that can fail. The device server does them at once, or
   * lets time pass between them.
   */
  readonly motion?: readonly (() => Fault | undefined)[] | undefined;
}

const nothing = new Uint8Array(0);
const nobody: readonly Nexus[] = [];

/** GOOD, without data. */
export const goodAnswer: Answer = {
  status: Status.GOOD,
  dataIn: nothing,
  sense: nothing,
  dataOutLength: 0,
  aborted: nobody,
};

/** RESERVATION CONFLICT. */
export const conflictAnswer: Answer = { ...goodAnswer, status: Status.RESERVATION_CONFLICT };

/** GOOD with data, of which at most `allocationLength` bytes are sent (spc4r36f 4.2.5.6). */
export function dataAnswer(data: Uint8Array, allocationLength: number): Answer {
  const dataIn = data.length > allocationLength ? data.slice(0, allocationLength) : data;
  return { status: Status.GOOD, dataIn, sense: nothing, dataOutLength: 0, aborted: nobody };
}

/** CHECK CONDITION with sense data. */
export function senseAnswer(sense: Uint8Array): Answer {
  return { status: Status.CHECK_CONDITION, dataIn: nothing, sense, dataOutLength: 0, aborted: nobody };
}

/** CHECK CONDITION for a fault. */
export const faultAnswer = (fault: Fault): Answer => senseAnswer(encodeFault(fault));

/** GOOD after data-out. */
export function takenAnswer(dataOutLength: number, aborted: readonly Nexus[] = nobody): Answer {
  return { status: Status.GOOD, dataIn: nothing, sense: nothing, dataOutLength, aborted };
}
