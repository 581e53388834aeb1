/**
 * I_T nexuses as one logical unit sees them: an initiator port's TransportID and a relative target port identifier name
 * one. Each is one object per logical unit, so that rules compare and look up by identity; no rule of reservations lives
 * here, but the rule by which a nexus is forgotten does.
 */
import { encodeTransportId, type TransportId } from "../../src/transport-id.ts";
import { formatTransportId } from "../../src/transport-id-text.ts";

/** One I_T nexus of one logical unit. */
export interface Nexus {
  /** Equal for equal nexuses, different for different ones. */
  readonly name: string;
  /** Who comes. */
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

/** The nexuses that a logical unit has met or has a registration for, as far as it has to remember them. */
export interface NexusRegistry {
  /** The nexus, if it is known. */
  find(initiatorPort: TransportId, relativeTargetPort: number): Nexus | undefined;
  /** The nexus; made known if it was not. Nobody uses it through this. */
  intern(initiatorPort: TransportId, relativeTargetPort: number): Nexus;
  /** The nexus, for somebody who will send commands through it until {@link NexusRegistry.retire}. */
  use(initiatorPort: TransportId, relativeTargetPort: number): Nexus;
  /** One who used it is gone. */
  retire(nexus: Nexus): void;
  /** All of them, in the order in which they became known. */
  all(): IterableIterator<Nexus>;
}

/** What a registry is to be like. */
export interface NexusRegistryOptions {
  /** The unit attention conditions that a new nexus starts with. */
  readonly attentions: readonly number[];
  /** How many may be remembered that nobody uses. */
  readonly idle: number;
  /** Must it be remembered although nobody uses it? */
  readonly isNeeded: (nexus: Nexus) => boolean;
  /** What a new nexus finds once any has been forgotten: it may be one of those, with conditions that are gone. */
  readonly afterForgetting: number;
}

interface Known {
  readonly nexus: Nexus;
  users: number;
}

/**
 * An empty registry. It forgets the nexus that has been unused for the longest time when there are too many of them, however
 * they became known; with it go unit attention conditions, for which one condition stands when it comes back.
 */
export function createNexusRegistry({
  attentions,
  idle,
  isNeeded,
  afterForgetting,
}: NexusRegistryOptions): NexusRegistry {
  const known = new Map<string, Known>();
  /** Those without users, the longest unused first; whoever must be remembered all the same moves to the end. */
  const unused = new Set<string>();
  let hasForgotten = false;

  /** Nobody uses it now; somebody else may have to go for it. */
  function leaveUnused(name: string): void {
    for (let tries = unused.size; unused.size >= idle && tries > 0; tries--) forgetOrMove();
    unused.add(name);
  }

  function forgetOrMove(): void {
    const name = unused.values().next().value as string;
    unused.delete(name);
    if (isNeeded((known.get(name) as Known).nexus)) {
      unused.add(name);
      return;
    }
    known.delete(name);
    hasForgotten = true;
  }

  function enter(initiatorPort: TransportId, relativeTargetPort: number): Known {
    const name = nexusName(initiatorPort, relativeTargetPort);
    let entry = known.get(name);
    if (entry === undefined) {
      const transportId = encodeTransportId(initiatorPort);
      const first = hasForgotten ? [afterForgetting] : [];
      const nexus = { name, initiatorPort, transportId, relativeTargetPort, attentions: [...attentions, ...first] };
      entry = { nexus, users: 0 };
      known.set(name, entry);
      leaveUnused(name);
    }
    return entry;
  }

  return {
    find: (initiatorPort, relativeTargetPort) => known.get(nexusName(initiatorPort, relativeTargetPort))?.nexus,
    intern: (initiatorPort, relativeTargetPort) => enter(initiatorPort, relativeTargetPort).nexus,
    use(initiatorPort, relativeTargetPort) {
      const entry = enter(initiatorPort, relativeTargetPort);
      entry.users++;
      unused.delete(entry.nexus.name);
      return entry.nexus;
    },
    retire({ name }) {
      const entry = known.get(name);
      if (entry === undefined || entry.users === 0) return;
      entry.users--;
      if (entry.users === 0) leaveUnused(name);
    },
    *all() {
      for (const { nexus } of known.values()) yield nexus;
    },
  };
}
