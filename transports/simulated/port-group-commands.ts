/**
 * REPORT TARGET PORT GROUPS of a unit that is reached through every target port alike: symmetric access, told of in the way of asymmetric access
 * (spc4r36f 5.16.3, 6.37). Every port is active/optimized; nothing ever changes that.
 */
import { MaintenanceIn, OperationCode, Size } from "../../src/core/generated/codes.ts";
import {
  ReportTargetPortGroupsCdb as Cdb,
  TargetPortGroupDescriptor as Group,
  TargetPortDescriptor,
  TargetPortGroupsData,
} from "../../src/core/generated/fields.ts";
import { core, dataOut, dataWindow } from "../../src/core/index.ts";
import { Access } from "./access.ts";
import { type Answer, dataAnswer, faultAnswer } from "./answer.ts";
import type { CommandRow } from "./command.ts";
import { faultInCdb } from "./sense.ts";
import type { UnitState } from "./unit-state.ts";

/** TPGS of standard INQUIRY data: implicit asymmetric access. */
export const IMPLICIT_ACCESS = 1;
/** TARGET PORT COUNT is one byte. */
const MAXIMUM_PORTS_IN_GROUP = 255;

/** The TARGET PORT GROUP of a target port: one for all, where they are not too many. */
export const targetPortGroupOf = ({ rules }: UnitState, relativeTargetPort: number): number =>
  Math.floor(rules.targetPorts.indexOf(relativeTargetPort) / MAXIMUM_PORTS_IN_GROUP) + 1;

/** What follows RETURN DATA LENGTH, by PARAMETER DATA FORMAT (tables 303 to 305): nothing; FORMAT TYPE 001b and no time for a transition. */
const headers: readonly (readonly number[])[] = [[], [0x10, 0, 0, 0]];

function putGroup(at: number, group: number, ports: readonly number[]): number {
  const size = Size.TARGET_PORT_GROUP_DESCRIPTOR + ports.length * Size.TARGET_PORT_DESCRIPTOR;
  dataWindow.fill(0, at, at + size);
  // ASYMMETRIC ACCESS STATE 0h: active/optimized.
  core.putDataField(at, Group.AO_SUP, 1);
  core.putDataField(at, Group.TARGET_PORT_GROUP, group);
  core.putDataField(at, Group.TARGET_PORT_COUNT, ports.length);
  for (const [index, port] of ports.entries()) {
    const place = at + Size.TARGET_PORT_GROUP_DESCRIPTOR + index * Size.TARGET_PORT_DESCRIPTOR;
    core.putDataField(place, TargetPortDescriptor.RELATIVE_TARGET_PORT_IDENTIFIER, port);
  }
  return at + size;
}

function reportTargetPortGroups(unit: UnitState): Answer {
  const allocationLength = core.cdbField(Cdb.ALLOCATION_LENGTH) >>> 0;
  const header = headers[core.cdbField(Cdb.PARAMETER_DATA_FORMAT)];
  if (header === undefined) return faultAnswer(faultInCdb(Cdb.PARAMETER_DATA_FORMAT));
  dataWindow.set(header, Size.TARGET_PORT_GROUPS_HEADER);
  const { targetPorts } = unit.rules;
  let at = Size.TARGET_PORT_GROUPS_HEADER + header.length;
  for (let from = 0; from < targetPorts.length; from += MAXIMUM_PORTS_IN_GROUP) {
    const ports = targetPorts.slice(from, from + MAXIMUM_PORTS_IN_GROUP);
    at = putGroup(at, targetPortGroupOf(unit, ports[0] as number), ports);
  }
  // All that follows the field itself.
  core.putDataField(0, TargetPortGroupsData.RETURN_DATA_LENGTH, at - Size.TARGET_PORT_GROUPS_HEADER);
  return dataAnswer(dataOut(at), allocationLength);
}

export const portGroupCommands: readonly CommandRow[] = [
  {
    operationCode: OperationCode.MAINTENANCE_IN,
    serviceAction: MaintenanceIn.REPORT_TARGET_PORT_GROUPS,
    cdb: Cdb,
    access: Access.unlessReserved,
    perform: reportTargetPortGroups,
  },
];
