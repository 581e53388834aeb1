/**
 * How a session's PDUs get into its output: header, data, padding and digests, written in place. Serial numbers that
 * every response carries are filled in here; what a PDU means is decided elsewhere.
 */
import { crc32c } from "../../../src/core/index.ts";
import { BHS_LENGTH, padded, putHeader } from "../pdu.ts";
import { maxCmdSn, type Session } from "./session.ts";

/** Data up to this length is copied behind its header; longer data is lent to the socket. */
const COPIED_LENGTH = 2048;
const nothing = new Uint8Array(0);
const zeros = new Uint8Array(4);

/** Digests travel least significant byte first (RFC 7143 13.1). */
function putDigest(out: Uint8Array, at: number, digest: number): void {
  out[at] = digest;
  out[at + 1] = digest >>> 8;
  out[at + 2] = digest >>> 16;
  out[at + 3] = digest >>> 24;
}

/**
 * Appends a PDU to the session's output. After byte 16 a header is eight words; those at 28 and 32 are ExpCmdSN and
 * MaxCmdSN.
 *
 * @param data must not change until it has been sent
 * @param from where in `data` the data segment begins, in bytes
 */
export function putPdu(
  session: Session,
  opcode: number,
  flags: number,
  bytes2And3: number,
  word8: number,
  word12: number,
  initiatorTaskTag: number,
  word20: number,
  word24: number,
  word36: number,
  word40: number,
  word44: number,
  data: Uint8Array = nothing,
  from = 0,
  length = data.length,
): void {
  const { output, parameters } = session;
  const headerDigest = parameters.headerDigest ? 4 : 0;
  const dataDigest = parameters.dataDigest && length > 0 ? 4 : 0;
  const copies = length <= COPIED_LENGTH;
  const padding = padded(length) - length;
  const start = BHS_LENGTH + headerDigest;
  const at = output.reserve(copies ? start + length + padding + dataDigest : start);
  const out = output.bytes;
  putHeader(
    out,
    at,
    opcode,
    flags,
    bytes2And3,
    0,
    length,
    word8,
    word12,
    initiatorTaskTag,
    word20,
    word24,
    session.expCmdSn,
    maxCmdSn(session),
    word36,
    word40,
    word44,
  );
  if (headerDigest > 0) putDigest(out, at + BHS_LENGTH, crc32c(out.subarray(at, at + BHS_LENGTH)));
  if (length === 0) return;
  const dataAt = at + start;
  if (copies) {
    const end = dataAt + length;
    out.set(data.subarray(from, from + length), dataAt);
    out.fill(0, end, end + padding);
    if (dataDigest > 0) putDigest(out, end + padding, crc32c(out.subarray(dataAt, end + padding)));
    return;
  }
  const lent = data.subarray(from, from + length);
  output.lend(lent);
  if (padding + dataDigest === 0) return;
  const trailer = output.reserve(padding + dataDigest);
  output.bytes.fill(0, trailer, trailer + padding);
  if (dataDigest > 0) {
    let digest = crc32c(lent);
    if (padding > 0) digest = crc32c(zeros.subarray(0, padding), digest);
    putDigest(output.bytes, trailer + padding, digest);
  }
}
