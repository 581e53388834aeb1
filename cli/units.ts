/**
 * Several units that are looked at together: opens what was named, finds out which of it are paths to one unit (VPD page 83h), and
 * looks through each. What is shown of that is for watch.ts and map.ts. Changes nothing.
 */
import {
  type Designator,
  isMultipath,
  isScsiError,
  noRetries,
  type Path,
  type ScsiError,
  sameLogicalUnit,
  type TransportId,
  type Unit,
} from "../src/index.ts";
import { designatorsOf, relativeTargetPortOf } from "../src/multipath/identify.ts";
import { registrationOf } from "../src/multipath/seen.ts";
import type { OpenOptions } from "../transports/open.ts";
import type { Io } from "./io.ts";
import { type Json, long } from "./json.ts";
import { look, type State } from "./look.ts";
import { redactUrl } from "./values.ts";

/** One way that was named: a URL, a device, or a map with the paths that it has. */
export interface Way {
  readonly url: string;
  readonly name: string;
  unit: Unit | undefined;
  /** Undefined until it has been asked. */
  designators: readonly Designator[] | undefined;
  /** Why the last look failed. */
  problem: ScsiError | undefined;
}

/** One path, as the last look has found it. */
export interface FoundPath {
  readonly path: string;
  readonly alive: boolean;
  /** 0n if it is not registered, undefined if the target does not tell. */
  readonly key: bigint | undefined;
  readonly holder: boolean | undefined;
}

/** One unit with the ways to it that were named. */
export interface LookedAt {
  readonly ways: Way[];
  /** The last that was seen; undefined if nothing ever was. */
  state: State | undefined;
  /** Where there are several. */
  paths: readonly FoundPath[];
}

/** What became of one way in one look. */
export interface WayLooked {
  readonly way: Way;
  /** It answered, and had not the time before. */
  readonly back: boolean;
  /** It does not answer, for another reason than the time before. */
  readonly away: ScsiError | undefined;
  readonly state: State | undefined;
  /** The paths of a map, and whether they answer. */
  readonly alive: ReadonlyMap<string, boolean>;
}

/** Each by itself, until it is known which of them lead to one unit. */
export const unitsNamed = (urls: readonly string[]): LookedAt[] =>
  urls.map((url) => ({
    ways: [{ url, name: redactUrl(url), unit: undefined, designators: undefined, problem: undefined }],
    state: undefined,
    paths: [],
  }));

/** What a unit is called: by all its ways. */
export const nameOf = ({ ways }: LookedAt): string => ways.map(({ name }) => name).join(" ");

/** This host's ports, as far as they are known. */
export const portsOf = ({ ways }: LookedAt): { readonly initiatorPorts: readonly TransportId[] } => ({
  initiatorPorts: ways.flatMap(({ unit }) => unit?.initiatorPorts ?? []),
});

const pathsOf = ({ name, unit, designators = [] }: Way): readonly Omit<Path, "usable">[] => {
  if (unit === undefined) return [];
  if (isMultipath(unit)) return unit.paths;
  return [{ name, unit: unit as Path["unit"], relativeTargetPort: relativeTargetPortOf(designators) }];
};

/** Which paths of a map answer; of a single way nobody needs to be asked. */
async function answering(unit: Unit): Promise<Map<string, boolean>> {
  const asked = (isMultipath(unit) ? unit.paths : []).map(async (path): Promise<[string, boolean]> => {
    const answers = await path.unit.testUnitReady({ retry: noRetries }).then(
      () => true,
      (error: unknown) => {
        if (!isScsiError(error)) throw error;
        return error.delivered === "yes";
      },
    );
    return [path.name, answers];
  });
  return new Map(await Promise.all(asked));
}

/** Looks through one way, which is opened if need be; one that fails is closed, and opened anew the next time. */
async function lookThrough(way: Way, several: boolean, io: Io, options: OpenOptions): Promise<WayLooked> {
  const before = way.problem;
  try {
    const { url } = way;
    way.unit ??= await ((await io.pathsOfMap(url)) === undefined ? io.open(url, options) : io.openMap(url, options));
    const { unit } = way;
    if (several && way.designators === undefined) {
      const answer = await designatorsOf(unit);
      if (!isScsiError(answer)) way.designators = answer;
    }
    const state = await look(unit);
    const alive = await answering(unit);
    way.problem = undefined;
    return { way, back: before !== undefined, away: undefined, state, alive };
  } catch (error) {
    if (!isScsiError(error) || options.signal?.aborted === true) throw error;
    await way.unit?.[Symbol.asyncDispose]();
    way.unit = undefined;
    way.problem = error;
    const away = before?.message === error.message ? undefined : error;
    return { way, back: false, away, state: undefined, alive: new Map() };
  }
}

/** Ways of which it has become known that they lead to a unit which others lead to as well are put together. */
function gather(units: LookedAt[]): void {
  for (let at = units.length - 1; at > 0; at--) {
    const { ways } = units[at] as LookedAt;
    const { designators } = ways[0] as Way;
    if (designators === undefined) continue;
    const same = units
      .slice(0, at)
      .find((unit) => unit.ways.some((way) => sameLogicalUnit(way.designators ?? [], designators) === true));
    if (same === undefined) continue;
    same.ways.push(...ways);
    units.splice(at, 1);
  }
}

function foundPaths({ ways }: LookedAt, state: State | undefined, looked: readonly WayLooked[]): FoundPath[] {
  return ways.flatMap((way): FoundPath[] => {
    const alive = looked.find((one) => one.way === way)?.alive;
    if (way.unit === undefined) return [{ path: way.name, alive: false, key: undefined, holder: undefined }];
    return pathsOf(way).map(({ name, unit, initiatorPort: given, relativeTargetPort }, index): FoundPath => {
      const initiatorPort = given ?? unit.transport.initiatorPort;
      const registration = registrationOf(state, { index, name, initiatorPort, relativeTargetPort, host: name });
      return { path: name, alive: alive?.get(name) ?? true, key: registration?.key, holder: registration?.holder };
    });
  });
}

/**
 * Looks at every unit through every way. The list is changed: ways that are found to lead to one unit become one.
 *
 * @returns each unit with what became of its ways, and the state and paths of before
 * @throws whatever is no ScsiError, and the error of a look that the caller's signal has ended
 */
export async function lookAround(units: LookedAt[], io: Io, options: OpenOptions) {
  const ways = units.flatMap((unit) => unit.ways);
  const looking = ways.map((way) => lookThrough(way, ways.length > 1, io, options));
  // Also where one fails for good: whoever closes them must find them all.
  await Promise.allSettled(looking);
  const looked = await Promise.all(looking);
  gather(units);
  return units.map((unit) => {
    const { state: before, paths: pathsBefore } = unit;
    const own = looked.filter(({ way }) => unit.ways.includes(way));
    const state = own.find((one) => one.state !== undefined)?.state;
    const paths = foundPaths(unit, state, own);
    unit.state = state ?? before;
    unit.paths = paths.length > 1 ? paths : [];
    return { unit, looked: own, state, before, pathsBefore };
  });
}

/** The paths as part of a document; null of a unit with one. */
export const pathsJson = (paths: readonly FoundPath[]): Json => (paths.length === 0 ? null : paths.map(pathJson));

/** One of them. */
export const pathJson = ({ path, alive, key, holder }: FoundPath): { readonly [name: string]: Json } => ({
  path,
  alive,
  key: key === undefined ? null : long(key),
  holder: holder ?? null,
});
