/**
 * Logical units through several sessions: portals are asked what they offer, every portal of a target gets sessions of its own,
 * and the paths that come of it are grouped by what the units say of themselves. How reservations go over several paths is not
 * known here.
 */
import { env } from "node:process";
import { checkInteger } from "../../src/check.ts";
import { isScsiError, ScsiError } from "../../src/errors.ts";
import { createLogicalUnit, type LogicalUnit } from "../../src/logical-unit.ts";
import { lunNumber } from "../../src/lun.ts";
import {
  createPathLimits,
  type GroupedPaths,
  groupPaths,
  type MultipathOptions,
  type Path,
  type PathLimits,
  type RefusedPath,
} from "../../src/multipath/index.ts";
import { discoverTargets } from "./discovery.ts";
import type { IscsiEvent } from "./events.ts";
import { connectIscsi, type IscsiSession } from "./initiator.ts";
import { defaultInitiatorName, sessionIsid } from "./names.ts";
import type { IscsiConnectOptions } from "./options.ts";
import { formatAddress, ISCSI_PORT } from "./portal.ts";
import { formatIscsiUrl, parseIscsiUrl } from "./url.ts";

/** A portal to ask. */
export type PortalAddress = string | { readonly host: string; readonly port?: number | undefined };

/** Options of {@link openIscsiUnits}: where to look, as whom, and what every session is like. */
export interface IscsiUnitsOptions extends Omit<IscsiConnectOptions, "host" | "port" | "target" | "isid" | "observer"> {
  /**
   * Portals to ask by SendTargets: addresses, or URLs `iscsi://[user[%password]@]host[:port][/target]`. What a URL says besides
   * holds for the sessions that are found through it, but for LUN and ISID; with a target, for that one alone.
   */
  readonly portals: readonly PortalAddress[];
  /**
   * False: portals are not asked, their URLs name a target, and it is logged in there alone: for targets that offer addresses which
   * cannot be reached from here. True unless given.
   */
  readonly discovery?: boolean | undefined;
  /** The targets to log in to, by name; all that are offered unless given. */
  readonly targets?: readonly string[] | undefined;
  /** The LUNs to open, as numbers or LUN fields; all of REPORT LUNS that are no controllers unless given. */
  readonly luns?: readonly (number | bigint)[] | undefined;
  /** Sessions through each portal of a target, 1 to 64; 1 unless given. Each is an I_T nexus, and so a path, of its own. */
  readonly sessions?: number | undefined;
  /** What the units are like. Their limits hold for logging in too. */
  readonly multipath?: MultipathOptions | undefined;
  /** Is told what happens to the sessions. A session's name is that of its paths without the LUN. */
  readonly observer?: ((event: IscsiEvent, session: string) => void) | undefined;
}

/** Logical units, each with all its paths. */
export interface IscsiUnits extends GroupedPaths {
  /** Disposes all units, and so ends all sessions. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** One session that is to be. */
interface Route {
  readonly connect: IscsiConnectOptions & { readonly host: string; readonly port: number; readonly target: string };
  /** What limits count by: the target port. */
  readonly port: string;
  /** What its ISID is made of: the same after every restart. */
  readonly seed: string;
}

/** Storage array controllers and well known logical units (spc4r36f 6.6.2): no reservations are made on them. */
const controllers: ReadonlySet<number> = new Set([0x0c, 0x1e]);

/** INQUIRY commands under way in one session while its units are found. */
const INQUIRIES = 16;

const asError = (error: unknown): ScsiError => {
  if (isScsiError(error) && error.code !== "ABORTED") return error;
  throw error;
};

/** What a portal offers, as sessions to be. */
async function routesOf(where: PortalAddress, options: IscsiUnitsOptions): Promise<Route[]> {
  const {
    portals: _portals,
    targets,
    luns: _luns,
    sessions,
    discovery = true,
    multipath: _multipath,
    observer: _observer,
    ...rest
  } = options;
  const count = checkInteger("sessions", sessions ?? 1, 1, 64);
  const {
    target: only,
    lun: _lun,
    isid: _isid,
    ...asked
  } = typeof where === "string"
    ? parseIscsiUrl(where)
    : { ...where, target: undefined, lun: undefined, isid: undefined };
  const login = { ...rest, ...asked };
  if (!discovery && only === undefined) throw new TypeError("Without discovery the URL of a portal names a target");
  const found = discovery ? await discoverTargets(login) : [{ targetName: only as string, portals: [] }];
  const wanted = (name: string): boolean =>
    (only === undefined || only === name) && (targets === undefined || targets.includes(name));
  return found
    .filter(({ targetName }) => wanted(targetName))
    .flatMap(({ targetName, portals }) => {
      const own = [{ address: asked.host, port: asked.port ?? ISCSI_PORT, tpgt: undefined }];
      return (portals.length === 0 ? own : portals).flatMap(({ address, port, tpgt }) =>
        Array.from({ length: count }, (_, session): Route => {
          const portal = formatAddress({ host: address, port });
          return {
            connect: { ...login, host: address, port, target: targetName },
            port: `${targetName},${tpgt ?? portal}`,
            seed: `${targetName} ${portal} ${session}`,
          };
        }),
      );
    });
}

/** An ISID for each, none twice, and none that a single path would have. */
function withIsids(routes: readonly Route[], name: string): (Route & { readonly isid: bigint })[] {
  const taken = new Set<bigint>();
  const once = new Map(routes.map((route) => [route.seed, route]));
  return [...once.values()]
    .sort((a, b) => (a.seed < b.seed ? -1 : 1))
    .map((route) => {
      const initiatorName = route.connect.initiatorName ?? name;
      let isid = sessionIsid(initiatorName, route.seed, 0);
      for (let again = 1; taken.has(isid); again++) isid = sessionIsid(initiatorName, route.seed, again);
      taken.add(isid);
      return { ...route, isid };
    });
}

/** A unit's way to an end: the last path of a session takes the session with it. */
function shared(session: IscsiSession): { path(lun: number | bigint): LogicalUnit; readonly end: () => Promise<void> } {
  let users = 1;
  const end = async (): Promise<void> => {
    users--;
    if (users === 0) await session[Symbol.asyncDispose]();
  };
  return {
    end,
    path(lun) {
      users++;
      const transport = session.logicalUnit(lun);
      let open = true;
      return createLogicalUnit({
        ...transport,
        async [Symbol.asyncDispose]() {
          await transport[Symbol.asyncDispose]();
          if (!open) return;
          open = false;
          await end();
        },
      });
    },
  };
}

/** The LUNs of a session that have a device. */
async function lunsOf(session: IscsiSession, signal: AbortSignal | undefined): Promise<(number | bigint)[]> {
  const unit = createLogicalUnit(session.logicalUnit(0));
  const { luns } = await unit.reportLuns({ signal });
  const usable: (number | bigint)[] = [];
  // Some at once: a target may have thousands.
  for (let at = 0; at < luns.length; at += INQUIRIES) {
    const some = luns.slice(at, at + INQUIRIES).map(async (field) => {
      const lun = lunNumber(field) ?? field;
      const { peripheralQualifier, peripheralDeviceType } = await createLogicalUnit(session.logicalUnit(lun)).inquiry({
        signal,
      });
      return peripheralQualifier === 0 && !controllers.has(peripheralDeviceType) ? [lun] : [];
    });
    usable.push(...(await Promise.all(some)).flat());
  }
  return usable;
}

/** Logs in, and makes a path of each LUN. */
async function pathsOf(
  { connect, port, isid }: Route & { readonly isid: bigint },
  { luns, observer, signal }: IscsiUnitsOptions,
): Promise<Path[]> {
  const { host, port: number, target } = connect;
  const where = { host, port: number, target, isid };
  const name = (lun: number | bigint): string => formatIscsiUrl({ ...where, lun });
  const told = (event: IscsiEvent): void => observer?.(event, formatIscsiUrl(where));
  const session = await connectIscsi({ ...connect, isid, observer: told });
  const { path, end } = shared(session);
  try {
    const all = luns ?? (await lunsOf(session, signal));
    return all.map((lun) => ({ name: name(lun), unit: path(lun), target: port }));
  } finally {
    await end();
  }
}

/** Everything that portals lead to, as paths; and what could not be reached. */
async function openPaths(
  options: IscsiUnitsOptions,
  limits: PathLimits,
): Promise<{ readonly paths: Path[]; readonly refused: RefusedPath[] }> {
  const refused: RefusedPath[] = [];
  const routes: Route[] = [];
  for (const where of options.portals) {
    const { host, port = ISCSI_PORT } = typeof where === "string" ? parseIscsiUrl(where) : where;
    try {
      routes.push(...(await routesOf(where, options)));
    } catch (error) {
      refused.push({ path: `iscsi://${formatAddress({ host, port })}`, error: asError(error) });
    }
  }
  const paths: Path[] = [];
  const initiatorName = options.initiatorName ?? defaultInitiatorName(env);
  const opened = await Promise.allSettled(
    withIsids(routes, initiatorName).map(async (route) => {
      try {
        paths.push(...(await limits.run(route.port, route, () => pathsOf(route, options))));
      } catch (error) {
        const { host, port, target } = route.connect;
        const path = formatIscsiUrl({ host, port, target, isid: route.isid });
        refused.push({ path, error: asError(error) });
      }
    }),
  );
  const failure = opened.find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") {
    await Promise.allSettled(paths.map(({ unit }) => unit[Symbol.asyncDispose]()));
    throw failure.reason;
  }
  return { paths: paths.sort((a, b) => (a.name < b.name ? -1 : 1)), refused };
}

/**
 * Finds logical units and all ways to them: asks the portals which targets they offer and where, logs in at every portal of every
 * target, and groups the paths by VPD page 83h. Every session has an ISID of its own, made of the initiator name, target, portal
 * and number, so that it is the same after every restart: registrations belong to it.
 *
 * What cannot be reached or does not tell which unit it is, is in `refused` with the reason, and stands in nobody's way.
 * When a session comes back (`connected`, `relogin: true`), `pathReturned` brings its registrations up to date.
 *
 * @throws TypeError, RangeError for bad options
 * @throws ScsiError NO_USABLE_PATH if there is no unit at all; ABORTED
 * @example
 * await using found = await openIscsiUnits({ portals: ["iscsi://10.0.0.1", "iscsi://10.0.1.1"] });
 * for (const unit of found.units) await unit.register({ newKey: 0xabcn });
 */
export async function openIscsiUnits(options: IscsiUnitsOptions): Promise<IscsiUnits> {
  const limits = options.multipath?.limits ?? createPathLimits();
  const { paths, refused } = await openPaths(options, limits);
  const grouped = await groupPaths(paths, { ...options.multipath, limits });
  const all = [...refused, ...grouped.refused];
  if (grouped.units.length === 0) {
    const why = all.map(({ error }) => error.message).join("; ") || "the portals offer no logical unit";
    throw new ScsiError(`no logical unit was found: ${why}`, {
      code: "NO_USABLE_PATH",
      delivered: "no",
      cause: all[0]?.error,
    });
  }
  return {
    units: grouped.units,
    refused: all,
    async [Symbol.asyncDispose]() {
      await Promise.all(grouped.units.map((unit) => unit[Symbol.asyncDispose]()));
    },
  };
}
