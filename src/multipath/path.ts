/**
 * One path of a logical unit: an I_T nexus with a name, and what is known of it. Types, and the questions that are asked of a
 * path and a registration; nothing here sends anything.
 *
 * What holds: a registration is called a path's own only if initiator port and target port are both known and both fit. What is
 * not known is `undefined`, and never guessed.
 */
import type { LogicalUnit } from "../logical-unit.ts";
import type { Registration } from "../reservation.ts";
import type { TransportId } from "../transport-id.ts";
import { sameTransportId } from "../transport-id-text.ts";

/** One way to the logical unit. */
export interface Path {
  /** For people, and to tell paths apart: unique within a unit. Never with a secret in it. */
  readonly name: string;
  /** The way itself. */
  readonly unit: LogicalUnit;
  /** The initiator port; the transport's unless given. Undefined: not known. */
  readonly initiatorPort?: TransportId | undefined;
  /** RELATIVE TARGET PORT IDENTIFIER of the target port, 1 to 65535. Undefined: not known. */
  readonly relativeTargetPort?: number | undefined;
  /** What the limits count by: paths with the same text lead to the same target port. */
  readonly target?: string | undefined;
  /**
   * Is it known to be out of use? Asked before every operation: `false` paths get no command. Absent: every path is tried.
   * What asks each path by itself asks these too: status, fail-fast and RELEASE of multihost disks, a changer's unlocking.
   */
  usable?(): boolean;
}

/** What algorithms know of a path: its number, and who it is. */
export interface PathIdentity {
  /** Its place in the unit's list. */
  readonly index: number;
  readonly name: string;
  readonly initiatorPort: TransportId | undefined;
  readonly relativeTargetPort: number | undefined;
  /** Paths with the same text come from one initiator port: with ALL_TG_PT one registration serves them all. */
  readonly host: string;
}

/** The same I_T nexus? Undefined if that cannot be known. */
export function isRegistrationOf(path: PathIdentity, registration: Registration): boolean | undefined {
  if (path.initiatorPort === undefined) return undefined;
  if (!samePort(path.initiatorPort, registration.transportId)) return false;
  if (registration.allTargetPorts) return true;
  return path.relativeTargetPort === undefined
    ? undefined
    : path.relativeTargetPort === registration.relativeTargetPort;
}

/** The same initiator port? A device may leave the ISID out: then only the name can be compared. */
export function samePort(a: TransportId, b: TransportId): boolean {
  if (a.protocol === "iscsi" && b.protocol === "iscsi" && (a.isid === undefined || b.isid === undefined)) {
    return a.name.toLowerCase() === b.name.toLowerCase();
  }
  return sameTransportId(a, b);
}

/**
 * Does an initiator port belong to the host of these ports? Ports of one iSCSI node do, whatever their ISID: it changes with
 * every login of some initiators. Of other protocols only the ports that are named do.
 */
export function isPortOfHost(ports: readonly TransportId[], port: TransportId): boolean {
  return ports.some(
    (own) =>
      sameTransportId(own, port) ||
      (own.protocol === "iscsi" && port.protocol === "iscsi" && own.name.toLowerCase() === port.name.toLowerCase()),
  );
}
