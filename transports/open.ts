/**
 * From a URL to a logical unit: the one place where all transports meet. Each is loaded only when its scheme is asked for.
 * Knows which scheme means which transport, and nothing about any of them.
 */
import type { LogicalUnit } from "../src/logical-unit.ts";
import type { DiscoveredTarget } from "./iscsi/index.ts";
import { type Opener, type OpenOptions, openWith, type Schemes, simulatedScheme } from "./opening.ts";

export type { OpenOptions } from "./opening.ts";

const schemes: Schemes = {
  iscsi: {
    form: "iscsi://[user[%password]@]host[:port]/target/lun",
    async open(url, options) {
      const { openIscsi, parseIscsiUrl } = await import("./iscsi/index.ts");
      const { lun = options.defaultLun, host, target, ...rest } = parseIscsiUrl(url, options.env);
      if (target === undefined || lun === undefined) {
        throw new TypeError(
          `The iSCSI URL names no ${target === undefined ? "target" : "LUN"}: iscsi://host/target/lun`,
        );
      }
      return openIscsi({
        ...rest,
        host,
        target,
        lun,
        ...(options.initiatorName === undefined ? {} : { initiatorName: options.initiatorName }),
        signal: options.signal,
        loginTimeoutMs: options.timeoutMs,
      });
    },
  },
  ...simulatedScheme,
};

/** A device of this machine: there is no scheme, a path or its identity is enough. */
const openDevice: Opener = async (path, { initiatorName }) => {
  if (initiatorName !== undefined) {
    throw new TypeError(
      "An initiator name cannot be chosen for a device of this machine: its host adapter is the initiator",
    );
  }
  const { openSg } = await import("./sg/index.ts");
  return openSg(path);
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
  return openWith(schemes, openDevice, url, options);
}

/**
 * Asks an iSCSI portal which targets it offers.
 *
 * @param url `iscsi://[user[%password]@]host[:port]`
 * @throws TypeError or RangeError for a URL that cannot be read
 * @throws ScsiError for everything that the portal or the path did
 */
export async function discover(url: string, options: OpenOptions = {}): Promise<readonly DiscoveredTarget[]> {
  const { discoverTargets, parseIscsiUrl } = await import("./iscsi/index.ts");
  const { target: _target, lun: _lun, ...where } = parseIscsiUrl(url, options.env);
  return discoverTargets({
    ...where,
    ...(options.initiatorName === undefined ? {} : { initiatorName: options.initiatorName }),
    signal: options.signal,
    loginTimeoutMs: options.timeoutMs,
  });
}
