/**
 * Opening by URL, whatever the transports are: which opener a URL means, and the logical unit made of what it opens. Which
 * transports there are is said by open.ts, and by open-browser.ts where there is neither a socket nor a device.
 */
import { transportError } from "../src/errors.ts";
import { createLogicalUnit, type ExecuteOptions, type LogicalUnit } from "../src/logical-unit.ts";
import type { ProfileChoice } from "../src/profiles/apply.ts";
import type { Transport } from "../src/transport.ts";
import { isIdentity } from "./sg/identity.ts";

/** Options of {@link open}. Those of {@link ExecuteOptions} become the defaults of the unit, and bound the opening too. */
export interface OpenOptions extends ExecuteOptions {
  /** The environment to read credentials and names from; the process's if absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Who the initiator is, whatever URL and environment say. */
  readonly initiatorName?: string | undefined;
  /** The LUN to open where the URL has none. Absent: such a URL is an error where the transport needs a LUN. */
  readonly defaultLun?: number | undefined;
  /**
   * What kind of device it is: a profile's name, or `"auto"` for what its INQUIRY data say. A request that such a device does
   * not take is then refused with a RangeError, and not sent. Absent: every request is sent.
   */
  readonly profile?: ProfileChoice | undefined;
}

/** Makes a transport of a URL. */
export type Opener = (url: string, options: OpenOptions) => Promise<Transport>;

/** A way to units. */
export interface Way {
  readonly open: Opener;
  /** Rejects with the TypeError or RangeError that opening would reject with before it reaches for anything. */
  check(url: string, options: OpenOptions): Promise<void>;
}

/** Ways by scheme, each with the form of its URLs. */
export type Schemes = Readonly<Record<string, Way & { readonly form: string }>>;

/** The simulated unit: there is one wherever JavaScript runs. */
export const simulatedScheme: Schemes = {
  sim: {
    form: "sim:name[/lun]",
    async open(url, options) {
      const { openSimulated } = await import("./simulated/index.ts");
      return openSimulated(url, { initiatorName: options.initiatorName });
    },
    async check(url, { initiatorName }) {
      const { createSimulatedHost, openSimulated } = await import("./simulated/index.ts");
      // Among units of its own: those of others are neither made nor met.
      await openSimulated(url, { initiatorName, host: createSimulatedHost() })[Symbol.asyncDispose]();
    },
  },
};

/** The scheme's way, or a TypeError that says which there are. The URL itself is not repeated: it may hold a password. */
function wayOf(url: string, schemes: Schemes, device: Way | undefined): Way {
  const known = Object.values(schemes).map(({ form }) => form);
  const forms = device === undefined ? known : ["/dev/…", ...known];
  if (typeof url !== "string") throw new TypeError(`A URL must be text, got ${typeof url}`);
  if (device !== undefined && (url.startsWith("/") || isIdentity(url))) return device;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) throw new TypeError(`Not the URL of a logical unit; known are ${forms.join(", ")}`);
  const found = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined;
  if (found === undefined) throw new TypeError(`Unknown scheme "${scheme}:"; known are ${forms.join(", ")}`);
  return found;
}

/** The transport with the profile that was asked for, or that its device has. */
async function withProfile(transport: Transport, choice: ProfileChoice, options: OpenOptions): Promise<Transport> {
  const { applyProfile, findProfile } = await import("../src/profiles/apply.ts");
  const { signal, timeoutMs } = options;
  const found = await findProfile(transport, choice, { signal, timeoutMs });
  return found === undefined ? transport : applyProfile(transport, found.name, found.profile);
}

/**
 * Opens a logical unit by one of some ways.
 *
 * @param schemes the ways by scheme
 * @param device the way to devices of this machine, where there are any
 */
export async function openWith(
  schemes: Schemes,
  device: Way | undefined,
  url: string,
  options: OpenOptions,
): Promise<LogicalUnit> {
  const transport = await wayOf(url, schemes, device).open(url, options);
  const { signal, timeoutMs, deadlineMs, retry, observer } = options;
  try {
    const fitting = options.profile === undefined ? transport : await withProfile(transport, options.profile, options);
    return createLogicalUnit(fitting, { signal, timeoutMs, deadlineMs, retry, observer });
  } catch (error) {
    await transport[Symbol.asyncDispose]();
    throw error;
  }
}

/** Leads to no unit. */
const nowhere: Transport = {
  name: "nowhere",
  execute: () => Promise.reject(transportError("CLOSED", "no", "it leads nowhere")),
  async [Symbol.asyncDispose]() {},
};

/**
 * Looks whether {@link openWith} would take a URL and options; opens nothing.
 *
 * @throws TypeError or RangeError, as it would
 */
export async function checkWith(
  schemes: Schemes,
  device: Way | undefined,
  url: string,
  options: OpenOptions,
): Promise<void> {
  await wayOf(url, schemes, device).check(url, options);
  const { signal, timeoutMs, deadlineMs, retry, observer } = options;
  createLogicalUnit(nowhere, { signal, timeoutMs, deadlineMs, retry, observer });
}
