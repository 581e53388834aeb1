/**
 * A logical unit made of paths: the same methods as of one with a single path, so that what is written for one works for many.
 *
 * What holds: operations that change reservations are carried out one after the other, for two at once would take each other for
 * another host; every outcome and every error has the account of what happened on which path; what is remembered of this host's key is
 * forgotten where a failure has left it in doubt, so that a path that comes back is neither wiped nor registered by mistake.
 */
import type { Command } from "../command.ts";
import * as commands from "../commands/index.ts";
import { isScsiError, ScsiError } from "../errors.ts";
import { type ExecuteOptions, methodsOver, type Outcome, type Unit } from "../logical-unit.ts";
import type { ResetScope } from "../transport.ts";
import type { TransportId } from "../transport-id.ts";
import { formatTransportId, sameTransportId } from "../transport-id-text.ts";
import { accountOf, createRecorder, type MultipathAccount, type Recorder } from "./account.ts";
import { algorithmOf, type Memory, pathReturned, type ReturnedPath } from "./algorithms.ts";
import { carryOut, type MultipathMap, pathRetry, replyKindOf } from "./executor.ts";
import { noUsablePath } from "./failures.ts";
import { createPathLimits, type PathLimits } from "./limits.ts";
import type { Path, PathIdentity } from "./path.ts";
import { type PlannedStep, planOf } from "./plan.ts";
import type { Host } from "./registering.ts";
import { type MultipathRequest, requestOf } from "./request.ts";
import { holdingOf, type Seen } from "./seen.ts";
import type { Algorithm } from "./step.ts";

/** An outcome with what happened on each path. */
export interface MultipathOutcome<Result> extends Outcome<Result> {
  /** What happened on each path. */
  readonly account: MultipathAccount;
}

/** Options of {@link createMultipathUnit}, besides the defaults for every call. */
export interface MultipathOptions extends ExecuteOptions {
  /** For people; the first path's name unless given. */
  readonly name?: string | undefined;
  /** How many commands may be under way at once; limits of its own unless given. Share them among units. */
  readonly limits?: PathLimits | undefined;
  /** What applications use and must be held up while paths are without registration. Absent: there is none. */
  readonly map?: MultipathMap | undefined;
  /** Other initiator ports of this host, through which it may have been registered. */
  readonly ownPorts?: readonly TransportId[] | undefined;
  /** The key that this host has registered, if it is known from elsewhere. */
  readonly key?: bigint | undefined;
  /** Does this host hold the reservation, if that is known from elsewhere? */
  readonly holds?: boolean | undefined;
}

/** A logical unit through several paths. */
export interface MultipathUnit extends Unit {
  /** Its paths, in the order in which they are used. */
  readonly paths: readonly Path[];
  /** As the method of a unit of one path, with the account of all paths. */
  perform<Result>(command: Command<Result>, options?: ExecuteOptions): Promise<MultipathOutcome<Result>>;
  /**
   * What a command would do: which path would get which bytes, in what order, and why. Sends nothing.
   *
   * @throws TypeError for a command that is not done over several paths
   */
  plan(command: Command<unknown>): readonly PlannedStep[];
  /**
   * A path has come, or come back: registers it if this host is still registered, wipes its registration if not. Do not use the path
   * for anything else before.
   *
   * @param name the path's
   * @throws ScsiError PREEMPTED_MEANWHILE if somebody fenced this host while it did; the path is then not registered
   */
  pathReturned(name: string, options?: ExecuteOptions): Promise<ReturnedPath>;
  /** Adds a path, as {@link pathReturned}. */
  addPath(path: Path, options?: ExecuteOptions): Promise<ReturnedPath>;
  /** Takes a path out of use, and disposes it. Its registration stays: it is removed with the others. */
  removePath(name: string): Promise<void>;
}

const DEFAULT_DEADLINE_MS = 60_000;

/** Puts the account into an error. */
function withAccount(error: ScsiError, command: string, unit: string, account: MultipathAccount): ScsiError {
  const prefix = error.message.startsWith("Cannot ") ? "" : `Cannot ${command}: `;
  return new ScsiError(`${prefix}${error.message}`, {
    code: error.code,
    command,
    unit,
    status: error.status,
    sense: error.sense,
    unreadableSense: error.unreadableSense,
    field: error.field,
    delivered: error.delivered,
    attempts: account.paths.flatMap(({ attempts }) => attempts),
    evidence: error.evidence,
    account,
    cause: error.cause ?? error,
  });
}

function checkPaths(paths: readonly Path[]): void {
  if (paths.length === 0) throw new RangeError("a unit of several paths needs at least one");
  const names = new Set(paths.map(({ name }) => name));
  if (names.size < paths.length) throw new RangeError("two paths have the same name");
}

/** Two paths that are one I_T nexus are one path. */
function checkNexuses(paths: readonly PathIdentity[]): void {
  for (const [index, a] of paths.entries()) {
    const twin = paths
      .slice(index + 1)
      .find(
        (b) =>
          a.initiatorPort !== undefined &&
          b.initiatorPort !== undefined &&
          a.relativeTargetPort !== undefined &&
          a.relativeTargetPort === b.relativeTargetPort &&
          sameTransportId(a.initiatorPort, b.initiatorPort),
      );
    if (twin !== undefined) throw new RangeError(`${a.name} and ${twin.name} are the same I_T nexus, and one path`);
  }
}

/**
 * A logical unit made of paths, which it owns from now on. Whether they lead to one unit is not looked at here: see
 * {@link openMultipathUnit}.
 *
 * @throws RangeError for no path, two of one name, or two that are one I_T nexus
 * @example
 * await using unit = createMultipathUnit([{ name: "a", unit: a, relativeTargetPort: 1 }, { name: "b", unit: b, relativeTargetPort: 2 }]);
 * await unit.register({ newKey: 0xabcn }); // through both
 */
export function createMultipathUnit(given: readonly Path[], settings: MultipathOptions = {}): MultipathUnit {
  checkPaths(given);
  const { limits = createPathLimits(), map, ownPorts = [], ...defaults } = settings;
  const name = settings.name ?? (given[0] as Path).name;
  const token = {};
  let paths = [...given];
  let memory: Memory = { key: settings.key, holds: settings.holds };
  let queue: Promise<unknown> = Promise.resolve();
  /** Ports that were registered with this host's key on its demand. */
  let named: readonly TransportId[] = [];
  /** Observers follow to paths that are added. */
  const followers = new Set<() => void>();

  const identities = (): PathIdentity[] =>
    paths.map((path, index) => {
      const initiatorPort = path.initiatorPort ?? path.unit.transport.initiatorPort;
      const host = initiatorPort === undefined ? path.name : formatTransportId(initiatorPort).toLowerCase();
      return { index, name: path.name, initiatorPort, relativeTargetPort: path.relativeTargetPort, host };
    });
  checkNexuses(identities());

  const portsOf = (all: readonly PathIdentity[]): TransportId[] => [
    ...all.flatMap(({ initiatorPort }) => initiatorPort ?? []),
    ...ownPorts,
  ];
  const usable = (path: Path): boolean => path.usable?.() !== false;
  const hostOf = (all: readonly PathIdentity[]): Host => ({
    paths: all.filter(({ index }) => usable(paths[index] as Path)),
    ports: portsOf(all),
    named,
  });

  function merged(options: ExecuteOptions): ExecuteOptions & { readonly deadlineMs: number } {
    return {
      signal: options.signal ?? defaults.signal,
      timeoutMs: options.timeoutMs ?? defaults.timeoutMs,
      deadlineMs: options.deadlineMs ?? defaults.deadlineMs ?? DEFAULT_DEADLINE_MS,
      retry: options.retry ?? defaults.retry,
      observer: options.observer ?? defaults.observer,
    };
  }

  /** One operation after the other. */
  function inOrder<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = queue.then(work, work);
    queue = mine.catch(() => undefined);
    return mine;
  }

  /** Who holds, as remembered from the last look. */
  function remember(key: bigint, seen: Seen | undefined, all: readonly PathIdentity[]): void {
    const by = seen === undefined ? undefined : holdingOf(seen, key, all, portsOf(all)).by;
    memory = { key, holds: by === undefined ? undefined : key !== 0n && (by === "path" || by === "missing") };
  }

  /** After a failure: which key this host has is no longer certain where it was to be changed; the target knows. */
  function forget(request: MultipathRequest, error: unknown): void {
    const fenced = isScsiError(error) && error.code === "PREEMPTED_MEANWHILE";
    const changes = "newKey" in request || request.do === "clear" || request.do === "move";
    memory = fenced ? { key: 0n, holds: false } : { key: changes ? undefined : memory.key, holds: undefined };
  }

  async function operate<Result>(
    command: string,
    all: readonly PathIdentity[],
    make: (host: Host) => Algorithm<Result>,
    given: ExecuteOptions,
  ): Promise<{ readonly result: Result; readonly recorder: Recorder; readonly account: MultipathAccount }> {
    const options = merged(given);
    const recorder = createRecorder();
    const host = hostOf(all);
    const deadline = performance.now() + options.deadlineMs;
    try {
      if (host.paths.length === 0) throw noUsablePath("every path is known to be out of use");
      const result = await carryOut(make(host), { paths, limits, unit: token, map, options, deadline, recorder });
      return { result, recorder, account: accountOf(recorder, all) };
    } catch (error) {
      if (!isScsiError(error)) throw error;
      throw withAccount(error, command, name, accountOf(recorder, all));
    }
  }

  /** PERSISTENT RESERVE OUT over all paths. */
  async function change<Result>(command: Command<Result>, options: ExecuteOptions): Promise<MultipathOutcome<Result>> {
    const request = requestOf(command);
    if (request === undefined) return through(command, options);
    const all = identities();
    if (request.do === "register") named = [...(request.flags.initiatorPorts ?? named)];
    const { recorder, account } = await operate(
      command.name,
      all,
      (host) => algorithmOf(host, request, memory),
      options,
    ).catch((error: unknown) => {
      forget(request, error);
      throw error;
    });
    const own = "newKey" in request ? request.newKey : request.do === "clear" ? 0n : undefined;
    const key = own ?? ("key" in request ? (request.key as bigint) : (memory.key ?? 0n));
    remember(key, recorder.last, all);
    return {
      result: command.read(new Uint8Array(0)),
      attempts: account.paths.flatMap(({ attempts }) => attempts),
      unitAttentions: recorder.unitAttentions,
      settledBy: undefined,
      account,
    };
  }

  /** Any other command: through the first path that takes it. */
  async function through<Result>(command: Command<Result>, given: ExecuteOptions): Promise<MultipathOutcome<Result>> {
    const options = merged(given);
    const recorder = createRecorder();
    const all = identities();
    const until = performance.now() + options.deadlineMs;
    let last: ScsiError | undefined;
    const host = hostOf(all);
    for (const { index, name: pathName } of host.paths) {
      const { unit, target } = paths[index] as Path;
      try {
        const deadlineMs = Math.max(until - performance.now(), 1);
        const retry = host.paths.length > 1 ? pathRetry(options.retry) : options.retry;
        const outcome = await limits.run(target ?? pathName, token, () =>
          unit.perform(command, { ...options, deadlineMs, retry }),
        );
        recorder.attempts.set(index, [...outcome.attempts]);
        recorder.replies.set(index, { kind: "good", unitAttentions: outcome.unitAttentions });
        recorder.alive.set(index, true);
        return { ...outcome, account: accountOf(recorder, all) };
      } catch (error) {
        if (!isScsiError(error)) throw error;
        const kind = replyKindOf(error);
        recorder.attempts.set(index, [...error.attempts]);
        recorder.replies.set(index, { kind, error, unitAttentions: [] });
        recorder.alive.set(index, kind !== "unreachable" && kind !== "unknown");
        last = error;
        const next =
          error.code !== "ABORTED" && (kind === "unreachable" || (command.effect === "none" && kind === "unknown"));
        if (!next) break;
      }
    }
    throw withAccount(
      last ?? noUsablePath("every path is known to be out of use"),
      command.name,
      name,
      accountOf(recorder, all),
    );
  }

  const perform = async <Result>(
    command: Command<Result>,
    options: ExecuteOptions = {},
  ): Promise<MultipathOutcome<Result>> =>
    command.effect === "reservation" && requestOf(command) !== undefined
      ? inOrder(() => change(command, options))
      : through(command, options);

  const execute = async <Result>(command: Command<Result>, options: ExecuteOptions = {}): Promise<Result> =>
    (await perform(command, options)).result;

  function returned(pathName: string, options: ExecuteOptions): Promise<ReturnedPath> {
    return inOrder(async () => {
      const all = identities();
      const path = all.find((each) => each.name === pathName);
      if (path === undefined) throw new RangeError(`there is no path ${JSON.stringify(pathName)}`);
      const host: Host = { paths: all.filter((each) => each !== path), ports: portsOf(all), named };
      const { result } = await operate("REGISTER", all, () => pathReturned(host, path, memory), options);
      return result;
    });
  }

  return {
    ...methodsOver(commands, execute),
    name,
    get paths() {
      return paths;
    },
    get initiatorPorts() {
      return portsOf(identities());
    },
    execute,
    perform,
    plan(command) {
      const request = requestOf(command);
      if (request === undefined) throw new TypeError(`${command.name} is not planned over several paths`);
      return planOf(hostOf(identities()), request);
    },
    pathReturned: (pathName, options = {}) => returned(pathName, options),
    addPath(path, options = {}) {
      checkPaths([...paths, path]);
      paths = [...paths, path];
      try {
        checkNexuses(identities());
      } catch (error) {
        paths = paths.filter((each) => each !== path);
        throw error;
      }
      for (const follow of followers) follow();
      return returned(path.name, options);
    },
    removePath(pathName) {
      return inOrder(async () => {
        const path = paths.find((each) => each.name === pathName);
        if (path === undefined || paths.length === 1) {
          throw new RangeError(
            path === undefined ? `there is no path ${JSON.stringify(pathName)}` : "it is the last path",
          );
        }
        paths = paths.filter((each) => each !== path);
        await path.unit[Symbol.asyncDispose]();
      });
    },
    async reset(scope: ResetScope, options = {}) {
      const path = paths.find((each) => usable(each) && each.unit.transport.reset !== undefined) ?? paths[0];
      await (path as Path).unit.reset(scope, options);
    },
    observe(observer) {
      const ends = new Map<Path, () => void>();
      const follow = (): void => {
        for (const path of paths) {
          if (!ends.has(path))
            ends.set(
              path,
              path.unit.observe((attempt, command) => observer(attempt, command, path.name)),
            );
        }
      };
      follow();
      followers.add(follow);
      return () => {
        followers.delete(follow);
        for (const end of ends.values()) end();
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(paths.map(({ unit }) => unit[Symbol.asyncDispose]()));
    },
  };
}
