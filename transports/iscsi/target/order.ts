/**
 * The order of commands (RFC 7143 4.2.2.1): each has a CmdSN, and its turn comes when those before it have come. What
 * is done then is decided elsewhere.
 */
import { Field, get32, IMMEDIATE } from "../pdu.ts";
import { inWindow, type Session, type Turn } from "./session.ts";

/** Does something when the CmdSN of its request has its turn; ignores it outside the window (RFC 7143 4.2.2.1). */
export function takeTurn(session: Session, header: Uint8Array, turn: Turn): void {
  if (((header[0] as number) & IMMEDIATE) !== 0) turn();
  else takeNumber(session, get32(header, Field.CMD_SN), turn);
}

/** Does something when a CmdSN has its turn: now, later, or never where it is outside the window. */
export function takeNumber(session: Session, cmdSn: number, turn: Turn): void {
  if (!inWindow(session, cmdSn) || session.waiting.has(cmdSn)) return;
  if (cmdSn !== session.expCmdSn) {
    session.waiting.set(cmdSn, turn);
    return;
  }
  session.expCmdSn = (session.expCmdSn + 1) >>> 0;
  turn();
  passWaiting(session);
}

/** Whatever waited for the numbers that have come. */
export function passWaiting(session: Session): void {
  for (;;) {
    const turn = session.waiting.get(session.expCmdSn);
    if (turn === undefined || session.ended !== undefined) return;
    session.waiting.delete(session.expCmdSn);
    session.expCmdSn = (session.expCmdSn + 1) >>> 0;
    turn();
  }
}
