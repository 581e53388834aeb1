/**
 * I_T nexuses as one logical unit sees them: an initiator port's TransportID and a relative target port identifier name
 * one. Each is one object per logical unit, so that rules compare and look up by identity; no rule lives here.
 */
import { encodeTransportId, type TransportId } from "../../src/transport-id.ts";
import { formatTransportId } from "../../src/transport-id-text.ts";

/** One I_T nexus of one logical unit. */
export interface Nexus {
  /** Equal for equal nexuses, different for different ones. */
  readonly name: string;
  readonly initiatorPort: TransportId;
  /** The TransportID's bytes; not to be modified. */
  readonly transportId: Uint8Array;
  /** RELATIVE TARGET PORT IDENTIFIER, 1 to 65535. */
  readonly relativeTargetPort: number;
  /** The unit attention conditions waiting for it (see unit-attentions.ts). */
  readonly attentions: number[];
}

/**
 * The name of the nexus between an initiator port and a target port. Names of iSCSI nodes compare without regard to
 * case, and an initiator's name alone (format 00b) is not the port that its name and ISID name (spc4r36f 7.6.4.6).
 */
export function nexusName(initiatorPort: TransportId, relativeTargetPort: number): string {
  return `${formatTransportId(initiatorPort).toLowerCase()}|${relativeTargetPort}`;
}

/** Every nexus that a logical unit has met or has a registration for. */
export interface NexusRegistry {
  /** The nexus, if it is known. */
  find(initiatorPort: TransportId, relativeTargetPort: number): Nexus | undefined;
  /** The nexus; made known if it was not. */
  intern(initiatorPort: TransportId, relativeTargetPort: number): Nexus;
  /** All of them, in the order in which they became known. */
  all(): IterableIterator<Nexus>;
}

/**
 * An empty registry.
 *
 * @param attentions the unit attention conditions that a new nexus starts with
 */
export function createNexusRegistry(attentions: readonly number[]): NexusRegistry {
  const nexuses = new Map<string, Nexus>();
  return {
    find: (initiatorPort, relativeTargetPort) => nexuses.get(nexusName(initiatorPort, relativeTargetPort)),
    intern(initiatorPort, relativeTargetPort) {
      const name = nexusName(initiatorPort, relativeTargetPort);
      let nexus = nexuses.get(name);
      if (nexus === undefined) {
        const transportId = encodeTransportId(initiatorPort);
        nexus = { name, initiatorPort, transportId, relativeTargetPort, attentions: [...attentions] };
        nexuses.set(name, nexus);
      }
      return nexus;
    },
    all: () => nexuses.values(),
  };
}
