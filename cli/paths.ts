/** Several paths to one unit: opening them as one. What is done over several paths is decided in src/multipath alone. */
import {
  createLogicalUnit,
  createMultipathUnit,
  isScsiError,
  type LogicalUnit,
  type MultipathUnit,
  openMultipathUnit,
  type Path,
  type ScsiError,
  type ScsiErrorCode,
  transportError,
} from "../src/index.ts";
import type { OpenOptions } from "../transports/open.ts";
import type { Io } from "./io.ts";
import { redactUrl, UsageError } from "./values.ts";

/** A path that is down is a path all the same: it may have to be accounted for. Anything else that is wrong ends the opening. */
const down: ReadonlySet<ScsiErrorCode> = new Set<ScsiErrorCode>([
  "CONNECTION_FAILED",
  "CONNECTION_LOST",
  "LOGIN_FAILED",
  "PROTOCOL_ERROR",
  "TARGET_NOT_FOUND",
  "TIMEOUT",
]);

/** A unit behind which nothing is: every command fails as opening has. */
function unopened(name: string, cause?: ScsiError): LogicalUnit {
  const why = cause?.message ?? "it has not been opened";
  return createLogicalUnit({
    name,
    execute: () =>
      Promise.reject(transportError(cause?.code === "TIMEOUT" ? "TIMEOUT" : "CONNECTION_FAILED", "no", why)),
    async [Symbol.asyncDispose]() {},
  });
}

/** A map among several paths. */
async function refuseMap(io: Pick<Io, "pathsOfMap">, url: string): Promise<void> {
  if ((await io.pathsOfMap(url)) === undefined) return;
  throw new UsageError(`${redactUrl(url)} is a map, which has its paths itself: give it alone`);
}

/** What cannot be one unit is a mistake in the command line. */
const together = (error: unknown): unknown =>
  error instanceof RangeError ? new UsageError(`Cannot take these together: ${error.message}`) : error;

async function openPath(io: Io, url: string, options: OpenOptions): Promise<Path> {
  const name = redactUrl(url);
  try {
    await refuseMap(io, url);
    return { name, unit: await io.open(url, options) };
  } catch (error) {
    if (!isScsiError(error) || !down.has(error.code) || options.signal?.aborted === true) throw error;
    return { name, unit: unopened(name, error) };
  }
}

/**
 * Opens several URLs as one unit, after each has said that it leads there. Those that are down belong to it too, if one is not.
 *
 * @throws UsageError for two that are one I_T nexus
 */
export async function openPaths(io: Io, urls: readonly string[], options: OpenOptions): Promise<MultipathUnit> {
  const opened = await Promise.allSettled(urls.map((url) => openPath(io, url, options)));
  const paths = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = opened.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    await Promise.allSettled(paths.map(({ unit }) => unit[Symbol.asyncDispose]()));
    throw failed.reason;
  }
  const { signal, timeoutMs, deadlineMs, retry, observer } = options;
  const name = paths.map((path) => path.name).join(" ");
  try {
    return await openMultipathUnit(paths, { name, signal, timeoutMs, deadlineMs, retry, observer });
  } catch (error) {
    throw together(error);
  }
}

/**
 * The paths that are meant as a unit that reaches none of them, to plan with; undefined for what is one path.
 *
 * @throws UsageError, TypeError or RangeError for what opening would not take, as far as URLs and options tell
 */
export async function unopenedPaths(
  io: Io,
  urls: readonly string[],
  options: OpenOptions,
): Promise<MultipathUnit | undefined> {
  const [only] = urls;
  for (const url of urls) {
    if (urls.length > 1) await refuseMap(io, url);
    await io.checkOpen(url, options);
  }
  const names = urls.length > 1 ? urls.map(redactUrl) : only === undefined ? undefined : await io.pathsOfMap(only);
  if (names === undefined) return undefined;
  try {
    return createMultipathUnit(names.map((name) => ({ name, unit: unopened(name) })));
  } catch (error) {
    throw together(error);
  }
}
