/**
 * Which structures a CDB and its parameter list have, from the CDB's own bytes: for explaining what arrives without the
 * Command that it was made from. A CDB that is not known here has no layout; nothing is guessed.
 */
import {
  MaintenanceIn,
  OperationCode,
  PersistentReserveIn,
  PersistentReserveOut,
  ServiceActionIn16,
} from "./core/generated/codes.ts";
import { PersistentReserveOutCdb } from "./core/generated/fields.ts";
import { ChangerOperationCode } from "./core/generated/media-codes.ts";
import { persistentReserveInNames, persistentReserveOutNames } from "./reservation.ts";
import { fieldsOf, type StructureName } from "./structures.ts";

/** A CDB's command: what the standard calls it, and how it and what it sends are laid out. */
export interface CommandLayout {
  /** With service actions, the service action: `READ KEYS`. */
  readonly name: string;
  /** The structure of the CDB. */
  readonly cdb: StructureName;
  /** The structure of its parameter list, if it has one. */
  readonly dataOut?: StructureName | undefined;
}

/** One command that is told by its operation code, or by that and a service action. */
export interface LayoutRow extends CommandLayout {
  /** OPERATION CODE, 0 to 255. */
  readonly operationCode: number;
  /** SERVICE ACTION; absent of commands that have none. */
  readonly serviceAction?: number | undefined;
}

const row = (
  operationCode: number,
  name: string,
  cdb: StructureName,
  dataOut?: StructureName,
  serviceAction?: number,
): LayoutRow => ({ operationCode, serviceAction, name, cdb, dataOut });

/**
 * Every command but PERSISTENT RESERVE IN and OUT. Where an operation code means something else on another kind of device (08h, 0Ah,
 * 1Bh on tapes), it is the disk's.
 */
export const layoutRows: readonly LayoutRow[] = [
  row(OperationCode.TEST_UNIT_READY, "TEST UNIT READY", "TestUnitReadyCdb"),
  row(OperationCode.REQUEST_SENSE, "REQUEST SENSE", "RequestSenseCdb"),
  row(OperationCode.READ_6, "READ (6)", "Read6Cdb"),
  row(OperationCode.WRITE_6, "WRITE (6)", "Read6Cdb"),
  row(OperationCode.INQUIRY, "INQUIRY", "InquiryCdb"),
  row(OperationCode.MODE_SELECT_6, "MODE SELECT (6)", "ModeSelect6Cdb", "ModeParameterHeader6"),
  row(OperationCode.RESERVE_6, "RESERVE (6)", "Reserve6Cdb"),
  row(OperationCode.RELEASE_6, "RELEASE (6)", "Reserve6Cdb"),
  row(OperationCode.MODE_SENSE_6, "MODE SENSE (6)", "ModeSense6Cdb"),
  row(OperationCode.START_STOP_UNIT, "START STOP UNIT", "StartStopUnitCdb"),
  row(OperationCode.PREVENT_ALLOW_MEDIUM_REMOVAL, "PREVENT ALLOW MEDIUM REMOVAL", "PreventAllowMediumRemovalCdb"),
  row(OperationCode.READ_CAPACITY_10, "READ CAPACITY (10)", "ReadCapacity10Cdb"),
  row(OperationCode.READ_10, "READ (10)", "Read10Cdb"),
  row(OperationCode.WRITE_10, "WRITE (10)", "Write10Cdb"),
  row(OperationCode.VERIFY_10, "VERIFY (10)", "Verify10Cdb"),
  row(OperationCode.PRE_FETCH_10, "PRE-FETCH (10)", "PreFetch10Cdb"),
  row(OperationCode.SYNCHRONIZE_CACHE_10, "SYNCHRONIZE CACHE (10)", "SynchronizeCache10Cdb"),
  row(OperationCode.WRITE_SAME_10, "WRITE SAME (10)", "WriteSame10Cdb"),
  row(OperationCode.UNMAP, "UNMAP", "UnmapCdb", "UnmapList"),
  row(OperationCode.MODE_SELECT_10, "MODE SELECT (10)", "ModeSelect10Cdb", "ModeParameterHeader10"),
  row(OperationCode.RESERVE_10, "RESERVE (10)", "Reserve10Cdb"),
  row(OperationCode.RELEASE_10, "RELEASE (10)", "Reserve10Cdb"),
  row(OperationCode.MODE_SENSE_10, "MODE SENSE (10)", "ModeSense10Cdb"),
  row(OperationCode.READ_16, "READ (16)", "Read16Cdb"),
  row(OperationCode.COMPARE_AND_WRITE, "COMPARE AND WRITE", "CompareAndWriteCdb"),
  row(OperationCode.WRITE_16, "WRITE (16)", "Write16Cdb"),
  row(OperationCode.VERIFY_16, "VERIFY (16)", "Verify16Cdb"),
  row(OperationCode.PRE_FETCH_16, "PRE-FETCH (16)", "PreFetch16Cdb"),
  row(OperationCode.SYNCHRONIZE_CACHE_16, "SYNCHRONIZE CACHE (16)", "SynchronizeCache16Cdb"),
  row(OperationCode.WRITE_SAME_16, "WRITE SAME (16)", "WriteSame16Cdb"),
  row(
    OperationCode.SERVICE_ACTION_IN_16,
    "READ CAPACITY (16)",
    "ReadCapacity16Cdb",
    undefined,
    ServiceActionIn16.READ_CAPACITY_16,
  ),
  row(
    OperationCode.SERVICE_ACTION_IN_16,
    "GET LBA STATUS",
    "GetLbaStatusCdb",
    undefined,
    ServiceActionIn16.GET_LBA_STATUS,
  ),
  row(OperationCode.REPORT_LUNS, "REPORT LUNS", "ReportLunsCdb"),
  row(
    OperationCode.MAINTENANCE_IN,
    "REPORT TARGET PORT GROUPS",
    "ReportTargetPortGroupsCdb",
    undefined,
    MaintenanceIn.REPORT_TARGET_PORT_GROUPS,
  ),
  row(
    OperationCode.MAINTENANCE_IN,
    "REPORT SUPPORTED OPERATION CODES",
    "ReportSupportedOperationCodesCdb",
    undefined,
    MaintenanceIn.REPORT_SUPPORTED_OPERATION_CODES,
  ),
  row(
    OperationCode.MAINTENANCE_IN,
    "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
    "ReportSupportedTaskManagementFunctionsCdb",
    undefined,
    MaintenanceIn.REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS,
  ),
  row(OperationCode.READ_12, "READ (12)", "Read12Cdb"),
  row(OperationCode.VERIFY_12, "VERIFY (12)", "Verify12Cdb"),
  row(ChangerOperationCode.MOVE_MEDIUM, "MOVE MEDIUM", "MoveMediumCdb"),
  row(ChangerOperationCode.READ_ELEMENT_STATUS, "READ ELEMENT STATUS", "ReadElementStatusCdb"),
];

/** The service action stands in the same place in every CDB that has one. */
function serviceActionOf(cdb: Uint8Array): number | undefined {
  const field = fieldsOf("PersistentReserveOutCdb", cdb).find(({ name }) => name === "SERVICE ACTION");
  return field === undefined ? undefined : Number(field.value);
}

/** The least bytes of a CDB that say what it is. */
const LEAST = (PersistentReserveOutCdb.SERVICE_ACTION >>> 16) + 1;

/**
 * What a CDB is, and how it is laid out.
 *
 * @returns undefined for a CDB of another kind, and for one too short to say
 * @example layoutOf(Uint8Array.of(0x5e, 0x00, 0, 0, 0, 0, 0, 0x20, 0, 0))?.name // "READ KEYS"
 */
export function layoutOf(cdb: Uint8Array): CommandLayout | undefined {
  const serviceAction = serviceActionOf(cdb);
  if (serviceAction === undefined || cdb.length < LEAST) return undefined;
  switch (cdb[0]) {
    case OperationCode.PERSISTENT_RESERVE_IN: {
      const name = persistentReserveInNames[serviceAction] ?? "PERSISTENT RESERVE IN";
      return { name, cdb: "PersistentReserveInCdb" };
    }
    case OperationCode.PERSISTENT_RESERVE_OUT: {
      const name = persistentReserveOutNames[serviceAction] ?? "PERSISTENT RESERVE OUT";
      const moves = serviceAction === PersistentReserveOut.REGISTER_AND_MOVE;
      return {
        name,
        cdb: "PersistentReserveOutCdb",
        dataOut: moves ? "RegisterAndMoveList" : "SpecifyInitiatorPortsList",
      };
    }
    default:
      return layoutRows.find(
        (one) =>
          one.operationCode === cdb[0] && (one.serviceAction === undefined || one.serviceAction === serviceAction),
      );
  }
}

/** The structure of PERSISTENT RESERVE IN parameter data, by service action. */
export const persistentReserveInData: Readonly<Record<number, StructureName>> = {
  [PersistentReserveIn.READ_KEYS]: "ReadKeysData",
  [PersistentReserveIn.READ_RESERVATION]: "ReadReservationData",
  [PersistentReserveIn.REPORT_CAPABILITIES]: "ReportCapabilitiesData",
  [PersistentReserveIn.READ_FULL_STATUS]: "ReadFullStatusData",
};
