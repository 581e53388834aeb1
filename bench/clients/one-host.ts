/**
 * A host with many units through several paths, as a process of its own: finds them at a target, registers, reserves and pre-empts
 * them all, and ends.
 *
 *   node one-host.js INITIATOR-NAME PATHS UNITS PORTAL-URL…
 */
import { argv } from "node:process";
import { openIscsiUnits } from "../../transports/iscsi/index.ts";
import { KEY, TYPE, VICTIM } from "./many-paths.ts";

const [initiatorName, paths = "0", units = "0", ...portals] = argv.slice(2);
const found = await openIscsiUnits({ portals, initiatorName });
if (found.units.length !== Number(units) || found.units.some((unit) => unit.paths.length !== Number(paths))) {
  throw new Error(`found ${found.units.length} units`);
}
await Promise.all(
  found.units.map(async (unit) => {
    await unit.register({ newKey: KEY });
    await unit.reserve({ key: KEY, type: TYPE });
    await unit.preempt({ key: KEY, victimKey: VICTIM, type: TYPE });
  }),
);
await found[Symbol.asyncDispose]();
