/** What a reset does to units, commands and sessions, whoever asked for it. */
import { clearTaskSet } from "./aborting.ts";
import type { ServedUnit } from "./device.ts";
import { endSession, type Session } from "./session.ts";

/** Resets one unit: every command to it ends without an answer. */
export function resetUnit(session: Session, unit: ServedUnit): void {
  clearTaskSet(session, unit, false);
  unit.reset();
}

/** Resets every unit of the session's target, or takes the power from it. */
export function resetTarget(session: Session, power: boolean): void {
  for (const unit of session.target?.units.values() ?? []) {
    clearTaskSet(session, unit, false);
    if (power) unit.powerCycle();
    else unit.reset();
  }
}

/** Ends every session of the target. This one's connection closes when what it was told has gone out. */
export function endAllSessions(session: Session, why: string): void {
  for (const peer of [...session.host.peers(session)]) {
    endSession(peer, "target-reset", why);
    if (peer === session) peer.connection.finish();
    else peer.connection.destroy();
  }
}
