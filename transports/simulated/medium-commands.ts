/**
 * START STOP UNIT and PREVENT ALLOW MEDIUM REMOVAL: whether there is a medium, and who wants it to stay. There is no
 * motor and no power to save, so stopping and power conditions change nothing.
 */
import { OperationCode } from "../../src/core/generated/codes.ts";
import { PreventAllowMediumRemovalCdb, StartStopUnitCdb } from "../../src/core/generated/fields.ts";
import { core } from "../../src/core/index.ts";
import { Access } from "./access.ts";
import { type Answer, faultAnswer, goodAnswer } from "./answer.ts";
import type { CommandRow } from "./command.ts";
import type { Nexus } from "./nexus.ts";
import { faultInCdb, plainFault, senseCodes } from "./sense.ts";
import { establish, UnitAttention } from "./unit-attentions.ts";
import type { UnitState } from "./unit-state.ts";

/** START STOP UNIT: sbc4. */
function startStopUnit(unit: UnitState, nexus: Nexus): Answer {
  // LOEJ counts for nothing with a power condition.
  if (core.cdbField(StartStopUnitCdb.POWER_CONDITION) !== 0) return goodAnswer;
  if (core.cdbField(StartStopUnitCdb.LOEJ) === 0) return goodAnswer;
  if (!unit.removable) return faultAnswer(faultInCdb(StartStopUnitCdb.LOEJ));
  if (unit.preventedBy.size > 0) return faultAnswer(plainFault(senseCodes.mediumRemovalPrevented));
  const loads = core.cdbField(StartStopUnitCdb.START) !== 0;
  if (loads && !unit.loaded) {
    for (const other of unit.rules.nexuses.all()) {
      if (other !== nexus) establish(other.attentions, UnitAttention.MEDIUM_MAY_HAVE_CHANGED);
    }
  }
  unit.loaded = loads;
  return goodAnswer;
}

/** Only to start a unit that has stopped is allowed to everybody (sbc4 table 13; spc2r20 5.5.1 table 10). */
const startStopAccess = (): number =>
  core.cdbField(StartStopUnitCdb.START) === 1 && core.cdbField(StartStopUnitCdb.POWER_CONDITION) === 0
    ? Access.always
    : Access.writes;

/** PREVENT: 00b allows, 01b prevents; 10b and 11b are obsolete. */
const MAXIMUM_PREVENT = 1;

/** PREVENT ALLOW MEDIUM REMOVAL: sbc4. Each I_T nexus prevents for itself. */
function preventAllowMediumRemoval({ preventedBy, sharedPrevention }: UnitState, nexus: Nexus): Answer {
  const prevent = core.cdbField(PreventAllowMediumRemovalCdb.PREVENT);
  if (prevent > MAXIMUM_PREVENT) return faultAnswer(faultInCdb(PreventAllowMediumRemovalCdb.PREVENT));
  if (prevent === 1) preventedBy.add(nexus);
  else if (sharedPrevention) preventedBy.clear();
  else preventedBy.delete(nexus);
  return goodAnswer;
}

const preventAccess = (): number =>
  core.cdbField(PreventAllowMediumRemovalCdb.PREVENT) === 0 ? Access.always : Access.writes;

// biome-ignore format: one row per command
export const mediumCommands: readonly CommandRow[] = [
  { operationCode: OperationCode.START_STOP_UNIT, cdb: StartStopUnitCdb, access: startStopAccess, perform: startStopUnit },
];

// biome-ignore format: one row per command
export const preventCommands: readonly CommandRow[] = [
  { operationCode: OperationCode.PREVENT_ALLOW_MEDIUM_REMOVAL, cdb: PreventAllowMediumRemovalCdb, access: preventAccess, perform: preventAllowMediumRemoval },
];
