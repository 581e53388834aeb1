/**
 * What to do about sense data: one sentence for each condition that people with reservations meet, and one for each sense
 * key. A table; the most exact row counts.
 */
import { SenseKey } from "./core/generated/codes.ts";

const both = (asc: number, ascq: number): number => (asc << 8) | ascq;

const LOOK = "Read the keys and the reservation before anything else is sent";

/** By ADDITIONAL SENSE CODE and qualifier. */
const exact: ReadonlyMap<number, string> = new Map([
  [both(0x04, 0x01), "Wait, and ask with TEST UNIT READY until it is ready."],
  [both(0x04, 0x02), "The unit has to be started: START STOP UNIT with START."],
  [both(0x04, 0x0a), "The path is changing its state: wait a little and try again, or take another path."],
  [both(0x04, 0x0b), "This target port is on standby: take a path through another one."],
  [both(0x04, 0x0c), "This target port is unavailable: take a path through another one."],
  [
    both(0x1a, 0x00),
    "The length in the CDB is not one that this service action has: 24 bytes, or what its TransportIDs make it.",
  ],
  [both(0x20, 0x00), "The unit does not have this command; REPORT SUPPORTED OPERATION CODES lists those it has."],
  [
    both(0x24, 0x00),
    "The unit does not support the value of that field: most often a service action, scope or type that it does not have; REPORT CAPABILITIES lists its types.",
  ],
  [both(0x25, 0x00), "There is no such logical unit at this target; REPORT LUNS lists them."],
  [
    both(0x26, 0x00),
    "The unit does not support the value of that field of the parameter list: SPEC_I_PT, ALL_TG_PT and APTPL need capabilities that REPORT CAPABILITIES lists.",
  ],
  [both(0x26, 0x04), "RELEASE must have the scope and the type of the reservation; READ RESERVATION tells them."],
  [both(0x2a, 0x03), `${LOOK}: another host has cleared or preempted what this one had.`],
  [
    both(0x2a, 0x04),
    "The reservation has been given up by its holder; this host is still registered, and may reserve.",
  ],
  [
    both(0x2a, 0x05),
    `This host is no longer registered: another one has preempted it, and means it. ${LOOK}; do not simply register again.`,
  ],
  [
    both(0x2a, 0x06),
    "The access state of a target port has changed: ask again which path to use, then repeat the command.",
  ],
  [
    both(0x2c, 0x00),
    "The command does not fit what came before it; a reservation or registration must be established first.",
  ],
  [both(0x3f, 0x0e), "The target has other logical units than before; REPORT LUNS lists them."],
  [both(0x44, 0x01), "The unit has lost its reservation information: REPLACE LOST RESERVATION starts anew."],
  [both(0x55, 0x04), "The unit has no room for another registration: unregister those of hosts that are gone."],
]);

/** By ADDITIONAL SENSE CODE alone. */
const byCode: ReadonlyMap<number, string> = new Map([
  [0x04, "The unit cannot be used now: wait and try again, or take another path."],
  [
    0x29,
    `${LOOK}: a reset or a loss of power may have ended them, unless APTPL was set. The command was not executed and may be repeated after that.`,
  ],
  [0x2a, "Something about the unit was changed by another host; look, then repeat the command."],
  [0x2f, "Commands were cleared by another host; repeat what is still wanted."],
  [0x3f, "The target has changed; look at it anew, then repeat the command."],
]);

/** By sense key. */
const byKey: Readonly<Record<number, string>> = {
  [SenseKey.NO_SENSE]: "There is nothing to be done.",
  [SenseKey.RECOVERED_ERROR]: "The command was completed; nothing has to be repeated.",
  [SenseKey.NOT_READY]: "Wait and try again, or take another path.",
  [SenseKey.MEDIUM_ERROR]: "The medium is defective there; repeating seldom helps.",
  [SenseKey.HARDWARE_ERROR]: "The device has failed; repeating seldom helps.",
  [SenseKey.ILLEGAL_REQUEST]: "Repeating it as it is brings the same answer.",
  [SenseKey.UNIT_ATTENTION]:
    "The command was not executed; it may be repeated once what happened has been taken note of.",
  [SenseKey.DATA_PROTECT]: "The medium may not be written, or not read, as it is.",
  [SenseKey.COPY_ABORTED]: "The copy was ended; what it had done by then is not known.",
  [SenseKey.ABORTED_COMMAND]: "The command may have been executed in part; look, then try again.",
  [SenseKey.COMPLETED]: "The command was completed; nothing has to be repeated.",
};

/** What a person can do. Empty where there is nothing to say. */
export function senseAdvice(senseKey: number, asc: number, ascq: number): string {
  return exact.get(both(asc, ascq)) ?? byCode.get(asc) ?? byKey[senseKey] ?? "";
}
