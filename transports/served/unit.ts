/**
 * A simulated device server as the iSCSI target wants its units, with word of what changes. It changes no answer.
 */
import { OperationCode, PersistentReserveOut, Status } from "../../src/core/generated/codes.ts";
import { formatTransportId } from "../../src/transport-id-text.ts";
import type { ServedUnit, UnitAnswer } from "../iscsi/target/index.ts";
import { type DeviceServer, establish, type Fault, type Nexus, type Reservations } from "../simulated/index.ts";

/** What a reservation command left behind. */
export type ReservationChange = Omit<Reservations, "lost">;

/** Something happened at a unit. */
export type UnitEvent =
  | {
      readonly type: "reservation";
      readonly target: string;
      readonly lun: number;
      /** The initiator port, as the text of its TransportID. */
      readonly initiatorPort: string;
      /** The service action, or RESERVE and RELEASE of SPC-2. */
      readonly action: string;
      readonly now: ReservationChange;
    }
  | { readonly type: "reset" | "power-cycle"; readonly target: string; readonly lun: number }
  | {
      /** A file could not be read or written, and a command failed for it: MEDIUM ERROR, or reservations as they were. */
      readonly type: "file-failed";
      readonly target: string;
      readonly lun: number;
      readonly file: "medium" | "reservations";
      readonly why: string;
    }
  | {
      /** A failure that was asked for. */
      readonly type: "fault";
      readonly target: string;
      readonly lun: number;
      readonly initiatorPort: string;
      /** Which command of the unit, counted from 1. */
      readonly command: number;
      readonly operationCode: number;
      readonly fault: Fault;
    };

/** What is needed to fit a unit. */
export interface FittedUnit {
  readonly server: DeviceServer;
  readonly target: string;
  readonly lun: number;
  emit(event: UnitEvent): void;
}

/** COMMANDS CLEARED BY ANOTHER INITIATOR. */
const COMMANDS_CLEARED = 0x2f00;

const actionNames = new Map(
  Object.entries(PersistentReserveOut).map(([name, code]) => [code as number, name.replaceAll("_", " ")]),
);

/** The name of a command that may change reservations. */
function actionOf(cdb: Uint8Array): string | undefined {
  switch (cdb[0]) {
    case OperationCode.PERSISTENT_RESERVE_OUT:
      return actionNames.get((cdb[1] as number) & 0x1f) ?? "PERSISTENT RESERVE OUT";
    case OperationCode.RESERVE_6:
    case OperationCode.RESERVE_10:
      return "RESERVE (SPC-2)";
    case OperationCode.RELEASE_6:
    case OperationCode.RELEASE_10:
      return "RELEASE (SPC-2)";
    default:
      return undefined;
  }
}

/** Fits a device server to the target. */
export function fitUnit({ server, target, lun, emit }: FittedUnit): ServedUnit {
  function changed(nexus: Nexus, action: string): void {
    const { prGeneration, registrations, reservation, persistsThroughPowerLoss } = server.reservations();
    emit({
      type: "reservation",
      target,
      lun,
      initiatorPort: formatTransportId(nexus.initiatorPort),
      action,
      now: { prGeneration, registrations, reservation, persistsThroughPowerLoss },
    });
  }

  return {
    nexus: (initiatorPort, relativeTargetPort) => server.nexus(initiatorPort, relativeTargetPort),
    execute(nexus, cdb, dataOut, isWanted): UnitAnswer | Promise<UnitAnswer> {
      // A changer's robot takes its time; what it does changes no reservation.
      if (server.takesTime(cdb)) return server.start(nexus as Nexus, cdb, dataOut, isWanted);
      const answer = server.execute(nexus as Nexus, cdb, dataOut);
      const action = answer.status === Status.GOOD ? actionOf(cdb) : undefined;
      if (action !== undefined) changed(nexus as Nexus, action);
      return answer;
    },
    reset() {
      server.reset();
      emit({ type: "reset", target, lun });
    },
    powerCycle() {
      server.powerCycle();
      emit({ type: "power-cycle", target, lun });
    },
    loseNexus(nexus) {
      server.loseNexus(nexus as Nexus);
      server.retireNexus(nexus as Nexus);
    },
    commandsCleared: (nexus) => establish((nexus as Nexus).attentions, COMMANDS_CLEARED),
  };
}
