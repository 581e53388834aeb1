/** Sentences: what a step is, what a command answered, and what has changed. Text only; nothing is decided by it. */

import { reservationTypeMeanings } from "../../src/explain.ts";
import {
  type FullStatus,
  type RegisteredKeys,
  type ReservationCapabilities,
  type ReservationState,
  reservationTypeName,
  type TransportId,
} from "../../transports/browser.ts";
import { actionOf, textOf } from "./actions.ts";
import { type Arguments, type CommandStep, hostName, keyText, letterOf, type Step } from "./steps.ts";
import type { CellView, UnitView } from "./world.ts";

type HostOf = (port: TransportId) => number | undefined;

/** The types, as the standard writes them. */
export const typeTitles: Readonly<Record<number, string>> = {
  1: "Write Exclusive",
  3: "Exclusive Access",
  5: "Write Exclusive – Registrants Only",
  6: "Exclusive Access – Registrants Only",
  7: "Write Exclusive – All Registrants",
  8: "Exclusive Access – All Registrants",
};

/** A type's code in words. */
export const typeText = (code: number): string =>
  typeTitles[code] ?? `type ${code.toString(16)}h, which no standard has now`;

/** What a type lets others do. */
export function typeMeaning(code: number): string {
  const name = reservationTypeName(code);
  return name === undefined ? "obsolete or reserved: no unit has to accept it" : reservationTypeMeanings[name];
}

const list = (parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;

const plural = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`;

/** The words of PERSISTENT RESERVE IN's and other answers. */
export function resultWords(step: CommandStep, result: unknown, hostOf: HostOf): string[] {
  switch (step.action) {
    case "keys": {
      const { keys, prGeneration } = result as RegisteredKeys;
      const which =
        keys.length === 0
          ? "Nobody is registered"
          : `${plural(keys.length, "key is", "keys are")} registered: ${list(keys.map(keyText))}`;
      return [`${which}. PRGENERATION is ${prGeneration}.`];
    }
    case "reservation": {
      const state = result as ReservationState;
      if (state.holder === "none") return ["There is no reservation."];
      const who =
        state.holder === "one-nexus" ? `The host with key ${keyText(state.key)} holds` : "Every registered host holds";
      return [`${who} a reservation of type ${typeText(state.typeCode)}: ${typeMeaning(state.typeCode)}.`];
    }
    case "capabilities": {
      const { types, ...flags } = result as ReservationCapabilities;
      const able = [
        flags.persistThroughPowerLoss && "APTPL",
        flags.allTargetPorts && "ALL_TG_PT",
        flags.specifyInitiatorPorts && "SPEC_I_PT",
        flags.replaceLostReservation && "REPLACE LOST RESERVATION",
      ].filter((one) => one !== false);
      const active = flags.persistThroughPowerLossActive ? "active" : "not active";
      return [
        `The unit supports ${types === undefined ? "types that it does not name" : plural(types.length, "type")}, and ${list(able)}. Persistence through power loss is ${active} now.`,
      ];
    }
    case "status": {
      const { registrations } = result as FullStatus;
      if (registrations.length === 0) return ["Nobody is registered."];
      return registrations.map(({ key, transportId, holder }) => {
        const host = hostOf(transportId);
        const who = host === undefined ? "Somebody else" : hostName(host);
        return `${who} is registered with key ${keyText(key)}${holder ? ", and holds the reservation" : ""}.`;
      });
    }
    case "read": {
      const text = textOf(result as Uint8Array);
      return [text === "" ? "Block 0 has never been written: zeros." : `Block 0 says “${text}”.`];
    }
    case "write":
      return [`Block 0 says “${step.arguments.text ?? ""}” now.`];
    case "ready":
      return ["The unit is ready, and nothing waits to be told."];
    case "inquiry":
      return ["A disk, simulated. INQUIRY is answered whoever holds the reservation."];
    case "release":
      return ["Given up. RELEASE by a host that holds nothing is GOOD as well, and changes nothing."];
    default:
      return [];
  }
}

function cellChanges(was: CellView, is: CellView, host: number): string[] {
  const who = hostName(host);
  const changes: string[] = [];
  if (was.key !== is.key) {
    if (is.key === undefined) changes.push(`${who} is no longer registered.`);
    else if (was.key === undefined) changes.push(`${who} is registered with key ${keyText(is.key)}.`);
    else changes.push(`${who} is registered with key ${keyText(is.key)} instead of ${keyText(was.key)}.`);
  }
  for (const attention of is.attentions)
    if (!was.attentions.includes(attention)) changes.push(`${who} will be told ${attention}.`);
  return changes;
}

/** What became different, in sentences. */
export function changesBetween(was: UnitView, is: UnitView): string[] {
  const changes: string[] = [];
  const before = was.reservation;
  const now = is.reservation;
  if (before?.type !== now?.type || before?.holder !== now?.holder || (before === undefined) !== (now === undefined)) {
    if (now === undefined) changes.push("The reservation is gone.");
    else
      changes.push(
        `${now.holder === undefined ? "Every registered host" : hostName(now.holder)} holds the reservation, ${now.type}.`,
      );
  }
  for (const [host, cell] of is.cells.entries()) changes.push(...cellChanges(was.cells[host] as CellView, cell, host));
  if (was.generation !== is.generation) changes.push(`PRGENERATION is ${is.generation}.`);
  if (was.aptpl !== is.aptpl) changes.push(is.aptpl ? "APTPL is active." : "APTPL is no longer active.");
  if (was.block !== is.block) changes.push(`Block 0 says “${is.block}”.`);
  return changes;
}

/** The arguments of a command, as they stand in a list of steps. */
export function argumentsText({
  key,
  newKey,
  victimKey,
  type,
  aptpl,
  allTgPt,
  ports,
  unreg,
  to,
  text,
}: Arguments): string {
  return [
    key !== undefined && key !== 0n && `key ${keyText(key)}`,
    newKey !== undefined && (newKey === 0n ? "unregister" : `new key ${keyText(newKey)}`),
    victimKey !== undefined && `remove ${keyText(victimKey)}`,
    type !== undefined && typeText(type),
    to !== undefined && `to ${letterOf(to)}`,
    aptpl && "APTPL",
    allTgPt && "ALL_TG_PT",
    ports !== undefined && ports.length > 0 && `also ${ports.map(letterOf).join(", ")}`,
    unreg && "UNREG",
    text !== undefined && `“${text}”`,
  ]
    .filter((part) => typeof part === "string")
    .join(", ");
}

const eventNames: Readonly<Record<Exclude<Step, CommandStep>["event"], string>> = {
  cut: "path is cut",
  mend: "path is mended",
  "lose-answer": "next answer gets lost",
  power: "loses power",
  reset: "is reset",
  "lose-reservations": "loses its reservations",
};

/** A step in a few words: who, and what. */
export function stepText(step: Step, units: number): readonly [who: string, what: string, how: string] {
  const at = units > 1 ? `${step.unit}` : "";
  if (step.kind === "unit") return [`Unit ${step.unit}`, eventNames[step.event], ""];
  const who = at === "" ? letterOf(step.host) : `${letterOf(step.host)}→${at}`;
  if (step.kind === "path") return [who, eventNames[step.event], ""];
  return [who, actionOf(step.action).name, argumentsText(step.arguments)];
}
