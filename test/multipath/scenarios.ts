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
  setup(world: World): Promise<void>;
  run(unit: MultipathUnit): Promise<unknown>;
  readonly wanted: Wanted;
  /** What must be true besides if it succeeded, and nobody fenced this host. */
  also?(truth: Truth): string | undefined;
  /** It may take away what others have. */
  readonly harms?: boolean;
  /** A registration from before, by which being fenced would be noticed, is not known. */
  readonly ignores?: boolean;
}

const holds = (type: string) => (truth: Truth) =>
  (typeof truth.holder === "number" || truth.holder === "missing") && truth.type === type
    ? undefined
    : `it does not hold: ${String(truth.holder)} ${String(truth.type)}`;
const holdsNothing = (truth: Truth) =>
  typeof truth.holder === "number" || truth.holder === "missing" ? `it still holds: ${truth.holder}` : undefined;
const through = <Result>(
  unit: MultipathUnit,
  command: ReturnType<typeof commands.clear> & { readonly never?: Result },
) => unit.perform(command);

const registered = async (world: World, key = K): Promise<void> => {
  await world.unit.register({ newKey: key });
};

export const scenarios: readonly Scenario[] = [
  {
    name: "register for the first time",
    setup: async () => undefined,
    run: (unit) => through(unit, commands.register({ newKey: N })),
    wanted: { registered: N },
  },
  {
    name: "register and ignore",
    setup: async () => undefined,
    run: (unit) => through(unit, commands.registerAndIgnoreExistingKey({ newKey: N })),
    wanted: { registered: N },
    ignores: true,
  },
  {
    name: "change the key",
    setup: (world) => registered(world),
    run: (unit) => through(unit, commands.register({ key: K, newKey: N })),
    wanted: { registered: N },
  },
  {
    name: "change the key while holding",
    async setup(world) {
      await registered(world);
      await world.unit.reserve({ key: K, type: WE });
    },
    run: (unit) => through(unit, commands.register({ key: K, newKey: N })),
    wanted: { registered: N },
    also: holds(WE),
  },
  {
    name: "change the key with the holder's path missing",
    async setup(world) {
      await registered(world);
      world.registerMissing(K);
      world.as("missing", 1, K, 0n, 5);
    },
    run: (unit) => through(unit, commands.register({ key: K, newKey: N })),
    wanted: { registered: N },
    also: (truth) => holds(RO)(truth) ?? (truth.missing.includes(K) ? "the old key is still there" : undefined),
  },
  {
    name: "unregister",
    setup: (world) => registered(world),
    removing: true,
    run: (unit) => through(unit, commands.register({ key: K, newKey: 0n })),
    wanted: { unregistered: true },
  },
  {
    name: "unregister while holding",
    async setup(world) {
      await registered(world);
      await world.unit.reserve({ key: K, type: RO });
    },
    removing: true,
    run: (unit) => through(unit, commands.registerAndIgnoreExistingKey({ newKey: 0n })),
    wanted: { unregistered: true },
    also: (truth) => (truth.dead.some(Boolean) ? undefined : holdsNothing(truth)),
  },
  {
    name: "unregister while a missing path holds",
    async setup(world) {
      await registered(world);
      world.registerMissing(K);
      world.as("missing", 1, K, 0n, 5);
    },
    removing: true,
    run: (unit) => through(unit, commands.register({ key: K, newKey: 0n })),
    wanted: { unregistered: true },
    also: (truth) => (truth.holder === "missing" ? "the missing path still holds" : undefined),
  },
  {
    name: "reserve",
    setup: (world) => registered(world),
    run: (unit) => through(unit, commands.reserve({ key: K, type: RO })),
    wanted: { registered: K },
    also: holds(RO),
  },
  {
    name: "reserve what a missing path holds",
    async setup(world) {
      await registered(world);
      world.registerMissing(K);
      world.as("missing", 1, K, 0n, 1);
    },
    run: (unit) => through(unit, commands.reserve({ key: K, type: WE })),
    wanted: { registered: K },
    also: holds(WE),
  },
  {
    name: "release",
    async setup(world) {
      await registered(world);
      await world.unit.reserve({ key: K, type: RO });
    },
    run: (unit) => through(unit, commands.release({ key: K, type: RO })),
    wanted: { registered: K },
    also: holdsNothing,
  },
  {
    name: "release of all registrants",
    async setup(world) {
      await registered(world);
      await world.unit.reserve({ key: K, type: AR });
    },
    run: (unit) => through(unit, commands.release({ key: K, type: AR })),
    wanted: { registered: K },
    also: (truth) => (truth.holder === undefined ? undefined : "it is still reserved"),
  },
  {
    name: "release of what a missing path holds",
    async setup(world) {
      await registered(world);
      world.registerMissing(K);
      world.as("missing", 1, K, 0n, 5);
    },
    run: (unit) => through(unit, commands.release({ key: K, type: RO })),
    wanted: { registered: K },
    also: holdsNothing,
  },
  {
    name: "clear",
    setup: (world) => registered(world),
    removing: true,
    harms: true,
    run: (unit) => through(unit, commands.clear({ key: K })),
    wanted: { none: true },
  },
  {
    name: "preempt who holds",
    async setup(world) {
      await registered(world);
      world.as(BYSTANDER, 1, D, 0n, 5);
    },
    harms: true,
    run: (unit) => through(unit, commands.preempt({ key: K, victimKey: D, type: RO })),
    wanted: { registered: K },
    also: (truth) => holds(RO)(truth) ?? (truth.bystander === 0n ? undefined : "the victim is still registered"),
  },
  {
    name: "preempt who does not hold, and abort",
    setup: (world) => registered(world),
    harms: true,
    run: (unit) => through(unit, commands.preemptAndAbort({ key: K, victimKey: D, type: RO })),
    wanted: { registered: K },
    also: (truth) => (truth.bystander === 0n ? undefined : "the victim is still registered"),
  },
  {
    name: "preempt one's own key while holding",
    async setup(world) {
      await registered(world);
      await world.unit.reserve({ key: K, type: RO });
    },
    run: (unit) => through(unit, commands.preempt({ key: K, victimKey: K, type: RO })),
    wanted: { registered: K },
    also: holds(RO),
  },
  {
    name: "preempt everybody under all registrants",
    async setup(world) {
      await registered(world);
      await world.unit.reserve({ key: K, type: AR });
    },
    harms: true,
    run: (unit) => through(unit, commands.preempt({ key: K, victimKey: 0n, type: AR })),
    wanted: { registered: K },
  },
  {
    name: "a path comes back",
    async setup(world) {
      world.kill(1);
      await registered(world);
      world.revive(1);
    },
    run: (unit) => unit.pathReturned("path 1"),
    wanted: { none: true },
    also: (truth) =>
      truth.dead[1] || truth.keys[1] === truth.keys[0] ? undefined : "the path is not as the others are",
  },
];

/** Runs a scenario with faults. Returns what is wrong, or nothing; and how many commands there were. */
export async function tryOut(
  scenario: Scenario,
  paths: number,
  faults: readonly Planned[],
): Promise<{ readonly wrong: readonly string[]; readonly commands: number; readonly succeeded: boolean }> {
  const world = createWorld({ paths, ...scenario.options });
  world.as(BYSTANDER, 6, 0n, D);
  world.as(COMPETITOR, 6, 0n, C);
  await scenario.setup(world);
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
  const competing = faults.some(([, fault]) => fault.startsWith("competitor"));

  if (world.suspended) wrong.push("the map is still suspended");
  if (world.fencedAt === undefined || scenario.removing === true) {
    if (succeeded && "registered" in wanted) {
      const without = living.filter(({ key }) => key !== wanted.registered);
      if (without.length > 0) wrong.push(`success, but without the key: ${without.map(({ path }) => path).join(", ")}`);
    }
    if (succeeded && "unregistered" in wanted && living.some(({ key }) => key !== 0n)) {
      wrong.push("success, but a living path is still registered");
    }
    // Who else acted may have undone it right after.
    const problem = succeeded && !competing ? scenario.also?.(truth) : undefined;
    if (problem !== undefined) wrong.push(`success, but ${problem}`);
  } else if (world.firstChange !== undefined && world.fencedAt >= world.firstChange) {
    // Fenced after it had begun to change anything: nothing of it may be left.
    // A path that is BUSY for good takes no command: neither one that would unregister it, nor one that would write.
    if (living.some(({ path, key }) => key !== 0n && !truth.busy[path]))
      wrong.push(`fenced at ${world.fencedAt}, but a living path is registered`);
  }
  if (scenario.harms !== true && !faults.some(([, fault]) => fault === "competitor-clears")) {
    if (truth.bystander !== D) wrong.push("the bystander's registration is gone");
    if (truth.competitor === 0n) wrong.push("the competitor's registration is gone");
  }
  if (outcome === "registered" && living.some(({ path, key }) => path === 1 && key !== K)) {
    wrong.push("said to be registered, and is not");
  }
  for (const [path, { key }] of (account?.paths ?? []).entries()) {
    if (key !== undefined && key !== truth.keys[path]) {
      wrong.push(`path ${path} is said to have ${key.toString(16)}, and has ${truth.keys[path]?.toString(16)}`);
    }
    const deaf = faults.some(([, fault]) => fault === "busy-for-good");
    if (key === undefined && living.length > 0 && !deaf) wrong.push(`nothing is said of path ${path}`);
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
  };
}
