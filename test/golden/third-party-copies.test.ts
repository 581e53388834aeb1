/**
 * The rows of assembly/copy-fields.ts on bytes that are not ours: a parameter list of libiscsi 1.19 (`iscsi-test-cu -t SCSI.ExtendedCopy.Simple`, as it
 * arrived), the answer of LIO (Linux 6.1, a RAM disk) to RECEIVE COPY OPERATING PARAMETERS, and page 8Fh as a patch for LIO has it (in its message,
 * with what `sg_vpd` reads from it). Every field that is not 0 is named.
 */
import { expect, it } from "vitest";
import * as structures from "../../src/core/generated/copy-fields.ts";
import { core, dataIn } from "../../src/core/index.ts";

const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text.trim().split(/\s+/), (pair) => Number.parseInt(pair, 16));

const list = `
01 10 00 20 00 00 00 00 00 00 00 1c 00 00 00 00
e4 00 00 00 01 03 00 08 33 b9 dc 61 95 8a e9 5b 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00
02 00 00 18 00 00 00 00 00 00 08 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 f8 00`;
const operatingParameters = `
00 00 00 2a 01 00 00 00 00 02 00 01 00 00 04 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 01 01 09 09 09 00 00 00 02 02 e4`;
const page = `
00 04 00 1c 00 00 00 00 00 02 00 01 00 00 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
80 01 00 20 00 00 00 01 00 00 00 01 10 00 00 00 09 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`;

type Structure = keyof typeof structures;
const tables = new Map<string, Readonly<Record<string, number>>>(Object.entries(structures));

it.each<[Structure, string, at: number, Readonly<Record<string, number>>]>([
  [
    "ExtendedCopyList",
    list,
    0,
    { LIST_IDENTIFIER: 1, LIST_ID_USAGE: 2, CSCD_DESCRIPTOR_LIST_LENGTH: 32, SEGMENT_DESCRIPTOR_LIST_LENGTH: 28 },
  ],
  [
    "IdentificationCscdDescriptor",
    list,
    16,
    { DESCRIPTOR_TYPE_CODE: 0xe4, CODE_SET: 1, DESIGNATOR_TYPE: 3, DESIGNATOR_LENGTH: 8, DISK_BLOCK_LENGTH: 512 },
  ],
  [
    "BlockToBlockSegment",
    list,
    48,
    {
      DESCRIPTOR_TYPE_CODE: 2,
      DESCRIPTOR_LENGTH: 24,
      BLOCK_DEVICE_NUMBER_OF_BLOCKS: 2048,
      DESTINATION_BLOCK_DEVICE_LOGICAL_BLOCK_ADDRESS: 131_072 - 2048,
    },
  ],
  [
    "OperatingParametersData",
    operatingParameters,
    0,
    {
      AVAILABLE_DATA: 42,
      SNLID: 1,
      MAXIMUM_CSCD_DESCRIPTOR_COUNT: 2,
      MAXIMUM_SEGMENT_DESCRIPTOR_COUNT: 1,
      MAXIMUM_DESCRIPTOR_LIST_LENGTH: 1024,
      MAXIMUM_SEGMENT_LENGTH: 268_435_456,
      TOTAL_CONCURRENT_COPIES: 1,
      MAXIMUM_CONCURRENT_COPIES: 1,
      DATA_SEGMENT_GRANULARITY: 9,
      IMPLEMENTED_DESCRIPTOR_LIST_LENGTH: 2,
    },
  ],
  [
    "CopyParameterDataDescriptor",
    page,
    0,
    { MAXIMUM_CSCD_DESCRIPTOR_COUNT: 2, MAXIMUM_SEGMENT_DESCRIPTOR_COUNT: 1, MAXIMUM_DESCRIPTOR_LIST_LENGTH: 1024 },
  ],
  [
    "GeneralCopyOperationsDescriptor",
    page,
    32,
    {
      TOTAL_CONCURRENT_COPIES: 1,
      MAXIMUM_IDENTIFIED_CONCURRENT_COPIES: 1,
      MAXIMUM_SEGMENT_LENGTH: 268_435_456,
      DATA_SEGMENT_GRANULARITY: 9,
    },
  ],
  [
    "ThirdPartyCopyDescriptor",
    page,
    32,
    { THIRD_PARTY_COPY_DESCRIPTOR_TYPE: 0x8001, THIRD_PARTY_COPY_DESCRIPTOR_LENGTH: 32 },
  ],
])("%s", (structure, text, at, expected) => {
  dataIn(bytesOf(text));
  const read = Object.entries(tables.get(structure) ?? {}).map(([name, row]) => [
    name,
    Number(core.dataLongField(at, row)),
  ]);
  expect(Object.fromEntries(read.filter(([, value]) => value !== 0))).toEqual(expected);
});
