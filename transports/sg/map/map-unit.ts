/**
 * A map of dm-multipath as a unit of several paths: its disks are the paths, device mapper tells which of them are in use, holds
 * applications up where the algorithms ask for it, and multipathd is kept informed.
 *
 * What holds: a path that device mapper does not use, and whose disk is not running, gets no command but what each path is asked by itself; it cannot come back into use
 * without multipathd, which registers it then. Every other path does, whatever device mapper thinks of it.
 */
import type { Command } from "../../../src/command.ts";
import * as commands from "../../../src/commands/index.ts";
import { sameLogicalUnit } from "../../../src/designators.ts";
import { isScsiError, type ScsiError, transportError } from "../../../src/errors.ts";
import { createLogicalUnit, type ExecuteOptions, methodsOver } from "../../../src/logical-unit.ts";
import { designatorsOf, openMultipathUnit, relativeTargetPortOf } from "../../../src/multipath/identify.ts";
import type { PathLimits } from "../../../src/multipath/limits.ts";
import type { Path } from "../../../src/multipath/path.ts";
import { requestOf } from "../../../src/multipath/request.ts";
import type { MultipathOutcome, MultipathUnit } from "../../../src/multipath/unit.ts";
import type { Transport } from "../../../src/transport.ts";
import type { Threads } from "../calls.ts";
import { type OpenDevice, openDevice } from "../device.ts";
import { errnoName } from "../errno.ts";
import { type DeviceNode, line } from "../node-of.ts";
import { CLOSE_TIMEOUT_MS } from "../transport.ts";
import { type MapCall, resumeCall, statusCall, suspendCall } from "./dm-ioctl.ts";
import type { MapPath, MultipathMapNode } from "./find.ts";
import { createKeyKeeper, type KeyKeeper } from "./keeping.ts";
import { type AskMultipathd, askMultipathd } from "./multipathd.ts";
import type { StoredKey } from "./prkeys.ts";
import { readMultipathStatus } from "./status.ts";

const controlNode: DeviceNode = {
  path: "/dev/mapper/control",
  kind: "other",
  sysfs: undefined,
  scsiDevice: undefined,
  sgNode: undefined,
  hint: undefined,
};

/** How to open a map. Those of {@link ExecuteOptions} become the defaults of the unit. */
export interface MapOptions extends ExecuteOptions {
  /** How many commands may be under way at once; limits of its own unless given. Share them among maps. */
  readonly limits?: PathLimits | undefined;
  /** Asks multipathd; its socket unless given. */
  readonly askMultipathd?: AskMultipathd | undefined;
  /** multipathd's file of reservation keys, for where no daemon runs. /etc/multipath/prkeys unless given. */
  readonly prkeysFile?: string | undefined;
}

/** What a map is opened with. */
export interface MapParts {
  readonly threads: Threads;
  readonly map: MultipathMapNode;
  openPath(path: MapPath): Promise<Transport>;
}

/** Device mapper, for one map. */
interface Mapper extends AsyncDisposable {
  suspend(): Promise<void>;
  resume(): Promise<void>;
  /** `major:minor` of the paths that are not in use; none where device mapper does not tell. */
  failed(): Promise<ReadonlySet<string>>;
}

function deviceMapper(threads: Threads, { name, path }: MultipathMapNode): Mapper {
  let opened: Promise<OpenDevice> | undefined;
  async function send<Result>(what: string, make: MapCall<Result>): Promise<Result> {
    const refused = (errno: number): Error =>
      transportError("CONNECTION_FAILED", "no", `Device mapper did not ${what} ${path}: ${errnoName(errno)}`);
    opened ??= openDevice(threads, controlNode, true, CLOSE_TIMEOUT_MS);
    const device = await opened;
    return device.send({ what: () => what, writing: true, make: (fd) => make(fd, name, refused) }, {});
  }
  return {
    suspend: () => send("suspend", suspendCall),
    resume: () => send("resume", resumeCall),
    async failed() {
      try {
        const targets = (await send("tell the status of", statusCall)) ?? [];
        const paths = targets.flatMap(({ type, text }) =>
          type === "multipath" ? (readMultipathStatus(text) ?? []) : [],
        );
        return new Set(paths.flatMap(({ device, active }) => (active ? [] : [device])));
      } catch (error) {
        // Without rights for the control node every path is tried.
        if (!isScsiError(error)) throw error;
        return new Set();
      }
    },
    async [Symbol.asyncDispose]() {
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

/** A path that cannot be opened belongs to the map all the same: until it can be, every command through it fails as opening did. */
function unopened(name: string, error: ScsiError): Transport {
  return {
    name,
    execute: () => Promise.reject(transportError("CONNECTION_FAILED", "no", error.message, error)),
    async [Symbol.asyncDispose]() {},
  };
}

/** What a command makes of this host's registration. */
function keyAfter(command: Command<unknown>): StoredKey | "none" | undefined {
  const request = requestOf(command);
  if (request?.do === "clear") return "none";
  if (request?.do !== "register") return undefined;
  const { newKey, flags } = request;
  return newKey === 0n ? "none" : { key: newKey, persistThroughPowerLoss: flags.persistThroughPowerLoss === true };
}

/** Carries a command out that changes the registration, and keeps multipathd informed. */
async function kept<Result>(after: StoredKey | "none", keeper: KeyKeeper, act: () => Promise<Result>): Promise<Result> {
  const takeBack = after === "none" ? undefined : await keeper.registering(after);
  try {
    const result = await act();
    await told(after === "none" ? keeper.unregistered() : keeper.registered());
    return result;
  } catch (error) {
    if (!isScsiError(error)) throw error;
    // Where a path has the key after all, the daemon is to know it.
    const has = after !== "none" && error.account?.paths.some(({ key }) => key === after.key) === true;
    if (error.code === "PREEMPTED_MEANWHILE") await told(keeper.unregistered());
    else if (!has) await told(takeBack?.());
    throw error;
  }
}

/** What has happened has happened, whether the daemon takes notice or not. */
async function told(telling: Promise<void> | undefined): Promise<void> {
  try {
    await telling;
  } catch (error) {
    if (!isScsiError(error)) throw error;
  }
}

/**
 * A map as a unit of several paths.
 *
 * @throws ScsiError UNSUITABLE_DEVICE if its disks are not one unit; PERMISSION_DENIED
 */
export async function openMapUnit(
  { threads, map, openPath }: MapParts,
  options: MapOptions = {},
): Promise<MultipathUnit> {
  const { askMultipathd: ask = askMultipathd, prkeysFile, limits, ...defaults } = options;
  const mapper = deviceMapper(threads, map);
  let unusable: ReadonlySet<string> = new Set();

  async function look(): Promise<void> {
    const failed = await mapper.failed();
    const found = new Set<string>();
    for (const { device, scsiDevice } of map.paths) {
      if (failed.has(device) && (await line(scsiDevice, "state")) !== "running") found.add(device);
    }
    // All at once: others are under way.
    unusable = found;
  }

  const pathOver = ({ name, device }: MapPath, transport: Transport): Path => ({
    name,
    unit: createLogicalUnit(transport, defaults),
    usable: () => !unusable.has(device),
  });
  /** Those that could not be opened. */
  const closed = new Set<MapPath>();

  async function open(path: MapPath): Promise<Path> {
    const transport = await openPath(path).catch((error: unknown) => {
      if (!isScsiError(error) || error.code === "PERMISSION_DENIED" || error.code === "ABORTED") throw error;
      closed.add(path);
      return unopened(path.name, error);
    });
    return pathOver(path, transport);
  }

  const opened = await Promise.allSettled(map.paths.map(open));
  const paths = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const wrong = opened.find((one) => one.status === "rejected");
  if (wrong !== undefined) {
    await Promise.allSettled(paths.map(({ unit }) => unit[Symbol.asyncDispose]()));
    throw wrong.reason;
  }
  if (paths.length === 0) throw transportError("UNSUITABLE_DEVICE", "no", `The map ${map.path} has no path`);
  await look();
  const unit = await openMultipathUnit(paths, { ...defaults, limits, name: map.path, map: mapper });
  const keeper = createKeyKeeper(map, ask, prkeysFile);

  /** Opens one of the closed, if it opens now and says that it leads to the unit: it is then a path that has come back. */
  async function reopen(path: MapPath, given: ExecuteOptions): Promise<void> {
    const transport = await openPath(path).catch((error: unknown) => {
      if (!isScsiError(error)) throw error;
    });
    if (transport === undefined) return;
    const back = pathOver(path, transport);
    try {
      const [here, there] = [await designatorsOf(unit, given), await designatorsOf(back.unit, given)];
      if (isScsiError(here) || isScsiError(there) || sameLogicalUnit(here, there) !== true) return;
      closed.delete(path);
      await unit.removePath(path.name);
      await unit.addPath({ ...back, relativeTargetPort: relativeTargetPortOf(there) }, given);
    } catch (error) {
      // The others are there all the same, unless somebody has fenced this host.
      if (!isScsiError(error) || error.code === "ABORTED" || error.code === "PREEMPTED_MEANWHILE") throw error;
    } finally {
      if (!unit.paths.some((each) => each.unit === back.unit)) await back.unit[Symbol.asyncDispose]();
    }
  }

  /** One after the other: a path is opened once. */
  let reopening: Promise<void> = Promise.resolve();
  function reopenClosed(given: ExecuteOptions): Promise<void> {
    reopening = reopening
      .catch(() => undefined)
      .then(async () => {
        // The last path stays, whatever it is.
        for (const path of closed) {
          if (unit.paths.length > 1 && !unusable.has(path.device)) await reopen(path, given);
        }
      });
    return reopening;
  }

  async function perform<Result>(
    command: Command<Result>,
    given: ExecuteOptions = {},
  ): Promise<MultipathOutcome<Result>> {
    await look();
    const after = keyAfter(command);
    const act = async () => {
      // What only reads registers no path.
      if (closed.size > 0 && requestOf(command) !== undefined) await reopenClosed(given);
      return unit.perform(command, given);
    };
    return after === undefined ? act() : kept(after, keeper, act);
  }
  const execute = async <Result>(command: Command<Result>, given: ExecuteOptions = {}): Promise<Result> =>
    (await perform(command, given)).result;

  return {
    ...unit,
    ...methodsOver(commands, execute),
    get paths() {
      return unit.paths;
    },
    get initiatorPorts() {
      return unit.initiatorPorts;
    },
    execute,
    perform,
    async pathReturned(name, given) {
      await look();
      return unit.pathReturned(name, given);
    },
    async addPath(path, given) {
      await look();
      return unit.addPath(path, given);
    },
    async [Symbol.asyncDispose]() {
      await unit[Symbol.asyncDispose]();
      await mapper[Symbol.asyncDispose]();
    },
  };
}
