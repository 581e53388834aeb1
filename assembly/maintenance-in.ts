/**
 * MAINTENANCE IN: builds REPORT TARGET PORT GROUPS and REPORT SUPPORTED OPERATION CODES, and takes their answers apart as
 * responses.ts does with others: nothing is read past the length given, and each function returns 0 or MALFORMED.
 */
import { get, has, put } from "./bits";
import { MaintenanceIn, OperationCode, Size } from "./codes";
import { MALFORMED } from "./commands";
import {
  AllCommandsData,
  CommandDescriptor,
  OneCommandData,
  ReportSupportedOperationCodesCdb,
  ReportTargetPortGroupsCdb,
  TargetPortGroupDescriptor,
  TargetPortGroupsData,
} from "./fields";
import { OneCommandRecord, SupportedCommandRow, TargetPortGroupRow } from "./records";
import { finishList, whole } from "./responses";
import { cdb, data, dataSize, records, recordsSize, rowsOffset } from "./windows";

function start(serviceAction: u32): void {
  store<u64>(cdb, 0, 0);
  store<u64>(cdb, 0, 8);
  put(cdb, ReportTargetPortGroupsCdb.OPERATION_CODE, OperationCode.MAINTENANCE_IN);
  put(cdb, ReportTargetPortGroupsCdb.SERVICE_ACTION, serviceAction);
}

export function reportTargetPortGroups(allocationLength: u32): u32 {
  start(MaintenanceIn.REPORT_TARGET_PORT_GROUPS);
  put(cdb, ReportTargetPortGroupsCdb.ALLOCATION_LENGTH, allocationLength);
  return Size.CDB_12;
}

/** `reportingOptions` 0: all commands; 1: one operation code; 2: one with its service action. */
export function reportSupportedOperationCodes(
  reportingOptions: u32,
  operationCode: u32,
  serviceAction: u32,
  allocationLength: u32,
): u32 {
  start(MaintenanceIn.REPORT_SUPPORTED_OPERATION_CODES);
  put(cdb, ReportSupportedOperationCodesCdb.REPORTING_OPTIONS, reportingOptions);
  put(cdb, ReportSupportedOperationCodesCdb.REQUESTED_OPERATION_CODE, operationCode);
  put(cdb, ReportSupportedOperationCodesCdb.REQUESTED_SERVICE_ACTION, serviceAction);
  put(cdb, ReportSupportedOperationCodesCdb.ALLOCATION_LENGTH, allocationLength);
  return Size.CDB_12;
}

/** REPORT TARGET PORT GROUPS without an extended header, into TargetPortGroupRows. A group that is cut ends the list. */
export function decodeTargetPortGroups(length: u32): i32 {
  if (length > dataSize || !has(length, TargetPortGroupsData.RETURN_DATA_LENGTH)) return MALFORMED;
  const wholeLength = whole(Size.TARGET_PORT_GROUPS_HEADER, <u32>get(data, TargetPortGroupsData.RETURN_DATA_LENGTH));
  const limit = min<u32>(length, wholeLength);
  const complete = length >= wholeLength;
  let at: u32 = Size.TARGET_PORT_GROUPS_HEADER;
  let count: u32 = 0;
  let row = records + rowsOffset;
  while (at < limit && row + TargetPortGroupRow.SIZE <= records + recordsSize) {
    const base = data + at;
    const there = has(limit - at, TargetPortGroupDescriptor.TARGET_PORT_COUNT);
    const ports = there ? <u32>get(base, TargetPortGroupDescriptor.TARGET_PORT_COUNT) : 0;
    if (!there || ports * Size.TARGET_PORT_DESCRIPTOR > limit - at - Size.TARGET_PORT_GROUP_DESCRIPTOR) {
      if (complete) return MALFORMED;
      break;
    }
    store<u32>(row + TargetPortGroupRow.PREFERRED, <u32>get(base, TargetPortGroupDescriptor.PREF));
    store<u32>(row + TargetPortGroupRow.STATE, <u32>get(base, TargetPortGroupDescriptor.ASYMMETRIC_ACCESS_STATE));
    store<u32>(row + TargetPortGroupRow.SUPPORTED, load<u8>(base, 1));
    store<u32>(row + TargetPortGroupRow.GROUP, <u32>get(base, TargetPortGroupDescriptor.TARGET_PORT_GROUP));
    store<u32>(row + TargetPortGroupRow.STATUS, <u32>get(base, TargetPortGroupDescriptor.STATUS_CODE));
    store<u32>(row + TargetPortGroupRow.PORTS_OFFSET, at + Size.TARGET_PORT_GROUP_DESCRIPTOR);
    store<u32>(row + TargetPortGroupRow.PORT_COUNT, ports);
    row += TargetPortGroupRow.SIZE;
    count++;
    at += Size.TARGET_PORT_GROUP_DESCRIPTOR + ports * Size.TARGET_PORT_DESCRIPTOR;
  }
  finishList(0, wholeLength, count, at < wholeLength);
  return 0;
}

/** REPORT SUPPORTED OPERATION CODES, all commands, into SupportedCommandRows. Timeouts descriptors are passed over. */
export function decodeAllCommands(length: u32): i32 {
  if (length > dataSize || !has(length, AllCommandsData.COMMAND_DATA_LENGTH)) return MALFORMED;
  const wholeLength = whole(Size.ALL_COMMANDS_HEADER, <u32>get(data, AllCommandsData.COMMAND_DATA_LENGTH));
  const limit = min<u32>(length, wholeLength);
  const complete = length >= wholeLength;
  let at: u32 = Size.ALL_COMMANDS_HEADER;
  let count: u32 = 0;
  let row = records + rowsOffset;
  while (at < limit && row + SupportedCommandRow.SIZE <= records + recordsSize) {
    const base = data + at;
    const there = has(limit - at, CommandDescriptor.CDB_LENGTH);
    const timeouts: u32 = there && get(base, CommandDescriptor.CTDP) ? Size.COMMAND_TIMEOUTS_DESCRIPTOR : 0;
    if (!there || timeouts > limit - at - Size.COMMAND_DESCRIPTOR) {
      if (complete) return MALFORMED;
      break;
    }
    store<u32>(row + SupportedCommandRow.OPERATION_CODE, <u32>get(base, CommandDescriptor.OPERATION_CODE));
    store<i32>(
      row + SupportedCommandRow.SERVICE_ACTION,
      get(base, CommandDescriptor.SERVACTV) ? <i32>get(base, CommandDescriptor.SERVICE_ACTION) : -1,
    );
    store<u32>(row + SupportedCommandRow.CDB_LENGTH, <u32>get(base, CommandDescriptor.CDB_LENGTH));
    row += SupportedCommandRow.SIZE;
    count++;
    at += Size.COMMAND_DESCRIPTOR + timeouts;
  }
  finishList(0, wholeLength, count, at < wholeLength);
  return 0;
}

/** REPORT SUPPORTED OPERATION CODES, one command, into a OneCommandRecord. */
export function decodeOneCommand(length: u32): i32 {
  if (length > dataSize || !has(length, OneCommandData.CDB_SIZE)) return MALFORMED;
  const cdbSize = <u32>get(data, OneCommandData.CDB_SIZE);
  store<u32>(records + OneCommandRecord.SUPPORT, <u32>get(data, OneCommandData.SUPPORT));
  store<u32>(records + OneCommandRecord.CDB_SIZE, cdbSize);
  store<u32>(records + OneCommandRecord.USAGE_OFFSET, Size.ONE_COMMAND_HEADER);
  store<u32>(records + OneCommandRecord.USAGE_LENGTH, min<u32>(cdbSize, length - Size.ONE_COMMAND_HEADER));
  return 0;
}
