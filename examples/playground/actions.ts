/**
 * The commands that can be tried, as a table: the standard's name, one sentence, the arguments, and the Command that they make. What
 * the library refuses to build (a reserved type, a key of 0) is built unchecked, so that the unit's own answer can be seen.
 */
import { type Command, commands, reservationTypeName, type TransportId } from "../../transports/browser.ts";
import type { Arguments } from "./steps.ts";

/** What an action is built from besides its arguments. */
export interface Surroundings {
  /** The initiator port of a host. */
  portOf(host: number): TransportId;
}

export type ArgumentName = keyof Arguments;

interface Action {
  /** The standard's name. */
  readonly name: string;
  readonly group: "Persistent reserve out" | "Persistent reserve in" | "Other commands";
  /** What it does, in one sentence. */
  readonly says: string;
  readonly takes: readonly ArgumentName[];
  command(given: Arguments, around: Surroundings): Command<unknown>;
}

const BLOCK_BYTES = 512;

/** One block that begins with a text. */
function blockOf(text: string): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(new TextEncoder().encode(text).subarray(0, BLOCK_BYTES));
  return block;
}

/** The text that a block begins with. */
export function textOf(block: Uint8Array): string {
  const end = block.indexOf(0);
  return new TextDecoder().decode(end < 0 ? block : block.subarray(0, end));
}

/** The Command, or, where the library refuses these values, the same bytes unchecked. */
function reserveOut(
  serviceAction: number,
  given: Arguments,
  around: Surroundings,
  checked: () => Command<unknown>,
): Command<unknown> {
  try {
    return checked();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    return commands.uncheckedPersistentReserveOut({
      serviceAction,
      typeCode: given.type,
      key: given.key,
      serviceActionKey: given.newKey ?? given.victimKey,
      persistThroughPowerLoss: given.aptpl,
      allTargetPorts: given.allTgPt,
      unregister: given.unreg,
      initiatorPorts: given.to === undefined ? portsOf(given, around) : [around.portOf(given.to)],
      relativeTargetPort: given.to === undefined ? undefined : 1,
    });
  }
}

const portsOf = ({ ports }: Arguments, { portOf }: Surroundings): TransportId[] | undefined =>
  ports === undefined || ports.length === 0 ? undefined : ports.map(portOf);

/** The type's name; the RangeError of a code without one makes the command an unchecked one. */
function typeOf({ type = 0 }: Arguments) {
  const name = reservationTypeName(type);
  if (name === undefined) throw new RangeError(`type ${type} is reserved`);
  return name;
}

const flagsOf = (given: Arguments, around: Surroundings) => ({
  persistThroughPowerLoss: given.aptpl,
  allTargetPorts: given.allTgPt,
  initiatorPorts: portsOf(given, around),
});

export const actions = {
  register: {
    name: "REGISTER",
    group: "Persistent reserve out",
    says: "Registers this host with a key, changes the key, or, with a new key of 0, unregisters it.",
    takes: ["key", "newKey", "aptpl", "allTgPt", "ports"],
    command: (given, around) =>
      reserveOut(0, given, around, () =>
        commands.register({ key: given.key, newKey: given.newKey ?? 0n, ...flagsOf(given, around) }),
      ),
  },
  ignore: {
    name: "REGISTER AND IGNORE EXISTING KEY",
    group: "Persistent reserve out",
    says: "As REGISTER, whatever key this host has now.",
    takes: ["newKey", "aptpl", "allTgPt", "ports"],
    command: (given, around) =>
      reserveOut(6, given, around, () =>
        commands.registerAndIgnoreExistingKey({ newKey: given.newKey ?? 0n, ...flagsOf(given, around) }),
      ),
  },
  reserve: {
    name: "RESERVE",
    group: "Persistent reserve out",
    says: "Takes the reservation of the unit, with a type that says what others may still do.",
    takes: ["key", "type"],
    command: (given, around) =>
      reserveOut(1, given, around, () => commands.reserve({ key: given.key ?? 0n, type: typeOf(given) })),
  },
  release: {
    name: "RELEASE",
    group: "Persistent reserve out",
    says: "Gives the reservation up; this host stays registered.",
    takes: ["key", "type"],
    command: (given, around) =>
      reserveOut(2, given, around, () => commands.release({ key: given.key ?? 0n, type: typeOf(given) })),
  },
  preempt: {
    name: "PREEMPT",
    group: "Persistent reserve out",
    says: "Removes every registration with a key; if it held the reservation, this host holds it now.",
    takes: ["key", "victimKey", "type"],
    command: (given, around) =>
      reserveOut(4, given, around, () =>
        commands.preempt({ key: given.key ?? 0n, victimKey: given.victimKey ?? 0n, type: typeOf(given) }),
      ),
  },
  abort: {
    name: "PREEMPT AND ABORT",
    group: "Persistent reserve out",
    says: "As PREEMPT, and aborts what the removed hosts have under way: a fence.",
    takes: ["key", "victimKey", "type"],
    command: (given, around) =>
      reserveOut(5, given, around, () =>
        commands.preemptAndAbort({ key: given.key ?? 0n, victimKey: given.victimKey ?? 0n, type: typeOf(given) }),
      ),
  },
  clear: {
    name: "CLEAR",
    group: "Persistent reserve out",
    says: "Removes the reservation and every registration, everybody's.",
    takes: ["key"],
    command: (given, around) => reserveOut(3, given, around, () => commands.clear({ key: given.key ?? 0n })),
  },
  move: {
    name: "REGISTER AND MOVE",
    group: "Persistent reserve out",
    says: "Registers another host and hands it the reservation that this one holds.",
    takes: ["key", "newKey", "to", "type", "unreg", "aptpl"],
    command: (given, around) =>
      reserveOut(7, given, around, () =>
        commands.registerAndMove({
          key: given.key ?? 0n,
          newKey: given.newKey ?? 0n,
          transportId: around.portOf(given.to ?? 0),
          relativeTargetPort: 1,
          type: typeOf(given),
          unregister: given.unreg,
          persistThroughPowerLoss: given.aptpl,
        }),
      ),
  },
  replace: {
    name: "REPLACE LOST RESERVATION",
    group: "Persistent reserve out",
    says: "Starts anew on a unit that says it has lost its reservation information.",
    takes: ["newKey", "type"],
    command: (given, around) =>
      reserveOut(8, given, around, () =>
        commands.replaceLostReservation({ newKey: given.newKey ?? 0n, type: typeOf(given) }),
      ),
  },
  keys: {
    name: "READ KEYS",
    group: "Persistent reserve in",
    says: "Asks for every registered key.",
    takes: [],
    command: () => commands.readKeys(),
  },
  reservation: {
    name: "READ RESERVATION",
    group: "Persistent reserve in",
    says: "Asks who holds the reservation, and of which type.",
    takes: [],
    command: () => commands.readReservation(),
  },
  capabilities: {
    name: "REPORT CAPABILITIES",
    group: "Persistent reserve in",
    says: "Asks which types and options the unit supports.",
    takes: [],
    command: () => commands.reportCapabilities(),
  },
  status: {
    name: "READ FULL STATUS",
    group: "Persistent reserve in",
    says: "Asks for every registration with its initiator port.",
    takes: [],
    command: () => commands.readFullStatus(),
  },
  read: {
    name: "READ (10)",
    group: "Other commands",
    says: "Reads block 0.",
    takes: [],
    command: () => commands.read10({ lba: 0, blocks: 1 }),
  },
  write: {
    name: "WRITE (10)",
    group: "Other commands",
    says: "Writes a text into block 0.",
    takes: ["text"],
    command: ({ text = "" }) => commands.write10({ lba: 0, data: blockOf(text) }),
  },
  ready: {
    name: "TEST UNIT READY",
    group: "Other commands",
    says: "Asks whether the unit is ready; a waiting unit attention condition is reported instead.",
    takes: [],
    command: () => commands.testUnitReady(),
  },
  inquiry: {
    name: "INQUIRY",
    group: "Other commands",
    says: "Asks what the unit is. No reservation and no unit attention condition stands in its way.",
    takes: [],
    command: () => commands.inquiry(),
  },
} as const satisfies Record<string, Action>;

export type ActionName = keyof typeof actions;
export const actionNames = Object.keys(actions) as readonly ActionName[];
export const actionOf = (name: ActionName): Action => actions[name];
export const groups = [...new Set(actionNames.map((name) => actions[name].group))];
