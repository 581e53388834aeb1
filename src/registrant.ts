/**
 * Whose a registration is, as READ FULL STATUS tells it, seen from one initiator port. Pure.
 *
 * An iSCSI initiator port is the initiator's name and an ISID (RFC 7143 4.2.7, 10.1.1). A host that logs in again may come with another
 * ISID: then what it registered before is held by a port that no session has any more, and the host itself is not registered.
 */

import type { TransportId } from "./transport-id.ts";
import { sameTransportId } from "./transport-id-text.ts";

/**
 * `this-port`: the port that asks. `this-host`: another port of the same machine. `stale`: an ISID of this machine's iSCSI name that
 * none of its sessions has. `undecided`: this machine's iSCSI name, and no more is known. `other`: somebody else.
 */
export type Registrant = "this-port" | "this-host" | "stale" | "undecided" | "other";

/**
 * Whose a registration is.
 *
 * @param registered the TransportID that READ FULL STATUS reports
 * @param initiatorPort our own port, as the transport has it
 * @param hostPorts every initiator port that this machine has now, as `listDevices` tells; without them no registration is `stale`
 * @returns undefined if our own port is not known
 * @example
 * const ports = (await listDevices()).flatMap(({ paths }) => paths.flatMap(({ initiatorPort }) => initiatorPort ?? []));
 * const { registrations } = await unit.readFullStatus();
 * registrations.filter(({ transportId }) => registrantOf(transportId, unit.transport.initiatorPort, ports) === "stale");
 */
export function registrantOf(
  registered: TransportId,
  initiatorPort: TransportId | undefined,
  hostPorts?: readonly TransportId[],
): Registrant | undefined {
  if (initiatorPort === undefined) return undefined;
  if (sameTransportId(registered, initiatorPort)) return "this-port";
  if (hostPorts?.some((port) => sameTransportId(registered, port))) return "this-host";
  if (registered.protocol !== "iscsi" || initiatorPort.protocol !== "iscsi") return "other";
  if (registered.name.toLowerCase() !== initiatorPort.name.toLowerCase()) return "other";
  const told = registered.isid !== undefined && initiatorPort.isid !== undefined;
  return told && hostPorts !== undefined ? "stale" : "undecided";
}
