/**
 * The vital product data pages of INQUIRY. Each puts its contents into the core's data window, after the place of the
 * header, from what the unit is; nothing is changed.
 */
import { Size, VpdPage } from "../../src/core/generated/codes.ts";
import { CopyVpdPage } from "../../src/core/generated/copy-codes.ts";
import {
  BlockDeviceCharacteristicsPage,
  BlockLimitsPage,
  LogicalBlockProvisioningPage,
} from "../../src/core/generated/fields.ts";
import { core, dataWindow } from "../../src/core/index.ts";
import { MAXIMUM_TRANSFER_BYTES } from "./block-range.ts";
import { thirdPartyCopy } from "./copying/third-party-copy-page.ts";
import type { Nexus } from "./nexus.ts";
import { targetPortGroupOf } from "./port-group-commands.ts";
import { MAXIMUM_UNMAP_DESCRIPTORS } from "./space-commands.ts";
import type { UnitState } from "./unit-state.ts";

const ascii = new TextEncoder();

/** Those that only disks have. */
const diskPages: ReadonlySet<number> = new Set<number>([
  CopyVpdPage.THIRD_PARTY_COPY,
  VpdPage.BLOCK_LIMITS,
  VpdPage.BLOCK_DEVICE_CHARACTERISTICS,
  VpdPage.LOGICAL_BLOCK_PROVISIONING,
]);

/** The pages that a unit has, ascending: Logical Block Provisioning is for thin ones. */
const pagesOf = ({ thin, kind }: UnitState): Uint8Array =>
  Uint8Array.from(Object.keys(pages), Number)
    .filter((page) => kind.name === "disk" || !diskPages.has(page))
    .filter((page) => thin || page !== VpdPage.LOGICAL_BLOCK_PROVISIONING)
    .sort();

/** The page's contents put in place and their length; undefined if the unit has no such page. */
export function putPage(unit: UnitState, nexus: Nexus, pageCode: number): number | undefined {
  return pagesOf(unit).includes(pageCode) ? pages[pageCode]?.(unit, nexus) : undefined;
}

/** Each page puts its contents into the data window, after the header's place, and returns their length. */
const pages: Readonly<Record<number, (unit: UnitState, nexus: Nexus) => number>> = {
  [VpdPage.SUPPORTED_VPD_PAGES]: (unit) => put(pagesOf(unit), Size.VPD_HEADER),
  [VpdPage.UNIT_SERIAL_NUMBER]: (unit) => put(ascii.encode(unit.serialNumber), Size.VPD_HEADER),
  [VpdPage.DEVICE_IDENTIFICATION]: designators,
  [CopyVpdPage.THIRD_PARTY_COPY]: thirdPartyCopy,
  [VpdPage.BLOCK_LIMITS]: blockLimits,
  [VpdPage.BLOCK_DEVICE_CHARACTERISTICS]: blockDeviceCharacteristics,
  [VpdPage.LOGICAL_BLOCK_PROVISIONING]: logicalBlockProvisioning,
};

function put(bytes: Uint8Array, offset: number): number {
  dataWindow.set(bytes, offset);
  return bytes.length;
}

const CODE_SET = { binary: 1, ascii: 2 } as const;
const ASSOCIATION = { logicalUnit: 0, targetPort: 1 } as const;
const DESIGNATOR = { t10VendorId: 1, naa: 3, relativeTargetPort: 4, targetPortGroup: 5 } as const;

function designators(unit: UnitState, nexus: Nexus): number {
  let offset: number = Size.VPD_HEADER;
  const designate = (codeSet: number, association: number, type: number, bytes: Uint8Array) => {
    offset = core.encodeDesignatorHeader(offset, codeSet, -1, association, type, bytes.length);
    offset += put(bytes, offset);
  };
  designate(CODE_SET.binary, ASSOCIATION.logicalUnit, DESIGNATOR.naa, naa(unit.serialNumber));
  const vendorId = ascii.encode(unit.vendor.padEnd(8) + unit.serialNumber);
  designate(CODE_SET.ascii, ASSOCIATION.logicalUnit, DESIGNATOR.t10VendorId, vendorId);
  /** Two bytes at the end of four. */
  const ofPort = (type: number, value: number) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint16(2, value);
    designate(CODE_SET.binary, ASSOCIATION.targetPort, type, bytes);
  };
  ofPort(DESIGNATOR.relativeTargetPort, nexus.relativeTargetPort);
  if (unit.kind.name === "disk") {
    ofPort(DESIGNATOR.targetPortGroup, targetPortGroupOf(unit, nexus.relativeTargetPort));
  }
  return offset - Size.VPD_HEADER;
}

/** NAA 3h, locally assigned: 60 bits of the serial number's FNV-1a hash, so that equal names mean equal units. */
function naa(serialNumber: string): Uint8Array {
  let hash = 0xcbf29ce484222325n;
  for (const byte of ascii.encode(serialNumber)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, (3n << 60n) | BigInt.asUintN(60, hash));
  return bytes;
}

/** COMPARE AND WRITE has one byte for its number of blocks. */
const MAXIMUM_COMPARE_AND_WRITE = 255;
const UNLIMITED = 0xffff_ffff;

/** Block Limits: sbc4. */
function blockLimits({ blockSize, thin }: UnitState): number {
  const maximum = MAXIMUM_TRANSFER_BYTES / blockSize;
  dataWindow.fill(0, 0, Size.BLOCK_LIMITS_PAGE);
  core.putDataField(0, BlockLimitsPage.WSNZ, thin ? 1 : 0);
  core.putDataField(0, BlockLimitsPage.MAXIMUM_COMPARE_AND_WRITE_LENGTH, MAXIMUM_COMPARE_AND_WRITE);
  core.putDataField(0, BlockLimitsPage.MAXIMUM_TRANSFER_LENGTH, maximum);
  core.putDataLongField(0, BlockLimitsPage.MAXIMUM_WRITE_SAME_LENGTH, BigInt(maximum));
  if (thin) {
    core.putDataField(0, BlockLimitsPage.MAXIMUM_UNMAP_LBA_COUNT, UNLIMITED);
    core.putDataField(0, BlockLimitsPage.MAXIMUM_UNMAP_BLOCK_DESCRIPTOR_COUNT, MAXIMUM_UNMAP_DESCRIPTORS);
    core.putDataField(0, BlockLimitsPage.OPTIMAL_UNMAP_GRANULARITY, 1);
  }
  return Size.BLOCK_LIMITS_PAGE - Size.VPD_HEADER;
}

/** MEDIUM ROTATION RATE: a medium that does not rotate. */
const NON_ROTATING = 1;

/** Block Device Characteristics: sbc4. */
function blockDeviceCharacteristics(): number {
  dataWindow.fill(0, 0, Size.BLOCK_DEVICE_CHARACTERISTICS_PAGE);
  core.putDataField(0, BlockDeviceCharacteristicsPage.MEDIUM_ROTATION_RATE, NON_ROTATING);
  return Size.BLOCK_DEVICE_CHARACTERISTICS_PAGE - Size.VPD_HEADER;
}

/** PROVISIONING TYPE: thin. */
const THIN = 2;

/** Logical Block Provisioning: sbc4. */
function logicalBlockProvisioning(): number {
  dataWindow.fill(0, 0, Size.LOGICAL_BLOCK_PROVISIONING_PAGE);
  core.putDataField(0, LogicalBlockProvisioningPage.LBPU, 1);
  core.putDataField(0, LogicalBlockProvisioningPage.LBPWS, 1);
  core.putDataField(0, LogicalBlockProvisioningPage.LBPWS10, 1);
  core.putDataField(0, LogicalBlockProvisioningPage.LBPRZ, 1);
  core.putDataField(0, LogicalBlockProvisioningPage.PROVISIONING_TYPE, THIN);
  return Size.LOGICAL_BLOCK_PROVISIONING_PAGE - Size.VPD_HEADER;
}
