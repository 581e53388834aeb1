/**
 * What a profile answers otherwise, made ready for the rules: endings as outcomes, and whose registration an I_T nexus has.
 * The rows are in src/profiles; which rule looks at which is the rule's.
 */
import { Status } from "../../src/core/generated/codes.ts";
import type { DeviatingAnswers, Ending } from "../../src/profiles/index.ts";
import type { Nexus, NexusRegistry } from "./nexus.ts";
import type { Outcome } from "./reservations.ts";

/** Answers with every ending as an outcome. */
export type Deviations = {
  readonly [Row in keyof DeviatingAnswers]: Ending extends DeviatingAnswers[Row] ? Outcome : DeviatingAnswers[Row];
};

const statuses = { good: Status.GOOD, conflict: Status.RESERVATION_CONFLICT, busy: Status.BUSY } as const;
/** The rows that are endings. */
const endings = [
  "notRegistered",
  "scope",
  "listLength",
  "unsupportedOption",
  "specIPtOfRegistered",
  "noResources",
  "releaseOfAnotherType",
  "moveByAnother",
  "moveToKeyZero",
  "preemptKeyZero",
] as const satisfies (keyof DeviatingAnswers)[];

function outcomeOf(ending: Ending): Outcome {
  const none = { attentions: [], aborted: [] };
  if (ending === "good" || ending === "conflict" || ending === "busy") return { ...none, status: statuses[ending] };
  const [senseKey = 0, asc = 0, ascq = 0] = ending.split("/").map((part) => Number.parseInt(part, 16));
  return { ...none, status: Status.CHECK_CONDITION, fault: { code: { senseKey, asc, ascq } } };
}

/** Makes a profile's answers ready. */
export function readDeviations(answers: DeviatingAnswers = {}): Deviations {
  const ready: Record<string, unknown> = { ...answers };
  for (const row of endings) {
    const ending = answers[row];
    if (ending !== undefined) ready[row] = outcomeOf(ending);
  }
  return ready as Deviations;
}

/**
 * Nexuses as registrations see them: where those are for initiator ports, every nexus of one is the nexus through the first
 * target port.
 */
export function registrantsOf(nexuses: NexusRegistry, deviations: Deviations, firstPort: number): NexusRegistry {
  if (deviations.registrant === undefined) return nexuses;
  return {
    ...nexuses,
    find: (initiatorPort) => nexuses.find(initiatorPort, firstPort),
    intern: (initiatorPort) => nexuses.intern(initiatorPort, firstPort),
  };
}

/** Every nexus that shares a registration with this one. */
export function sharing(nexuses: NexusRegistry, deviations: Deviations, registrant: Nexus): Nexus[] {
  if (deviations.registrant === undefined) return [registrant];
  const nameOf = ({ name }: Nexus) => name.slice(0, name.lastIndexOf("|"));
  const name = nameOf(registrant);
  return Array.from(nexuses.all()).filter((nexus) => nameOf(nexus) === name);
}
