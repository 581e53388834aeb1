/**
 * A media changer for whoever shares it: inventory, moves, and the mailslot's lock, each with an eye on the reservation. It looks
 * before it moves, repeats no move whose answer is lost, and says where the medium is then.
 */

import type { Command } from "../command.ts";
import { testUnitReady } from "../commands/test-unit-ready.ts";
import { isScsiError, ScsiError } from "../errors.ts";
import type { ExecuteOptions, Unit } from "../logical-unit.ts";
import { isMultipath } from "../multipath/is-multipath.ts";
import { formatSense, type SenseData } from "../sense.ts";
import {
  type ElementRange,
  type ElementStatus,
  elementAddressAssignment,
  moveMedium,
  preventAllowMediumRemoval,
  type ReadElementStatusOptions,
  readElementStatus,
} from "./commands.ts";
import { type ChangerConflict, explainChangerConflict } from "./conflict.ts";
import { type ElementType, elementTypes } from "./elements.ts";
import { type ElementReference, findElement, type NamedElement, named, parseElement } from "./naming.ts";

/** What a changer holds. */
export interface Inventory {
  /** In the device's order: by type, then by address. */
  readonly elements: readonly NamedElement[];
  /** The device has more than could be asked for. */
  readonly truncated: boolean;
  /** It is what the device knew (CURDATA), and nothing was moved for it. False of devices that do not have CURDATA. */
  readonly currentData: boolean;
}

/** A move, by names or addresses. */
export interface MoveOptions extends ExecuteOptions {
  /** Where the medium is: a name such as `slot 3`, or an address. */
  readonly from: ElementReference;
  /** Where it is to go. */
  readonly to: ElementReference;
  /** Which robot; the device's choice if absent. */
  readonly transport?: ElementReference | undefined;
}

/** A move that was done. */
export interface Moved {
  /** The primary volume tag of what was moved; undefined if it has none. */
  readonly volumeTag: string | undefined;
  /** As they were before the move. */
  readonly from: NamedElement;
  /** Where it was put, as it was before the move. */
  readonly to: NamedElement;
  /** The answer was lost, and the inventory shows that the medium is there. */
  readonly settledByLooking: boolean;
  /** Unit attentions that were met and passed over on the way. */
  readonly unitAttentions: readonly SenseData[];
}

/** A media changer. */
export interface Changer {
  /** The unit that it is. */
  readonly unit: Unit;
  /** Where elements of each type are: MODE SENSE, which a reservation may forbid. */
  elementAddresses(options?: ExecuteOptions): Promise<Readonly<Record<ElementType, ElementRange>>>;
  /**
   * What is where. It asks for what the device knows, with the identifiers of drives; a device that refuses that (ILLEGAL REQUEST)
   * is asked plainly, and one whose answer for all types at once cannot be read is asked type by type.
   *
   * @throws ScsiError `RESERVATION_CONFLICT` where a reservation forbids even that
   */
  inventory(options?: ExecuteOptions): Promise<Inventory>;
  /**
   * Moves a medium: looks, finds the elements, and sends one MOVE MEDIUM. If the target tells on the way that reservations or
   * registrations were taken away from this host, or (once it has been asked before) that it was reset, nothing is moved.
   *
   * @throws RangeError for an element that there is not, before anything is moved
   * @throws ScsiError `RESERVATION_CONFLICT`; `UNIT_ATTENTION`, see above; `ILLEGAL_REQUEST` with the reason, as 3Bh/0Eh, MEDIUM SOURCE
   *   ELEMENT EMPTY; `LOST_ANSWER` if the answer was lost and the medium is not where it should be, with where it is in the message
   */
  move(options: MoveOptions): Promise<Moved>;
  /** PREVENT MEDIUM REMOVAL: locks the mailslot for this I_T nexus. It ends with the nexus, a reset, or PREEMPT AND ABORT. */
  lockMailslot(options?: ExecuteOptions): Promise<void>;
  /** ALLOW MEDIUM REMOVAL, through every path: lets go of these I_T nexuses' locks, and of no other's. No reservation forbids it. */
  unlockMailslot(options?: ExecuteOptions): Promise<void>;
  /** Why a command met RESERVATION CONFLICT: who holds the changer, and what can be done. Only reads. */
  explainConflict(command?: Command<unknown>, options?: ExecuteOptions): Promise<ChangerConflict>;
}

const RESERVATIONS_CHANGED: ReadonlySet<number> = new Set([0x03, 0x04, 0x05]);
/** POWER ON, RESET, OR BUS DEVICE RESET OCCURRED, and PARAMETERS CHANGED, of whose qualifiers three are about reservations. */
const [RESET, CHANGED] = [0x29, 0x2a];
/** INVALID ELEMENT ADDRESS, and its like. */
const INVALID_ELEMENT_ADDRESS = 0x21;

/** The only options that go on to each command. */
const executeOptions = ({ signal, timeoutMs, deadlineMs, retry, observer }: ExecuteOptions): ExecuteOptions => ({
  signal,
  timeoutMs,
  deadlineMs,
  retry,
  observer,
});

/** Where the medium of a lost move is now, as a sentence's end, and whether that is where it should be. */
function whereNow(before: Moved, after: Inventory): { readonly arrived: boolean; readonly text: string } {
  const { from, to, volumeTag } = before;
  const at = (address: number) => after.elements.find((element) => element.address === address);
  const has = (element: NamedElement | undefined) => element?.full === true && element.volumeTag === volumeTag;
  const [source, destination] = [at(from.address), at(to.address)];
  if (!to.full && has(destination) && source?.full === false) return { arrived: true, text: "" };
  if (from.full && has(source) && destination?.full === to.full) {
    return { arrived: false, text: `the medium is still in ${from.name}` };
  }
  const carrying = after.elements.find((element) => element.type === "medium-transport" && has(element));
  if (carrying !== undefined) return { arrived: false, text: `the medium is in the robot's hand (${carrying.name})` };
  return { arrived: false, text: "the inventory does not tell where the medium is" };
}

/**
 * A media changer over a logical unit, which stays the caller's.
 *
 * @example
 * const changer = createChanger(unit);
 * await changer.move({ from: "slot 3", to: "drive 1" });
 */
export function createChanger(unit: Unit): Changer {
  // A nexus that has just come to be finds a reset: it had nothing to lose by it. Later ones count.
  let asked = false;

  /** What was met that says: what this host counts on may be gone. */
  function stopper(met: readonly SenseData[]): SenseData | undefined {
    return met.find(({ asc, ascq }) => (asc === CHANGED && RESERVATIONS_CHANGED.has(ascq)) || (asked && asc === RESET));
  }

  function stopAt(met: readonly SenseData[], command: string): void {
    const sense = stopper(met);
    asked = true;
    if (sense === undefined) return;
    throw new ScsiError(
      `Cannot ${command}: before it the target answered ${formatSense(sense)}. Nothing was executed; look at the reservation, then decide`,
      { code: "UNIT_ATTENTION", command, unit: unit.name, sense, delivered: "no" },
    );
  }

  /** Does something, and says which unit attentions were met on the way. */
  async function meeting<Result>(work: () => Promise<Result>): Promise<readonly [Result, readonly SenseData[]]> {
    const met: SenseData[] = [];
    const stop = unit.observe(({ code, sense }) => {
      if (code === "UNIT_ATTENTION" && sense !== undefined) met.push(sense);
    });
    try {
      return [await work(), met];
    } finally {
      stop();
    }
  }

  /** One type after the other. That there is no element of a type is no error here. */
  async function askByType(form: ReadElementStatusOptions, options: ExecuteOptions): Promise<ElementStatus> {
    const found: ElementStatus[] = [];
    for (const type of Object.keys(elementTypes) as ElementType[]) {
      try {
        found.push(await unit.execute(readElementStatus({ ...form, type }), options));
      } catch (error) {
        if (!isScsiError(error) || error.sense?.asc !== INVALID_ELEMENT_ADDRESS) throw error;
      }
    }
    return {
      elements: found.flatMap(({ elements }) => elements),
      available: found.reduce((sum, { available }) => sum + available, 0),
      truncated: found.some(({ truncated }) => truncated),
    };
  }

  /** All types at once; where that cannot be read (tgt 1.0 writes one type over the other), one by one. */
  async function ask(form: ReadElementStatusOptions, options: ExecuteOptions): Promise<Inventory> {
    const { elements, truncated } = await unit.execute(readElementStatus(form), options).catch((error: unknown) => {
      if (!isScsiError(error) || error.code !== "MALFORMED_RESPONSE") throw error;
      return askByType(form, options);
    });
    return { elements: named(elements), truncated, currentData: form.currentData === true };
  }

  const look = (options: ExecuteOptions): Promise<Inventory> =>
    ask({ currentData: true, deviceIdentifiers: true }, options).catch((error: unknown) => {
      if (!isScsiError(error) || error.code !== "ILLEGAL_REQUEST") throw error;
      return ask({}, options);
    });

  /** The lost answer's error, or what the inventory shows in its place. */
  async function afterLostAnswer(cause: ScsiError, before: Moved, options: ExecuteOptions): Promise<Moved> {
    const seen = await look(options).catch((error: unknown) => {
      if (isScsiError(error)) return undefined;
      throw error;
    });
    const now = seen === undefined ? undefined : whereNow(before, seen);
    if (now?.arrived === true) return { ...before, settledByLooking: true };
    throw new ScsiError(
      `Cannot MOVE MEDIUM: its answer was lost (${cause.message}), and ${now?.text ?? "the changer could not be asked"}. It has not been repeated; look at the inventory, then decide`,
      {
        code: "LOST_ANSWER",
        command: "MOVE MEDIUM",
        unit: unit.name,
        delivered: "unknown",
        attempts: cause.attempts,
        cause,
      },
    );
  }

  /** TEST UNIT READY, for the unit attentions that wait. That it is not ready, or not for us, is not the question. */
  const knock = (options: ExecuteOptions, way = unit): Promise<void> =>
    way.execute(testUnitReady(), options).catch((error: unknown) => {
      if (!isScsiError(error) || (error.code !== "NOT_READY" && error.code !== "RESERVATION_CONFLICT")) throw error;
    });

  return {
    unit,
    elementAddresses: (options) => unit.execute(elementAddressAssignment(), options),
    async inventory(options = {}) {
      const found = await look(executeOptions(options));
      asked = true;
      return found;
    },
    async move(given) {
      const options = executeOptions(given);
      for (const one of [given.from, given.to, given.transport]) if (one !== undefined) parseElement(one);
      const [{ elements }, met] = await meeting(() => look(options));
      const from = findElement(elements, given.from);
      const to = findElement(elements, given.to);
      const transport = given.transport === undefined ? undefined : findElement(elements, given.transport).address;
      const command = moveMedium({ source: from.address, destination: to.address, transport });
      stopAt(met, command.name);
      const before = { volumeTag: from.volumeTag, from, to, settledByLooking: false };
      try {
        const { unitAttentions } = await unit.perform(command, options);
        return { ...before, unitAttentions: [...met, ...unitAttentions] };
      } catch (error) {
        const lost = isScsiError(error) && error.delivered === "unknown" && error.code !== "ABORTED";
        if (!lost) throw error;
        return afterLostAnswer(error, { ...before, unitAttentions: met }, options);
      }
    },
    async lockMailslot(options = {}) {
      const command = preventAllowMediumRemoval({ prevent: true });
      const [, met] = await meeting(() => knock(executeOptions(options)));
      stopAt(met, command.name);
      await unit.execute(command, options);
    },
    async unlockMailslot(options = {}) {
      const given = executeOptions(options);
      // Whichever of several paths has locked it. Each has unit attentions of its own.
      const ways = isMultipath(unit) ? unit.paths.map((path) => path.unit) : [unit];
      const allow = async (way: Unit): Promise<void> => {
        await knock(given, way);
        asked = true;
        await way.execute(preventAllowMediumRemoval({ prevent: false }), given);
      };
      const ended = await Promise.allSettled(ways.map(allow));
      for (const one of ended) if (one.status === "rejected") throw one.reason;
    },
    explainConflict: (command, options) => explainChangerConflict(unit, command, options),
  };
}
