/** What a target tells its observer. Types only. */

/** Whose session it is. */
export interface SessionIdentity {
  /** The target's name; absent in a discovery session. */
  readonly target: string | undefined;
  /** The initiator's iSCSI name. */
  readonly initiator: string;
  /** 48 bits. */
  readonly isid: bigint;
  /** The target session identifying handle. */
  readonly tsih: number;
  /** The initiator's address, `host:port`. */
  readonly address: string;
}

/** How a session ended. */
export type SessionEnd =
  | "logout"
  | "connection-lost"
  | "reinstated"
  | "protocol-error"
  | "timeout"
  | "target-reset"
  | "dropped"
  | "shutdown";

/** Something happened at the target. */
export type TargetEvent =
  | {
      readonly type: "login";
      readonly session: SessionIdentity;
      readonly authentication: "none" | "chap" | "mutual-chap";
      readonly headerDigest: boolean;
      readonly dataDigest: boolean;
    }
  /** `status`: Status-Class and Status-Detail that were answered; 0 where the connection was just closed. */
  | {
      readonly type: "login-failed";
      readonly address: string;
      readonly initiator: string | undefined;
      readonly status: number;
      readonly why: string;
    }
  | {
      readonly type: "session-ended";
      readonly session: SessionIdentity;
      readonly end: SessionEnd;
      readonly why: string;
    }
  /** A connection was closed before it could say anything: there are as many as there may be. */
  | { readonly type: "connection-refused"; readonly address: string; readonly why: string }
  | {
      readonly type: "task-management";
      readonly session: SessionIdentity;
      readonly function: string;
      /** Absent for functions that concern the whole target. */
      readonly lun: number | undefined;
      readonly response: string;
    }
  | { readonly type: "rejected"; readonly session: SessionIdentity; readonly pdu: string; readonly why: string };

/** Is told of events as they happen. What it throws is ignored; it must not take long. */
export type TargetObserver = (event: TargetEvent) => void;
