/**
 * From a URL to a logical unit: the one place where all transports meet. Each is loaded only when its scheme is asked for.
 * Knows which scheme means which transport, and nothing about any of them.
 */
import type { LogicalUnit } from "../src/logical-unit.ts";
import type { DiscoveredTarget } from "./iscsi/index.ts";
import { checkWith, type OpenOptions, openWith, type Schemes, simulatedScheme, type Way } from "./opening.ts";

export type { OpenOptions } from "./opening.ts";

/** What options say of a login. */
const loginOf = ({ initiatorName, signal, timeoutMs }: OpenOptions) => ({
  ...(initiatorName === undefined ? {} : { initiatorName }),
  signal,
  loginTimeoutMs: timeoutMs,
});

/** The unit that an iSCSI URL means, and how to log in to its target. */
async function iscsiUnitOf(url: string, options: OpenOptions) {
  const { parseIscsiUrl } = await import("./iscsi/index.ts");
  const { lun = options.defaultLun, target, ...rest } = parseIscsiUrl(url, options.env);
  if (target === undefined || lun === undefined) {
    throw new TypeError(`The iSCSI URL names no ${target === undefined ? "target" : "LUN"}: iscsi://host/target/lun`);
  }
  return { ...rest, target, lun, ...loginOf(options) };
}

/** The portal that an iSCSI URL means, and how to log in there. */
async function portalOf(url: string, options: OpenOptions) {
  const { parseIscsiUrl } = await import("./iscsi/index.ts");
  const { target: _target, lun: _lun, ...where } = parseIscsiUrl(url, options.env);
  return { ...where, ...loginOf(options) };
}

const schemes: Schemes = {
  iscsi: {
    form: "iscsi://[user[%password]@]host[:port]/target/lun",
    async open(url, options) {
      const unit = await iscsiUnitOf(url, options);
      return (await import("./iscsi/index.ts")).openIscsi(unit);
    },
    async check(url, options) {
      const unit = await iscsiUnitOf(url, options);
      (await import("./iscsi/options.ts")).checkOptions(unit);
    },
  },
  ...simulatedScheme,
};

/** A device of this machine: there is no scheme, a path or its identity is enough. */
const device: Way = {
  async open(path, options) {
    await this.check(path, options);
    const { openSg } = await import("./sg/index.ts");
    return openSg(path, { signal: options.signal, timeoutMs: options.timeoutMs });
  },
  async check(_path, { initiatorName }) {
    if (initiatorName === undefined) return;
    throw new TypeError(
      "An initiator name cannot be chosen for a device of this machine: its host adapter is the initiator",
    );
  },
};

/**
 * Opens a logical unit.
 *
 * @param url `iscsi://[user[%password]@]host[:port]/target/lun`, `sim:name[/lun]`, or a device of this
 * machine: the path of a node, or its identity (`naa.…`)
 * @param options defaults for every command, and who we are
 * @returns the logical unit, which owns the way to it: dispose it when done
 * @throws TypeError or RangeError for a URL that cannot be read
 * @throws ScsiError for everything that target or path did, e.g. `CONNECTION_FAILED`, `AUTHENTICATION_FAILED`
 * @example
 * await using unit = await open("sim:disk");
 * await unit.register({ newKey: 0xabcn });
 */
export function open(url: string, options: OpenOptions = {}): Promise<LogicalUnit> {
  return openWith(schemes, device, url, options);
}

/**
 * Looks whether {@link open} would take a URL and options. Opens nothing, and asks nobody.
 *
 * @throws TypeError or RangeError, as it would
 */
export function checkOpen(url: string, options: OpenOptions = {}): Promise<void> {
  return checkWith(schemes, device, url, options);
}

/**
 * Asks an iSCSI portal which targets it offers.
 *
 * @param url `iscsi://[user[%password]@]host[:port]`
 * @throws TypeError or RangeError for a URL that cannot be read
 * @throws ScsiError for everything that the portal or the path did
 */
export async function discover(url: string, options: OpenOptions = {}): Promise<readonly DiscoveredTarget[]> {
  const portal = await portalOf(url, options);
  return (await import("./iscsi/index.ts")).discoverTargets(portal);
}

/**
 * Looks whether {@link discover} would take a URL and options. Asks nobody.
 *
 * @throws TypeError or RangeError, as it would
 */
export async function checkDiscover(url: string, options: OpenOptions = {}): Promise<void> {
  const portal = await portalOf(url, options);
  (await import("./iscsi/options.ts")).checkOptions(portal);
}
