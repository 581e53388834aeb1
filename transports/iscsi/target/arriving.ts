/**
 * What comes in during the full-feature phase: every PDU is given its turn in the CmdSN order (RFC 7143 4.2.2.1) and
 * handed to the file that knows it. SCSI commands become tasks here.
 */
import { Status } from "../../../src/core/generated/codes.ts";
import { protocolError } from "../fault.ts";
import { ATTRIBUTE_MASK, BHS_LENGTH, CommandFlag, FINAL, Field, get32, IMMEDIATE, Opcode } from "../pdu.ts";
import { readScsiCommand } from "../request-pdus.ts";
import { hex, opcodeName } from "../words.ts";
import { answerPing, logout, RejectReason, reject, takeText } from "./conversation.ts";
import { advance, takeDataOut } from "./data-out.ts";
import { refuseTask } from "./executing.ts";
import { lunNumber } from "./lun.ts";
import { manageTasks } from "./managing.ts";
import { takeNumber, takeTurn } from "./order.ts";
import { inWindow, nexusOf, type Session } from "./session.ts";
import { charge, type Task } from "./task.ts";

/** More than any command transfers; data beyond it is not asked for. */
const MAX_TRANSFER = 2 ** 26;
/** Immediate commands of a session that may be under way. */
const MAX_IMMEDIATE = 16;
const nothing = new Uint8Array(0);

/** A received PDU; its bytes may be read during the call only. */
export interface Arrived {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly headerLength: number;
  readonly data: Uint8Array;
  readonly dataAt: number;
  readonly dataLength: number;
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
}

/** Takes a PDU. Throws a ScsiError `PROTOCOL_ERROR` for one after which nothing can be trusted. */
export function arrive(session: Session, pdu: Arrived): void {
  const { bytes, at, now } = pdu;
  const opcode = (bytes[at] as number) & 0x3f;
  session.heardAt = now;
  if (opcode === Opcode.SCSI_COMMAND) {
    if (session.target === undefined)
      reject(session, headerOf(pdu), RejectReason.PROTOCOL_ERROR, "no SCSI in discovery");
    else scsiCommand(session, pdu);
    return;
  }
  if (opcode === Opcode.DATA_OUT) {
    takeDataOut(session, headerOf(pdu), now);
    return;
  }
  const header = headerOf(pdu);
  const data = pdu.data.slice(pdu.dataAt, pdu.dataAt + pdu.dataLength);
  switch (opcode) {
    case Opcode.NOP_OUT:
      // Without a task tag it answers a ping of ours, and takes no number.
      if (get32(header, Field.INITIATOR_TASK_TAG) === 0xffff_ffff) answerPing(session, header, data);
      else takeTurn(session, header, () => answerPing(session, header, data));
      return;
    case Opcode.TEXT_REQUEST:
      takeTurn(session, header, () => takeText(session, header, data));
      return;
    case Opcode.LOGOUT_REQUEST:
      takeTurn(session, header, () => logout(session, header));
      return;
    case Opcode.TASK_MANAGEMENT_REQUEST:
      takeTurn(session, header, () => manageTasks(session, header));
      return;
    case Opcode.SNACK_REQUEST:
      reject(session, header, RejectReason.SNACK, "ErrorRecoveryLevel is 0");
      return;
    case Opcode.LOGIN_REQUEST:
      throw protocolError("A login request came after the login");
    default:
      reject(session, header, RejectReason.COMMAND_NOT_SUPPORTED, `${opcodeName(opcode)} is no request`);
  }
}

const headerOf = ({ bytes, at, headerLength }: Arrived): Uint8Array => bytes.slice(at, at + headerLength);

function scsiCommand(session: Session, pdu: Arrived): void {
  const { bytes, at, now } = pdu;
  const immediate = ((bytes[at] as number) & IMMEDIATE) !== 0;
  const cmdSn = get32(bytes, at + Field.CMD_SN);
  if (!immediate && (!inWindow(session, cmdSn) || session.waiting.has(cmdSn))) return;
  const initiatorTaskTag = get32(bytes, at + Field.INITIATOR_TASK_TAG);
  if (session.tasks.has(initiatorTaskTag)) {
    const header = headerOf(pdu);
    takeTurn(session, header, () =>
      reject(session, header, RejectReason.TASK_IN_PROGRESS, `task tag ${hex(initiatorTaskTag, 8)} is in use`),
    );
    return;
  }
  if (immediate && session.immediate >= MAX_IMMEDIATE) {
    reject(session, headerOf(pdu), RejectReason.IMMEDIATE_COMMAND, "too many immediate commands");
    return;
  }
  const task = createTask(session, pdu, initiatorTaskTag, cmdSn, immediate);
  session.tasks.set(initiatorTaskTag, task);
  if (immediate) {
    session.immediate++;
    task.inOrder = true;
    begin(session, task, now);
    return;
  }
  takeNumber(session, cmdSn, () => {
    if (session.tasks.get(initiatorTaskTag) !== task) return;
    task.inOrder = true;
    session.active++;
    begin(session, task, now);
  });
}

/** Makes a task of a SCSI Command, with the data in it. */
function createTask(session: Session, pdu: Arrived, tag: number, cmdSn: number, immediate: boolean): Task {
  const { bytes, at, headerLength, data, dataAt, dataLength } = pdu;
  const { parameters } = session;
  const flags = bytes[at + Field.FLAGS] as number;
  const expectedLength = get32(bytes, at + Field.EXPECTED_DATA_TRANSFER_LENGTH);
  const lunHigh = get32(bytes, at + Field.LUN);
  const lunLow = get32(bytes, at + Field.LUN + 4);
  const writes = (flags & CommandFlag.WRITE) !== 0;
  const wanted = writes ? Math.min(expectedLength, MAX_TRANSFER) : 0;
  const unsolicitedLimit = Math.min(parameters.firstBurstLength, wanted);
  const more = writes && (flags & FINAL) === 0;
  if (dataLength > 0 && writes && !parameters.immediateData)
    throw protocolError("Immediate data came, and was not agreed on");
  if (dataLength > parameters.firstBurstLength) throw protocolError("More immediate data came than FirstBurstLength");
  if (more && parameters.initialR2t) throw protocolError("Unsolicited data was announced, and was not agreed on");
  const received = Math.min(dataLength, wanted);
  const unit = session.target?.units.get(lunNumber(lunHigh, lunLow));
  const task: Task = {
    initiatorTaskTag: tag,
    cmdSn,
    immediate,
    lunHigh,
    lunLow,
    unit,
    nexus: unit === undefined ? undefined : nexusOf(session, unit),
    cdb:
      headerLength === BHS_LENGTH
        ? bytes.slice(at + Field.CDB, at + BHS_LENGTH)
        : readScsiCommand(bytes.subarray(at, at + headerLength)).cdb,
    attribute: flags & ATTRIBUTE_MASK,
    reads: (flags & CommandFlag.READ) !== 0,
    writes,
    expectedLength,
    wanted,
    buffer: nothing,
    charged: 0,
    received,
    unsolicitedLimit,
    unsolicitedOpen: more,
    unsolicitedDataSn: 0,
    requested: received,
    bursts: [],
    r2tSn: 0,
    spoiled: false,
    inOrder: false,
    executing: false,
    dataAt: pdu.now,
  };
  if (wanted > 0) {
    const unasked = more ? unsolicitedLimit : received;
    const room = charge(session, task, wanted) ? wanted : charge(session, task, unasked) ? unasked : 0;
    task.buffer = new Uint8Array(room);
    if (room > 0) task.buffer.set(data.subarray(dataAt, dataAt + received));
  }
  return task;
}

/** The command has had its turn. */
function begin(session: Session, task: Task, now: number): void {
  const unasked = task.unsolicitedOpen ? task.unsolicitedLimit : task.received;
  if (task.buffer.length < unasked) refuseTask(session, task, Status.TASK_SET_FULL);
  else advance(session, task, now);
}
