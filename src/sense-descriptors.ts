/**
 * Sense data descriptors, each as a value: what descriptor format sense data say besides sense key and code. Positions come
 * from the generated rows. A descriptor that is unknown here, too short, or a vendor's is kept byte for byte.
 */
import { SenseDescriptorType as Type } from "./core/generated/codes.ts";
import { fieldsOf, type StructureName } from "./structures.ts";

/** One sense data descriptor (smr-j 2.4.1.1.1 table 14). `bytes` are all of it, type and length included. */
export type SenseDescriptor = {
  /** DESCRIPTOR TYPE, 0 to 255. */
  readonly type: number;
  readonly bytes: Uint8Array;
} & SenseDescriptorContents;

/** What a descriptor says, by kind. */
export type SenseDescriptorContents =
  /** 00h. Without VALID the value is a vendor's. */
  | { readonly kind: "information"; readonly valid: boolean; readonly information: bigint }
  /** 01h. */
  | { readonly kind: "command-specific"; readonly commandSpecific: bigint }
  /** 02h. What it means depends on the sense key; the sense data have it decoded. */
  | { readonly kind: "sense-key-specific"; readonly valid: boolean; readonly value: number }
  /** 03h. */
  | { readonly kind: "field-replaceable-unit"; readonly fieldReplaceableUnit: number }
  /** 04h. */
  | {
      readonly kind: "stream-commands";
      readonly filemark: boolean;
      readonly endOfMedium: boolean;
      readonly incorrectLength: boolean;
    }
  /** 05h. */
  | { readonly kind: "block-commands"; readonly incorrectLength: boolean }
  /** 09h: the ATA registers of a command that was translated (SAT). COUNT and LBA have 8 and 24 bits unless `extend`. */
  | {
      readonly kind: "ata-status-return";
      readonly extend: boolean;
      readonly error: number;
      readonly count: number;
      readonly lba: bigint;
      readonly device: number;
      readonly status: number;
    }
  /** 0Ah: how far another operation is, 0 to 1, and the sense key and code that name it. */
  | {
      readonly kind: "another-progress";
      readonly senseKey: number;
      readonly asc: number;
      readonly ascq: number;
      readonly progress: number;
    }
  /** 0Ch: what another device server reported. `truncated`: FSDT, there was more. */
  | {
      readonly kind: "forwarded-sense";
      readonly truncated: boolean;
      readonly source: number;
      readonly status: number;
      readonly sense: Uint8Array;
    }
  /** 0Dh: types 00h to 03h and 05h in one; the sense data have its parts. */
  | { readonly kind: "direct-access-block" }
  /** 80h to FFh. */
  | { readonly kind: "vendor-specific" }
  /** Any other type, and one that is too short for its type. */
  | { readonly kind: "unknown" };

/** The fields of a descriptor by name, or undefined if it is too short to have them all. */
function fields(structure: StructureName, bytes: Uint8Array, least: number): ((name: string) => bigint) | undefined {
  if (bytes.length < least) return undefined;
  const values = new Map(fieldsOf(structure, bytes).map(({ name, value }) => [name, value]));
  return (name) => values.get(name) as bigint;
}

type Field = (name: string) => bigint;
const number = (field: Field, name: string): number => Number(field(name));
const flag = (field: Field, name: string): boolean => field(name) === 1n;

/** The ATA LBA, from the most significant byte: with EXTEND six, otherwise three. */
function ataLba(field: Field, extend: boolean): bigint {
  const all = ["LBA 47 40", "LBA 39 32", "LBA 31 24", "LBA 23 16", "LBA 15 8", "LBA 7 0"];
  return all.slice(extend ? 0 : 3).reduce((lba, name) => (lba << 8n) | field(name), 0n);
}

/** How each type is read: its structure, the least length that it may have, and what it means. */
const readers: Readonly<
  Record<number, readonly [StructureName, number, (field: Field, bytes: Uint8Array) => SenseDescriptorContents]>
> = {
  [Type.INFORMATION]: [
    "InformationSenseDescriptor",
    12,
    (field) => ({ kind: "information", valid: flag(field, "VALID"), information: field("INFORMATION") }),
  ],
  [Type.COMMAND_SPECIFIC]: [
    "CommandSpecificSenseDescriptor",
    12,
    (field) => ({ kind: "command-specific", commandSpecific: field("COMMAND SPECIFIC INFORMATION") }),
  ],
  [Type.SENSE_KEY_SPECIFIC]: [
    "SenseKeySpecificSenseDescriptor",
    7,
    (field) => ({
      kind: "sense-key-specific",
      valid: flag(field, "SKSV"),
      value: number(field, "SENSE KEY SPECIFIC"),
    }),
  ],
  [Type.FIELD_REPLACEABLE_UNIT]: [
    "FieldReplaceableUnitSenseDescriptor",
    4,
    (field) => ({
      kind: "field-replaceable-unit",
      fieldReplaceableUnit: number(field, "FIELD REPLACEABLE UNIT CODE"),
    }),
  ],
  [Type.STREAM_COMMANDS]: [
    "StreamSenseDescriptor",
    4,
    (field) => ({
      kind: "stream-commands",
      filemark: flag(field, "FILEMARK"),
      endOfMedium: flag(field, "EOM"),
      incorrectLength: flag(field, "ILI"),
    }),
  ],
  [Type.BLOCK_COMMANDS]: [
    "StreamSenseDescriptor",
    4,
    (field) => ({ kind: "block-commands", incorrectLength: flag(field, "ILI") }),
  ],
  [Type.ATA_STATUS_RETURN]: [
    "AtaStatusReturnSenseDescriptor",
    14,
    (field) => {
      const extend = flag(field, "EXTEND");
      return {
        kind: "ata-status-return",
        extend,
        error: number(field, "ERROR"),
        count: number(field, "COUNT") & (extend ? 0xffff : 0xff),
        lba: ataLba(field, extend),
        device: number(field, "DEVICE"),
        status: number(field, "STATUS"),
      };
    },
  ],
  [Type.ANOTHER_PROGRESS]: [
    "AnotherProgressSenseDescriptor",
    8,
    (field) => ({
      kind: "another-progress",
      senseKey: number(field, "ANOTHER SENSE KEY"),
      asc: number(field, "ANOTHER ADDITIONAL SENSE CODE"),
      ascq: number(field, "ANOTHER ADDITIONAL SENSE CODE QUALIFIER"),
      progress: number(field, "ANOTHER PROGRESS INDICATION") / 65536,
    }),
  ],
  [Type.FORWARDED_SENSE]: [
    "ForwardedSenseDescriptor",
    4,
    (field, bytes) => ({
      kind: "forwarded-sense",
      truncated: flag(field, "FSDT"),
      source: number(field, "SENSE DATA SOURCE"),
      status: number(field, "FORWARDED STATUS"),
      sense: bytes.slice(4),
    }),
  ],
  [Type.DIRECT_ACCESS_BLOCK]: ["DirectAccessBlockSenseDescriptor", 24, () => ({ kind: "direct-access-block" })],
};

/** Reads one descriptor; `bytes` are all of it and become the value's own. */
export function senseDescriptor(type: number, bytes: Uint8Array): SenseDescriptor {
  const [structure, least, read] = readers[type] ?? [];
  const field = structure === undefined ? undefined : fields(structure, bytes, least as number);
  if (read !== undefined && field !== undefined) return { type, bytes, ...read(field, bytes) };
  return { type, bytes, kind: type >= 0x80 ? "vendor-specific" : "unknown" };
}
