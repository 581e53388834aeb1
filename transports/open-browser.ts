/**
 * `open` and `discover` for pages: there is neither a socket nor a device in a browser, so only simulated units open. The same
 * names and types as open.ts, so that a module which uses them runs in both places.
 */
import type { LogicalUnit } from "../src/logical-unit.ts";
import type { DiscoveredTarget } from "./iscsi/index.ts";
import { type OpenOptions, openWith, simulatedScheme } from "./opening.ts";

/**
 * Opens a simulated logical unit.
 *
 * @param url `sim:name[/lun]`
 * @throws TypeError for every other URL
 */
export function open(url: string, options: OpenOptions = {}): Promise<LogicalUnit> {
  return openWith(simulatedScheme, undefined, url, options);
}

/**
 * Always rejects: a page has no way to a portal.
 *
 * @throws TypeError
 */
export async function discover(_url: string, _options: OpenOptions = {}): Promise<readonly DiscoveredTarget[]> {
  throw new TypeError("A browser has no way to an iSCSI portal: discovery needs Node.js, Bun or Deno");
}
