/**
 * Designators of VPD page 83h as text, and whether two lists of them name one logical unit: this is how several paths to it
 * are known to be one.
 */
import { hex } from "./command.ts";
import type { Designator } from "./commands/inquiry.ts";

/** CODE SET (smr-j, designation descriptor). */
const ASCII = 2;
const UTF_8 = 3;

const digits = (bytes: Uint8Array): string => hex(bytes).replaceAll(" ", "");

/** Text without the NULs and spaces that fill it up; what is not text is shown as its bytes. */
function textOf({ codeSet, bytes }: Designator): string {
  if (codeSet !== ASCII && codeSet !== UTF_8) return digits(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/[\0 ]+$/, "");
  } catch {
    return digits(bytes);
  }
}

/** Two bytes at the end of four: relative target port, target port group, logical unit group. */
const lastTwo = (bytes: Uint8Array): number | undefined =>
  bytes.length === 4 ? ((bytes[2] as number) << 8) | (bytes[3] as number) : undefined;

/** The 36 characters of a UUID, after the two bytes that say that it is one. */
function uuidOf(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 18) return undefined;
  return digits(bytes.subarray(2)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** By DESIGNATOR TYPE: the prefix, and what follows it where the bytes have the type's form. */
const forms: Readonly<Record<number, readonly [prefix: string, text: (one: Designator) => string | undefined]>> = {
  0: ["vendor.", textOf],
  1: ["t10.", textOf],
  2: ["eui.", ({ bytes }) => ([8, 12, 16].includes(bytes.length) ? digits(bytes) : undefined)],
  3: ["naa.", ({ bytes }) => (bytes.length === 8 || bytes.length === 16 ? digits(bytes) : undefined)],
  4: ["relative-target-port.", ({ bytes }) => lastTwo(bytes)?.toString()],
  5: ["target-port-group.", ({ bytes }) => lastTwo(bytes)?.toString()],
  6: ["logical-unit-group.", ({ bytes }) => lastTwo(bytes)?.toString()],
  7: ["md5.", ({ bytes }) => (bytes.length === 16 ? digits(bytes) : undefined)],
  8: ["", (one) => (one.codeSet === UTF_8 ? textOf(one) : undefined)],
  10: ["uuid.", ({ bytes }) => uuidOf(bytes)],
};

/**
 * A designator as text: `naa.…`, `eui.…`, `t10.…` as udev and iSCSI write them, `relative-target-port.1`, a SCSI name string as
 * it is. One that does not have its type's form is `type-N.` and its bytes.
 *
 * @example formatDesignator({ association: "logical-unit", type: 3, codeSet: 1, protocolIdentifier: undefined, bytes }) // "naa.5000c50012345678"
 */
export function formatDesignator(designator: Designator): string {
  const [prefix = "", text] = forms[designator.type] ?? [];
  const written = text?.(designator);
  return written === undefined || written === ""
    ? `type-${designator.type}.${digits(designator.bytes)}`
    : `${prefix}${written}`;
}

/** Types whose designators are unique in the world, the better ones first (smr-j, designator types). */
const unique = [3, 2, 8, 10, 1] as const;

/**
 * Do two lists of designators name one logical unit? Only designators of the logical unit count, and only those of types that
 * are unique in the world: NAA, EUI-64, SCSI name string, UUID, T10 vendor ID. The first type that both have decides.
 *
 * @returns undefined if they have no such type in common: then it cannot be known
 * @example
 * const [a, b] = await Promise.all(paths.map((path) => path.deviceIdentification()));
 * if (sameLogicalUnit(a.designators, b.designators) === true) console.log("two paths to one unit");
 */
export function sameLogicalUnit(a: readonly Designator[], b: readonly Designator[]): boolean | undefined {
  for (const type of unique) {
    const names = (list: readonly Designator[]): string[] =>
      list
        .filter((one) => one.association === "logical-unit" && one.type === type && one.bytes.length > 0)
        .map((one) => `${one.codeSet} ${digits(one.bytes)}`);
    const [ofA, ofB] = [names(a), names(b)];
    if (ofA.length > 0 && ofB.length > 0) return ofA.some((name) => ofB.includes(name));
  }
  return undefined;
}
