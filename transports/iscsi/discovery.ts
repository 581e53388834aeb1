/**
 * Discovery: which targets a portal offers (RFC 7143 4.3, appendix C, SendTargets). A session of its own, which carries
 * no command.
 */
import { transportError } from "../../src/errors.ts";
import { exchangeText, LOGOUT_TIMEOUT_MS, logout } from "./conversation.ts";
import { dial } from "./dial.ts";
import type { IscsiEvent } from "./events.ts";
import { protocolError } from "./fault.ts";
import { checkOptions, type IscsiLoginOptions } from "./options.ts";
import { endPhase } from "./phase.ts";
import { formatAddress, type IscsiPortal, parsePortal } from "./portal.ts";
import { decodePairs, encodeText, quote } from "./text.ts";

/** A target that a portal offers. */
export interface DiscoveredTarget {
  /** TargetName: its iSCSI name. */
  readonly targetName: string;
  /** Where it can be reached; empty if only at the portal that was asked. */
  readonly portals: readonly IscsiPortal[];
}

/**
 * Asks a portal which targets it offers to this initiator.
 *
 * @returns the targets in the portal's order
 * @throws TypeError, RangeError for bad options
 * @throws ScsiError as `connectIscsi`
 * @example
 * const targets = await discoverTargets({ host: "127.0.0.1", port: 3260 });
 */
export async function discoverTargets(options: IscsiLoginOptions): Promise<DiscoveredTarget[]> {
  const checked = checkOptions({ ...options, target: undefined } as IscsiLoginOptions);
  const { phase } = await dial(
    {
      login: checked.login,
      loginTimeoutMs: checked.loginTimeoutMs,
      abortTimeoutMs: checked.abortTimeoutMs,
      keepAlive: undefined,
      report(event: IscsiEvent) {
        try {
          options.observer?.(event);
        } catch {
          // An observer's trouble is its own.
        }
      },
      ended() {},
    },
    checked,
    options.signal,
  );
  try {
    const text = await exchangeText(
      phase,
      encodeText([["SendTargets", "All"]]),
      checked.loginTimeoutMs,
      options.signal,
    );
    const targets = readTargets(text);
    await logout(phase, LOGOUT_TIMEOUT_MS).catch(() => {});
    return targets;
  } finally {
    const over = `The discovery session at ${formatAddress(checked)} has been closed`;
    endPhase(phase, transportError("CLOSED", "unknown", over));
  }
}

/**
 * Reads the answer to SendTargets: each TargetName is followed by its TargetAddresses.
 *
 * @throws ScsiError PROTOCOL_ERROR for an answer that is not of that form
 */
export function readTargets(text: Uint8Array): DiscoveredTarget[] {
  const targets: { targetName: string; portals: IscsiPortal[] }[] = [];
  for (const [key, value] of decodePairs(text)) {
    if (key === "TargetName") {
      targets.push({ targetName: value, portals: [] });
    } else if (key === "TargetAddress") {
      const portal = parsePortal(value);
      const target = targets.at(-1);
      if (portal === undefined || target === undefined) {
        throw protocolError(
          `Malformed answer to SendTargets: TargetAddress=${quote(value)} ${portal === undefined ? "cannot be read" : "comes before any TargetName"}`,
        );
      }
      target.portals.push(portal);
    } else if (key === "SendTargets" && value === "Reject") {
      throw protocolError("The portal rejects SendTargets=All");
    }
  }
  return targets;
}
