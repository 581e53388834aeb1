/**
 * REPORT SUPPORTED OPERATION CODES and REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS: the command table as an answer. What
 * a CDB's usage data says is read off the rows of its fields, so that it cannot say anything else.
 */
import { MaintenanceIn, OperationCode, Size } from "../../src/core/generated/codes.ts";
import {
  AllCommandsData,
  ReportSupportedOperationCodesCdb as Cdb,
  CommandDescriptor,
  CommandTimeoutsDescriptor,
  OneCommandData,
  ReportSupportedTaskManagementFunctionsCdb,
  TaskManagementFunctionsData,
} from "../../src/core/generated/fields.ts";
import { core, dataOut, dataWindow } from "../../src/core/index.ts";
import { Access } from "./access.ts";
import { type Answer, dataAnswer, faultAnswer } from "./answer.ts";
import type { CommandRow } from "./command.ts";
import { faultInCdb } from "./sense.ts";
import type { UnitState } from "./unit-state.ts";

/** By GROUP CODE, the first three bits of the operation code (sam5 5.2). */
const lengths: readonly number[] = [Size.CDB_6, Size.CDB_10, Size.CDB_10, 0, Size.CDB_16, Size.CDB_12, 0, 0];
const cdbLength = ({ operationCode }: CommandRow): number => lengths[operationCode >>> 5] as number;

/** Fields that no command here looks at: not NACA either, since there is no ACA. */
const notEvaluated: ReadonlySet<string> = new Set(["CONTROL", "GROUP_NUMBER"]);

/**
 * CDB usage data (spc4r36f): the operation code and service action themselves, and a one in every bit that is
 * evaluated.
 */
function usageData(row: CommandRow): Uint8Array {
  const usage = new Uint8Array(cdbLength(row));
  for (const [name, field] of Object.entries(row.cdb)) {
    if (notEvaluated.has(name)) continue;
    const first = 8 * (field >>> 16) + 7 - ((field >>> 8) & 0xff);
    for (let bit = first; bit < first + (field & 0xff); bit++)
      usage[bit >>> 3] = usage[bit >>> 3]! | (0x80 >>> (bit & 7));
  }
  usage[0] = row.operationCode;
  if (row.serviceAction !== undefined) usage[1] = (usage[1]! & ~0x1f) | row.serviceAction;
  return usage;
}

/** Both timeouts 0: nothing is said about them. Returns the descriptor's length. */
function putTimeouts(at: number): number {
  dataWindow.fill(0, at, at + Size.COMMAND_TIMEOUTS_DESCRIPTOR);
  core.putDataField(at, CommandTimeoutsDescriptor.DESCRIPTOR_LENGTH, Size.COMMAND_TIMEOUTS_DESCRIPTOR - 2);
  return Size.COMMAND_TIMEOUTS_DESCRIPTOR;
}

function allCommands({ commands }: UnitState, timeouts: boolean): Uint8Array {
  let at: number = Size.ALL_COMMANDS_HEADER;
  for (const row of commands.rows) {
    dataWindow.fill(0, at, at + Size.COMMAND_DESCRIPTOR);
    core.putDataField(at, CommandDescriptor.OPERATION_CODE, row.operationCode);
    core.putDataField(at, CommandDescriptor.SERVICE_ACTION, row.serviceAction ?? 0);
    core.putDataField(at, CommandDescriptor.CTDP, timeouts ? 1 : 0);
    core.putDataField(at, CommandDescriptor.SERVACTV, row.serviceAction === undefined ? 0 : 1);
    core.putDataField(at, CommandDescriptor.CDB_LENGTH, cdbLength(row));
    at += Size.COMMAND_DESCRIPTOR;
    if (timeouts) at += putTimeouts(at);
  }
  core.putDataField(0, AllCommandsData.COMMAND_DATA_LENGTH, at - Size.ALL_COMMANDS_HEADER);
  return dataOut(at);
}

/** SUPPORT (spc4r36f): not supported, or as a standard has it. */
const SUPPORT = { no: 1, standard: 3 } as const;

function oneCommand(row: CommandRow | undefined, timeouts: boolean): Uint8Array {
  const usage = row === undefined ? new Uint8Array(0) : usageData(row);
  dataWindow.fill(0, 0, Size.ONE_COMMAND_HEADER);
  core.putDataField(0, OneCommandData.SUPPORT, row === undefined ? SUPPORT.no : SUPPORT.standard);
  if (row === undefined) return dataOut(Size.ONE_COMMAND_HEADER);
  core.putDataField(0, OneCommandData.CTDP, timeouts ? 1 : 0);
  core.putDataField(0, OneCommandData.CDB_SIZE, usage.length);
  dataWindow.set(usage, Size.ONE_COMMAND_HEADER);
  const end = Size.ONE_COMMAND_HEADER + usage.length;
  return dataOut(timeouts ? end + putTimeouts(end) : end);
}

/** REPORTING OPTIONS (spc4r36f table 296). */
const OPTIONS = { all: 0, operationCode: 1, serviceAction: 2, either: 3 } as const;

/** REPORT SUPPORTED OPERATION CODES: spc4r36f. */
function reportSupportedOperationCodes(unit: UnitState): Answer {
  const allocationLength = core.cdbField(Cdb.ALLOCATION_LENGTH) >>> 0;
  const timeouts = core.cdbField(Cdb.RCTD) === 1;
  const options = core.cdbField(Cdb.REPORTING_OPTIONS);
  if (options === OPTIONS.all) return dataAnswer(allCommands(unit, timeouts), allocationLength);
  if (options > OPTIONS.either) return faultAnswer(faultInCdb(Cdb.REPORTING_OPTIONS));
  const operationCode = core.cdbField(Cdb.REQUESTED_OPERATION_CODE);
  const serviceAction = core.cdbField(Cdb.REQUESTED_SERVICE_ACTION);
  const { byOperationCode, byServiceAction } = unit.commands;
  const plain = byOperationCode[operationCode];
  const hasServiceActions = plain?.serviceAction !== undefined;
  if (options === OPTIONS.operationCode && hasServiceActions) {
    return faultAnswer(faultInCdb(Cdb.REQUESTED_OPERATION_CODE));
  }
  if (options === OPTIONS.serviceAction && plain !== undefined && !hasServiceActions) {
    return faultAnswer(faultInCdb(Cdb.REQUESTED_SERVICE_ACTION));
  }
  const named = hasServiceActions
    ? byServiceAction[operationCode]?.[serviceAction]
    : serviceAction === 0 || options === OPTIONS.operationCode
      ? plain
      : undefined;
  return dataAnswer(oneCommand(named, timeouts), allocationLength);
}

/** Those that a transport can carry out with what a device server offers (sam5 7.1). */
const functions = [
  TaskManagementFunctionsData.ATS,
  TaskManagementFunctionsData.ATSS,
  TaskManagementFunctionsData.CTSS,
  TaskManagementFunctionsData.LURS,
] as const;

/** REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS: spc4r36f. */
function reportSupportedTaskManagementFunctions(): Answer {
  const rows = ReportSupportedTaskManagementFunctionsCdb;
  const allocationLength = core.cdbField(rows.ALLOCATION_LENGTH) >>> 0;
  // Less than the basic form is an error of its own (6.37.1).
  if (allocationLength < Size.TASK_MANAGEMENT_FUNCTIONS_DATA) return faultAnswer(faultInCdb(rows.ALLOCATION_LENGTH));
  const extended = core.cdbField(rows.REPD) === 1;
  const length = extended ? Size.TASK_MANAGEMENT_FUNCTIONS_EXTENDED_DATA : Size.TASK_MANAGEMENT_FUNCTIONS_DATA;
  dataWindow.fill(0, 0, length);
  for (const field of functions) core.putDataField(0, field, 1);
  if (extended) {
    core.putDataField(
      0,
      TaskManagementFunctionsData.ADDITIONAL_DATA_LENGTH,
      length - Size.TASK_MANAGEMENT_FUNCTIONS_DATA,
    );
  }
  return dataAnswer(dataOut(length), allocationLength);
}

export const supportedCommands: readonly CommandRow[] = [
  {
    operationCode: OperationCode.MAINTENANCE_IN,
    serviceAction: MaintenanceIn.REPORT_SUPPORTED_OPERATION_CODES,
    cdb: Cdb,
    access: Access.reads,
    perform: reportSupportedOperationCodes,
  },
  {
    operationCode: OperationCode.MAINTENANCE_IN,
    serviceAction: MaintenanceIn.REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS,
    cdb: ReportSupportedTaskManagementFunctionsCdb,
    access: Access.reads,
    perform: reportSupportedTaskManagementFunctions,
  },
];
