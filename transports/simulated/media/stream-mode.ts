/** Mode parameters of a tape drive besides its pages: the block descriptor, and the header's device-specific byte. */
import { MediaSize } from "../../../src/core/generated/media-codes.ts";
import {
  StreamBlockDescriptor,
  StreamModeHeader6,
  StreamModeHeader10,
} from "../../../src/core/generated/media-fields.ts";
import { core, dataWindow } from "../../../src/core/index.ts";
import { type Fault, faultAtListByte } from "../sense.ts";
import type { UnitState } from "../unit-state.ts";
import { MAXIMUM_BLOCK_BYTES } from "./stream-commands.ts";

/** What MODE SELECT can change in a block descriptor. */
export interface StreamSettings {
  /** Bytes in a block where FIXED is 1; 0: blocks have no fixed length. */
  blockLength: number;
}

export const defaultStreamSettings = (): StreamSettings => ({ blockLength: 0 });

/** DENSITY CODE: LTO-6 (as Linux' mt names 5Ah); 0 and 7Fh in a MODE SELECT leave it. */
const DENSITY = 0x5a;
const densities: ReadonlySet<number> = new Set([0, DENSITY, 0x7f]);
/** BUFFERED MODE: data are safe when GOOD is reported or soon after; nothing here is ever buffered. */
const BUFFERED = 1;

/** Puts the block descriptor at byte `at`, and returns its length. */
export function putStreamDescriptor({ stream }: UnitState, at: number): number {
  dataWindow.fill(0, at, at + MediaSize.STREAM_BLOCK_DESCRIPTOR);
  core.putDataField(at, StreamBlockDescriptor.DENSITY_CODE, DENSITY);
  core.putDataField(at, StreamBlockDescriptor.BLOCK_LENGTH, stream.blockLength);
  return MediaSize.STREAM_BLOCK_DESCRIPTOR;
}

/** The header's device-specific byte; the rest of the header is as for any device. */
export function putStreamHeader({ mode }: UnitState, ten: boolean): void {
  const rows = ten ? StreamModeHeader10 : StreamModeHeader6;
  core.putDataField(0, rows.WP, mode.softwareWriteProtect ? 1 : 0);
  core.putDataField(0, rows.BUFFERED_MODE, BUFFERED);
}

/** The settings that a MODE SELECT's block descriptor asks for, or what is wrong with it. */
export function takeStreamDescriptor({ stream }: UnitState, at: number, length: number): StreamSettings | Fault {
  if (length === 0) return { ...stream };
  if (length !== MediaSize.STREAM_BLOCK_DESCRIPTOR) return faultAtListByte(at);
  const blockLength = core.dataField(at, StreamBlockDescriptor.BLOCK_LENGTH);
  if (!densities.has(core.dataField(at, StreamBlockDescriptor.DENSITY_CODE))) return faultAtListByte(at);
  return blockLength > MAXIMUM_BLOCK_BYTES ? faultAtListByte(at + 5) : { blockLength };
}
