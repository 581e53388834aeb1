/**
 * From paths of which nothing is known to logical units: which of them lead to one unit is asked of each, by VPD page 83h. Sends
 * nothing but that.
 *
 * What holds: two paths are of one unit only if both said the same name of it. A path that does not answer, or whose names do not
 * tell, is in no unit: a command sent through it might be for another one.
 */
import type { Designator } from "../commands/inquiry.ts";
import { sameLogicalUnit } from "../designators.ts";
import { isScsiError, ScsiError } from "../errors.ts";
import { designatorsOf, named, relativeTargetPortOf } from "./identify.ts";
import { createPathLimits } from "./limits.ts";
import type { Path } from "./path.ts";
import { createMultipathUnit, type MultipathOptions, type MultipathUnit } from "./unit.ts";

/** A path that is in no unit. It has been disposed. */
export interface RefusedPath {
  /** Its name. */
  readonly path: string;
  /** Why: what it ran into, or UNSUITABLE_DEVICE if it does not tell which unit it leads to. */
  readonly error: ScsiError;
}

/** Paths, grouped. */
export interface GroupedPaths {
  /** One for each logical unit, in the order of their first paths. */
  readonly units: readonly MultipathUnit[];
  /** Paths that could not be used, each with its reason. */
  readonly refused: readonly RefusedPath[];
}

interface Group {
  readonly designators: readonly Designator[];
  readonly paths: Path[];
}

const cannotTell = (path: Path, designators: readonly Designator[], group?: Group): ScsiError => {
  const beside =
    group === undefined
      ? "has no designator of the logical unit that is unique"
      : `(${named(designators)}) and ${group.paths[0]?.name} (${named(group.designators)}) do not tell whether they lead to one unit`;
  return new ScsiError(`${path.name} ${beside}`, { code: "UNSUITABLE_DEVICE", delivered: "no" });
};

/**
 * Sorts paths into logical units, which own them from now on.
 *
 * @param paths each with a name of its own
 * @param options of every unit; they share the limits, those of {@link createPathLimits} unless given
 * @throws RangeError for two paths of one name, or two of a unit that are the same I_T nexus; the paths are then disposed
 * @throws ScsiError ABORTED if the caller's signal fires; likewise
 * @example
 * const { units, refused } = await groupPaths(paths);
 * for (const unit of units) console.log(unit.name, unit.paths.length);
 */
export async function groupPaths(paths: readonly Path[], options: MultipathOptions = {}): Promise<GroupedPaths> {
  const groups: Group[] = [];
  const refused: RefusedPath[] = [];
  const limits = options.limits ?? createPathLimits();
  const { signal, timeoutMs, deadlineMs, retry } = options;
  try {
    const found = await Promise.all(
      paths.map(async (path) => {
        const ask = () => designatorsOf(path.unit, { signal, timeoutMs, deadlineMs, retry });
        return { path, answer: await limits.run(path.target ?? path.name, path, ask) };
      }),
    );
    for (const { path, answer } of found) {
      if (isScsiError(answer)) {
        refused.push({ path: path.name, error: answer });
        continue;
      }
      const known: Path = { ...path, relativeTargetPort: path.relativeTargetPort ?? relativeTargetPortOf(answer) };
      const same = groups.map((group) => sameLogicalUnit(group.designators, answer));
      const doubt = same.indexOf(undefined);
      const group = groups[same.indexOf(true)];
      if (sameLogicalUnit(answer, answer) !== true) refused.push({ path: path.name, error: cannotTell(path, answer) });
      else if (group !== undefined) group.paths.push(known);
      else if (doubt >= 0) refused.push({ path: path.name, error: cannotTell(path, answer, groups[doubt]) });
      else groups.push({ designators: answer, paths: [known] });
    }
    const units = groups.map((group) => createMultipathUnit(group.paths, { ...options, limits }));
    const gone = new Set(refused.map(({ path }) => path));
    await Promise.allSettled(paths.filter(({ name }) => gone.has(name)).map(({ unit }) => unit[Symbol.asyncDispose]()));
    return { units, refused };
  } catch (error) {
    await Promise.allSettled(paths.map(({ unit }) => unit[Symbol.asyncDispose]()));
    throw error;
  }
}
