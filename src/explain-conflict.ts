/**
 * A RESERVATION CONFLICT in words: why the target refused this command, and what can be done. The status itself says nothing
 * but "no", so the reason is found by comparing what the command carried with what the target reports. Pure: the looking is
 * done by whoever asks.
 *
 * A reason is named only where what was seen shows it; everything else is `unexplained`, which is what a race looks like.
 */
import type { Command } from "./command.ts";
import { PersistentReserveOut } from "./core/generated/codes.ts";
import type { LostAnswerEvidence } from "./lost-answer.ts";
import { isAllRegistrants, type Registration, type ReservationState, type ReservationType } from "./reservation.ts";
import { fieldsOf } from "./structures.ts";
import { formatTransportId, sameTransportId, type TransportId } from "./transport-id.ts";

/** What each type lets others do, in one line. */
export const reservationTypeMeanings: Readonly<Record<ReservationType, string>> = {
  "write-exclusive": "only the holder may write, everybody may read",
  "exclusive-access": "only the holder may write or read",
  "write-exclusive-registrants-only": "every registered host may write, everybody may read",
  "exclusive-access-registrants-only": "only registered hosts may write or read",
  "write-exclusive-all-registrants": "every registered host holds it and may write, everybody may read",
  "exclusive-access-all-registrants": "every registered host holds it, only they may write or read",
};

/** Why a command met RESERVATION CONFLICT. */
export type ConflictReason =
  /** The I_T nexus is not registered, and the command needs that. */
  | "not-registered"
  /** The nexus is registered, under another key than the command carried. */
  | "registered-with-another-key"
  /** REGISTER without a key, though the nexus is registered. */
  | "already-registered"
  /** Nobody at all is registered with the key that the command carried. */
  | "key-not-registered"
  /** RESERVE, and another nexus holds. */
  | "held-by-another"
  /** RESERVE, and this nexus holds already, with another type. */
  | "held-with-another-type"
  /** PREEMPT, and nobody is registered with the key to be removed. */
  | "victim-not-registered"
  /** REGISTER AND MOVE, and this nexus does not hold. */
  | "not-the-holder"
  /** REGISTER AND MOVE of an all-registrants reservation, which cannot be moved. */
  | "type-cannot-move"
  /** A read or write that the reservation forbids. */
  | "reservation-forbids"
  /** Another nexus holds the unit by RESERVE (6) or (10). */
  | "legacy-reservation"
  /** What was seen does not explain it. */
  | "unexplained";

/** Something that can be done about a conflict, with the arguments it takes. */
export type ConflictRemedy =
  | {
      readonly do: "register";
      readonly key?: bigint | undefined;
      readonly newKey?: bigint | undefined;
      readonly ignoreExistingKey?: boolean | undefined;
    }
  | { readonly do: "preempt"; readonly key: bigint; readonly victimKey: bigint; readonly type: ReservationType }
  | { readonly do: "ask-the-holder" | "use-key"; readonly key: bigint | undefined }
  | { readonly do: "try-again" };

/** A conflict, explained. */
export interface ConflictExplanation {
  readonly reason: ConflictReason;
  /** One or two sentences. */
  readonly because: string;
  /** What can be done, each with a sentence that says when it is right. */
  readonly remedies: readonly (ConflictRemedy & { readonly when: string })[];
}

/**
 * Why even PERSISTENT RESERVE IN meets RESERVATION CONFLICT. No persistent reservation forbids asking; the older RESERVE of
 * SPC-2 does (spc2r20 5.5.1).
 */
export const legacyReservationConflict: ConflictExplanation = {
  reason: "legacy-reservation",
  because:
    "Another host holds the unit by RESERVE, which is older than persistent reservations and forbids even asking about them.",
  remedies: [{ do: "try-again", when: "It ends when that host sends RELEASE or logs out, or the unit is reset." }],
};

/** What the target reported after the conflict. */
export type ConflictEvidence = Omit<LostAnswerEvidence, "verdict">;

interface Facts {
  readonly seen: ConflictEvidence;
  /** RESERVATION KEY as the command carried it. */
  readonly given: bigint;
  /** This nexus's registrations; undefined if that cannot be known. */
  readonly mine: readonly Registration[] | undefined;
}

type Explained = ConflictExplanation | undefined;

const hex = (key: bigint): string => `0x${key.toString(16)}`;

/** `key 0xa (iqn.…)`: the holder by key, and by initiator port where that is known. */
function holderText({ seen }: Facts, key: bigint): string {
  const port = seen.registrations?.find(({ holder }) => holder)?.transportId;
  return port === undefined ? `key ${hex(key)}` : `key ${hex(key)} (${formatTransportId(port)})`;
}

function registerConflict(facts: Facts, newKey: bigint): Explained {
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

function keyUnknown({ seen, given }: Facts): Explained {
  if (seen.keys.keys.includes(given)) return undefined;
  return {
    reason: "key-not-registered",
    because: `No host is registered with key ${hex(given)}.`,
    remedies: [{ do: "register", newKey: given, when: "Register first; it may have been removed by another host." }],
  };
}

/** What everything but REGISTER needs: that this nexus is registered with the key that the command carried. */
function registrationConflict(facts: Facts): Explained {
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

function reserveConflict(facts: Facts, type: ReservationType): Explained {
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

function moveConflict(facts: Facts): Explained {
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

function preemptConflict({ seen }: Facts, victimKey: bigint): Explained {
  if (victimKey === 0n || seen.keys.keys.includes(victimKey)) return undefined;
  return {
    reason: "victim-not-registered",
    because: `No host is registered with key ${hex(victimKey)}: there is nothing to preempt.`,
    remedies: [{ do: "try-again", when: "Look again: it may have changed its key, or be gone." }],
  };
}

/** A read or write, or any other command that a reservation restricts. */
function accessConflict(facts: Facts): Explained {
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

function explain(command: Command<unknown>, facts: Facts, serviceAction: number): Explained {
  const { intent } = command;
  if (command.effect !== "reservation") return accessConflict(facts);
  // REPLACE LOST RESERVATION carries no key of ours, and nothing that can be seen decides about it.
  if (serviceAction === PersistentReserveOut.REPLACE_LOST_RESERVATION || intent === undefined) return undefined;
  if (intent.kind === "register") return registerConflict(facts, intent.newKey);
  const unregistered = registrationConflict(facts);
  if (unregistered !== undefined) return unregistered;
  switch (intent.kind) {
    case "reserve":
      return reserveConflict(facts, intent.type);
    case "preempt":
      return preemptConflict(facts, intent.victimKey);
    case "move":
      return moveConflict(facts);
    default:
      return undefined;
  }
}

/**
 * Why a command met RESERVATION CONFLICT.
 *
 * @param command the command that was refused
 * @param seen what the target reports now
 * @param initiatorPort our own initiator port, if the transport knows it: without, less can be said
 * @example
 * explainConflict(command, { keys, reservation, registrations }, unit.transport.initiatorPort).because
 */
export function explainConflict(
  command: Command<unknown>,
  seen: ConflictEvidence,
  initiatorPort?: TransportId,
): ConflictExplanation {
  const list = command.layout.dataOut;
  const fields = list === undefined || command.dataOut === undefined ? [] : fieldsOf(list, command.dataOut);
  const action = fieldsOf(command.layout.cdb, command.cdb).find(({ name }) => name === "SERVICE ACTION");
  const facts: Facts = {
    seen,
    given: fields.find(({ name }) => name === "RESERVATION KEY")?.value ?? 0n,
    mine:
      seen.registrations === undefined || initiatorPort === undefined
        ? undefined
        : seen.registrations.filter(({ transportId }) => sameTransportId(transportId, initiatorPort)),
  };
  const whole = !seen.keys.truncated && !seen.reservation.truncated;
  const explained = whole ? explain(command, facts, Number(action?.value ?? -1n)) : undefined;
  return (
    explained ?? {
      reason: "unexplained",
      because: "What the target reports now does not explain it: it may have changed since.",
      remedies: [{ do: "try-again", when: "Nothing was executed." }],
    }
  );
}
