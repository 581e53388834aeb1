/**
 * The rules behind explain-conflict.ts: for each kind of command, what on the target accounts for a RESERVATION CONFLICT. A rule
 * gives undefined where what was seen does not. Pure; the words are for people.
 */
import type { ConflictEvidence, ConflictExplanation } from "./explain-conflict.ts";
import { isAllRegistrants, type Registration, type ReservationState, type ReservationType } from "./reservation.ts";
import { formatTransportId } from "./transport-id-text.ts";

/** What each type lets others do, in one line. */
export const reservationTypeMeanings: Readonly<Record<ReservationType, string>> = {
  "write-exclusive": "only the holder may write, everybody may read",
  "exclusive-access": "only the holder may write or read",
  "write-exclusive-registrants-only": "every registered host may write, everybody may read",
  "exclusive-access-registrants-only": "only registered hosts may write or read",
  "write-exclusive-all-registrants": "every registered host holds it and may write, everybody may read",
  "exclusive-access-all-registrants": "every registered host holds it, only they may write or read",
};

/** What a rule decides by. */
export interface Facts {
  readonly seen: ConflictEvidence;
  /** RESERVATION KEY as the command carried it. */
  readonly given: bigint;
  /** This nexus's registrations; undefined if that cannot be known. */
  readonly mine: readonly Registration[] | undefined;
}

/** Undefined: not by this. */
export type Explained = ConflictExplanation | undefined;

const hex = (key: bigint): string => `0x${key.toString(16)}`;

/** `key 0xa (iqn.…)`: the holder by key, and by initiator port where that is known. */
function holderText({ seen }: Facts, key: bigint): string {
  const port = seen.registrations?.find(({ holder }) => holder)?.transportId;
  return port === undefined ? `key ${hex(key)}` : `key ${hex(key)} (${formatTransportId(port)})`;
}

/** REGISTER: the key that the command carried is not the one that this nexus has. */
export function registerConflict(facts: Facts, newKey: bigint): Explained {
  const { given, mine } = facts;
  // One port may be registered through several target ports.
  const own = mine?.find(({ key }) => key !== given) ?? mine?.[0];
  if (own !== undefined) {
    if (own.key === given) return undefined;
    const present = `This host is registered already, with key ${hex(own.key)}`;
    return {
      reason: given === 0n ? "already-registered" : "registered-with-another-key",
      because: given === 0n ? `${present}, and REGISTER must name it.` : `${present}, not ${hex(given)}.`,
      remedies: [{ do: "register", key: own.key, newKey, when: "To change the key, name the present one." }],
    };
  }
  if (given === 0n) {
    if (mine !== undefined) return undefined;
    return {
      reason: "already-registered",
      because: "This host is registered already, and REGISTER must name its key. The target does not tell which it is.",
      remedies: [{ do: "register", newKey, ignoreExistingKey: true, when: "If the present key is not known." }],
    };
  }
  if (mine === undefined) return keyUnknown(facts);
  return {
    reason: "not-registered",
    because: `This host is not registered, but the command said that it is, with key ${hex(given)}.`,
    remedies: [{ do: "register", newKey, when: "To register for the first time, give no present key." }],
  };
}

/** Where the target does not tell who is registered, at least it tells whether anybody is with this key. */
function keyUnknown({ seen, given }: Facts): Explained {
  if (seen.keys.keys.includes(given)) return undefined;
  return {
    reason: "key-not-registered",
    because: `No host is registered with key ${hex(given)}.`,
    remedies: [{ do: "register", newKey: given, when: "Register first; it may have been removed by another host." }],
  };
}

/**
 * Where nothing else accounts for it and the target has no READ FULL STATUS: the key may be registered for another nexus. Some
 * targets (tgt 1.0) take every login of one initiator port for another nexus.
 */
export function ownerUnknown({ seen, given, mine }: Facts): Explained {
  if (mine !== undefined || given === 0n || !seen.keys.keys.includes(given)) return undefined;
  return {
    reason: "owner-unknown",
    because: `Key ${hex(given)} is registered, but this target does not tell for whom: for another host perhaps, or for an earlier login of this one.`,
    remedies: [
      {
        do: "register",
        newKey: given,
        ignoreExistingKey: true,
        when: "This registers the present login. Where every login counts as another host, that is of use until logout only.",
      },
    ],
  };
}

/** What everything but REGISTER needs: that this nexus is registered with the key that the command carried. */
export function registrationConflict(facts: Facts): Explained {
  const { given, mine } = facts;
  if (mine === undefined) return keyUnknown(facts);
  const own = mine[0];
  if (own === undefined) {
    const taken = facts.seen.keys.keys.includes(given) ? ` Key ${hex(given)} is registered, but for another host.` : "";
    return {
      reason: "not-registered",
      because: `This host is not registered.${taken}`,
      remedies: [{ do: "register", newKey: given, when: "Register first; it may have been removed by another host." }],
    };
  }
  if (mine.some(({ key }) => key === given)) return undefined;
  return {
    reason: "registered-with-another-key",
    because: `This host is registered with key ${hex(own.key)}, not ${hex(given)}.`,
    remedies: [{ do: "use-key", key: own.key, when: "Give the key that is registered." }],
  };
}

/** RESERVE by a registered nexus. */
export function reserveConflict(facts: Facts, type: ReservationType): Explained {
  const { seen, given, mine } = facts;
  const { reservation } = seen;
  if (reservation.holder === "none") return undefined;
  const ours =
    reservation.holder === "all-registrants" ||
    (mine === undefined ? reservation.key === given : mine.some(({ holder }) => holder));
  if (ours) {
    if (reservation.type === type) return undefined;
    const victimKey = reservation.holder === "all-registrants" ? 0n : given;
    const when =
      victimKey === 0n
        ? "This takes the reservation away from all others, and unregisters them."
        : "Preempting its own key, a holder changes the type without giving the reservation up.";
    return {
      reason: "held-with-another-type",
      because: `This host holds a reservation already, of type ${typeText(reservation)}. RESERVE does not change a type.`,
      remedies: [{ do: "preempt", key: given, victimKey, type, when }],
    };
  }
  return {
    reason: "held-by-another",
    because: `The reservation is held by ${holderText(facts, reservation.key)}, of type ${typeText(reservation)}.`,
    remedies: takeOver(reservation.key, given, reservation.type ?? type),
  };
}

const typeText = (reservation: ReservationState): string =>
  reservation.holder === "none" ? "none" : (reservation.type ?? `${reservation.typeCode.toString(16)}h`);

/** What can be done about a living holder, and about a dead one. */
function takeOver(holder: bigint, given: bigint, type: ReservationType): ConflictExplanation["remedies"] {
  return [
    { do: "ask-the-holder", key: holder, when: "If that host is alive, let it release." },
    {
      do: "preempt",
      key: given,
      victimKey: holder,
      type,
      when: "Only if that host is known to be dead or must be fenced.",
    },
  ];
}

/** REGISTER AND MOVE by a registered nexus. */
export function moveConflict(facts: Facts): Explained {
  const { reservation } = facts.seen;
  if (reservation.holder === "all-registrants") {
    return {
      reason: "type-cannot-move",
      because: `Every registered host holds the reservation, of type ${reservation.type}: there is nothing to move.`,
      remedies: [],
    };
  }
  const held =
    reservation.holder === "one-nexus" &&
    (facts.mine === undefined ? reservation.key === facts.given : facts.mine.some(({ holder }) => holder));
  if (held) return undefined;
  const holder =
    reservation.holder === "none" ? "nobody holds a reservation" : `${holderText(facts, reservation.key)} holds it`;
  return {
    reason: "not-the-holder",
    because: `Only the holder can move a reservation, and ${holder}.`,
    remedies: [],
  };
}

/** PREEMPT and PREEMPT AND ABORT by a registered nexus. */
export function preemptConflict({ seen }: Facts, victimKey: bigint): Explained {
  if (victimKey === 0n || seen.keys.keys.includes(victimKey)) return undefined;
  return {
    reason: "victim-not-registered",
    because: `No host is registered with key ${hex(victimKey)}: there is nothing to preempt.`,
    remedies: [{ do: "try-again", when: "Look again: it may have changed its key, or be gone." }],
  };
}

/** A read or write, or any other command that a reservation restricts. */
export function accessConflict(facts: Facts): Explained {
  const { reservation } = facts.seen;
  if (reservation.holder === "none" || reservation.type === undefined) return undefined;
  const own = facts.mine?.[0];
  const who =
    reservation.holder === "all-registrants" ? "every registered host" : `${holderText(facts, reservation.key)}`;
  const we =
    facts.mine === undefined
      ? ""
      : own === undefined
        ? " This host is not registered."
        : ` This host is registered with key ${hex(own.key)} and does not hold it.`;
  const registering = isAllRegistrants(reservation.type) || reservation.type.endsWith("-registrants-only");
  const remedies: ConflictExplanation["remedies"] =
    registering && own === undefined
      ? [{ do: "register", when: "Once registered, this host may." }]
      : reservation.holder === "one-nexus" && own !== undefined
        ? takeOver(reservation.key, own.key, reservation.type)
        : reservation.holder === "one-nexus"
          ? [{ do: "ask-the-holder", key: reservation.key, when: "Let that host release." }]
          : [];
  return {
    reason: "reservation-forbids",
    because: `A reservation of type ${reservation.type} is held by ${who}: ${reservationTypeMeanings[reservation.type]}.${we}`,
    remedies,
  };
}
