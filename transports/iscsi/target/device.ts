/**
 * What the iSCSI target needs of the logical units behind it. Types only: who serves units fits them to this, and the
 * target knows nothing else about them.
 */

import type { TransportId } from "../../../src/transport-id.ts";
import type { Announcement } from "./announcing.ts";

/** An I_T nexus as a unit knows it; the target only hands it back. */
export type UnitNexus = object;

/** A unit's answer to one command. Its arrays are the target's own from then on. */
export interface UnitAnswer {
  /** The SCSI status byte. */
  readonly status: number;
  /** All the data that the command has for the initiator, already cut to the CDB's ALLOCATION LENGTH. */
  readonly dataIn: Uint8Array;
  /** Sense data, with CHECK CONDITION. */
  readonly sense: Uint8Array;
  /** With GOOD: how many bytes of data-out the command takes, whatever was sent. */
  readonly dataOutLength: number;
  /** The nexuses whose other commands are to be aborted: the victims of PREEMPT AND ABORT. */
  readonly aborted: readonly UnitNexus[];
  /** This happens in the place of an answer. Only where failures are asked for. */
  readonly mishap?: UnitMishap | undefined;
  /** The initiator is told this before it is answered. Only where failures are asked for. */
  readonly announces?: Announcement | undefined;
  /** So many bytes are added to the residual that is right. Only where failures are asked for. */
  readonly residualOffBy?: number | undefined;
  /** The answer goes out so many milliseconds later. Only where failures are asked for. */
  readonly lateByMs?: number | undefined;
}

/**
 * What can befall a command: no answer ever comes; the target cannot say what became of it (response 01h); its connection
 * is lost; its unit or its target is reset; power goes and comes back.
 */
export type UnitMishap =
  | "no-answer"
  | "target-failure"
  | "connection-lost"
  | "logical-unit-reset"
  | "target-reset"
  | "power-loss";

/** A logical unit behind the target. */
export interface ServedUnit {
  /** The nexus between an initiator port and a target port; the same object for the same two. */
  nexus(initiatorPort: TransportId, relativeTargetPort: number): UnitNexus;
  /**
   * Executes one command. A promise lets others go on meanwhile; one that rejects ends the session, as a broken path
   * would.
   *
   * @param cdb sixteen bytes, or more with an extended CDB
   * @param dataOut what the initiator sent
   * @param isWanted is the command still there? One that was aborted while the unit waited must not be executed
   */
  execute(
    nexus: UnitNexus,
    cdb: Uint8Array,
    dataOut: Uint8Array,
    isWanted: () => boolean,
  ): UnitAnswer | Promise<UnitAnswer>;
  /** A logical unit reset (LOGICAL UNIT RESET, TARGET WARM RESET). */
  reset(): void;
  /** Power goes and comes back (TARGET COLD RESET, RFC 7143 11.5.1). */
  powerCycle(): void;
  /** The session of the nexus has ended, however it ended (RFC 7143 4.4.3.1). */
  loseNexus(nexus: UnitNexus): void;
  /** Another nexus cleared commands of this one: COMMANDS CLEARED BY ANOTHER INITIATOR. */
  commandsCleared(nexus: UnitNexus): void;
}
