/** `explain`: may this host read and write now, and if not, why, and what can be done. Looks once; changes nothing. */
import {
  accessUnder,
  commands,
  formatTransportId,
  isMultipath,
  type Registration,
  sameTransportId,
  type TransportId,
  type Unit,
} from "../src/index.ts";
import { type CommandLine, conflictJson, conflictLines, explain as explainConflictAt } from "./conflict.ts";
import { commandLineOf } from "./failure.ts";
import { type Json, long, stateJson } from "./json.ts";
import type { State } from "./look.ts";
import { type Cell, keyText, type Paint, table, wrap } from "./output.ts";
import { stateLines } from "./show.ts";
import { question, type Report, type Session, type Verb, whoseRegistration } from "./verb.ts";

/** What was found out about this host. Null: the target or the transport does not tell. */
interface Standing {
  readonly ports: readonly TransportId[];
  /** Registrations of these paths. */
  readonly mine: readonly Registration[] | null;
  /** Paths without registration, by name. */
  readonly unregistered: readonly string[];
  /** Registered under this host's name, but another port of it: another session, or an earlier one. */
  readonly otherPorts: readonly Registration[];
  readonly read: boolean | null;
  readonly write: boolean | null;
  /** With --key: is that key registered for this very port, for somebody else, or not at all? */
  readonly key: "ours" | "another's" | "gone" | "somebody's" | null;
}

function keyStanding(key: bigint | undefined, mine: Standing["mine"], state: State): Standing["key"] {
  if (key === undefined) return null;
  if (mine?.some((one) => one.key === key) === true) return "ours";
  if (!state.keys.keys.includes(key)) return "gone";
  return mine === null ? "somebody's" : "another's";
}

/** One path, as far as it is known. */
interface Nexus {
  readonly name: string;
  readonly port: TransportId | undefined;
  readonly relativeTargetPort: number | undefined;
}

function nexusesOf(unit: Unit): readonly Nexus[] {
  if (!isMultipath(unit)) return [{ name: unit.name, port: unit.initiatorPorts[0], relativeTargetPort: undefined }];
  return unit.paths.map(({ name, initiatorPort, relativeTargetPort, unit: { transport } }) => ({
    name,
    port: initiatorPort ?? transport.initiatorPort,
    relativeTargetPort,
  }));
}

function isOf({ port, relativeTargetPort }: Nexus, registration: Registration): boolean {
  if (port === undefined || !sameTransportId(registration.transportId, port)) return false;
  if (registration.allTargetPorts || relativeTargetPort === undefined) return true;
  return registration.relativeTargetPort === relativeTargetPort;
}

function standingOf(unit: Unit, state: State, key: bigint | undefined): Standing {
  const paths = nexusesOf(unit);
  const ports = paths.flatMap(({ port }) => port ?? []);
  const { registrations, reservation } = state;
  const known = registrations !== undefined && ports.length === paths.length;
  const ofPaths = paths.map((path) => (registrations ?? []).filter((one) => isOf(path, one)));
  const mine = known ? (registrations ?? []).filter((one) => ofPaths.some((list) => list.includes(one))) : null;
  const otherPorts = (registrations ?? []).filter(
    ({ transportId: id }) =>
      id.protocol === "iscsi" &&
      ports.some((port) => port.protocol === "iscsi" && id.name === port.name) &&
      !ports.some((port) => sameTransportId(id, port)),
  );
  // What may go through any path must be let through on all of them.
  const accesses = ofPaths.map((own) =>
    reservation.holder === "none" || known
      ? accessUnder(reservation, { registered: own.length > 0, holder: own.some((one) => one.holder) })
      : undefined,
  );
  const everywhere = (how: "read" | "write"): boolean | null =>
    accesses.includes(undefined) ? null : accesses.every((access) => access?.[how] === true);
  return {
    ports,
    mine,
    unregistered: known ? paths.flatMap(({ name }, at) => (ofPaths[at]?.length === 0 ? [name] : [])) : [],
    otherPorts,
    read: everywhere("read"),
    write: everywhere("write"),
    key: keyStanding(key, mine, state),
  };
}

const portTexts = (ports: readonly TransportId[]): string[] => [...new Set(ports.map(formatTransportId))];

const verdict = (allowed: boolean | null): Cell =>
  allowed === null ? "not told" : allowed ? ["green", "GOOD"] : ["red", "RESERVATION CONFLICT"];

/** What --key says, in a sentence. */
const keySentences: Readonly<Record<NonNullable<Standing["key"]>, string>> = {
  ours: "is this host's key.",
  gone: "is stale: nobody is registered with it any more. Another host has preempted or cleared it, it was replaced, or the unit lost power without APTPL.",
  "another's": "is registered, but not for this initiator port.",
  "somebody's": "is registered; this target does not tell for whom.",
};

function lines(standing: Standing, key: bigint | undefined, paint: Paint): string[] {
  const { ports, mine, unregistered, otherPorts } = standing;
  const registered =
    mine === null
      ? "not told"
      : mine.length === 0
        ? "no"
        : `with key ${[...new Set(mine.map((one) => keyText(one.key)))].join(", ")}`;
  const rows: Cell[][] = [
    ["This host", ports.length === 0 ? "an initiator port that the system does not name" : portTexts(ports).join(" ")],
    ["Registered", registered],
    ["Reading now", verdict(standing.read)],
    ["Writing now", verdict(standing.write)],
  ];
  const also = otherPorts.map(
    (one) =>
      `Key ${keyText(one.key)} is registered for another session of this host, ${formatTransportId(one.transportId)}. A registration belongs to initiator port and target port: under another ISID this host is a stranger.`,
  );
  const lacking =
    mine === null || mine.length === 0
      ? []
      : unregistered.map(
          (name) => `The path ${name} is not registered: register the unit again through all its paths.`,
        );
  const said = standing.key === null || key === undefined ? [] : [`Key ${keyText(key)} ${keySentences[standing.key]}`];
  return [...table(rows, paint), ...[...said, ...lacking, ...also].flatMap((text) => ["", ...wrap(text, 80, "  ")])];
}

function standingJson({ ports, mine, unregistered, otherPorts, read, write, key }: Standing): {
  readonly [name: string]: Json;
} {
  return {
    initiatorPort: ports.length === 0 ? null : portTexts(ports).join(" "),
    unregisteredPaths: unregistered,
    registeredKeys: mine?.map((one) => long(one.key)) ?? null,
    otherPorts: otherPorts.map((one) => ({
      key: long(one.key),
      initiatorPort: formatTransportId(one.transportId),
    })),
    read,
    write,
    key,
  };
}

async function ask(unit: Unit, session: Session): Promise<Report> {
  const { paint, name, width, values } = session;
  const line: CommandLine = commandLineOf(session);
  // What a write would meet; none is sent.
  const explained = await explainConflictAt(unit, commands.write10({ lba: 0, data: new Uint8Array(512) }));
  const { state } = explained;
  if (state === undefined) {
    return {
      result: { standing: null, explanation: conflictJson(explained, line), now: null },
      lines: [`Why a command to ${name} would be refused`, "", ...conflictLines(explained, line, paint)],
    };
  }
  const standing = standingOf(unit, state, values.key);
  const conflict = standing.write === false || standing.read === false;
  const isOurs = whoseRegistration(unit);
  return {
    result: {
      standing: standingJson(standing),
      explanation: conflict ? conflictJson(explained, line) : null,
      now: stateJson(state, isOurs),
    },
    lines: [
      `This host at ${name}`,
      "",
      ...lines(standing, values.key, paint),
      ...(conflict ? ["", ...conflictLines(explained, line, paint)] : []),
      "",
      "What the target reports:",
      "",
      ...stateLines(state, isOurs, paint, width),
    ],
  };
}

export const explain: Verb = question({
  name: "explain",
  summary: "tell whether this host may read and write, and why",
  about: [
    "Looks at keys, reservation and who is who, and says what a read and a write of this host would meet now: who holds, with which type, whether this initiator port is registered, and what can be done. Nothing is written, read or changed.",
    "With --key it also says whether that key is this host's, another's, or stale. A registration belongs to an initiator port and a target port: what this host registered in another iSCSI session, under another ISID, is shown as such.",
  ],
  examples: [
    ["explain iscsi://10.0.0.5/iqn.2026-01.com.example:disk/0", "why does my write conflict?"],
    ["explain sim:disk --key 0xabc", "is 0xabc still good?"],
  ],
  options: ["key"],
  commands: [commands.readKeys(), commands.readReservation(), commands.readFullStatus()],
  ask,
});
