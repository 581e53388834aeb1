/** Sense data, decoded: what a device server says about why a command did not end in GOOD (spc4r17 4.5). */
import { additionalSenseText } from "./additional-sense.ts";
import { SenseKey, SenseResponseCode } from "./core/generated/codes.ts";
import { SenseFlag, SenseRecord as Slot } from "./core/generated/records.ts";
import { core, dataIn, dataSize, long, word } from "./core/index.ts";

/** Where a field pointer points (spc4r17 4.5.2.4.2). */
export interface FieldPointer {
  /** `cdb`: into the command descriptor block; `data-out`: into the parameter list. */
  readonly in: "cdb" | "data-out";
  readonly byte: number;
  /** The leftmost bit of the field, 7 to 0, if the device server gave one. */
  readonly bit: number | undefined;
}

/** A field pointer with the field's name in the command that was sent. */
export interface FieldName extends FieldPointer {
  /** In the standard's words, e.g. `TYPE`; undefined if no field stands there. */
  readonly name: string | undefined;
}

/** Decoded sense data. */
export interface SenseData {
  /** The sense key, 0 to 15. */
  readonly senseKey: number;
  /** Its name in the standard's words: `ILLEGAL REQUEST`. */
  readonly senseKeyName: string;
  /** ADDITIONAL SENSE CODE and its qualifier, 0 to 255 each. */
  readonly asc: number;
  readonly ascq: number;
  /** What the two mean, or undefined if that is not known here. */
  readonly text: string | undefined;
  /** True for an error of an earlier command that had already been answered (response codes 71h and 73h). */
  readonly deferred: boolean;
  /** INFORMATION, where it is valid. */
  readonly information: bigint | undefined;
  /** COMMAND-SPECIFIC INFORMATION, where there is any. */
  readonly commandSpecific: bigint | undefined;
  /** With ILLEGAL REQUEST: the field that is meant. */
  readonly fieldPointer: FieldPointer | undefined;
  /** With NO SENSE and NOT READY: how far an operation is, 0 to 1. */
  readonly progress: number | undefined;
  /** FIELD REPLACEABLE UNIT CODE, where it is not 0. */
  readonly fieldReplaceableUnit: number | undefined;
  readonly filemark: boolean;
  readonly endOfMedium: boolean;
  readonly incorrectLength: boolean;
  /** The device server, or the transport, had more sense data than it sent. */
  readonly truncated: boolean;
  /** The sense data as they arrived. */
  readonly bytes: Uint8Array;
}

const keyNames = new Map<number, string>(
  Object.entries(SenseKey).map(([name, code]) => [code, name.replaceAll("_", " ")]),
);

/** The name of a sense key, 0 to 15. */
export function senseKeyName(senseKey: number): string {
  return keyNames.get(senseKey & 0xf) as string;
}

/** Two codes as people write them: `24h/00h`. */
export function senseCodeText(asc: number, ascq: number): string {
  return [asc, ascq].map((code) => `${code.toString(16).padStart(2, "0").toUpperCase()}h`).join("/");
}

/**
 * Decodes sense data of fixed or descriptor format.
 *
 * @param bytes the sense data, as long as they arrived
 * @returns undefined if they have no sense key: empty, cut too short, or of a format that only a vendor knows
 */
export function decodeSense(bytes: Uint8Array): SenseData | undefined {
  const counting = bytes.subarray(0, dataSize);
  dataIn(counting);
  if (core.decodeSense(counting.length) !== 0) return undefined;
  const senseKey = word(Slot.SENSE_KEY);
  const flags = word(Slot.FLAGS);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const responseCode = word(Slot.RESPONSE_CODE);
  const asc = word(Slot.ASC);
  const ascq = word(Slot.ASCQ);
  const specific = has(SenseFlag.SKSV);
  const bit = word(Slot.BIT_POINTER) | 0;
  return {
    senseKey,
    senseKeyName: senseKeyName(senseKey),
    asc,
    ascq,
    text: additionalSenseText(asc, ascq),
    deferred:
      responseCode === SenseResponseCode.FIXED_DEFERRED || responseCode === SenseResponseCode.DESCRIPTOR_DEFERRED,
    information: has(SenseFlag.INFORMATION) ? long(Slot.INFORMATION_U64) : undefined,
    commandSpecific: has(SenseFlag.COMMAND_SPECIFIC) ? long(Slot.COMMAND_SPECIFIC_U64) : undefined,
    fieldPointer:
      specific && senseKey === SenseKey.ILLEGAL_REQUEST
        ? {
            in: word(Slot.COMMAND_DATA) === 1 ? "cdb" : "data-out",
            byte: word(Slot.FIELD_POINTER),
            bit: bit < 0 ? undefined : bit,
          }
        : undefined,
    progress:
      specific && (senseKey === SenseKey.NO_SENSE || senseKey === SenseKey.NOT_READY)
        ? word(Slot.FIELD_POINTER) / 65536
        : undefined,
    fieldReplaceableUnit: has(SenseFlag.FRU) ? word(Slot.FRU) : undefined,
    filemark: has(SenseFlag.FILEMARK),
    endOfMedium: has(SenseFlag.EOM),
    incorrectLength: has(SenseFlag.ILI),
    truncated: word(Slot.TRUNCATED) === 1 || has(SenseFlag.SDAT_OVFL),
    bytes: bytes.slice(),
  };
}

/** One line: `ILLEGAL REQUEST, INVALID FIELD IN CDB (24h/00h)`, said to be deferred where it is. */
export function formatSense(sense: SenseData): string {
  const what = sense.text === undefined ? "" : `, ${sense.text}`;
  const late = sense.deferred ? ", deferred: about an earlier command" : "";
  return `${sense.senseKeyName}${what} (${senseCodeText(sense.asc, sense.ascq)})${late}`;
}
