/**
 * PERSISTENT RESERVE IN (5Eh): who is registered, who holds, what the device can do. Reads only; changes nothing.
 * Bytes: smr-j 3.13 (SPC-5), where smr-j is the Seagate SCSI Commands Reference Manual, Rev. J.
 */
import { checkInteger } from "../check.ts";
import { answerIn, type Command, malformed } from "../command.ts";
import { PersistentReserveIn, Size } from "../core/generated/codes.ts";
import {
  CapabilitiesRecord,
  ListRecord,
  ReservationRecord,
  RegistrationRow as Row,
} from "../core/generated/records.ts";
import { cdbOut, core, long, longsOut, word } from "../core/index.ts";
import {
  type FullStatus,
  isAllRegistrants,
  persistentReserveInNames,
  type RegisteredKeys,
  type Registration,
  type ReservationCapabilities,
  type ReservationState,
  type ReservationType,
  reservationTypeName,
} from "../reservation.ts";
import { fieldsOf } from "../structures.ts";
import { rowAt, transportIdAt } from "../transport-id.ts";

/** How much room the answer gets at first. */
export interface AllocationOptions {
  /** ALLOCATION LENGTH, 8 to 65535 bytes. If more exists, LogicalUnit asks once more with what is needed. */
  readonly allocationLengthBytes?: number | undefined;
}

const MAX_ALLOCATION = 0xffff;

/** A full status descriptor with the longest TransportID: an iSCSI name of 223 bytes, `,i,0x` and an ISID, padded. */
const LARGEST_DESCRIPTOR = Size.FULL_STATUS_DESCRIPTOR_HEADER + Size.TRANSPORTID_NAME_OFFSET + 244;

/** One PERSISTENT RESERVE IN command. `parse` returns undefined for bytes that are not such an answer. */
function command<Result>(
  serviceAction: number,
  layoutHeader: "ReadKeysData" | "ReadReservationData" | "ReportCapabilitiesData" | "ReadFullStatusData",
  allocationLengthBytes: number,
  decode: (length: number) => number,
  result: (dataIn: Uint8Array) => Result,
  wholeLengthSlot: number,
  largestEntry = 0,
): Command<Result> {
  const name = persistentReserveInNames[serviceAction] as string;
  const allocationLength = checkInteger("allocationLengthBytes", allocationLengthBytes, 8, MAX_ALLOCATION);
  const load = (bytes: Uint8Array, length: number): void => {
    answerIn(name, bytes);
    if (decode(length) !== 0) throw malformed(name, bytes, `${layoutHeader} whose lengths fit (smr-j 3.13)`);
  };
  return {
    name,
    cdb: cdbOut(core.persistentReserveIn(serviceAction, allocationLength)),
    dataInLength: allocationLength,
    effect: "none",
    layout: { cdb: "PersistentReserveInCdb" },
    read(bytes) {
      load(bytes, bytes.length);
      return result(bytes);
    },
    again(bytes) {
      // The header says it all; the list is read once, when it is whole.
      load(bytes, Math.min(bytes.length, Size.PERSISTENT_RESERVE_IN_HEADER));
      const whole = word(wholeLengthSlot);
      // LIO announces only what it had room for: with less room left than an entry needs, there may be another one.
      const needed = whole > allocationLength ? whole : whole > allocationLength - largestEntry ? MAX_ALLOCATION : 0;
      if (Math.min(needed, MAX_ALLOCATION) <= allocationLength) return undefined;
      return command(
        serviceAction,
        layoutHeader,
        Math.min(needed, MAX_ALLOCATION),
        decode,
        result,
        wholeLengthSlot,
        largestEntry,
      );
    },
  };
}

/**
 * READ KEYS: every registered reservation key (smr-j 3.13.2).
 *
 * @returns a command for {@link RegisteredKeys}
 * @throws RangeError for an allocation length that the CDB cannot carry
 * @example
 * const { keys, prGeneration } = await unit.readKeys();
 */
export function readKeys(options: AllocationOptions = {}): Command<RegisteredKeys> {
  return command(
    PersistentReserveIn.READ_KEYS,
    "ReadKeysData",
    options.allocationLengthBytes ?? 8192,
    core.decodeKeys,
    () => ({
      prGeneration: word(ListRecord.GENERATION),
      keys: longsOut(word(ListRecord.COUNT)),
      truncated: word(ListRecord.TRUNCATED) === 1,
    }),
    ListRecord.WHOLE_LENGTH,
    Size.RESERVATION_KEY,
  );
}

function reservationState(): ReservationState {
  const prGeneration = word(ReservationRecord.GENERATION);
  const truncated = word(ReservationRecord.TRUNCATED) === 1;
  if (word(ReservationRecord.HELD) === 0 || truncated) return { holder: "none", prGeneration, truncated };
  const typeCode = word(ReservationRecord.TYPE);
  const scope = word(ReservationRecord.SCOPE);
  const type = reservationTypeName(typeCode);
  if (type !== undefined && isAllRegistrants(type)) {
    return { holder: "all-registrants", type, typeCode, scope, prGeneration, truncated };
  }
  return { holder: "one-nexus", key: long(ReservationRecord.KEY_U64), type, typeCode, scope, prGeneration, truncated };
}

/**
 * READ RESERVATION: who holds the reservation, and of which type (smr-j 3.13.3). Under an all-registrants type the device
 * reports key 0, whose meaning is "every registered nexus": here that is a case of its own.
 *
 * @returns a command for {@link ReservationState}
 * @throws RangeError for an allocation length that the CDB cannot carry
 * @example
 * const state = await unit.readReservation();
 * if (state.holder === "one-nexus") console.log(state.key.toString(16), state.type);
 */
export function readReservation(options: AllocationOptions = {}): Command<ReservationState> {
  return command(
    PersistentReserveIn.READ_RESERVATION,
    "ReadReservationData",
    options.allocationLengthBytes ?? Size.PERSISTENT_RESERVE_IN_HEADER + Size.RESERVATION_DESCRIPTOR,
    core.decodeReservation,
    reservationState,
    ReservationRecord.WHOLE_LENGTH,
  );
}

/** The bit of the type mask that stands for each type (smr-j 3.13.4 table 85). */
const typeMaskFields: Readonly<Record<string, ReservationType>> = {
  WR_EX: "write-exclusive",
  EX_AC: "exclusive-access",
  WR_EX_RO: "write-exclusive-registrants-only",
  EX_AC_RO: "exclusive-access-registrants-only",
  WR_EX_AR: "write-exclusive-all-registrants",
  EX_AC_AR: "exclusive-access-all-registrants",
};

function capabilities(bytes: Uint8Array): ReservationCapabilities {
  if (word(CapabilitiesRecord.TRUNCATED) === 1) {
    throw malformed("REPORT CAPABILITIES", bytes, "all 8 bytes of the parameter data");
  }
  const values = new Map(fieldsOf("ReportCapabilitiesData", bytes).map((field) => [field.name, Number(field.value)]));
  const has = (name: string): boolean => values.get(name) === 1;
  return {
    replaceLostReservation: has("RLR_C"),
    compatibleReservationHandling: has("CRH"),
    specifyInitiatorPorts: has("SIP_C"),
    allTargetPorts: has("ATP_C"),
    persistThroughPowerLoss: has("PTPL_C"),
    persistThroughPowerLossActive: has("PTPL_A"),
    allowCommands: values.get("ALLOW COMMANDS") as number,
    types: has("TMV")
      ? Object.entries(typeMaskFields)
          .filter(([name]) => has(name))
          .map(([, type]) => type)
      : undefined,
  };
}

/**
 * REPORT CAPABILITIES: which types and options the device server supports (smr-j 3.13.4).
 *
 * @returns a command for {@link ReservationCapabilities}
 * @throws RangeError for an allocation length that the CDB cannot carry
 */
export function reportCapabilities(options: AllocationOptions = {}): Command<ReservationCapabilities> {
  return command(
    PersistentReserveIn.REPORT_CAPABILITIES,
    "ReportCapabilitiesData",
    options.allocationLengthBytes ?? Size.REPORT_CAPABILITIES_DATA,
    core.decodeCapabilities,
    capabilities,
    CapabilitiesRecord.WHOLE_LENGTH,
  );
}

function registration(index: number): Registration {
  const row = rowAt(index, Row.SIZE);
  const holder = word(row + Row.R_HOLDER) === 1;
  const common = {
    key: long(row + Row.KEY_U64),
    transportId: transportIdAt(row + Row.TRANSPORTID, word(row + Row.TRANSPORTID_OFFSET)),
    allTargetPorts: word(row + Row.ALL_TG_PT) === 1,
    relativeTargetPort: word(row + Row.RELATIVE_TARGET_PORT),
    holder,
  };
  if (!holder) return common;
  const typeCode = word(row + Row.TYPE);
  return { ...common, type: reservationTypeName(typeCode), typeCode, scope: word(row + Row.SCOPE) };
}

/**
 * READ FULL STATUS: every registered I_T nexus, with its initiator port and whether it holds (smr-j 3.13.5).
 *
 * @returns a command for {@link FullStatus}
 * @throws RangeError for an allocation length that the CDB cannot carry
 */
export function readFullStatus(options: AllocationOptions = {}): Command<FullStatus> {
  return command(
    PersistentReserveIn.READ_FULL_STATUS,
    "ReadFullStatusData",
    options.allocationLengthBytes ?? 8192,
    core.decodeFullStatus,
    () => {
      const registrations: Registration[] = [];
      for (let index = 0; index < word(ListRecord.COUNT); index++) registrations.push(registration(index));
      return {
        prGeneration: word(ListRecord.GENERATION),
        registrations,
        truncated: word(ListRecord.TRUNCATED) === 1,
      };
    },
    ListRecord.WHOLE_LENGTH,
    LARGEST_DESCRIPTOR,
  );
}
