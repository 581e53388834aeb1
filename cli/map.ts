/** `map`: which host is registered where, and who holds what: hosts as rows, units as columns. Looks once at each unit. */
import { commands, formatTransportId, type Registration } from "../src/index.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { errorJson, type Json, long, stateJson } from "./json.ts";
import type { State } from "./look.ts";
import { mapPage } from "./map-page.ts";
import { type Cell, count, heading, keyText, table } from "./output.ts";
import { lookAround, nameOf, unitsNamed } from "./units.ts";
import type { Report, Session, Verb } from "./verb.ts";

/** One unit as it was found. */
interface Found {
  readonly name: string;
  readonly state: State | undefined;
  readonly error: Error | undefined;
}

/** What a host has at a unit. */
export interface MapCell {
  readonly keys: readonly string[];
  /** Registered initiator ports. */
  readonly ports: number;
  readonly holder: boolean;
}

/** The whole map, ready to be drawn. */
export interface ReservationMap {
  readonly units: readonly { readonly name: string; readonly says: string; readonly reached: boolean }[];
  readonly hosts: readonly { readonly name: string; readonly cells: readonly (MapCell | undefined)[] }[];
}

/** Where a target does not tell who registered. */
const UNKNOWN = "(not told by the target)";

/** A host's name: what its ports have in common. */
function hostOf({ transportId: id }: Registration): string {
  return id.protocol === "iscsi" ? id.name : formatTransportId(id);
}

function sentence({ state, error }: Found): string {
  if (state === undefined) return error?.message ?? "";
  const { reservation, keys } = state;
  const generation = `PRGENERATION ${keys.prGeneration}`;
  if (reservation.holder === "none") return `no reservation, ${generation}`;
  const by = reservation.holder === "one-nexus" ? keyText(reservation.key) : "all registrants";
  return `${reservation.type ?? `type ${reservation.typeCode.toString(16)}h`}, held by ${by}, ${generation}`;
}

/** What each host has at one unit. */
function cellsOf({ state }: Found): Map<string, MapCell> {
  const cells = new Map<string, MapCell>();
  if (state === undefined) return cells;
  const { registrations, reservation } = state;
  if (registrations === undefined) {
    const keys = state.keys.keys.map(keyText);
    const holder = reservation.holder !== "none";
    if (keys.length > 0) cells.set(UNKNOWN, { keys: [...new Set(keys)], ports: keys.length, holder });
    return cells;
  }
  for (const one of registrations) {
    const name = hostOf(one);
    const before = cells.get(name) ?? { keys: [], ports: 0, holder: false };
    const keys = [...new Set([...before.keys, keyText(one.key)])];
    cells.set(name, { keys, ports: before.ports + 1, holder: before.holder || one.holder });
  }
  return cells;
}

function mapOf(found: readonly Found[]): ReservationMap {
  const columns = found.map(cellsOf);
  const names = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort();
  return {
    units: found.map((one) => ({ name: one.name, says: sentence(one), reached: one.state !== undefined })),
    hosts: names.map((name) => ({ name, cells: columns.map((column) => column.get(name)) })),
  };
}

/** `0xa holds`, `0xa, 2 ports`. */
export function cellText(cell: MapCell | undefined): string {
  if (cell === undefined) return "-";
  const ports = cell.ports > 1 ? `, ${cell.ports} ports` : "";
  return `${cell.keys.join(" ")}${cell.holder ? " holds" : ""}${ports}`;
}

function lines({ units, hosts }: ReservationMap, { paint }: Session): string[] {
  const numbers = units.map((_, index) => String(index + 1));
  const rows = hosts.map(({ name, cells }): Cell[] => [
    ["bold", name],
    ...cells.map((cell): Cell => (cell?.holder === true ? ["green", cellText(cell)] : cellText(cell))),
  ]);
  const legend = units.map(({ name, says, reached }, index): Cell[] => [
    ["bold", numbers[index] as string],
    name,
    reached ? says : ["red", says],
  ]);
  return [
    `${count(hosts.length, "host")}, ${count(units.length, "unit")}`,
    "",
    ...(hosts.length === 0 ? ["  Nobody is registered."] : table([heading("HOST", ...numbers), ...rows], paint)),
    "",
    ...table(legend, paint),
  ];
}

/** Each unit once, whatever leads to it. */
async function find({ urls, io, openOptions }: Session): Promise<readonly Found[]> {
  const units = unitsNamed(urls);
  try {
    await lookAround(units, io, openOptions);
    return units.map((unit) => ({
      name: nameOf(unit),
      state: unit.state,
      error: unit.state === undefined ? unit.ways.find(({ problem }) => problem !== undefined)?.problem : undefined,
    }));
  } finally {
    for (const { ways } of units) for (const { unit } of ways) await unit?.[Symbol.asyncDispose]();
  }
}

async function run(session: Session): Promise<Report> {
  const found = await find(session);
  // A map of nothing is a failure.
  const [first] = found;
  if (found.every(({ state }) => state === undefined) && first?.error !== undefined) throw first.error;
  const map = mapOf(found);
  const result: Json = {
    units: found.map(({ name, state, error }) => ({
      unit: name,
      now: state === undefined ? null : stateJson(state, () => null),
      error: error === undefined ? null : errorJson(error, exitCodeOf(error), "INTERNAL"),
    })),
    hosts: map.hosts.map(({ name, cells }) => ({
      name,
      units: cells.map((cell) =>
        cell === undefined
          ? null
          : { keys: cell.keys.map((key) => long(BigInt(key))), ports: cell.ports, holder: cell.holder },
      ),
    })),
  };
  const page = session.values.html === true ? { raw: new TextEncoder().encode(mapPage(map, new Date())) } : {};
  return { result, lines: lines(map, session), ...page };
}

export const map: Verb = {
  name: "map",
  summary: "show hosts and units as a table: who is where",
  about: [
    "Asks every unit once and puts the answers together: hosts as rows, units as columns, keys in the cells. The iSCSI sessions of one host count as one host. A unit that cannot be reached is shown as such; if none can be, it fails. What leads to one unit, by VPD page 83h, is one column; a map is one unit.",
    "--html writes a page that needs nothing else: to be kept, printed or mailed.",
  ],
  examples: [
    ["map /dev/sda /dev/sdb", "two disks"],
    ["map sim:a sim:b --html", "as a page"],
  ],
  takes: "units",
  options: ["html"],
  required: [],
  plan: () => ({
    commands: [commands.readKeys(), commands.readReservation(), commands.readFullStatus()],
    effect: "It only reads: it would change nothing.",
  }),
  run,
};
