/**
 * Finds out, before anything else is sent, that all paths lead to one logical unit, and through which target port each does.
 *
 * What holds: nothing that changes anything is sent through paths of which two do not name one unit.
 */
import type { Designator } from "../commands/inquiry.ts";
import { formatDesignator, sameLogicalUnit } from "../designators.ts";
import { isScsiError, ScsiError } from "../errors.ts";
import type { ExecuteOptions, Unit } from "../logical-unit.ts";
import type { Path } from "./path.ts";
import { createMultipathUnit, type MultipathOptions, type MultipathUnit } from "./unit.ts";

/** DESIGNATOR TYPE of a relative target port identifier (smr-j, designator types). */
const RELATIVE_TARGET_PORT = 4;

/** The target port that the device server is asked through, as it says itself; undefined if it does not. */
export function relativeTargetPortOf(designators: readonly Designator[]): number | undefined {
  const one = designators.find(
    ({ association, type, bytes }) =>
      association === "target-port" && type === RELATIVE_TARGET_PORT && bytes.length === 4,
  );
  if (one === undefined) return undefined;
  const port = ((one.bytes[2] as number) << 8) | (one.bytes[3] as number);
  return port === 0 ? undefined : port;
}

/** VPD page 83h of a path, or of a unit through the first path that answers; or why there is no answer. */
export async function designatorsOf(
  unit: Pick<Unit, "deviceIdentification">,
  options: ExecuteOptions = {},
): Promise<readonly Designator[] | ScsiError> {
  try {
    return (await unit.deviceIdentification(options)).designators;
  } catch (error) {
    if (isScsiError(error) && error.code !== "ABORTED") return error;
    throw error;
  }
}

/** Its names of the logical unit, for people. */
export const named = (designators: readonly Designator[]): string =>
  designators
    .filter(({ association }) => association === "logical-unit")
    .map(formatDesignator)
    .join(", ") || "no identity";

/**
 * A logical unit made of paths, after VPD page 83h of each has said that they lead to one. A path that does not answer is kept: it may
 * come back, and is looked at again only by its target port.
 *
 * @throws ScsiError UNSUITABLE_DEVICE if two paths lead to different units, or that cannot be told; the paths are then disposed
 * @example
 * await using unit = await openMultipathUnit(await Promise.all(urls.map(async (url) => ({ name: url, unit: await open(url) }))));
 */
export async function openMultipathUnit(
  paths: readonly Path[],
  options: MultipathOptions = {},
): Promise<MultipathUnit> {
  try {
    const found = await Promise.all(
      paths.map(async (path) => {
        const answer = await designatorsOf(path.unit);
        return { path, designators: isScsiError(answer) ? undefined : answer };
      }),
    );
    const [first] = found.filter(({ designators }) => designators !== undefined);
    for (const { path, designators } of found) {
      if (designators === undefined || first?.designators === undefined || path === first.path) continue;
      const same = sameLogicalUnit(first.designators, designators);
      if (same === true) continue;
      const what = same === false ? "lead to different logical units" : "do not tell whether they lead to one unit";
      throw new ScsiError(
        `${first.path.name} (${named(first.designators)}) and ${path.name} (${named(designators)}) ${what}`,
        { code: "UNSUITABLE_DEVICE", delivered: "no" },
      );
    }
    const known = found.map(({ path, designators = [] }): Path => {
      const relativeTargetPort = path.relativeTargetPort ?? relativeTargetPortOf(designators);
      return { ...path, relativeTargetPort };
    });
    return createMultipathUnit(known, options);
  } catch (error) {
    await Promise.allSettled(paths.map(({ unit }) => unit[Symbol.asyncDispose]()));
    throw error;
  }
}
