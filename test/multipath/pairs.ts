/**
 * Every two faults for a scenario with two paths. The second is one that comes: what the first alone leads to says how many
 * commands there are, and a run is the same every time. Faults that nobody would notice are not tried twice.
 */
import { createRandom } from "../../transports/simulated/random.ts";
import { type Scenario, tryOut } from "./scenarios.ts";
import { type FaultName, faultNames, type Planned } from "./world.ts";

/** Two faults and what went wrong with them. */
export interface Tried {
  readonly faults: readonly Planned[];
  readonly wrong: readonly string[];
}

const PATHS = 2;

/** Lets the command that it meets go on, so that something else can happen to the same command. */
const passes = (fault: FaultName): boolean => fault.startsWith("competitor") || fault.endsWith("attention");

/** Every first fault. */
async function firstFaults(scenario: Scenario): Promise<Planned[]> {
  const { commands } = await tryOut(scenario, PATHS, []);
  return Array.from({ length: commands }, (_, index) => faultNames.map((fault): Planned => [index + 1, fault])).flat();
}

/** Every second fault for a first one: later, or to the same command where that goes on. */
async function secondFaults(scenario: Scenario, first: Planned): Promise<Planned[]> {
  const { commands, idle } = await tryOut(scenario, PATHS, [first]);
  if (idle) return [];
  const [at, name] = first;
  const seconds: Planned[] = [];
  if (passes(name)) for (const fault of faultNames) if (fault !== name) seconds.push([at, fault]);
  for (let later = at + 1; later <= commands; later++) for (const fault of faultNames) seconds.push([later, fault]);
  return seconds;
}

/**
 * All pairs whose first fault is one of a share.
 *
 * @param share of so many, which one
 * @returns how many there were
 */
export async function allPairs(
  scenario: Scenario,
  share: { readonly index: number; readonly of: number },
  report: (tried: Tried) => void,
): Promise<number> {
  let count = 0;
  for (const [index, first] of (await firstFaults(scenario)).entries()) {
    if (index % share.of !== share.index) continue;
    for (const second of await secondFaults(scenario, first)) {
      const { wrong } = await tryOut(scenario, PATHS, [first, second]);
      count++;
      if (wrong.length > 0) report({ faults: [first, second], wrong });
    }
  }
  return count;
}

/** Some pairs, always the same for a seed. */
export async function somePairs(scenario: Scenario, count: number, seed: number): Promise<readonly string[]> {
  const random = createRandom(seed);
  const firsts = await firstFaults(scenario);
  const wrong: string[] = [];
  for (let tried = 0; tried < count; tried++) {
    const first = random.pick(firsts);
    const seconds = await secondFaults(scenario, first);
    if (seconds.length === 0) continue;
    const second = random.pick(seconds);
    wrong.push(...(await tryOut(scenario, PATHS, [first, second])).wrong);
  }
  return wrong;
}
