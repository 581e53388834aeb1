/**
 * Simulated logical units behind an iSCSI target: like open.ts, a place where two transports meet. It fits the one to
 * the other, keeps what is to be durable, and tells an observer; rules live in neither direction here.
 */
import { checkBytes, checkInteger, checkOneOf } from "../src/check.ts";
import { formatAddress } from "./iscsi/portal.ts";
import {
  type Announcement,
  announcementEvents,
  type DigestPolicy,
  type IscsiTarget,
  type IscsiTargetDefinition,
  type IscsiTargetOptions,
  type PortalOptions,
  type ServedPortal,
  type ServedUnit,
  type SessionEnd,
  type SessionIdentity,
  serveIscsi,
  type TargetAuthentication,
  type TargetEvent,
  type TargetLimits,
  type TargetObserver,
  type TargetParameterOptions,
  type UnitAnswer,
  type UnitMishap,
  type UnitNexus,
} from "./iscsi/target/index.ts";
import { withFaults } from "./served/faulty-unit.ts";
import { openFileMedium } from "./served/file-medium.ts";
import { mediaOf } from "./served/media.ts";
import { howItFailed, openReservationFile } from "./served/reservation-file.ts";
import { fitUnit, type UnitEvent } from "./served/unit.ts";
import {
  checkFaultPlan,
  createDeviceServer,
  createMedium,
  type DeviceServer,
  type DeviceServerOptions,
  type FaultPlan,
  FaultPlanError,
  type FaultRule,
  type LibraryOptions,
  type MediumError,
  type Preserved,
  type ProfileName,
  profileNames,
  type Reservations,
} from "./simulated/index.ts";

export type { ReservationChange, UnitEvent } from "./served/unit.ts";
export type {
  Announcement,
  DigestPolicy,
  IscsiTargetDefinition,
  IscsiTargetOptions,
  PortalOptions,
  ServedPortal,
  ServedUnit,
  SessionEnd,
  SessionIdentity,
  TargetAuthentication,
  TargetEvent,
  TargetLimits,
  TargetObserver,
  TargetParameterOptions,
  UnitAnswer,
  UnitMishap,
  UnitNexus,
};
export { type FaultPlan, FaultPlanError, type FaultRule, type ProfileName, profileNames };

/** Something happened at the target or at one of its units. */
export type ServeEvent = TargetEvent | UnitEvent;

/**
 * One logical unit. What is not said is as for a simulated unit. Tape units are the drives of the target's changer, in order;
 * `drives`, `slots`, `mailslots`, `cartridges` and `cartridgeBytes` are a changer's.
 */
export interface ServeUnitOptions
  extends Omit<DeviceServerOptions, "luns" | "peers" | "targetPorts" | "blocks" | "medium" | "clock" | "preserve">,
    LibraryOptions {
  /** 0 to 255; the first that is free if absent. */
  readonly lun?: number | undefined;
  /** A whole number of blocks, in bytes; 64 MiB if absent. Memory is taken only for what is written. */
  readonly sizeBytes?: number | undefined;
  /** Keeps what is written in this file; in memory if absent. */
  readonly file?: string | undefined;
}

/** One iSCSI target. */
export interface ServeTargetOptions {
  /** Its iSCSI name. */
  readonly name: string;
  /** Its logical units; one with LUN 0 if absent. */
  readonly units?: readonly ServeUnitOptions[] | undefined;
  /** CHAP that initiators must pass; none is asked for if absent. */
  readonly chap?: TargetAuthentication | undefined;
  /** The initiators that may log in, by iSCSI name; all if absent. */
  readonly initiators?: readonly string[] | undefined;
}

/** A failure at some units: those of this target, those with this LUN; at every unit, each for itself, if it does not say. */
export interface ServeFaultRule extends FaultRule {
  /** Only at units of this target. */
  readonly target?: string;
  /** Only at units with this LUN. */
  readonly lun?: number;
}

/** A plan of failures for all units. Every unit counts its own commands, and draws from a sequence of its own. */
export interface ServeFaultPlan extends FaultPlan {
  /** The first that applies is the one that happens. */
  readonly rules: readonly ServeFaultRule[];
}

/**
 * Checks a plan of failures, whoever made it.
 *
 * @throws FaultPlanError, a RangeError, that says where
 */
export function checkServeFaults(plan: unknown): ServeFaultPlan {
  return checkFaultPlan(plan, {
    target: (name, value) => {
      if (typeof value !== "string") throw new TypeError(`${name} must be a target's name`);
    },
    lun: (name, value) => checkInteger(name, value, 0, 255),
  });
}

/** Options of {@link serve}. */
export interface ServeOptions extends Omit<IscsiTargetOptions, "targets" | "portals" | "observer"> {
  /** Where to listen; 127.0.0.1 and port 3260 if absent. */
  readonly portal?: PortalOptions | undefined;
  /** More places to listen. */
  readonly portals?: readonly PortalOptions[] | undefined;
  /** What is served. */
  readonly targets: readonly ServeTargetOptions[];
  /** A file for the reservations of units whose initiators asked for APTPL. It is read now, and replaced at every change. */
  readonly aptplFile?: string | undefined;
  /** Failures that are to happen. */
  readonly faults?: ServeFaultPlan | undefined;
  /** Is told of events as they happen. What it throws is ignored. */
  readonly observer?: ((event: ServeEvent) => void) | undefined;
}

/** Targets under way. */
export interface ServedTargets {
  /** Where they listen. */
  readonly portals: readonly ServedPortal[];
  /**
   * The URL of a unit, through the first portal.
   *
   * @param target the target's name; the first one's if absent
   * @param lun 0 if absent
   */
  url(target?: string, lun?: number): string;
  /** Every unit, with its URL through each portal. */
  units(): readonly { readonly target: string; readonly lun: number; readonly urls: readonly string[] }[];
  /** The device server of a unit: resets, power, snapshots. Undefined if there is none. */
  unit(target?: string, lun?: number): DeviceServer | undefined;
  /** Who is logged in. */
  sessions(): readonly SessionIdentity[];
  /**
   * Tells initiators something unasked, with an Asynchronous Message: of a SCSI event at a unit, to log out, to negotiate, or that their session is
   * dropped now.
   *
   * @param whom whose sessions; all unless given, and of a SCSI event no discovery sessions
   * @returns how many were told
   * @throws TypeError or RangeError for an announcement that cannot be
   */
  announce(announcement: Announcement, whom?: (session: SessionIdentity) => boolean): number;
  /** How many connections there are, those that are logging in included. */
  readonly connections: number;
  /** Asks all initiators to log out, waits a little, closes everything. */
  close(): Promise<void>;
  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const DEFAULT_SIZE_BYTES = 64 * 2 ** 20;

/** Units by LUN, each with its device server. */
type Units = Map<number, { readonly server: DeviceServer; readonly served: ServedUnit; close(): void }>;

/**
 * Serves simulated logical units over iSCSI.
 *
 * @returns when all portals listen
 * @throws TypeError or RangeError for options that cannot be; the system's error where a portal or a file cannot be opened
 * @example
 * await using served = await serve({ portal: { port: 0 }, targets: [{ name: "iqn.2026-01.com.example:disk" }] });
 * await using unit = await open(served.url());
 * await unit.register({ newKey: 0xabcn });
 */
export async function serve(options: ServeOptions): Promise<ServedTargets> {
  const { portal, portals = [], targets, aptplFile, faults, observer, ...rest } = options;
  if (!Array.isArray(targets) || targets.length === 0) {
    throw new TypeError('targets must name at least one target, e.g. [{ name: "iqn.2026-01.com.example:disk" }]');
  }
  const plan = faults === undefined ? undefined : checkServeFaults(faults);
  const everywhere = portal === undefined && portals.length > 0 ? portals : [portal ?? {}, ...portals];
  const targetPorts = [...new Set(everywhere.map(({ portalGroupTag = 1 }) => portalGroupTag))];
  const file = aptplFile === undefined ? undefined : openReservationFile(aptplFile);
  const emit = (event: ServeEvent): void => {
    try {
      observer?.(event);
    } catch {
      // An observer's errors are its own.
    }
  };

  const byName = new Map<string, Units>();
  const closeFiles = () => {
    for (const units of byName.values()) for (const { close } of units.values()) close();
  };
  try {
    for (const { name, units = [{}] } of targets) {
      const made: Units = new Map();
      byName.set(name.toLowerCase(), made);
      const others = {
        luns: () => [...made.keys()].sort((a, b) => a - b),
        peers: () => Array.from(made.values(), ({ server }) => server),
      };
      const media = mediaOf(units);
      for (const [index, unit] of units.entries()) {
        const lun = unit.lun ?? firstFree(made);
        if (made.has(lun)) throw new TypeError(`There are two units with LUN ${lun} in ${name}`);
        const key = `${name.toLowerCase()}/${lun}`;
        const failed = (which: "medium" | "reservations", { message }: Error) =>
          emit({ type: "file-failed", target: name, lun, file: which, why: message });
        const preserve = (reservations: Reservations): Preserved => {
          try {
            file?.keep(key, reservations);
            return "kept";
          } catch (error) {
            failed("reservations", error as Error);
            return howItFailed(error);
          }
        };
        const kept = { ...unit, ...media[index], ...(file === undefined ? {} : { preserve }) };
        const { server, close } = createBacking(name, lun, kept, targetPorts, others, (error) =>
          failed("medium", error),
        );
        const fitted = fitUnit({ server, target: name, lun, emit });
        made.set(lun, { server, close, served: plan === undefined ? fitted : faulty(fitted, plan, name, lun, emit) });
        file?.restore(key, server);
      }
    }
    return await start();
  } catch (error) {
    closeFiles();
    throw error;
  }

  async function start(): Promise<ServedTargets> {
    const target: IscsiTarget = await serveIscsi({
      ...rest,
      portals: everywhere,
      targets: targets.map(({ name, chap, initiators }) => ({
        name,
        chap,
        initiators,
        units: new Map(Array.from(byName.get(name.toLowerCase()) ?? [], ([lun, { served }]) => [lun, served])),
      })),
      observer: emit,
    });
    const first = targets[0]?.name ?? "";
    const urlOf = (portal: ServedPortal | undefined, name: string, lun: number) =>
      `iscsi://${formatAddress(reachable(portal))}/${name}/${lun}`;
    const close = async () => {
      await target.close();
      closeFiles();
    };
    return {
      get portals() {
        return target.portals;
      },
      url: (name = first, lun = 0) => urlOf(target.portals[0], name, lun),
      units: () =>
        targets.flatMap(({ name }) =>
          [...(byName.get(name.toLowerCase())?.keys() ?? [])].map((lun) => ({
            target: name,
            lun,
            urls: target.portals.map((portal) => urlOf(portal, name, lun)),
          })),
        ),
      unit: (name = first, lun = 0) => byName.get(name.toLowerCase())?.get(lun)?.server,
      sessions: () => target.sessions(),
      announce(announcement, whom) {
        checkAnnouncement(announcement);
        return target.announce(announcement, whom);
      },
      get connections() {
        return target.connections;
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  }
}

/** Whoever made it. */
function checkAnnouncement(announcement: Announcement): void {
  checkOneOf("event", announcement.event, announcementEvents);
  if (announcement.event !== "scsi-event") {
    checkInteger("seconds", announcement.seconds, 0, 0xffff);
    return;
  }
  checkInteger("lun", announcement.lun, 0, 255);
  if (checkBytes("sense", announcement.sense).length > 252) throw new RangeError("sense has at most 252 bytes");
}

/** The unit with those failures of a plan that are its own. */
function faulty(
  unit: ServedUnit,
  { seed, rules }: ServeFaultPlan,
  target: string,
  lun: number,
  emit: (event: UnitEvent) => void,
): ServedUnit {
  const own = rules.flatMap(({ target: only, lun: number, ...rule }) =>
    (only ?? target).toLowerCase() === target.toLowerCase() && (number ?? lun) === lun ? [rule] : [],
  );
  if (own.length === 0) return unit;
  return withFaults(
    unit,
    lun,
    { seed: (seed + lun) % 2 ** 32, rules: own },
    ({ command, nexus, operationCode, fault }) =>
      emit({ type: "fault", target, lun, initiatorPort: nexus.replace(/\|\d+$/, ""), command, operationCode, fault }),
  );
}

function firstFree(units: Units): number {
  let lun = 0;
  while (units.has(lun)) lun++;
  return lun;
}

/** What a unit is made of. */
interface Backing {
  readonly server: DeviceServer;
  close(): void;
}

function createBacking(
  target: string,
  lun: number,
  { lun: _lun, sizeBytes = DEFAULT_SIZE_BYTES, file, ...options }: ServeUnitOptions,
  targetPorts: readonly number[],
  others: Pick<DeviceServerOptions, "luns" | "peers">,
  failed: (error: MediumError) => void,
): Backing {
  const { blockSize = 512 } = options;
  const blocks = sizeBytes / blockSize;
  if (!Number.isInteger(blocks) || blocks < 1) {
    throw new RangeError(`sizeBytes is a whole number of blocks of ${blockSize} bytes, not ${sizeBytes}`);
  }
  const kept = file === undefined ? undefined : openFileMedium(file, sizeBytes, blockSize, failed);
  const server = createDeviceServer({
    serialNumber: `${target.replace(/[^\x21-\x7e]/g, "_").slice(-60)}-${lun}`,
    ...options,
    medium: kept ?? createMedium(blockSize),
    blocks,
    targetPorts,
    ...others,
  });
  return { server, close: () => kept?.close() };
}

/** Where a portal can be reached from this machine. */
function reachable(portal: ServedPortal | undefined): { readonly host: string; readonly port: number } {
  if (portal === undefined) throw new RangeError("There is no portal");
  const { host, port } = portal;
  return { host: host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host, port };
}
