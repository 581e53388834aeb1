/**
 * Hosts and simulated units, and what happens when a step is taken: the real codec and the real device server, without a page. A
 * world is made anew for every replay; the same steps bring about the same.
 */

import { type ConflictExplanation, explainConflict, explainSense, scsiErrorCodes } from "../../src/explain.ts";
import {
  type Access,
  accessUnder,
  additionalSenseText,
  type Command,
  createLogicalUnit,
  decodeSense,
  formatTransportId,
  isScsiError,
  type LogicalUnit,
  noRetries,
  parseTransportId,
  type ReservationState,
  type ReservationType,
  reservationTypes,
  type ScsiError,
  type ScsiResponse,
  type SenseData,
  statusName,
  type Transport,
  type TransportId,
  transportError,
} from "../../transports/browser.ts";
import { createSimulatedTarget, type SimulatedTarget, type SimulatedUnit } from "../../transports/simulated/index.ts";
import { actionOf, textOf } from "./actions.ts";
import { type CommandStep, hostName, letterOf, type PathStep, type Step, type UnitStep, unitName } from "./steps.ts";
import { changesBetween, resultWords } from "./words.ts";

/** What a unit knows about a host, and what stands in the host's way. */
export interface CellView {
  /** The key, if the host is registered. */
  readonly key: bigint | undefined;
  readonly holder: boolean;
  /** What the reservation leaves to the host. */
  readonly access: Access;
  /** Unit attention conditions that wait for it, in words, the next one first. */
  readonly attentions: readonly string[];
  readonly cut: boolean;
  readonly losesAnswer: boolean;
}

/** A unit as it is now. */
export interface UnitView {
  readonly generation: number;
  /** The last valid APTPL. */
  readonly aptpl: boolean;
  readonly lost: boolean;
  /** `holder` is undefined where all registrants hold it. */
  readonly reservation: { readonly type: ReservationType; readonly holder: number | undefined } | undefined;
  /** By host. */
  readonly cells: readonly CellView[];
  /** The text at the beginning of block 0. */
  readonly block: string;
}

/** How a step ended: `told` is CHECK CONDITION, `silence` no answer at all. */
export type Ending = "good" | "conflict" | "told" | "silence" | "event";

/** What came of a step. */
export interface Outcome {
  readonly step: Step;
  readonly ending: Ending;
  /** Who did what: `Host A → Unit 0: RESERVE`. */
  readonly title: string;
  /** The status, or what stands for it. */
  readonly verdict: string;
  /** The explanation, in paragraphs. */
  readonly words: readonly string[];
  readonly changes: readonly string[];
  readonly command: Command<unknown> | undefined;
  readonly response: ScsiResponse | undefined;
  readonly sense: SenseData | undefined;
  readonly conflict: ConflictExplanation | undefined;
}

/** The hosts and units of one replay. */
export interface World {
  readonly hosts: number;
  /** The initiator port of a host. */
  portOf(host: number): TransportId;
  /** The host whose initiator port that is. */
  hostOf(port: TransportId): number | undefined;
  /** The units as they are now. */
  view(): readonly UnitView[];
  /** Takes a step. Rejects only if the page itself is wrong. */
  take(step: Step): Promise<Outcome>;
}

const portText = (letter: string): string => `iqn.2026-01.com.example:${letter},i,0x800000000001`;

/** One host's way to one unit, and what is wrong with it. */
interface Path {
  readonly transport: Transport;
  readonly nexus: { readonly attentions: readonly number[] };
  readonly port: TransportId;
  cut: boolean;
  losesAnswer: boolean;
}

interface Place {
  readonly target: SimulatedTarget;
  readonly unit: SimulatedUnit;
  readonly paths: readonly Path[];
  /** Somebody who only looks, so that looking takes nobody's unit attention conditions away. */
  readonly onlooker: LogicalUnit;
}

function createPlace(index: number, ports: readonly TransportId[]): Place {
  const target = createSimulatedTarget({ name: `unit-${index}` });
  const unit = target.unit();
  const paths = ports.map(
    (port): Path => ({
      transport: unit.nexus({ initiatorPort: port }),
      nexus: unit.identify({ initiatorPort: port }),
      port,
      cut: false,
      losesAnswer: false,
    }),
  );
  const onlooker = createLogicalUnit(unit.nexus({ initiatorPort: portText("onlooker") }));
  return { target, unit, paths, onlooker };
}

/** The transport of a path with what is wrong with it, which keeps what went through it. */
function recorded(path: Path, seen: { response?: ScsiResponse }): Transport {
  return {
    name: path.transport.name,
    initiatorPort: path.port,
    async execute(request, options) {
      if (path.cut) throw transportError("CONNECTION_FAILED", "no", "the path is cut");
      const response = await path.transport.execute(request, options);
      if (path.losesAnswer) {
        path.losesAnswer = false;
        throw transportError("CONNECTION_LOST", "unknown", "the answer was lost on its way");
      }
      seen.response ??= response;
      return response;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

function reservationState(
  view: { readonly type: ReservationType; readonly key: bigint | undefined } | undefined,
): ReservationState {
  const common = { prGeneration: 0, truncated: false, scope: 0 };
  if (view === undefined) return { holder: "none", prGeneration: 0, truncated: false };
  const { type, key } = view;
  const typeCode = reservationTypes[type];
  return key === undefined
    ? { holder: "all-registrants", type, typeCode, ...common }
    : { holder: "one-nexus", key, type, typeCode, ...common };
}

function viewOf({ unit, paths }: Place): UnitView {
  const snapshot = unit.server.snapshot();
  const names = paths.map(({ port }) => formatTransportId(port));
  const hostsOf = snapshot.registrations.map(({ initiatorPort }) => names.indexOf(initiatorPort));
  const held = snapshot.reservation;
  const holder = held === null || held.holder === null ? undefined : hostsOf[held.holder];
  const holdersKey = held === null || held.holder === null ? undefined : snapshot.registrations[held.holder]?.key;
  const state = reservationState(
    held === null ? undefined : { type: held.type, key: holdersKey === undefined ? undefined : BigInt(holdersKey) },
  );
  const block = Object.entries(snapshot.medium).find(([offset]) => Number(offset) === 0)?.[1];
  return {
    generation: snapshot.prGeneration,
    aptpl: snapshot.persistsThroughPowerLoss,
    lost: snapshot.lost,
    reservation: held === null ? undefined : { type: held.type, holder },
    block: block === undefined ? "" : textOf(bytesOf(block)),
    cells: paths.map(({ nexus, cut, losesAnswer }, host): CellView => {
      const at = hostsOf.indexOf(host);
      const key = snapshot.registrations[at]?.key;
      const registered = key !== undefined;
      const holds = held !== null && registered && (held.holder === null || held.holder === at);
      return {
        key: key === undefined ? undefined : BigInt(key),
        holder: holds,
        access: accessUnder(state, { registered, holder: holds }) ?? { read: false, write: false },
        attentions: nexus.attentions.map((code) => additionalSenseText(code >>> 8, code & 0xff) ?? code.toString(16)),
        cut,
        losesAnswer,
      };
    }),
  };
}

const pathWords: Readonly<Record<PathStep["event"], readonly [verdict: string, words: string]>> = {
  cut: [
    "PATH CUT",
    "No command of this host arrives any more. The unit has noticed that the I_T nexus is gone; registration and reservation stay.",
  ],
  mend: ["PATH MENDED", "Commands arrive again. The first one is told that the nexus had been lost."],
  "lose-answer": ["ANSWER WILL BE LOST", "The next command arrives and is executed, but its answer gets lost."],
};

const unitWords: Readonly<Record<UnitStep["event"], readonly [verdict: string, words: string]>> = {
  power: ["POWER LOSS", "Power went, and came back."],
  reset: ["RESET", "A logical unit reset. Persistent reservations stay; every host is told."],
  "lose-reservations": [
    "RESERVATIONS LOST",
    "The nonvolatile memory has failed: the unit knows that it has lost its reservation information, and takes no command that needs it until REPLACE LOST RESERVATION.",
  ],
};

function happenToPath({ unit }: Place, path: Path, event: PathStep["event"]): void {
  if (event === "lose-answer") {
    path.losesAnswer = true;
    return;
  }
  if (event === "cut" && !path.cut) unit.loseNexus({ initiatorPort: path.port });
  path.cut = event === "cut";
}

function happenToUnit({ target, unit }: Place, event: UnitStep["event"]): void {
  if (event === "power") target.powerCycle();
  else if (event === "reset") target.reset("logical-unit");
  else unit.server.loseReservations();
}

/** Why the command met a conflict, found out by looking at the unit. */
async function explained(command: Command<unknown>, place: Place, port: TransportId): Promise<ConflictExplanation> {
  const keys = await place.onlooker.readKeys();
  const reservation = await place.onlooker.readReservation();
  const { registrations } = await place.onlooker.readFullStatus();
  return explainConflict(command, { keys, reservation, registrations }, port);
}

/** The words for an error that is neither a conflict nor sense data. */
function failureWords(error: ScsiError): string[] {
  const executed =
    error.delivered === "no"
      ? "The unit never saw the command."
      : error.delivered === "unknown"
        ? "Whether it was executed, the host cannot tell from this."
        : "";
  return [`${error.message}.`, `${error.code}: ${scsiErrorCodes[error.code]}. ${executed}`.trim()];
}

/** A world in which nothing has happened. */
export function createWorld(hosts: number, units: number): World {
  const ports = Array.from({ length: hosts }, (_, host) => parseTransportId(portText(letterOf(host).toLowerCase())));
  const places = Array.from({ length: units }, (_, unit) => createPlace(unit, ports));
  const portOf = (host: number): TransportId => ports[host] as TransportId;
  const names = ports.map(formatTransportId);
  const hostOf = (port: TransportId): number | undefined => {
    const at = names.indexOf(formatTransportId(port));
    return at < 0 ? undefined : at;
  };
  const nothing = { command: undefined, response: undefined, sense: undefined, conflict: undefined };

  async function send(step: CommandStep, place: Place): Promise<Omit<Outcome, "step" | "title" | "changes">> {
    const path = place.paths[step.host] as Path;
    const command = actionOf(step.action).command(step.arguments, { portOf });
    const seen: { response?: ScsiResponse } = {};
    const unit = createLogicalUnit(recorded(path, seen), { retry: noRetries });
    try {
      const { result, settledBy } = await unit.perform(command);
      const { response } = seen;
      const settled =
        settledBy === undefined
          ? []
          : [
              "The answer was lost. The library did not send the command a second time: it read keys and reservation, and found that what it wanted has come about.",
            ];
      return {
        ...nothing,
        command,
        response: settledBy === undefined ? response : undefined,
        ending: "good",
        verdict: settledBy === undefined ? "GOOD" : "GOOD, AS SEEN",
        words: [...settled, ...resultWords(step, result, hostOf)],
      };
    } catch (error) {
      if (!isScsiError(error)) throw error;
      const { response } = seen;
      if (error.code === "RESERVATION_CONFLICT") {
        const conflict = await explained(command, place, path.port);
        // Who the library knows by an initiator port has a name here.
        const because = names.reduce((text, name, host) => text.replaceAll(name, hostName(host)), conflict.because);
        const words = [because];
        return { ...nothing, command, response, ending: "conflict", verdict: "RESERVATION CONFLICT", words, conflict };
      }
      const sense = response === undefined ? undefined : decodeSense(response.sense);
      if (response !== undefined && sense !== undefined) {
        const verdict = `${statusName(response.status)}: ${sense.senseKeyName}`;
        const words = [explainSense(sense, command)];
        return { ...nothing, command, response, sense, ending: "told", verdict, words };
      }
      return { ...nothing, command, response, ending: "silence", verdict: "NO ANSWER", words: failureWords(error) };
    }
  }

  return {
    hosts,
    portOf,
    hostOf,
    view: () => places.map(viewOf),
    async take(step) {
      const place = places[step.unit] as Place;
      const before = viewOf(place);
      if (step.kind === "command") {
        const title = `${hostName(step.host)} → ${unitName(step.unit)}: ${actionOf(step.action).name}`;
        const outcome = await send(step, place);
        return { ...outcome, step, title, changes: changesBetween(before, viewOf(place)) };
      }
      if (step.kind === "path") happenToPath(place, place.paths[step.host] as Path, step.event);
      else happenToUnit(place, step.event);
      const [verdict, words] = step.kind === "path" ? pathWords[step.event] : unitWords[step.event];
      const where = step.kind === "path" ? `${hostName(step.host)} → ${unitName(step.unit)}` : unitName(step.unit);
      const changes = changesBetween(before, viewOf(place));
      return { ...nothing, step, ending: "event", title: where, verdict, words: [words], changes };
    },
  };
}
