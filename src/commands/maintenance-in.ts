/** MAINTENANCE IN (A3h): through which target ports a unit is best reached, and which commands it has. Reads only. */
import { checkInteger } from "../check.ts";
import { answerIn, type Command, malformed } from "../command.ts";
import { Size } from "../core/generated/codes.ts";
import {
  SupportedCommandRow as CommandRow,
  TargetPortGroupRow as GroupRow,
  ListRecord,
  OneCommandRecord,
} from "../core/generated/records.ts";
import { cdbOut, core, dataSize, dataWindow, word } from "../core/index.ts";
import { fieldsOf, type StructureName } from "../structures.ts";
import { rowAt } from "../transport-id.ts";
import type { AllocationOptions } from "./persistent-reserve-in.ts";

/** A list of MAINTENANCE IN: `item` makes a value of each row. */
function listCommand<Item, Result>(
  name: string,
  layout: StructureName,
  allocationLengthBytes: number | undefined,
  cdb: (allocationLength: number) => number,
  decode: (length: number) => number,
  item: (index: number) => Item,
  result: (items: readonly Item[], truncated: boolean) => Result,
): Command<Result> {
  const allocationLength = checkInteger("allocationLengthBytes", allocationLengthBytes ?? 4096, 4, dataSize);
  const load = (bytes: Uint8Array): void => {
    answerIn(name, bytes);
    if (decode(bytes.length) !== 0) throw malformed(name, bytes, "descriptors whose lengths fit");
  };
  return {
    name,
    cdb: cdbOut(cdb(allocationLength)),
    dataInLength: allocationLength,
    effect: "none",
    layout: { cdb: layout },
    read(bytes) {
      load(bytes);
      const items = Array.from({ length: word(ListRecord.COUNT) }, (_, index) => item(index));
      return result(items, word(ListRecord.TRUNCATED) === 1);
    },
    again(bytes) {
      load(bytes);
      const needed = Math.min(word(ListRecord.WHOLE_LENGTH), dataSize);
      if (needed <= allocationLength) return undefined;
      return listCommand(name, layout, needed, cdb, decode, item, result);
    },
  };
}

/** ASYMMETRIC ACCESS STATE, by its code. */
const accessStates: Readonly<Record<number, AccessState>> = {
  0: "active/optimized",
  1: "active/non-optimized",
  2: "standby",
  3: "unavailable",
  4: "logical block dependent",
  14: "offline",
  15: "transitioning",
};

/** How a unit can be reached through a group of target ports. */
export type AccessState =
  | "active/optimized"
  | "active/non-optimized"
  | "standby"
  | "unavailable"
  | "logical block dependent"
  | "offline"
  | "transitioning";

/** One group of target ports with the same access state. */
export interface TargetPortGroup {
  /** TARGET PORT GROUP, 0 to 65535. */
  readonly group: number;
  /** ASYMMETRIC ACCESS STATE, or undefined for a code that no standard names. */
  readonly state: AccessState | undefined;
  /** The same as its code, 0 to 15. */
  readonly stateCode: number;
  /** PREF: the group that the device server would rather be reached through. */
  readonly preferred: boolean;
  /** The states that it can have. */
  readonly supportedStates: readonly AccessState[];
  /** STATUS CODE: 0 none, 1 set by SET TARGET PORT GROUPS, 2 set by the device server itself. */
  readonly statusCode: number;
  /** RELATIVE TARGET PORT IDENTIFIER of each port in it. */
  readonly relativeTargetPorts: readonly number[];
}

const supportFields: readonly (readonly [field: string, state: AccessState])[] = [
  ["AO_SUP", "active/optimized"],
  ["AN_SUP", "active/non-optimized"],
  ["S_SUP", "standby"],
  ["U_SUP", "unavailable"],
  ["LBD_SUP", "logical block dependent"],
  ["O_SUP", "offline"],
  ["T_SUP", "transitioning"],
];

function group(index: number): TargetPortGroup {
  const row = rowAt(index, GroupRow.SIZE);
  const from = word(row + GroupRow.PORTS_OFFSET);
  const stateCode = word(row + GroupRow.STATE);
  const supported = new Map(
    fieldsOf("TargetPortGroupDescriptor", Uint8Array.of(0, word(row + GroupRow.SUPPORTED))).map((field) => [
      field.name,
      field.value,
    ]),
  );
  return {
    group: word(row + GroupRow.GROUP),
    state: accessStates[stateCode],
    stateCode,
    preferred: word(row + GroupRow.PREFERRED) === 1,
    supportedStates: supportFields.filter(([name]) => supported.get(name) === 1n).map(([, state]) => state),
    statusCode: word(row + GroupRow.STATUS),
    relativeTargetPorts: Array.from({ length: word(row + GroupRow.PORT_COUNT) }, (_, port) => {
      const at = from + port * Size.TARGET_PORT_DESCRIPTOR;
      const [field] = fieldsOf("TargetPortDescriptor", dataWindow.subarray(at, at + Size.TARGET_PORT_DESCRIPTOR));
      return Number(field?.value);
    }),
  };
}

/**
 * REPORT TARGET PORT GROUPS: which target ports there are, and how the unit is reached through each.
 *
 * @returns a command for the groups and whether the list is whole
 * @throws RangeError for an allocation length below 4 or above the core's window
 */
export function reportTargetPortGroups(
  options: AllocationOptions = {},
): Command<{ readonly groups: readonly TargetPortGroup[]; readonly truncated: boolean }> {
  return listCommand(
    "REPORT TARGET PORT GROUPS",
    "ReportTargetPortGroupsCdb",
    options.allocationLengthBytes,
    core.reportTargetPortGroups,
    core.decodeTargetPortGroups,
    group,
    (groups, truncated) => ({ groups, truncated }),
  );
}

/** One command that a device server has. */
export interface SupportedCommand {
  /** OPERATION CODE, 0 to 255. */
  readonly operationCode: number;
  /** Undefined for a command without service actions. */
  readonly serviceAction: number | undefined;
  /** CDB LENGTH, in bytes. */
  readonly cdbLength: number;
}

function supported(index: number): SupportedCommand {
  const row = rowAt(index, CommandRow.SIZE);
  const action = word(row + CommandRow.SERVICE_ACTION) | 0;
  return {
    operationCode: word(row + CommandRow.OPERATION_CODE),
    serviceAction: action < 0 ? undefined : action,
    cdbLength: word(row + CommandRow.CDB_LENGTH),
  };
}

/**
 * REPORT SUPPORTED OPERATION CODES, all: every command that the device server has (smr-j 3.34).
 *
 * @returns a command for the list; `supportedServiceActions` picks one operation code out of it
 * @throws RangeError for an allocation length below 4 or above the core's window
 */
export function reportSupportedOperationCodes(
  options: AllocationOptions = {},
): Command<{ readonly commands: readonly SupportedCommand[]; readonly truncated: boolean }> {
  return listCommand(
    "REPORT SUPPORTED OPERATION CODES",
    "ReportSupportedOperationCodesCdb",
    options.allocationLengthBytes,
    (allocationLength) => core.reportSupportedOperationCodes(0, 0, 0, allocationLength),
    core.decodeAllCommands,
    supported,
    (commands, truncated) => ({ commands, truncated }),
  );
}

/** SUPPORT: what a device server says of one command. */
export type CommandSupport = "unknown" | "not-supported" | "standard" | "vendor-specific" | "reserved";

const supports: Readonly<Record<number, CommandSupport>> = {
  0: "unknown",
  1: "not-supported",
  3: "standard",
  5: "vendor-specific",
};

/** Arguments of {@link reportSupportedOperationCode}. */
export interface OneOperationCodeOptions {
  /** 0 to 255. */
  readonly operationCode: number;
  /** 0 to 65535, for commands that have service actions, and only for those. */
  readonly serviceAction?: number | undefined;
}

/**
 * REPORT SUPPORTED OPERATION CODES, one command: whether the device server has it, and which bits of its CDB it looks at.
 *
 * @returns a command for the support, and the CDB usage data: a 1 for every bit that counts; empty where it is not supported
 * @throws RangeError for codes that the CDB cannot carry
 */
export function reportSupportedOperationCode(
  options: OneOperationCodeOptions,
): Command<{ readonly support: CommandSupport; readonly usage: Uint8Array }> {
  const operationCode = checkInteger("operationCode", options.operationCode, 0, 0xff);
  const { serviceAction } = options;
  const action = serviceAction === undefined ? 0 : checkInteger("serviceAction", serviceAction, 0, 0xffff);
  const name = "REPORT SUPPORTED OPERATION CODES";
  const allocationLength = 512;
  const reportingOptions = serviceAction === undefined ? 1 : 2;
  return {
    name,
    cdb: cdbOut(core.reportSupportedOperationCodes(reportingOptions, operationCode, action, allocationLength)),
    dataInLength: allocationLength,
    effect: "none",
    layout: { cdb: "ReportSupportedOperationCodesCdb" },
    read(bytes) {
      answerIn(name, bytes);
      if (core.decodeOneCommand(bytes.length) !== 0) throw malformed(name, bytes, "at least 4 bytes");
      const support = supports[word(OneCommandRecord.SUPPORT)] ?? "reserved";
      const from = word(OneCommandRecord.USAGE_OFFSET);
      const has = support === "standard" || support === "vendor-specific";
      return { support, usage: dataWindow.slice(from, has ? from + word(OneCommandRecord.USAGE_LENGTH) : from) };
    },
  };
}
