/**
 * A disk that is reached through several paths: what of the calls of this folder makes sense there, and how such a disk is asked.
 *
 * Persistent reservations are a host's: they are made on every path by src/multipath. RESERVE and RELEASE are one I_T nexus's. So
 * nothing here reserves through several paths; what is reserved through one of them shuts the others out.
 */
import type { Command } from "../command.ts";
import { isScsiError, ScsiError } from "../errors.ts";
import type { Unit } from "../logical-unit.ts";
import { isMultipath } from "../multipath/is-multipath.ts";

/**
 * Refuses what RESERVE would do to a unit of several paths; nothing is sent.
 *
 * @throws ScsiError `UNSUITABLE_DEVICE`, errno ENOTSUP
 */
export function refuseSeveralPaths(unit: Unit, what: string): void {
  if (!isMultipath(unit)) return;
  throw new ScsiError(
    `Cannot ${what}: RESERVE is one I_T nexus's, and would shut this host's other paths out like another host; take one path, or share the disk by persistent reservations`,
    { code: "UNSUITABLE_DEVICE", unit: unit.name, delivered: "no", errno: "ENOTSUP" },
  );
}

/** The ways to a unit: every path, or itself. Also paths that were out of use when somebody last looked: they may be back. */
export const waysTo = (unit: Unit): readonly Unit[] =>
  isMultipath(unit) ? unit.paths.map((path) => path.unit) : [unit];

/** Asks one way; `over` says that another one has answered meanwhile, and nobody waits any more. */
export type AskWay = <Result>(way: Unit, command: Command<Result>, over: () => boolean) => Promise<Result>;

/**
 * Asks through every way at the same time: the first that has something to say is heard. A path from which nothing comes must not
 * keep what the others say waiting. What changes something goes to the unit, which knows what to do with its paths.
 */
export function askAnyWay<Result>(unit: Unit, command: Command<Result>, ask: AskWay): Promise<Result> {
  const ways = command.effect === "none" ? waysTo(unit) : [unit];
  const [only] = ways;
  if (only !== undefined && ways.length === 1) return ask(only, command, () => false);
  return new Promise((resolve, reject) => {
    let over = false;
    let waiting = ways.length;
    let said: unknown;
    for (const way of ways) {
      ask(way, command, () => over).then(
        (answer) => {
          over = true;
          resolve(answer);
        },
        (error: unknown) => {
          waiting--;
          // That another host has the disk is an answer, and every path's. What a device server said tells more than what a path did.
          const last = waiting === 0 || !isScsiError(error) || error.code === "RESERVATION_CONFLICT";
          if (said === undefined || (isScsiError(error) && error.delivered === "yes")) said = error;
          if (!last) return;
          over = true;
          reject(waiting === 0 ? said : error);
        },
      );
    }
  });
}
