/** The kinds of devices: what each is called, which commands and mode pages it has. A table; the rules are elsewhere. */
import { PeripheralDeviceType } from "../../src/core/generated/media-codes.ts";
import type { CommandRow } from "./command.ts";
import { changerRows, diskRows, tapeRows } from "./command-rows.ts";
import { changerModePages } from "./media/changer-mode-pages.ts";
import { commonModePages, diskModePages, type PutModePage } from "./mode-pages.ts";

/** The names of the kinds. */
export type DeviceType = "disk" | "tape" | "changer";

/** One kind. */
export interface DeviceKind {
  readonly name: DeviceType;
  /** PERIPHERAL DEVICE TYPE. */
  readonly deviceType: number;
  /** PRODUCT IDENTIFICATION. */
  readonly product: string;
  /** VERSION DESCRIPTORS, two bytes each (spc4r36f): SAM-5, iSCSI, SPC-4, and the disk's SBC-3; none with a revision. */
  readonly versionDescriptors: Uint8Array;
  readonly rows: readonly CommandRow[];
  /** 3PC: it contains a copy manager (spc4r36f 5.17.1). */
  readonly copies: boolean;
  /** By page code, ascending. */
  readonly modePages: ReadonlyMap<number, PutModePage>;
}

const DIRECT_ACCESS = 0;
const common = [0x00, 0xa0, 0x09, 0x60, 0x04, 0x60] as const;
type Pages = readonly (readonly [number, PutModePage])[];
const ascending = (...groups: readonly Pages[]) => new Map(groups.flat().sort(([a], [b]) => a - b));

/** Linux' st asks for page 0: header and block descriptor alone. */
const noPage: Pages = [[0, () => 0]];

/** The kinds, by name. */
export const deviceKinds: Readonly<Record<DeviceType, DeviceKind>> = {
  disk: {
    name: "disk",
    deviceType: DIRECT_ACCESS,
    product: "PERSISTENT DISK",
    versionDescriptors: Uint8Array.of(...common, 0x04, 0xc0),
    rows: diskRows,
    copies: true,
    modePages: ascending(diskModePages, commonModePages),
  },
  tape: {
    name: "tape",
    deviceType: PeripheralDeviceType.SEQUENTIAL_ACCESS,
    product: "PERSISTENT TAPE",
    versionDescriptors: Uint8Array.of(...common),
    rows: tapeRows,
    copies: false,
    modePages: ascending(noPage, commonModePages),
  },
  changer: {
    name: "changer",
    deviceType: PeripheralDeviceType.MEDIUM_CHANGER,
    product: "MEDIUM CHANGER",
    versionDescriptors: Uint8Array.of(...common),
    rows: changerRows,
    copies: false,
    modePages: ascending(changerModePages, commonModePages),
  },
};

export const deviceTypes = Object.keys(deviceKinds) as readonly DeviceType[];
