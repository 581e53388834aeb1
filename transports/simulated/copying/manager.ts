/**
 * The copy manager: carries out the segments of an EXTENDED COPY in their order (spc4r36f 5.17.7.2, 6.4.6.4), and stops at the first that
 * fails. Blocks move in whole blocks of either side; what is left over between them is handled as CAT and PAD say (table 116).
 */
import { Status } from "../../../src/core/generated/codes.ts";
import { BlockToBlockSegment, IdentificationCscdDescriptor } from "../../../src/core/generated/copy-fields.ts";
import type { Answer } from "../answer.ts";
import type { Nexus } from "../nexus.ts";
import type { UnitState } from "../unit-state.ts";
import type { CopyFailure } from "./failure.ts";
import { MAXIMUM_SEGMENT_BYTES } from "./limits.ts";
import type { CopyEnd, CopySegment } from "./list.ts";
import { type CopyUnit, deviceTypeOf, read, readCapacity, type Send, shows, through, write } from "./reach.ts";

/** How it went. */
export interface CopyOutcome {
  /** The segments that were processed, the failed one included. */
  readonly segments: number;
  /** Bytes that were written. */
  readonly bytes: number;
  readonly failure: CopyFailure | undefined;
}

/** Bytes that the segments before have left over. */
interface Residue {
  source: Uint8Array;
  destination: Uint8Array;
}

const none = new Uint8Array(0);
/** DIRECT ACCESS BLOCK DEVICE. */
const DISK = 0;

/** Carries out every segment until one fails. */
export function copySegments(unit: UnitState, nexus: Nexus, segments: readonly CopySegment[]): CopyOutcome {
  const residue: Residue = { source: none, destination: none };
  let bytes = 0;
  for (const [number, segment] of segments.entries()) {
    const done = copySegment(unit, nexus, segment, residue);
    if (typeof done !== "number") return { segments: number + 1, bytes, failure: done };
    bytes += done;
  }
  return { segments: segments.length, bytes, failure: undefined };
}

/** The byte of the parameter list at which a field of the segment's descriptor begins. */
const byteOf = (segment: CopySegment, row: number): number => segment.byte + (row >>> 16);

/** The bytes that it wrote, or why it could not. */
function copySegment(unit: UnitState, nexus: Nexus, segment: CopySegment, residue: Residue): number | CopyFailure {
  const { source, destination } = segment;
  const unreachable = (row: number): CopyFailure => ({
    reason: "unreachableCopyTarget",
    byte: byteOf(segment, row),
  });
  if (source === undefined) return unreachable(BlockToBlockSegment.SOURCE_CSCD_DESCRIPTOR_ID);
  if (destination === undefined) return unreachable(BlockToBlockSegment.DESTINATION_CSCD_DESCRIPTOR_ID);
  return withEnd(unit, nexus, source, "source", (from) =>
    withEnd(unit, nexus, destination, "destination", (to) => move(segment, source, from, destination, to, residue)),
  );
}

function find(unit: UnitState, nexus: Nexus, end: CopyEnd): CopyUnit | undefined {
  if (end.byte === undefined) return unit.self();
  return unit.peers().find((one) => through(one, nexus, (send) => shows(send, end)) === true);
}

/** A copy source or copy destination that was found and is what its descriptor says. */
interface Reached {
  readonly send: Send;
  readonly blocks: bigint;
  readonly blockSize: number;
}

function withEnd<T>(
  unit: UnitState,
  nexus: Nexus,
  end: CopyEnd,
  which: "source" | "destination",
  use: (reached: Reached) => T | CopyFailure,
): T | CopyFailure {
  const notReachable: CopyFailure = { reason: "copyTargetDeviceNotReachable", byte: end.byte };
  const found = find(unit, nexus, end);
  if (found === undefined) return notReachable;
  const done = through(found, nexus, (send): T | CopyFailure => {
    if (deviceTypeOf(send) !== DISK || end.deviceType !== DISK) {
      return { reason: "incorrectCopyTargetDeviceType", byte: end.byte };
    }
    const capacity = readCapacity(send);
    if ("status" in capacity) return deviceFailed(end, which, capacity);
    if (end.blockLength !== 0 && end.blockLength !== capacity.blockSize) {
      const byte = (end.byte ?? 0) + (IdentificationCscdDescriptor.DISK_BLOCK_LENGTH >>> 16);
      return { reason: "invalidFieldInParameterList", byte };
    }
    return use({ send, ...capacity });
  });
  return done ?? notReachable;
}

/** A command to the copy source or copy destination ended in anything but GOOD. */
const deviceFailed = ({ byte }: CopyEnd, by: "source" | "destination", answer: Answer): CopyFailure => ({
  reason: "thirdPartyDeviceFailure",
  byte,
  forwarded: { by, answer },
});

function move(
  segment: CopySegment,
  source: CopyEnd,
  from: Reached,
  destination: CopyEnd,
  to: Reached,
  residue: Residue,
): number | CopyFailure {
  const at = (reason: CopyFailure["reason"], row: number): CopyFailure => ({ reason, byte: byteOf(segment, row) });
  const { blocks, destinationCounts, concatenates } = segment;
  const counted = blocks * (destinationCounts ? to : from).blockSize;
  if (counted > MAXIMUM_SEGMENT_BYTES) {
    return at("invalidFieldInParameterList", BlockToBlockSegment.BLOCK_DEVICE_NUMBER_OF_BLOCKS);
  }
  const processed = destinationCounts ? Math.max(0, counted - residue.destination.length) : counted;
  const readBlocks = Math.ceil(Math.max(0, processed - residue.source.length) / from.blockSize);
  const available = residue.destination.length + processed;
  const exact = destinationCounts ? counted : available - (available % to.blockSize);
  const sourceLeft = residue.source.length + readBlocks * from.blockSize - processed;
  const left = available - exact;
  const inexact = left > 0 || sourceLeft > 0;
  const mayNotPad = destinationCounts && left > 0;
  if (!concatenates && inexact && (destination.pad ? mayNotPad : !source.pad)) {
    return { reason: "unexpectedInexactSegment", byte: segment.byte };
  }
  const pads = !concatenates && destination.pad && left > 0;
  const writeBlocks = exact / to.blockSize + (pads ? 1 : 0);
  if (readBlocks > 0 && segment.sourceLba + BigInt(readBlocks) > from.blocks) {
    return at("noAdditionalSense", BlockToBlockSegment.SOURCE_BLOCK_DEVICE_LOGICAL_BLOCK_ADDRESS);
  }
  if (writeBlocks > 0 && segment.destinationLba + BigInt(writeBlocks) > to.blocks) {
    return at("noAdditionalSense", BlockToBlockSegment.DESTINATION_BLOCK_DEVICE_LOGICAL_BLOCK_ADDRESS);
  }

  let arrived = residue.source;
  if (readBlocks > 0) {
    const answer = read(from.send, segment.sourceLba, readBlocks);
    if (answer.status !== Status.GOOD) return deviceFailed(source, "source", answer);
    arrived = joined(arrived, answer.dataIn);
  }
  const data = joined(residue.destination, arrived.subarray(0, processed));
  if (writeBlocks > 0) {
    const whole = new Uint8Array(writeBlocks * to.blockSize);
    whole.set(data.subarray(0, pads ? data.length : exact));
    const answer = write(to.send, segment.destinationLba, writeBlocks, whole);
    if (answer.status !== Status.GOOD) return deviceFailed(destination, "destination", answer);
  }
  const keepsSource = concatenates || (!source.pad && destination.pad);
  residue.source = keepsSource ? arrived.slice(processed) : none;
  residue.destination = concatenates ? data.slice(exact) : none;
  return writeBlocks * to.blockSize;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
