/**
 * One command as a row: what identifies it, what its CDB looks like, which reservations let it through, and what it
 * does. Types only, and the set of rows that a logical unit has. No rule lives here.
 */
import type { Answer } from "./answer.ts";
import type { Nexus } from "./nexus.ts";
import type { UnitState } from "./unit-state.ts";

/** A command, or one service action of one. Handlers find the CDB in the core's cdb window. */
export interface CommandRow {
  readonly operationCode: number;
  /** Of commands with service actions; all of them have it in the same place. */
  readonly serviceAction?: number;
  /** The CDB's fields, from core/generated/fields.ts: what REPORT SUPPORTED OPERATION CODES tells of. */
  readonly cdb: Readonly<Record<string, number>>;
  /** Its class in access.ts, or how the CDB decides which. */
  readonly access: number | ((unit: UnitState) => number);
  readonly perform: (unit: UnitState, nexus: Nexus, dataOut: Uint8Array) => Answer;
  /**
   * INQUIRY, REPORT LUNS, REQUEST SENSE: processed in spite of a unit attention condition, which stays (sam4r14 5.14 a,
   * b, e).
   */
  readonly ignoresAttentions?: true;
  /** Allowed while persistent reservation information is lost (spc4r36f 5.13.5.2). */
  readonly allowedWhenLost?: true;
  /** Without a medium: NOT READY. With `"write"` also refused while the medium is write protected. */
  readonly medium?: "read" | "write";
  /** It waits for the robot, which does one thing after the other. */
  readonly usesRobot?: true;
  /** Does this logical unit have it? It does unless this says no. */
  readonly existsIn?: (unit: UnitState) => boolean;
}

/** The commands of one logical unit. */
export interface CommandSet {
  /** By operation code: one of the rows with that code. */
  readonly byOperationCode: readonly (CommandRow | undefined)[];
  /** By operation code, then by service action, for commands with service actions. */
  readonly byServiceAction: readonly (readonly (CommandRow | undefined)[] | undefined)[];
  /** In ascending order of operation code and service action. */
  readonly rows: readonly CommandRow[];
}

/** Orders rows and makes them quick to find. */
export function createCommandSet(rows: readonly CommandRow[]): CommandSet {
  const place = ({ operationCode, serviceAction = 0 }: CommandRow) => operationCode * 32 + serviceAction;
  const ordered = [...rows].sort((a, b) => place(a) - place(b));
  const byOperationCode = new Array<CommandRow | undefined>(256).fill(undefined);
  const byServiceAction = new Array<(CommandRow | undefined)[] | undefined>(256).fill(undefined);
  for (const row of ordered) {
    const { operationCode, serviceAction } = row;
    byOperationCode[operationCode] ??= row;
    if (serviceAction === undefined) continue;
    byServiceAction[operationCode] ??= new Array<CommandRow | undefined>(32).fill(undefined);
    (byServiceAction[operationCode] as (CommandRow | undefined)[])[serviceAction] = row;
  }
  return { byOperationCode, byServiceAction, rows: ordered };
}
