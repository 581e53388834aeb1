/**
 * From a URL to a logical unit: the one place where all transports meet. Each is loaded only when its scheme is asked for.
 * Knows which scheme means which transport, and nothing about any of them.
 */
import { createLogicalUnit, type ExecuteOptions, type LogicalUnit } from "../src/logical-unit.ts";
import type { Transport } from "../src/transport.ts";
import type { DiscoveredTarget } from "./iscsi/index.ts";
import { isIdentity } from "./sg/identity.ts";

/** Options of {@link open}. Those of {@link ExecuteOptions} become the defaults of the unit, and bound the opening too. */
export interface OpenOptions extends ExecuteOptions {
  /** The environment to read credentials and names from; the process's if absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Who the initiator is, whatever URL and environment say. */
  readonly initiatorName?: string | undefined;
  /** The LUN to open where the URL has none. Absent: such a URL is an error where the transport needs a LUN. */
  readonly defaultLun?: number | undefined;
}

type Opener = (url: string, options: OpenOptions) => Promise<Transport>;

const schemes: Readonly<Record<string, { readonly form: string; readonly open: Opener }>> = {
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
  sim: {
    form: "sim:name[/lun]",
    async open(url, options) {
      const { openSimulated } = await import("./simulated/index.ts");
      return openSimulated(url, { initiatorName: options.initiatorName });
    },
  },
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

/** The scheme's opener, or a TypeError that says which there are. The URL itself is not repeated: it may hold a password. */
function openerOf(url: string): Opener {
  const forms = ["/dev/…", ...Object.values(schemes).map(({ form }) => form)];
  if (typeof url !== "string") throw new TypeError(`A URL must be text, got ${typeof url}`);
  if (url.startsWith("/") || isIdentity(url)) return openDevice;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) throw new TypeError(`Not the URL of a logical unit; known are ${forms.join(", ")}`);
  const known = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined;
  if (known === undefined) throw new TypeError(`Unknown scheme "${scheme}:"; known are ${forms.join(", ")}`);
  return known.open;
}

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
export async function open(url: string, options: OpenOptions = {}): Promise<LogicalUnit> {
  const transport = await openerOf(url)(url, options);
  const { signal, timeoutMs, deadlineMs, retry, observer } = options;
  try {
    return createLogicalUnit(transport, { signal, timeoutMs, deadlineMs, retry, observer });
  } catch (error) {
    await transport[Symbol.asyncDispose]();
    throw error;
  }
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
