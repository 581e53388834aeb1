/**
 * What a target tells an initiator unasked: Asynchronous Messages (RFC 7143 11.9; the meaning of each is from RFC 3720 10.9.1, whose text was
 * read), and what comes of those that end a session. Who is told when is for others to say.
 */
import { FINAL, Opcode, RESERVED_TAG } from "../pdu.ts";
import { putPdu } from "./output-pdus.ts";
import { endSession, type Session, takeStatSn } from "./session.ts";

/** One such message. Seconds are 0 to 65535. */
export type Announcement =
  /** A SCSI event at a logical unit, as sense data; `lun` 0 to 255. */
  | { readonly event: "scsi-event"; readonly lun: number; readonly sense: Uint8Array }
  /** The initiator is to log out within so many seconds; who does not has the connection dropped. */
  | { readonly event: "logout-request"; readonly seconds: number }
  /** The connection is dropped now, and the session with it; the initiator is to wait so long before it comes back. */
  | { readonly event: "connection-drop"; readonly seconds: number }
  /** The same of all connections of the session, of which there is one. */
  | { readonly event: "session-drop"; readonly seconds: number }
  /** The initiator is to begin a negotiation, which may be an empty one, within so many seconds. */
  | { readonly event: "negotiation-request"; readonly seconds: number };

/** AsyncEvent. */
const events: Readonly<Record<Announcement["event"], number>> = {
  "scsi-event": 0,
  "logout-request": 1,
  "connection-drop": 2,
  "session-drop": 3,
  "negotiation-request": 4,
};

/** The kinds of messages. */
export const announcementEvents = Object.keys(events) as readonly Announcement["event"][];

const nothing = new Uint8Array(0);

/** Sends a message to the initiator of a session, and does what it says. */
export function announce(session: Session, announcement: Announcement): void {
  const { event } = announcement;
  const put = (word8: number, parameter1: number, word40: number, data: Uint8Array): void => {
    const statSn = takeStatSn(session);
    const word36 = (events[event] << 24) | parameter1;
    putPdu(session, Opcode.ASYNC_MESSAGE, FINAL, 0, word8, 0, RESERVED_TAG, 0, statSn, word36, word40, 0, data);
  };
  switch (event) {
    case "scsi-event": {
      const { lun, sense } = announcement;
      put(lun << 16, 0, 0, Uint8Array.of(sense.length >>> 8, sense.length, ...sense));
      return;
    }
    case "logout-request":
      session.logoutBy = performance.now() + announcement.seconds * 1000;
      put(0, 0, announcement.seconds, nothing);
      return;
    case "negotiation-request":
      put(0, 0, announcement.seconds, nothing);
      return;
    case "connection-drop":
    case "session-drop":
      // Parameter2 is Time2Wait; Parameter3, Time2Retain, is 0: nothing can be reassigned.
      put(0, event === "connection-drop" ? session.cid : 0, announcement.seconds << 16, nothing);
      endSession(session, "dropped", "the target dropped it, and said so");
      session.connection.finish();
      return;
  }
}
