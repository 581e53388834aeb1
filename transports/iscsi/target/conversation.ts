/**
 * Everything in a session that is no SCSI: NOP, text with SendTargets, logout, Reject (RFC 7143
 * 11.9 to 11.19).
 */
import { isScsiError } from "../../../src/errors.ts";
import { BHS_LENGTH, CONTINUE, FINAL, Field, get16, get32, Opcode, RESERVED_TAG } from "../pdu.ts";
import { decodeText, encodeText, readNumber, type TextKeys } from "../text.ts";
import { describeCode, opcodeName, rejectWords } from "../words.ts";
import { isCongested } from "./executing.ts";
import { joinParts } from "./login.ts";
import { putPdu } from "./output-pdus.ts";
import { endSession, type Session, takeStatSn, takeTransferTag } from "./session.ts";

/** Reasons of a Reject (RFC 7143 11.17.1). */
export const RejectReason = {
  SNACK: 3,
  PROTOCOL_ERROR: 4,
  COMMAND_NOT_SUPPORTED: 5,
  IMMEDIATE_COMMAND: 6,
  TASK_IN_PROGRESS: 7,
  INVALID_PDU_FIELD: 9,
  LONG_OPERATION: 10,
} as const;

const MAX_TEXT_LENGTH = 65_536;

/** Refuses a PDU, and nothing but that PDU. */
export function reject(session: Session, header: Uint8Array, reason: number, why: string): void {
  const pdu = opcodeName((header[0] as number) & 0x3f);
  session.host.emit({
    type: "rejected",
    session: session.identity,
    pdu,
    why: `${describeCode(rejectWords, reason)}: ${why}`,
  });
  putPdu(
    session,
    Opcode.REJECT,
    FINAL,
    reason << 8,
    0,
    0,
    RESERVED_TAG,
    0,
    takeStatSn(session),
    0,
    0,
    0,
    header.slice(0, BHS_LENGTH),
  );
}

/** A NOP-Out: echoes it, or takes it for the answer to our own NOP-In. */
export function answerPing(session: Session, header: Uint8Array, data: Uint8Array): void {
  const initiatorTaskTag = get32(header, Field.INITIATOR_TASK_TAG);
  if (initiatorTaskTag === RESERVED_TAG) {
    if (session.ping?.tag === get32(header, Field.TARGET_TRANSFER_TAG)) session.ping = undefined;
    return;
  }
  if (data.length > 0 && isCongested(session)) {
    reject(session, header, RejectReason.LONG_OPERATION, "the initiator takes no output");
    return;
  }
  const echo = data.subarray(0, session.parameters.maxSendDataSegmentLength);
  putPdu(
    session,
    Opcode.NOP_IN,
    FINAL,
    0,
    get32(header, Field.LUN),
    get32(header, Field.LUN + 4),
    initiatorTaskTag,
    RESERVED_TAG,
    takeStatSn(session),
    0,
    0,
    0,
    echo,
  );
}

/** Asks a silent initiator whether it is there. */
export function ping(session: Session, now: number): void {
  const tag = takeTransferTag(session);
  session.ping = { tag, since: now };
  putPdu(session, Opcode.NOP_IN, FINAL, 0, 0, 0, RESERVED_TAG, tag, session.statSn, 0, 0, 0);
}

/** A Logout Request. */
export function logout(session: Session, header: Uint8Array): void {
  const reason = (header[Field.FLAGS] as number) & 0x7f;
  const cid = get16(header, 20);
  // 0: session closed; 1: no such connection; 2: connection recovery is not supported.
  const response = reason === 2 ? 2 : reason === 1 && cid !== session.cid ? 1 : reason > 2 ? 3 : 0;
  putPdu(
    session,
    Opcode.LOGOUT_RESPONSE,
    FINAL,
    response << 8,
    0,
    0,
    get32(header, Field.INITIATOR_TASK_TAG),
    0,
    takeStatSn(session),
    0,
    (session.parameters.time2Wait << 16) | session.parameters.time2Retain,
    0,
  );
  if (response !== 0) return;
  endSession(session, "logout", "the initiator logged out");
  session.connection.finish();
}

/** A Text Request: a new one, the rest of one, or the wish to hear more of an answer. */
export function takeText(session: Session, header: Uint8Array, data: Uint8Array): void {
  const initiatorTaskTag = get32(header, Field.INITIATOR_TASK_TAG);
  const transferTag = get32(header, Field.TARGET_TRANSFER_TAG);
  const continues = ((header[Field.FLAGS] as number) & CONTINUE) !== 0;
  if (isCongested(session)) {
    reject(session, header, RejectReason.LONG_OPERATION, "the initiator takes no output");
    return;
  }
  if (transferTag === RESERVED_TAG) {
    session.text = {
      initiatorTaskTag,
      transferTag: takeTransferTag(session),
      received: [],
      receivedLength: 0,
      unsent: undefined,
    };
  } else if (session.text?.transferTag !== transferTag || session.text.initiatorTaskTag !== initiatorTaskTag) {
    reject(session, header, RejectReason.PROTOCOL_ERROR, "there is no such text exchange");
    return;
  }
  const { text } = session;
  if (text === undefined) return;
  if (text.unsent === undefined) {
    text.received.push(data);
    text.receivedLength += data.length;
    if (text.receivedLength > MAX_TEXT_LENGTH) {
      session.text = undefined;
      reject(session, header, RejectReason.PROTOCOL_ERROR, "there is too much text");
      return;
    }
    if (continues) {
      putText(session, initiatorTaskTag, 0, text.transferTag, new Uint8Array(0));
      return;
    }
    try {
      const keys = decodeText(joinParts(text.received, text.receivedLength), "the initiator");
      text.unsent = encodeText(answersTo(session, keys));
    } catch (error) {
      if (!isScsiError(error)) throw error;
      session.text = undefined;
      reject(session, header, RejectReason.PROTOCOL_ERROR, error.message);
      return;
    }
  }
  const part = text.unsent.subarray(0, session.parameters.maxSendDataSegmentLength);
  text.unsent = text.unsent.subarray(part.length);
  if (text.unsent.length > 0) {
    putText(session, initiatorTaskTag, CONTINUE, text.transferTag, part);
  } else {
    session.text = undefined;
    putText(session, initiatorTaskTag, FINAL, RESERVED_TAG, part);
  }
}

function putText(session: Session, initiatorTaskTag: number, flags: number, transferTag: number, data: Uint8Array) {
  putPdu(
    session,
    Opcode.TEXT_RESPONSE,
    flags,
    0,
    0,
    0,
    initiatorTaskTag,
    transferTag,
    takeStatSn(session),
    0,
    0,
    0,
    data,
  );
}

function answersTo(session: Session, keys: TextKeys): [string, string][] {
  return Array.from(keys).flatMap(([key, value]): [string, string][] => {
    if (key === "SendTargets") return targetsFor(session, value);
    if (key === "MaxRecvDataSegmentLength") {
      session.parameters.maxSendDataSegmentLength = readNumber(key, value, 512, 0xff_ffff, "the initiator");
      return [[key, String(session.host.maxRecvDataSegmentLength)]];
    }
    return [[key, "NotUnderstood"]];
  });
}

/** SendTargets (RFC 7143 appendix C): all targets for discovery, one for a session of its own. */
function targetsFor(session: Session, wanted: string): [string, string][] {
  if (wanted === "All" && session.target !== undefined) return [["SendTargets", "Reject"]];
  const name = wanted === "" ? session.target?.name : wanted;
  const mayUse = (initiators: readonly string[] | undefined): boolean =>
    initiators === undefined ||
    initiators.some((one) => one.toLowerCase() === session.identity.initiator.toLowerCase());
  return session.host
    .targets()
    .filter((target) => wanted === "All" || target.name.toLowerCase() === name?.toLowerCase())
    .filter(({ initiators }) => mayUse(initiators))
    .flatMap((target): [string, string][] => [
      ["TargetName", target.name],
      ...session.host.addresses(session).map((address): [string, string] => ["TargetAddress", address]),
    ]);
}
