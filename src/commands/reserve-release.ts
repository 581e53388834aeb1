/**
 * RESERVE and RELEASE, (6) and (10): the SCSI-2 way to have a whole logical unit for oneself (spc2). A reset ends such a
 * reservation. Obsolete since SPC-3, and in conflict with persistent reservations unless the device says CRH.
 */
import type { Command } from "../command.ts";
import { OperationCode } from "../core/generated/codes.ts";
import { cdbOut, core } from "../core/index.ts";

function command(name: string, operationCode: number): Command<void> {
  const cdb = cdbOut(core.reserveUnit(operationCode));
  return {
    name,
    cdb,
    dataInLength: 0,
    effect: "reservation",
    layout: { cdb: cdb.length === 6 ? "Reserve6Cdb" : "Reserve10Cdb" },
    read: () => undefined,
  };
}

/** RESERVE (6): the whole logical unit for this nexus. RESERVATION CONFLICT if another has it. */
export function reserve6(): Command<void> {
  return command("RESERVE (6)", OperationCode.RESERVE_6);
}

/** RELEASE (6): gives the unit free; GOOD, and no effect, for one who has not reserved it. */
export function release6(): Command<void> {
  return command("RELEASE (6)", OperationCode.RELEASE_6);
}

/** RESERVE (10): as {@link reserve6}, for devices that want the longer form. */
export function reserve10(): Command<void> {
  return command("RESERVE (10)", OperationCode.RESERVE_10);
}

/** RELEASE (10): as {@link release6}, for devices that want the longer form. */
export function release10(): Command<void> {
  return command("RELEASE (10)", OperationCode.RELEASE_10);
}
