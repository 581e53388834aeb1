/**
 * Builds one CDB, and its parameter list where it has one, per call: the CDB in the cdb window from byte 0, the list in
 * the data window. Returns the CDB's length in bytes. Values that do not fit their field lose their upper bits: the
 * caller has checked the range. Also takes CDBs and parameter lists apart again, for a device server.
 */
import { end, get, has, put } from "./bits";
import { OperationCode, PersistentReserveOut, ServiceActionIn16, Size } from "./codes";
import {
  InquiryCdb,
  PersistentReserveInCdb,
  PersistentReserveOutCdb,
  PersistentReserveOutList,
  Read10Cdb,
  Read16Cdb,
  ReadCapacity10Cdb,
  ReadCapacity16Cdb,
  RegisterAndMoveList,
  ReportLunsCdb,
  ReportSupportedOperationCodesCdb,
  RequestSenseCdb,
  Reserve10Cdb,
  SpecifyInitiatorPortsList,
  TestUnitReadyCdb,
} from "./fields";
import { CommandRecord, ParameterListRecord } from "./records";
import { cdb, cdbSize, data, dataSize, records } from "./windows";

/** A decoder's answer when the bytes do not have the form that the standard gives them. 0 is success. */
export const MALFORMED: i32 = -1;

// @ts-ignore: decorator
@inline
function start(operationCode: u32): void {
  store<u64>(cdb, 0, 0);
  store<u64>(cdb, 0, 8);
  put(cdb, TestUnitReadyCdb.OPERATION_CODE, operationCode);
}

export function testUnitReady(): u32 {
  start(OperationCode.TEST_UNIT_READY);
  return Size.CDB_6;
}

export function inquiry(evpd: u32, pageCode: u32, allocationLength: u32): u32 {
  start(OperationCode.INQUIRY);
  put(cdb, InquiryCdb.EVPD, evpd);
  put(cdb, InquiryCdb.PAGE_CODE, pageCode);
  put(cdb, InquiryCdb.ALLOCATION_LENGTH, allocationLength);
  return Size.CDB_6;
}

export function requestSense(descriptorFormat: u32, allocationLength: u32): u32 {
  start(OperationCode.REQUEST_SENSE);
  put(cdb, RequestSenseCdb.DESC, descriptorFormat);
  put(cdb, RequestSenseCdb.ALLOCATION_LENGTH, allocationLength);
  return Size.CDB_6;
}

export function reportLuns(selectReport: u32, allocationLength: u32): u32 {
  start(OperationCode.REPORT_LUNS);
  put(cdb, ReportLunsCdb.SELECT_REPORT, selectReport);
  put(cdb, ReportLunsCdb.ALLOCATION_LENGTH, allocationLength);
  return Size.CDB_12;
}

export function readCapacity10(): u32 {
  start(OperationCode.READ_CAPACITY_10);
  return Size.CDB_10;
}

export function readCapacity16(allocationLength: u32): u32 {
  start(OperationCode.SERVICE_ACTION_IN_16);
  put(cdb, ReadCapacity16Cdb.SERVICE_ACTION, ServiceActionIn16.READ_CAPACITY_16);
  put(cdb, ReadCapacity16Cdb.ALLOCATION_LENGTH, allocationLength);
  return Size.CDB_16;
}

/** READ (10) or WRITE (10): the two CDBs have the same fields. */
export function transfer10(operationCode: u32, lba: u32, blocks: u32, dpo: u32, fua: u32): u32 {
  start(operationCode);
  put(cdb, Read10Cdb.DPO, dpo);
  put(cdb, Read10Cdb.FUA, fua);
  put(cdb, Read10Cdb.LOGICAL_BLOCK_ADDRESS, lba);
  put(cdb, Read10Cdb.TRANSFER_LENGTH, blocks);
  return Size.CDB_10;
}

/** READ (16) or WRITE (16): the two CDBs have the same fields. */
export function transfer16(operationCode: u32, lba: u64, blocks: u32, dpo: u32, fua: u32): u32 {
  start(operationCode);
  put(cdb, Read16Cdb.DPO, dpo);
  put(cdb, Read16Cdb.FUA, fua);
  put(cdb, Read16Cdb.LOGICAL_BLOCK_ADDRESS, lba);
  put(cdb, Read16Cdb.TRANSFER_LENGTH, blocks);
  return Size.CDB_16;
}

/** RESERVE or RELEASE of a whole logical unit for the sender itself, in its 6- or 10-byte form. */
export function reserveUnit(operationCode: u32): u32 {
  start(operationCode);
  return operationCode == OperationCode.RESERVE_6 || operationCode == OperationCode.RELEASE_6 ? Size.CDB_6 : Size.CDB_10;
}

export function persistentReserveIn(serviceAction: u32, allocationLength: u32): u32 {
  start(OperationCode.PERSISTENT_RESERVE_IN);
  put(cdb, PersistentReserveInCdb.SERVICE_ACTION, serviceAction);
  put(cdb, PersistentReserveInCdb.ALLOCATION_LENGTH, allocationLength);
  return Size.CDB_10;
}

// @ts-ignore: decorator
@inline
function startPersistentReserveOut(serviceAction: u32, scope: u32, type: u32, listLength: u32): void {
  start(OperationCode.PERSISTENT_RESERVE_OUT);
  put(cdb, PersistentReserveOutCdb.SERVICE_ACTION, serviceAction);
  put(cdb, PersistentReserveOutCdb.SCOPE, scope);
  put(cdb, PersistentReserveOutCdb.TYPE, type);
  put(cdb, PersistentReserveOutCdb.PARAMETER_LIST_LENGTH, listLength);
}

/**
 * PERSISTENT RESERVE OUT with the basic parameter list (smr-j 3.14.3). With SPEC_I_PT the TransportIDs are already in the
 * data window, `transportIdsLength` bytes from byte 28; the list is 24 bytes long, or 28 and theirs.
 */
export function persistentReserveOut(
  serviceAction: u32,
  scope: u32,
  type: u32,
  reservationKey: u64,
  serviceActionReservationKey: u64,
  specIPt: u32,
  allTgPt: u32,
  aptpl: u32,
  transportIdsLength: u32,
): u32 {
  const listLength: u32 = specIPt ? Size.SPECIFY_INITIATOR_PORTS_HEADER + transportIdsLength : Size.PERSISTENT_RESERVE_OUT_LIST;
  startPersistentReserveOut(serviceAction, scope, type, listLength);
  put(data, PersistentReserveOutList.RESERVATION_KEY, reservationKey);
  put(data, PersistentReserveOutList.SERVICE_ACTION_RESERVATION_KEY, serviceActionReservationKey);
  store<u64>(data, 0, 16);
  put(data, PersistentReserveOutList.SPEC_I_PT, specIPt);
  put(data, PersistentReserveOutList.ALL_TG_PT, allTgPt);
  put(data, PersistentReserveOutList.APTPL, aptpl);
  if (specIPt) put(data, SpecifyInitiatorPortsList.TRANSPORTID_PARAMETER_DATA_LENGTH, transportIdsLength);
  return Size.CDB_10;
}

/**
 * PERSISTENT RESERVE OUT, REGISTER AND MOVE (smr-j 3.14.4). The TransportID is already in the data window,
 * `transportIdLength` bytes from byte 24.
 */
export function registerAndMove(
  scope: u32,
  type: u32,
  reservationKey: u64,
  serviceActionReservationKey: u64,
  relativeTargetPort: u32,
  unreg: u32,
  aptpl: u32,
  transportIdLength: u32,
): u32 {
  startPersistentReserveOut(
    PersistentReserveOut.REGISTER_AND_MOVE,
    scope,
    type,
    Size.PERSISTENT_RESERVE_OUT_LIST + transportIdLength,
  );
  put(data, RegisterAndMoveList.RESERVATION_KEY, reservationKey);
  put(data, RegisterAndMoveList.SERVICE_ACTION_RESERVATION_KEY, serviceActionReservationKey);
  store<u16>(data, 0, 16);
  put(data, RegisterAndMoveList.UNREG, unreg);
  put(data, RegisterAndMoveList.APTPL, aptpl);
  put(data, RegisterAndMoveList.RELATIVE_TARGET_PORT_IDENTIFIER, relativeTargetPort);
  put(data, RegisterAndMoveList.TRANSPORTID_PARAMETER_DATA_LENGTH, transportIdLength);
  return Size.CDB_10;
}

/** How long a CDB is by its GROUP CODE (SAM-5 5.2); 0 for vendor specific, reserved and variable-length groups. */
function cdbLengthOf(operationCode: u32): u32 {
  switch (operationCode >> 5) {
    case 0:
      return Size.CDB_6;
    case 1:
    case 2:
      return Size.CDB_10;
    case 4:
      return Size.CDB_16;
    case 5:
      return Size.CDB_12;
    default:
      return 0;
  }
}

// @ts-ignore: decorator
@inline
function slot(at: u32, field: u32): void {
  store<u32>(records + at, <u32>get(cdb, field));
}

/** Takes the CDB in the cdb window apart into a CommandRecord. MALFORMED if it is shorter than its operation code demands. */
export function decodeCommand(length: u32): i32 {
  memory.fill(records, 0, 48);
  if (length < 1 || length > cdbSize) return MALFORMED;
  const operationCode = <u32>get(cdb, TestUnitReadyCdb.OPERATION_CODE);
  const cdbLength = cdbLengthOf(operationCode);
  if (length < cdbLength) return MALFORMED;
  store<u32>(records + CommandRecord.OPERATION_CODE, operationCode);
  store<u32>(records + CommandRecord.CDB_LENGTH, cdbLength);
  switch (operationCode) {
    case OperationCode.INQUIRY:
      slot(CommandRecord.FLAG, InquiryCdb.EVPD);
      slot(CommandRecord.PAGE, InquiryCdb.PAGE_CODE);
      slot(CommandRecord.LENGTH, InquiryCdb.ALLOCATION_LENGTH);
      break;
    case OperationCode.REQUEST_SENSE:
      slot(CommandRecord.FLAG, RequestSenseCdb.DESC);
      slot(CommandRecord.LENGTH, RequestSenseCdb.ALLOCATION_LENGTH);
      break;
    case OperationCode.REPORT_LUNS:
      slot(CommandRecord.PAGE, ReportLunsCdb.SELECT_REPORT);
      slot(CommandRecord.LENGTH, ReportLunsCdb.ALLOCATION_LENGTH);
      break;
    case OperationCode.READ_10:
    case OperationCode.WRITE_10:
      slot(CommandRecord.PROTECT, Read10Cdb.RDPROTECT);
      store<u64>(records + CommandRecord.LBA_U64, get(cdb, Read10Cdb.LOGICAL_BLOCK_ADDRESS));
      slot(CommandRecord.LENGTH, Read10Cdb.TRANSFER_LENGTH);
      break;
    case OperationCode.READ_CAPACITY_10:
      store<u64>(records + CommandRecord.LBA_U64, get(cdb, ReadCapacity10Cdb.LOGICAL_BLOCK_ADDRESS));
      break;
    case OperationCode.READ_16:
    case OperationCode.WRITE_16:
      slot(CommandRecord.PROTECT, Read16Cdb.RDPROTECT);
      store<u64>(records + CommandRecord.LBA_U64, get(cdb, Read16Cdb.LOGICAL_BLOCK_ADDRESS));
      slot(CommandRecord.LENGTH, Read16Cdb.TRANSFER_LENGTH);
      break;
    case OperationCode.MAINTENANCE_IN:
      slot(CommandRecord.SERVICE_ACTION, ReportSupportedOperationCodesCdb.SERVICE_ACTION);
      slot(CommandRecord.LENGTH, ReportSupportedOperationCodesCdb.ALLOCATION_LENGTH);
      break;
    case OperationCode.EXTENDED_COPY:
    case OperationCode.RECEIVE_COPY_RESULTS:
    case OperationCode.SERVICE_ACTION_IN_16:
      slot(CommandRecord.SERVICE_ACTION, ReadCapacity16Cdb.SERVICE_ACTION);
      store<u64>(records + CommandRecord.LBA_U64, get(cdb, ReadCapacity16Cdb.LOGICAL_BLOCK_ADDRESS));
      slot(CommandRecord.LENGTH, ReadCapacity16Cdb.ALLOCATION_LENGTH);
      break;
    case OperationCode.RESERVE_10:
    case OperationCode.RELEASE_10:
      slot(CommandRecord.FLAG, Reserve10Cdb.THIRD_PARTY);
      slot(CommandRecord.LENGTH, Reserve10Cdb.PARAMETER_LIST_LENGTH);
      break;
    case OperationCode.PERSISTENT_RESERVE_IN:
      slot(CommandRecord.SERVICE_ACTION, PersistentReserveInCdb.SERVICE_ACTION);
      slot(CommandRecord.LENGTH, PersistentReserveInCdb.ALLOCATION_LENGTH);
      break;
    case OperationCode.PERSISTENT_RESERVE_OUT:
      slot(CommandRecord.SERVICE_ACTION, PersistentReserveOutCdb.SERVICE_ACTION);
      slot(CommandRecord.SCOPE, PersistentReserveOutCdb.SCOPE);
      slot(CommandRecord.TYPE, PersistentReserveOutCdb.TYPE);
      slot(CommandRecord.LENGTH, PersistentReserveOutCdb.PARAMETER_LIST_LENGTH);
      break;
    default:
      break;
  }
  return 0;
}

/**
 * Takes a PERSISTENT RESERVE OUT parameter list of `length` bytes in the data window apart into a ParameterListRecord.
 * MALFORMED if it is shorter than its form, or if its TransportID length is not exactly what remains.
 */
export function decodeParameterList(serviceAction: u32, length: u32): i32 {
  memory.fill(records, 0, 48);
  if (length < <u32>Size.PERSISTENT_RESERVE_OUT_LIST || length > dataSize) return MALFORMED;
  store<u64>(records + ParameterListRecord.RESERVATION_KEY_U64, get(data, PersistentReserveOutList.RESERVATION_KEY));
  store<u64>(
    records + ParameterListRecord.SERVICE_ACTION_RESERVATION_KEY_U64,
    get(data, PersistentReserveOutList.SERVICE_ACTION_RESERVATION_KEY),
  );
  let offset: u32 = Size.PERSISTENT_RESERVE_OUT_LIST;
  let announced: u32 = 0;
  if (serviceAction == PersistentReserveOut.REGISTER_AND_MOVE) {
    store<u32>(records + ParameterListRecord.UNREG, <u32>get(data, RegisterAndMoveList.UNREG));
    store<u32>(records + ParameterListRecord.APTPL, <u32>get(data, RegisterAndMoveList.APTPL));
    store<u32>(
      records + ParameterListRecord.RELATIVE_TARGET_PORT,
      <u32>get(data, RegisterAndMoveList.RELATIVE_TARGET_PORT_IDENTIFIER),
    );
    announced = <u32>get(data, RegisterAndMoveList.TRANSPORTID_PARAMETER_DATA_LENGTH);
  } else {
    const specIPt = <u32>get(data, PersistentReserveOutList.SPEC_I_PT);
    store<u32>(records + ParameterListRecord.SPEC_I_PT, specIPt);
    store<u32>(records + ParameterListRecord.ALL_TG_PT, <u32>get(data, PersistentReserveOutList.ALL_TG_PT));
    store<u32>(records + ParameterListRecord.APTPL, <u32>get(data, PersistentReserveOutList.APTPL));
    if (specIPt) {
      if (!has(length, SpecifyInitiatorPortsList.TRANSPORTID_PARAMETER_DATA_LENGTH)) return MALFORMED;
      offset = end(SpecifyInitiatorPortsList.TRANSPORTID_PARAMETER_DATA_LENGTH);
      announced = <u32>get(data, SpecifyInitiatorPortsList.TRANSPORTID_PARAMETER_DATA_LENGTH);
    }
  }
  store<u32>(records + ParameterListRecord.TRANSPORTIDS_OFFSET, offset);
  store<u32>(records + ParameterListRecord.TRANSPORTIDS_LENGTH, announced);
  return announced == length - offset ? 0 : MALFORMED;
}
