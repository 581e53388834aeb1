/**
 * Every algorithm, from a state in which it makes sense, and what must be true after it whatever went wrong in between. What is
 * checked is the device server's own state.
 */
import { commands, isScsiError, type MultipathAccount, type MultipathUnit } from "../../src/index.ts";
import {
  BYSTANDER,
  C,
  COMPETITOR,
  createWorld,
  D,
  K,
  N,
  type Planned,
  type Truth,
  type World,
  type WorldOptions,
} from "./world.ts";

const RO = "write-exclusive-registrants-only";
const AR = "exclusive-access-all-registrants";
const WE = "write-exclusive";

/** What an operation was meant to bring about. */
type Wanted =
  /** Every living path has this key. */
  | { readonly registered: bigint }
  /** No living path is registered. */
  | { readonly unregistered: true }
  | { readonly none: true };

export interface Scenario {
  readonly name: string;
  readonly options?: Partial<WorldOptions>;
  /** It is meant to take registrations away. */
  readonly removing?: boolean;
  setup(world: World): void;
  run(unit: MultipathUnit): Promise<unknown>;
  readonly wanted: Wanted;
  /** The service action that must have been executed if it succeeded, whoever else brought the same about: its effect cannot be seen. */
  readonly must?: number;
  /** What must be true besides if it succeeded, and nobody fenced this host. */
  also?(truth: Truth): string | undefined;
  /** It registers anew, with what the caller says of persistence through power loss; otherwise that stays as it was. */
  readonly registers?: boolean;
  /** Whose registrations it may take away. */
  readonly harms?: "bystander" | "everybody";
}

const holds = (type: string) => (truth: Truth) =>
  (typeof truth.holder === "number" || truth.holder === "missing") && truth.type === type
    ? undefined
    : `it does not hold: ${String(truth.holder)} ${String(truth.type)}`;
const holdsNothing = (truth: Truth) =>
  typeof truth.holder === "number" || truth.holder === "missing" ? `it still holds: ${truth.holder}` : undefined;
const stillThere = (truth: Truth) => (truth.missing.length > 0 ? "a missing path is still registered" : undefined);
const through = <Result>(
  unit: MultipathUnit,
  command: ReturnType<typeof commands.clear> & { readonly never?: Result },
) => unit.perform(command);

/** All paths are registered. */
function registered(world: World, key = K): void {
  for (const path of world.truth().keys.keys()) world.through(path, 6, 0n, key);
}
/** And the first of them reserves. */
function holding(world: World, type: number): void {
  registered(world);
  world.through(0, 1, K, 0n, type);
}
/** And a path that is gone reserves. */
function missing(world: World, type: number): void {
  registered(world);
  world.registerMissing(K);
  world.as("missing", 1, K, 0n, type);
}
const knows = { key: K, holds: false };
const knowsToHold = { key: K, holds: true };

const known: readonly Scenario[] = [
  {
    name: "register for the first time",
    setup: () => undefined,
    registers: true,
    run: (unit) => through(unit, commands.register({ newKey: N })),
    wanted: { registered: N },
  },
  {
    name: "register and ignore",
    setup: () => undefined,
    registers: true,
    run: (unit) => through(unit, commands.registerAndIgnoreExistingKey({ newKey: N })),
    wanted: { registered: N },
  },
  {
    name: "change the key",
    options: knows,
    setup: (world) => registered(world),
    registers: true,
    run: (unit) => through(unit, commands.register({ key: K, newKey: N })),
    wanted: { registered: N },
  },
  {
    name: "change the key while holding",
    options: knowsToHold,
    setup: (world) => holding(world, 1),
    registers: true,
    run: (unit) => through(unit, commands.register({ key: K, newKey: N })),
    wanted: { registered: N },
    also: holds(WE),
  },
  {
    name: "change the key with the holder's path missing",
    options: knows,
    setup: (world) => missing(world, 5),
    registers: true,
    run: (unit) => through(unit, commands.register({ key: K, newKey: N })),
    wanted: { registered: N },
    also: (truth) => holds(RO)(truth) ?? (truth.missing.includes(K) ? "the old key is still there" : undefined),
  },
  {
    name: "unregister",
    options: knows,
    setup: (world) => registered(world),
    removing: true,
    registers: true,
    run: (unit) => through(unit, commands.register({ key: K, newKey: 0n })),
    wanted: { unregistered: true },
  },
  {
    name: "unregister while holding",
    options: knowsToHold,
    setup: (world) => holding(world, 5),
    removing: true,
    registers: true,
    run: (unit) => through(unit, commands.registerAndIgnoreExistingKey({ newKey: 0n })),
    wanted: { unregistered: true },
    also: (truth) => (truth.dead.some(Boolean) ? undefined : holdsNothing(truth)),
  },
  {
    name: "unregister while a missing path holds",
    options: knows,
    setup: (world) => missing(world, 5),
    removing: true,
    registers: true,
    run: (unit) => through(unit, commands.register({ key: K, newKey: 0n })),
    wanted: { unregistered: true },
    also: (truth) => (truth.holder === "missing" ? "the missing path still holds" : stillThere(truth)),
  },
  {
    name: "unregister with a missing path registered",
    options: knows,
    setup(world) {
      registered(world);
      world.registerMissing(K);
    },
    removing: true,
    registers: true,
    run: (unit) => through(unit, commands.register({ key: K, newKey: 0n })),
    wanted: { unregistered: true },
    also: (truth) => stillThere(truth),
  },
  {
    name: "reserve",
    options: knows,
    setup: (world) => registered(world),
    run: (unit) => through(unit, commands.reserve({ key: K, type: RO })),
    wanted: { registered: K },
    also: holds(RO),
  },
  {
    name: "reserve what a missing path holds",
    options: knows,
    setup: (world) => missing(world, 1),
    run: (unit) => through(unit, commands.reserve({ key: K, type: WE })),
    wanted: { registered: K },
    also: (truth) => holds(WE)(truth) ?? (truth.holder === "missing" ? "no path holds, and none can write" : undefined),
  },
  {
    name: "release",
    options: knowsToHold,
    setup: (world) => holding(world, 5),
    run: (unit) => through(unit, commands.release({ key: K, type: RO })),
    wanted: { registered: K },
    also: holdsNothing,
  },
  {
    name: "release of all registrants",
    options: knows,
    setup: (world) => holding(world, 8),
    run: (unit) => through(unit, commands.release({ key: K, type: AR })),
    wanted: { registered: K },
    also: (truth) => (truth.holder === undefined ? undefined : "it is still reserved"),
  },
  {
    name: "release of what a missing path holds",
    options: knows,
    setup: (world) => missing(world, 5),
    run: (unit) => through(unit, commands.release({ key: K, type: RO })),
    wanted: { registered: K },
    also: holdsNothing,
  },
  {
    name: "clear",
    options: knows,
    setup: (world) => registered(world),
    removing: true,
    harms: "everybody",
    run: (unit) => through(unit, commands.clear({ key: K })),
    wanted: { none: true },
  },
  {
    name: "preempt who holds",
    options: knows,
    setup(world) {
      registered(world);
      world.as(BYSTANDER, 1, D, 0n, 5);
    },
    harms: "bystander",
    run: (unit) => through(unit, commands.preempt({ key: K, victimKey: D, type: RO })),
    wanted: { registered: K },
    also: (truth) => holds(RO)(truth) ?? (truth.bystander === 0n ? undefined : "the victim is still registered"),
  },
  {
    name: "preempt who does not hold, and abort",
    options: knows,
    setup: (world) => registered(world),
    harms: "bystander",
    run: (unit) => through(unit, commands.preemptAndAbort({ key: K, victimKey: D, type: RO })),
    must: 5,
    wanted: { registered: K },
    also: (truth) => (truth.bystander === 0n ? undefined : "the victim is still registered"),
  },
  {
    name: "preempt one's own key while holding",
    options: knowsToHold,
    setup: (world) => holding(world, 5),
    run: (unit) => through(unit, commands.preempt({ key: K, victimKey: K, type: RO })),
    wanted: { registered: K },
    also: holds(RO),
  },
  {
    name: "preempt everybody under all registrants",
    options: knows,
    setup: (world) => holding(world, 8),
    harms: "everybody",
    run: (unit) => through(unit, commands.preempt({ key: K, victimKey: 0n, type: AR })),
    wanted: { registered: K },
  },
  {
    name: "a path comes back",
    options: knows,
    setup(world) {
      registered(world);
      world.through(1, 0, K, 0n);
    },
    run: (unit) => unit.pathReturned("path 1"),
    wanted: { none: true },
    also: (truth) =>
      truth.dead[1] || truth.keys[1] === truth.keys[0] ? undefined : "the path is not as the others are",
  },
  {
    name: "a path comes back with an old key",
    options: { key: N, holds: false },
    setup(world) {
      registered(world, N);
      world.through(1, 6, 0n, K + 0x10n);
    },
    run: (unit) => unit.pathReturned("path 1"),
    wanted: { none: true },
    also: (truth) => (truth.dead[1] || truth.keys[1] === N ? undefined : "the path has not the new key"),
  },
  {
    name: "a path comes back to a host that has unregistered meanwhile",
    options: { key: 0n, holds: false },
    setup: (world) => void world.through(1, 6, 0n, K),
    removing: true,
    run: (unit) => unit.pathReturned("path 1"),
    wanted: { none: true },
    also: (truth) => (truth.dead[1] || truth.keys[1] === 0n ? undefined : "the path is still registered"),
  },
];

const worlds = new Map<string, World>();

/** The world in which a scenario begins; the same one every time, taken back to its beginning. */
function worldOf(scenario: Scenario, paths: number): World {
  const name = `${scenario.name}, ${paths}`;
  let world = worlds.get(name);
  if (world === undefined) {
    world = createWorld({ paths, ...scenario.options });
    worlds.set(name, world);
    world.as(BYSTANDER, 6, 0n, D);
    world.as(COMPETITOR, 6, 0n, C);
    scenario.setup(world);
    world.mark();
  }
  world.rewind();
  return world;
}

/** Without knowing through which ports the paths go: only how many registrations have which key can be seen. */
const unknown = known
  .filter(({ name }) => !name.includes("missing"))
  .map((scenario) => ({
    ...scenario,
    name: `${scenario.name}, ports unknown`,
    options: { ...scenario.options, anonymous: true },
  }));

export const scenarios: readonly Scenario[] = [...known, ...unknown];

/** What came of a scenario with faults. */
export interface TriedOut {
  /** What must not be, in words. */
  readonly wrong: readonly string[];
  /** How many commands there were, and which. */
  readonly commands: number;
  readonly trace: readonly string[];
  readonly succeeded: boolean;
  /** A competitor that was planned found nothing to do: as without it. */
  readonly idle: boolean;
}

/** Runs a scenario with faults. */
export async function tryOut(scenario: Scenario, paths: number, faults: readonly Planned[]): Promise<TriedOut> {
  const world = worldOf(scenario, paths);
  const { persistent } = world.truth();
  world.arm(faults, { removing: scenario.removing });
  let account: MultipathAccount | undefined;
  let failure: unknown;
  let succeeded = false;
  let outcome: unknown;
  try {
    outcome = await scenario.run(world.unit);
    succeeded = true;
    account = (outcome as { readonly account?: MultipathAccount } | undefined)?.account;
  } catch (error) {
    if (!isScsiError(error)) throw error;
    failure = error;
    account = error.account;
  }
  const truth = world.truth();
  const wrong: string[] = [...world.violations];
  const living = truth.keys.map((key, path) => ({ key, path })).filter(({ path }) => !truth.dead[path]);
  const { wanted } = scenario;

  if (world.suspended) wrong.push("the map is still suspended");
  if (succeeded && scenario.must !== undefined && !world.executed.has(scenario.must)) {
    wrong.push("success, but nothing was executed");
  }
  if (world.fencedAt === undefined || scenario.removing === true) {
    if (succeeded && "registered" in wanted) {
      const without = living.filter(({ key }) => key !== wanted.registered);
      if (without.length > 0) wrong.push(`success, but without the key: ${without.map(({ path }) => path).join(", ")}`);
    }
    if (succeeded && "unregistered" in wanted && living.some(({ key }) => key !== 0n)) {
      wrong.push("success, but a living path is still registered");
    }
    // Who else acted may have undone it right after.
    const problem = succeeded && !world.interfered ? scenario.also?.(truth) : undefined;
    if (problem !== undefined) wrong.push(`success, but ${problem}`);
    const others = world.interfered || faults.some(([, fault]) => fault === "competitor-registers");
    if (succeeded && !others && scenario.registers !== true && truth.persistent !== persistent) {
      wrong.push(`success, but ${persistent ? "it would no longer" : "now it would"} survive a loss of power`);
    }
  } else {
    // Fenced: nothing of it may be left, and nothing come back.
    // A path that is BUSY for good takes no command: neither one that would unregister it, nor one that would write.
    if (living.some(({ path, key }) => key !== 0n && !truth.busy[path]))
      wrong.push(`fenced at ${world.fencedAt}, but a living path is registered`);
    if (succeeded && "registered" in wanted && world.fencedAt <= world.lastChange) {
      wrong.push(
        `success, but fenced at ${world.fencedAt}, before its last command that changes something, ${world.lastChange}`,
      );
    }
  }
  if (scenario.harms !== "everybody" && !faults.some(([, fault]) => fault === "competitor-clears")) {
    const spared =
      scenario.harms === undefined && !faults.some(([, fault]) => fault === "competitor-preempts-bystander");
    if (spared && truth.bystander !== D) wrong.push("the bystander's registration is gone");
    if (truth.competitor === 0n) wrong.push("the competitor's registration is gone");
  }
  if (outcome === "registered" && living.some(({ path, key }) => path === 1 && key !== scenario.options?.key)) {
    wrong.push("said to be registered, and is not");
  }
  if (outcome === "not-registered" && living.some(({ path, key }) => path === 1 && key !== 0n)) {
    wrong.push("said to be not registered, and is");
  }
  for (const [path, { key, holder }] of (account?.paths ?? []).entries()) {
    const held = truth.holder === path || (truth.holder === "all-registrants" && truth.keys[path] !== 0n);
    if (holder !== undefined && holder !== held)
      wrong.push(`path ${path} is said ${holder ? "to hold" : "not to hold"}`);
    if (key !== undefined && key !== truth.keys[path]) {
      wrong.push(`path ${path} is said to have ${key.toString(16)}, and has ${truth.keys[path]?.toString(16)}`);
    }
    const deaf = faults.some(([, fault]) => fault === "busy-for-good");
    if (key === undefined && living.length > 0 && !deaf && scenario.options?.anonymous !== true)
      wrong.push(`nothing is said of path ${path}`);
  }
  if (!succeeded && account === undefined) wrong.push("a failure without an account");
  const code = isScsiError(failure) ? failure.code : "success";
  return {
    wrong: wrong.map(
      (text) =>
        `${scenario.name}, ${paths} paths, ${faults.map(([at, fault]) => `${fault} at ${at}`).join(" and ") || "no fault"}: ${text} (${code})`,
    ),
    commands: world.count,
    succeeded,
    trace: world.trace,
    idle: world.idle,
  };
}
