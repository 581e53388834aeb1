/**
 * Cuts the byte stream of a connection into PDUs (RFC 7143 11.2): one pass over each chunk, digests checked on the way,
 * data copied once, straight to where it belongs. It holds at most one header and one data segment of the agreed
 * length, and knows no session.
 */
import { crc32c } from "../../src/core/index.ts";
import { describePdu, protocolError } from "./fault.ts";
import { BHS_LENGTH, Field, get24, padded } from "./pdu.ts";
import { hex } from "./words.ts";

/** What the two sides agreed on; may be changed between two PDUs. */
export interface ReceiverRules {
  headerDigest: boolean;
  dataDigest: boolean;
  /** The longest data segment that the peer may send, in bytes. */
  maxDataSegmentLength: number;
  /** The most bytes of additional header segments: a target accepts them, an initiator is never sent any. */
  readonly maxAhsLength: number;
}

/** Who is told of PDUs. What it throws ends the connection. */
export interface PduSink {
  /**
   * A header is whole and genuine. Returns where the data segment goes (exactly `dataLength` bytes are written from its
   * start), or undefined to have it gathered. The header may be read during the call only.
   */
  header(bytes: Uint8Array, at: number, dataLength: number): Uint8Array | undefined;
  /**
   * The PDU is whole and genuine. Header and gathered data may be read during the call only; `dataLength` is 0 where
   * the data went elsewhere.
   */
  pdu(bytes: Uint8Array, at: number, headerLength: number, data: Uint8Array, dataAt: number, dataLength: number): void;
}

/** Takes the bytes of a connection as they come. */
export interface PduReceiver {
  push(chunk: Uint8Array): void;
}

const NOTHING = new Uint8Array(0);

/**
 * A receiver that begins at a PDU's first byte. `push` throws a ScsiError `PROTOCOL_ERROR` for a stream that cannot be
 * right.
 */
export function createReceiver(rules: ReceiverRules, sink: PduSink): PduReceiver {
  // A header that did not arrive in one piece, with its digest. Few connections ever need it.
  let partial = NOTHING;
  let partialLength = 0;
  // The data segment under way, if `segment` is set; its header is then in `partial`.
  let segment: Uint8Array | undefined;
  let gathered = false;
  let headerLength = 0;
  let dataLength = 0;
  let dataDone = 0;
  let digest = 0;
  // Padding and data digest that did not arrive in one piece.
  const trailer = new Uint8Array(7);
  let trailerLength = 0;
  let trailerDone = 0;
  let gatherBuffer = NOTHING;

  function makeRoom(): Uint8Array {
    if (partial.length === 0) partial = new Uint8Array(BHS_LENGTH + rules.maxAhsLength + 4);
    return partial;
  }

  function lengthOfHeader(bytes: Uint8Array, at: number): number {
    const ahsLength = (bytes[at + Field.TOTAL_AHS_LENGTH] as number) * 4;
    if (ahsLength > rules.maxAhsLength) {
      throw protocolError(
        `Malformed PDU (${describePdu(bytes, at)}): TotalAHSLength is ${ahsLength} bytes, at most ${rules.maxAhsLength} can be`,
      );
    }
    return BHS_LENGTH + ahsLength;
  }

  function checkHeader(bytes: Uint8Array, at: number): void {
    if (rules.headerDigest) {
      const expected = crc32c(bytes.subarray(at, at + headerLength));
      checkDigest("header", expected, bytes, at + headerLength, bytes, at);
    }
    dataLength = get24(bytes, at + Field.DATA_SEGMENT_LENGTH);
    if (dataLength > rules.maxDataSegmentLength) {
      throw protocolError(
        `Malformed PDU (${describePdu(bytes, at)}): DataSegmentLength is ${dataLength} bytes, ` +
          `more than the MaxRecvDataSegmentLength of ${rules.maxDataSegmentLength} that was declared`,
      );
    }
  }

  /** Takes a data segment that lies in the chunk whole, with padding and digest; returns where it ends. */
  function wholeSegment(chunk: Uint8Array, at: number, dataAt: number, end: number): number {
    const target = sink.header(chunk, at, dataLength);
    if (rules.dataDigest) {
      checkDigest("data", crc32c(chunk.subarray(dataAt, dataAt + padded(dataLength))), chunk, end - 4, chunk, at);
    }
    if (target === undefined) {
      sink.pdu(chunk, at, headerLength, chunk, dataAt, dataLength);
    } else {
      copy(chunk, dataAt, target, 0, dataLength);
      sink.pdu(chunk, at, headerLength, NOTHING, 0, 0);
    }
    return end;
  }

  /** Begins a data segment of which a part is still to come. The header must outlive the chunk. */
  function beginSegment(bytes: Uint8Array, at: number): void {
    if (bytes !== partial) makeRoom().set(bytes.subarray(at, at + headerLength));
    segment = sink.header(partial, 0, dataLength);
    gathered = segment === undefined;
    if (segment === undefined) {
      if (gatherBuffer.length < dataLength) gatherBuffer = new Uint8Array(dataLength);
      segment = gatherBuffer;
    }
    dataDone = 0;
    digest = 0;
    trailerDone = 0;
    trailerLength = padded(dataLength) - dataLength + (rules.dataDigest ? 4 : 0);
  }

  /** Takes as much of the data segment under way as the chunk has; returns where it stopped. */
  function continueSegment(chunk: Uint8Array, from: number): number {
    const into = segment as Uint8Array;
    let at = from;
    const length = Math.min(dataLength - dataDone, chunk.length - at);
    if (length > 0) {
      const part = chunk.subarray(at, at + length);
      into.set(part, dataDone);
      if (rules.dataDigest) digest = crc32c(part, digest);
      dataDone += length;
      at += length;
    }
    if (dataDone < dataLength) return at;
    while (trailerDone < trailerLength && at < chunk.length) trailer[trailerDone++] = chunk[at++] as number;
    if (trailerDone < trailerLength) return at;
    if (rules.dataDigest) {
      const padding = trailerLength - 4;
      if (padding > 0) digest = crc32c(trailer.subarray(0, padding), digest);
      checkDigest("data", digest, trailer, padding, partial, 0);
    }
    segment = undefined;
    partialLength = 0;
    if (gathered) sink.pdu(partial, 0, headerLength, into, 0, dataLength);
    else sink.pdu(partial, 0, headerLength, NOTHING, 0, 0);
    return at;
  }

  /** Copies from the chunk until `wanted` bytes of the header are there; returns where it stopped. */
  function gatherHeader(chunk: Uint8Array, at: number, wanted: number): number {
    const length = Math.min(wanted - partialLength, chunk.length - at);
    if (length <= 0) return at;
    copy(chunk, at, makeRoom(), partialLength, length);
    partialLength += length;
    return at + length;
  }

  /** Takes as much as the chunk has of a header that is split over chunks; returns where it stopped. */
  function continueHeader(chunk: Uint8Array, from: number): number {
    let at = gatherHeader(chunk, from, BHS_LENGTH);
    if (partialLength < BHS_LENGTH) return at;
    headerLength = lengthOfHeader(partial, 0);
    const whole = headerLength + (rules.headerDigest ? 4 : 0);
    at = gatherHeader(chunk, at, whole);
    if (partialLength < whole) return at;
    checkHeader(partial, 0);
    if (dataLength > 0) {
      beginSegment(partial, 0);
    } else {
      partialLength = 0;
      sink.header(partial, 0, 0);
      sink.pdu(partial, 0, headerLength, NOTHING, 0, 0);
    }
    return at;
  }

  function push(chunk: Uint8Array): void {
    let at = 0;
    const end = chunk.length;
    while (at < end) {
      if (segment !== undefined) {
        at = continueSegment(chunk, at);
        continue;
      }
      if (partialLength > 0 || end - at < BHS_LENGTH) {
        at = continueHeader(chunk, at);
        continue;
      }
      headerLength = lengthOfHeader(chunk, at);
      const dataAt = at + headerLength + (rules.headerDigest ? 4 : 0);
      if (dataAt > end) {
        at = continueHeader(chunk, at);
        continue;
      }
      checkHeader(chunk, at);
      if (dataLength === 0) {
        const headerAt = at;
        at = dataAt;
        sink.header(chunk, headerAt, 0);
        sink.pdu(chunk, headerAt, headerLength, NOTHING, 0, 0);
        continue;
      }
      const segmentEnd = dataAt + padded(dataLength) + (rules.dataDigest ? 4 : 0);
      if (segmentEnd <= end) {
        at = wholeSegment(chunk, at, dataAt, segmentEnd);
      } else {
        beginSegment(chunk, at);
        at = continueSegment(chunk, dataAt);
      }
    }
  }

  return { push };
}

function copy(from: Uint8Array, at: number, into: Uint8Array, intoAt: number, length: number): void {
  if (length > 64) {
    into.set(from.subarray(at, at + length), intoAt);
  } else {
    for (let index = 0; index < length; index++) into[intoAt + index] = from[at + index] as number;
  }
}

/** Digests travel least significant byte first (RFC 7143 13.1). */
function checkDigest(
  what: "header" | "data",
  expected: number,
  bytes: Uint8Array,
  digestAt: number,
  header: Uint8Array,
  headerAt: number,
): void {
  const found =
    ((bytes[digestAt] as number) |
      ((bytes[digestAt + 1] as number) << 8) |
      ((bytes[digestAt + 2] as number) << 16) |
      ((bytes[digestAt + 3] as number) << 24)) >>>
    0;
  if (found !== expected >>> 0) {
    throw protocolError(
      `Wrong ${what} digest (${describePdu(header, headerAt)}): received ${hex(found, 8)}, computed ${hex(expected >>> 0, 8)}`,
    );
  }
}
