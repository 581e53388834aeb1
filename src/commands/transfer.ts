/** READ and WRITE, (10) and (16): blocks from and to a disk. What a reservation is there to allow or forbid. */
import { checkBytes, checkFlag, checkInteger, checkLong } from "../check.ts";
import { type Command, malformed } from "../command.ts";
import { OperationCode } from "../core/generated/codes.ts";
import { cdbOut, core } from "../core/index.ts";
import type { StructureName } from "../structures.ts";

/** What reads and writes have in common. */
export interface TransferOptions {
  /** First logical block: a bigint, or a number that is exact. */
  readonly lba: bigint | number;
  /** The unit's logical block length in bytes, as READ CAPACITY has it. Absent: 512. */
  readonly blockLengthBytes?: number | undefined;
  /** DPO: not worth keeping in the cache. */
  readonly disablePageOut?: boolean | undefined;
  /** FUA: past the cache. */
  readonly forceUnitAccess?: boolean | undefined;
}

/** Arguments of {@link read10} and {@link read16}. */
export interface ReadOptions extends TransferOptions {
  /** TRANSFER LENGTH in logical blocks. */
  readonly blocks: number;
}

/** Arguments of {@link write10} and {@link write16}. */
export interface WriteOptions extends TransferOptions {
  /** The data: a whole number of logical blocks. Must not change before the command has been answered. */
  readonly data: Uint8Array;
}

interface Form {
  readonly name: string;
  readonly operationCode: number;
  readonly layout: StructureName;
  readonly maxLba: bigint;
  readonly maxBlocks: number;
  readonly long: boolean;
}

const forms = {
  read10: {
    name: "READ (10)",
    operationCode: OperationCode.READ_10,
    layout: "Read10Cdb",
    maxLba: 0xffff_ffffn,
    maxBlocks: 0xffff,
    long: false,
  },
  read16: {
    name: "READ (16)",
    operationCode: OperationCode.READ_16,
    layout: "Read16Cdb",
    maxLba: 0xffff_ffff_ffff_ffffn,
    maxBlocks: 0xffff_ffff,
    long: true,
  },
  write10: {
    name: "WRITE (10)",
    operationCode: OperationCode.WRITE_10,
    layout: "Write10Cdb",
    maxLba: 0xffff_ffffn,
    maxBlocks: 0xffff,
    long: false,
  },
  write16: {
    name: "WRITE (16)",
    operationCode: OperationCode.WRITE_16,
    layout: "Write16Cdb",
    maxLba: 0xffff_ffff_ffff_ffffn,
    maxBlocks: 0xffff_ffff,
    long: true,
  },
} as const satisfies Record<string, Form>;

function cdb(form: Form, options: TransferOptions, blocks: number): Uint8Array {
  const lba = checkLong("lba", options.lba);
  if (lba > form.maxLba) throw new RangeError(`lba must fit ${form.name}, got 0x${lba.toString(16)}`);
  const dpo = checkFlag("disablePageOut", options.disablePageOut) ? 1 : 0;
  const fua = checkFlag("forceUnitAccess", options.forceUnitAccess) ? 1 : 0;
  return cdbOut(
    form.long
      ? core.transfer16(form.operationCode, lba, blocks, dpo, fua)
      : core.transfer10(form.operationCode, Number(lba), blocks, dpo, fua),
  );
}

const blockLength = (options: TransferOptions): number =>
  checkInteger("blockLengthBytes", options.blockLengthBytes ?? 512, 1, 0xffff_ffff);

function read(form: Form, options: ReadOptions): Command<Uint8Array> {
  const blocks = checkInteger("blocks", options.blocks, 0, form.maxBlocks);
  const length = blocks * blockLength(options);
  if (!Number.isSafeInteger(length)) throw new RangeError(`blocks: ${length} bytes are too many for one command`);
  return {
    name: form.name,
    cdb: cdb(form, options, blocks),
    dataInLength: length,
    effect: "none",
    layout: { cdb: form.layout },
    read(bytes) {
      if (bytes.length !== length) throw malformed(form.name, bytes, `${blocks} blocks, ${length} bytes`);
      return bytes;
    },
  };
}

function write(form: Form, options: WriteOptions): Command<void> {
  const data = checkBytes("data", options.data);
  const length = blockLength(options);
  if (data.length % length !== 0) {
    throw new RangeError(`data must be whole blocks of ${length} bytes, got ${data.length} bytes`);
  }
  const blocks = checkInteger("data.length in blocks", data.length / length, 0, form.maxBlocks);
  return {
    name: form.name,
    cdb: cdb(form, options, blocks),
    dataOut: data,
    dataInLength: 0,
    effect: "medium",
    layout: { cdb: form.layout },
    read: () => undefined,
  };
}

/**
 * READ (10): at most 65535 blocks from the first 2^32.
 *
 * @returns a command for the bytes read; they must be as many as asked for, else `MALFORMED_RESPONSE`
 * @throws TypeError or RangeError for an address or count that the CDB cannot carry
 */
export function read10(options: ReadOptions): Command<Uint8Array> {
  return read(forms.read10, options);
}

/** READ (16): as {@link read10}, with 64-bit addresses. */
export function read16(options: ReadOptions): Command<Uint8Array> {
  return read(forms.read16, options);
}

/**
 * WRITE (10): at most 65535 blocks to the first 2^32.
 *
 * @throws TypeError or RangeError for an address that the CDB cannot carry or data that are not whole blocks
 */
export function write10(options: WriteOptions): Command<void> {
  return write(forms.write10, options);
}

/** WRITE (16): as {@link write10}, with 64-bit addresses. */
export function write16(options: WriteOptions): Command<void> {
  return write(forms.write16, options);
}
