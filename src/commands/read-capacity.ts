/** READ CAPACITY (10) (25h) and (16) (9Eh/10h): how large the disk is. Allowed under every reservation. */
import { checkInteger } from "../check.ts";
import { answerIn, type Command, malformed } from "../command.ts";
import { CapacityRecord } from "../core/generated/records.ts";
import { cdbOut, core, long, word } from "../core/index.ts";

/** What READ CAPACITY answers. */
export interface Capacity {
  /** Logical blocks: one more than the last address. READ CAPACITY (10) cannot say more than 2^32. */
  readonly blocks: bigint;
  /** LOGICAL BLOCK LENGTH IN BYTES. */
  readonly blockLengthBytes: number;
}

/** What READ CAPACITY (16) answers besides. */
export interface Capacity16 extends Capacity {
  /** Logical blocks in a physical one, as a power of two. */
  readonly physicalBlockExponent: number;
  /** LBPME: the unit is thin. */
  readonly thinProvisioned: boolean;
  /** LBPRZ: unmapped blocks read as zeros. */
  readonly unmappedReadZeros: boolean;
  /** LOWEST ALIGNED LOGICAL BLOCK ADDRESS: the first block that begins a physical one. */
  readonly lowestAlignedBlock: number;
  /** 0: none; 1 to 3: type 1 to 3 protection. */
  readonly protectionType: number;
}

function capacity(name: string, bytes: Uint8Array, decode: (length: number) => number): Capacity {
  answerIn(name, bytes);
  if (decode(bytes.length) !== 0) throw malformed(name, bytes, "the last block's address and the block length");
  return { blocks: long(CapacityRecord.LAST_LBA_U64) + 1n, blockLengthBytes: word(CapacityRecord.BLOCK_LENGTH) };
}

/**
 * READ CAPACITY (10). A disk of more than 2^32 blocks says so by 2^32: then use {@link readCapacity16}.
 *
 * @returns a command for {@link Capacity}
 */
export function readCapacity10(): Command<Capacity> {
  return {
    name: "READ CAPACITY (10)",
    cdb: cdbOut(core.readCapacity10()),
    dataInLength: 8,
    effect: "none",
    layout: { cdb: "ReadCapacity10Cdb" },
    read: (bytes) => capacity("READ CAPACITY (10)", bytes, core.decodeCapacity10),
  };
}

/**
 * READ CAPACITY (16).
 *
 * @returns a command for {@link Capacity16}
 * @throws RangeError for an allocation length outside 12 to 65535
 */
export function readCapacity16(
  options: { readonly allocationLengthBytes?: number | undefined } = {},
): Command<Capacity16> {
  const allocationLength = checkInteger("allocationLengthBytes", options.allocationLengthBytes ?? 32, 12, 0xffff);
  return {
    name: "READ CAPACITY (16)",
    cdb: cdbOut(core.readCapacity16(allocationLength)),
    dataInLength: allocationLength,
    effect: "none",
    layout: { cdb: "ReadCapacity16Cdb" },
    read(bytes) {
      const size = capacity("READ CAPACITY (16)", bytes, core.decodeCapacity16);
      return {
        ...size,
        physicalBlockExponent: word(CapacityRecord.PHYSICAL_EXPONENT),
        thinProvisioned: word(CapacityRecord.THIN_PROVISIONED) === 1,
        unmappedReadZeros: word(CapacityRecord.UNMAPPED_READ_ZEROS) === 1,
        lowestAlignedBlock: word(CapacityRecord.LOWEST_ALIGNED_LBA),
        protectionType: word(CapacityRecord.PROTECTION_ENABLED) === 1 ? word(CapacityRecord.PROTECTION_TYPE) + 1 : 0,
      };
    },
  };
}
