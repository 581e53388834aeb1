/** What decode can read: one row for each kind of bytes, with the rule by which it is guessed. A table; reading is src/'s. */
import { allowCommandsText, explainSense, layoutOf } from "../src/explain.ts";
import {
  type Command,
  commands,
  decodeSense,
  decodeTransportId,
  encodeTransportId,
  type Field,
  fieldsOf,
  formatDesignator,
  formatTransportId,
  isScsiError,
  type StructureName,
  unreadableSense,
} from "../src/index.ts";

/** What was read: its value, and sentences about it. */
export interface Decoded {
  readonly value: unknown;
  readonly says?: string | undefined;
}

/** One kind of bytes. */
export interface Kind {
  readonly name: string;
  readonly about: string;
  /** Can these bytes hardly be anything else? */
  fits(bytes: Uint8Array): boolean;
  /** Throws RangeError for bytes that are not of this kind. */
  decode(bytes: Uint8Array): Decoded;
}

const at = (bytes: Uint8Array, from: number, count: number): number =>
  from + count > bytes.length ? -1 : bytes.subarray(from, from + count).reduce((value, byte) => value * 256 + byte, 0);

/** Reads what a command would read; an answer that is malformed is a mistake in the command line here. */
function answer<Result>(command: Command<Result>, bytes: Uint8Array): Result {
  try {
    return command.read(bytes);
  } catch (error) {
    throw isScsiError(error) ? new RangeError(error.message) : error;
  }
}

const reads =
  (command: () => Command<unknown>) =>
  (bytes: Uint8Array): Decoded => ({ value: answer(command(), bytes) });

/** Are these bytes an answer to the command, with nothing behind it? */
const isWhole = (command: Command<unknown>, bytes: Uint8Array): boolean => {
  if (at(bytes, 4, 4) !== bytes.length - 8) return false;
  try {
    command.read(bytes);
    return true;
  } catch {
    return false;
  }
};

/** Are these bytes an answer whose first four say how many follow, and one that is likely? */
function isAnswer<Result>(command: Command<Result>, bytes: Uint8Array, likely: (result: Result) => boolean): boolean {
  if (at(bytes, 0, 4) !== bytes.length - 4) return false;
  try {
    return likely(command.read(bytes));
  } catch {
    return false;
  }
}

/** Fields by name: those of one bit as flags. */
const byName = (fields: readonly Field[]): Record<string, unknown> =>
  Object.fromEntries(
    fields.map(({ name, width, value }) => [name, width === 1 ? value === 1n : width > 32 ? value : Number(value)]),
  );

/** The TransportIDs from byte `from` on. */
function transportIds(bytes: Uint8Array, from: number): string[] {
  const ids: string[] = [];
  for (let offset = from; offset < bytes.length; ) {
    const id = decodeTransportId(bytes.subarray(offset));
    ids.push(formatTransportId(id));
    offset += encodeTransportId(id).length;
  }
  return ids;
}

function list(structure: StructureName, bytes: Uint8Array, from: number): Decoded {
  if (bytes.length < 24) throw new RangeError(`a parameter list has at least 24 bytes, these are ${bytes.length}`);
  return { value: { ...byName(fieldsOf(structure, bytes)), TRANSPORTIDS: transportIds(bytes, from) } };
}

const specifies = (bytes: Uint8Array): boolean => ((bytes[20] as number) & 0x08) !== 0;

const isVpd = (bytes: Uint8Array, page: number): boolean =>
  bytes.length >= 4 && bytes[1] === page && at(bytes, 2, 2) === bytes.length - 4;

function isTransportId(bytes: Uint8Array): boolean {
  const protocol = (bytes[0] ?? 0xf) & 0x0f;
  return protocol === 5
    ? bytes.length >= 24 && at(bytes, 2, 2) === bytes.length - 4
    : bytes.length === 24 && protocol === 6;
}

const cdbLengths: readonly number[] = [6, 10, 10, 0, 16, 12, 0, 0];

/** The kinds, in the order in which they are guessed. */
export const kinds: readonly Kind[] = [
  {
    name: "sense",
    about: "sense data, fixed or descriptor format",
    fits: (bytes) => bytes.length >= 8 && ((bytes[0] as number) & 0x7c) === 0x70,
    decode: (bytes) => ({ value: decodeSense(bytes) ?? unreadableSense(bytes), says: explainSense(bytes) }),
  },
  {
    name: "cdb",
    about: "a command descriptor block",
    fits: (bytes) => layoutOf(bytes) !== undefined && bytes.length === cdbLengths[(bytes[0] as number) >> 5],
    decode(bytes) {
      const layout = layoutOf(bytes);
      if (layout === undefined) throw new RangeError("no CDB that is known here");
      return { value: { command: layout.name, ...byName(fieldsOf(layout.cdb, bytes)) } };
    },
  },
  {
    name: "vpd-pages",
    about: "VPD page 00h",
    // Its pages are in ascending order.
    fits: (bytes) =>
      isVpd(bytes, 0x00) && bytes[4] === 0 && bytes.subarray(5).every((page, i) => page > (bytes[4 + i] as number)),
    decode: reads(() => commands.supportedVpdPages()),
  },
  {
    name: "serial-number",
    about: "VPD page 80h",
    fits: (bytes) => isVpd(bytes, 0x80),
    decode: reads(() => commands.unitSerialNumber()),
  },
  {
    name: "device-id",
    about: "VPD page 83h: designators",
    fits: (bytes) => isVpd(bytes, 0x83),
    decode(bytes) {
      const { designators, truncated } = answer(commands.deviceIdentification(), bytes);
      return { value: { designators: designators.map((one) => ({ name: formatDesignator(one), ...one })), truncated } };
    },
  },
  {
    name: "transport-id",
    about: "a TransportID",
    fits: isTransportId,
    decode: (bytes) => ({ value: { transportId: formatTransportId(decodeTransportId(bytes)) } }),
  },
  {
    name: "capabilities",
    about: "REPORT CAPABILITIES data",
    fits: (bytes) => bytes.length === 8 && at(bytes, 0, 2) === 8,
    decode(bytes) {
      const value = answer(commands.reportCapabilities(), bytes);
      const { allowCommands } = value;
      return { value, says: `ALLOW COMMANDS ${allowCommands}: ${allowCommandsText(allowCommands)}.` };
    },
  },
  {
    name: "full-status",
    about: "READ FULL STATUS data",
    fits: (bytes) => bytes.length >= 56 && isWhole(commands.readFullStatus(), bytes),
    decode: reads(() => commands.readFullStatus()),
  },
  {
    name: "reservation",
    about: "READ RESERVATION data",
    fits: (bytes) =>
      bytes.length === 24 && at(bytes, 4, 4) === 16 && at(bytes, 16, 5) === 0 && (bytes[21] as number) > 0,
    decode: reads(() => commands.readReservation()),
  },
  {
    name: "keys",
    about: "READ KEYS data",
    fits: (bytes) => bytes.length % 8 === 0 && isWhole(commands.readKeys(), bytes),
    decode: reads(() => commands.readKeys()),
  },
  {
    name: "luns",
    about: "REPORT LUNS data",
    fits: (bytes) => bytes.length >= 16 && at(bytes, 0, 4) === bytes.length - 8 && at(bytes, 4, 4) === 0,
    decode: reads(() => commands.reportLuns()),
  },
  {
    name: "list",
    about: "a parameter list of PERSISTENT RESERVE OUT",
    fits: (bytes) =>
      bytes.length === 24 || (bytes.length >= 28 && specifies(bytes) && at(bytes, 24, 4) === bytes.length - 28),
    decode: (bytes) =>
      bytes.length >= 28 && specifies(bytes)
        ? list("SpecifyInitiatorPortsList", bytes, 28)
        : list("PersistentReserveOutList", bytes.subarray(0, 24), 24),
  },
  {
    name: "move-list",
    about: "a parameter list of REGISTER AND MOVE",
    fits: (bytes) => bytes.length > 24 && at(bytes, 20, 4) === bytes.length - 24,
    decode: (bytes) => list("RegisterAndMoveList", bytes, 24),
  },
  {
    name: "target-port-groups",
    about: "REPORT TARGET PORT GROUPS data",
    fits: (bytes) =>
      isAnswer(
        commands.reportTargetPortGroups(),
        bytes,
        ({ groups, truncated }) =>
          !truncated &&
          groups.length > 0 &&
          groups.every(({ state, relativeTargetPorts: ports }) => state !== undefined && ports.length > 0),
      ),
    decode: reads(() => commands.reportTargetPortGroups()),
  },
  {
    name: "supported-commands",
    about: "REPORT SUPPORTED OPERATION CODES data, all commands",
    fits: (bytes) =>
      isAnswer(
        commands.reportSupportedOperationCodes(),
        bytes,
        ({ commands: all, truncated }) =>
          !truncated && all.length > 0 && all.every(({ cdbLength }) => [6, 10, 12, 16, 32].includes(cdbLength)),
      ),
    decode: reads(() => commands.reportSupportedOperationCodes()),
  },
  {
    name: "inquiry",
    about: "standard INQUIRY data",
    fits: (bytes) => bytes.length >= 36 && at(bytes, 4, 1) === bytes.length - 5,
    decode: reads(() => commands.inquiry()),
  },
];
