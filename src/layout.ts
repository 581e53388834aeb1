/**
 * Which structures a CDB and its parameter list have, from the CDB's own bytes: for explaining what arrives without the
 * Command that it was made from. A CDB that is not known here has no layout; nothing is guessed.
 */
import { OperationCode, PersistentReserveIn, PersistentReserveOut, ServiceActionIn16 } from "./core/generated/codes.ts";
import { PersistentReserveOutCdb } from "./core/generated/fields.ts";
import { persistentReserveInNames, persistentReserveOutNames } from "./reservation.ts";
import { fieldsOf, type StructureName } from "./structures.ts";

/** A CDB's command: what the standard calls it, and how it and what it sends are laid out. */
export interface CommandLayout {
  /** With service actions, the service action: `READ KEYS`. */
  readonly name: string;
  readonly cdb: StructureName;
  readonly dataOut?: StructureName | undefined;
}

const layouts: Readonly<Record<number, CommandLayout>> = {
  [OperationCode.TEST_UNIT_READY]: { name: "TEST UNIT READY", cdb: "TestUnitReadyCdb" },
  [OperationCode.REQUEST_SENSE]: { name: "REQUEST SENSE", cdb: "RequestSenseCdb" },
  [OperationCode.INQUIRY]: { name: "INQUIRY", cdb: "InquiryCdb" },
  [OperationCode.RESERVE_6]: { name: "RESERVE (6)", cdb: "Reserve6Cdb" },
  [OperationCode.RELEASE_6]: { name: "RELEASE (6)", cdb: "Reserve6Cdb" },
  [OperationCode.RESERVE_10]: { name: "RESERVE (10)", cdb: "Reserve10Cdb" },
  [OperationCode.RELEASE_10]: { name: "RELEASE (10)", cdb: "Reserve10Cdb" },
  [OperationCode.READ_CAPACITY_10]: { name: "READ CAPACITY (10)", cdb: "ReadCapacity10Cdb" },
  [OperationCode.READ_10]: { name: "READ (10)", cdb: "Read10Cdb" },
  [OperationCode.WRITE_10]: { name: "WRITE (10)", cdb: "Write10Cdb" },
  [OperationCode.READ_16]: { name: "READ (16)", cdb: "Read16Cdb" },
  [OperationCode.WRITE_16]: { name: "WRITE (16)", cdb: "Write16Cdb" },
  [OperationCode.REPORT_LUNS]: { name: "REPORT LUNS", cdb: "ReportLunsCdb" },
};

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
    case OperationCode.SERVICE_ACTION_IN_16:
      return serviceAction === ServiceActionIn16.READ_CAPACITY_16
        ? { name: "READ CAPACITY (16)", cdb: "ReadCapacity16Cdb" }
        : undefined;
    default:
      return layouts[cdb[0] as number];
  }
}

/** The structure of PERSISTENT RESERVE IN parameter data, by service action. */
export const persistentReserveInData: Readonly<Record<number, StructureName>> = {
  [PersistentReserveIn.READ_KEYS]: "ReadKeysData",
  [PersistentReserveIn.READ_RESERVATION]: "ReadReservationData",
  [PersistentReserveIn.REPORT_CAPABILITIES]: "ReportCapabilitiesData",
  [PersistentReserveIn.READ_FULL_STATUS]: "ReadFullStatusData",
};
