/**
 * What is said when access to disks is lost: the evidence of one disk, the rule by which those of many count, the verdict, and the
 * error that carries it. When to look is failfast.ts's; what one look finds is probing.ts's.
 */
import { ScsiError, type ScsiErrorCode } from "../errors.ts";
import type { RegisteredKeys, ReservationState } from "../reservation.ts";
import type { SenseData } from "../sense.ts";
import type { LossReason } from "./expectation.ts";

/** How access to one disk was lost: the evidence. Plain data, which a thread can send to another. */
export interface Loss {
  /** The unit's name. */
  readonly disk: string;
  /** As a word that a program can tell from others. */
  readonly reason: LossReason;
  /** In one sentence. */
  readonly because: string;
  /** Who noticed: a probe, or another command of this host that met a conflict. */
  readonly noticedBy: "probe" | "command";
  /** The command that met RESERVATION CONFLICT. */
  readonly command: string | undefined;
  /** READ KEYS as the probe saw them, if it did. */
  readonly keys: RegisteredKeys | undefined;
  /** READ RESERVATION as the probe saw it, if it did. */
  readonly reservation: ReservationState | undefined;
  /** Of a disk that does not answer: what became of the last command. */
  readonly code: ScsiErrorCode | undefined;
  /** Its SCSI status, if there was an answer. */
  readonly status: number | undefined;
  /** Its sense data, if any. */
  readonly sense: SenseData | undefined;
  /** When it was noticed: milliseconds since 1970, with fractions. */
  readonly atEpochMs: number;
  /** Milliseconds since a probe last found the access that is expected; undefined if none ever did. */
  readonly sinceHeldMs: number | undefined;
  /** How much later than due the probe began, in milliseconds; 0 if a command noticed. */
  readonly lateMs: number;
}

/** Of how many disks access must be lost. */
export type LossRule = "any" | "all" | "majority";

/** What was concluded about all disks together. */
export interface Verdict {
  /** By which the losses were counted. */
  readonly rule: LossRule;
  /** How many are watched. */
  readonly disks: number;
  /** One for each disk that is lost, in the order in which it was noticed. */
  readonly losses: readonly Loss[];
}

/** Whether so many lost disks of so many are too many. */
export function isLost(rule: LossRule, lost: number, disks: number): boolean {
  switch (rule) {
    case "any":
      return lost > 0;
    case "all":
      return lost > 0 && lost === disks;
    case "majority":
      return lost > disks / 2;
  }
}

/** The error with which the signal fires. */
export function accessLost({ rule, disks, losses }: Verdict): ScsiError {
  const [first] = losses as readonly [Loss, ...Loss[]];
  const how = disks === 1 ? "" : ` (${losses.length} of ${disks} disks, rule: ${rule})`;
  return new ScsiError(`Access to ${first.disk} is lost${how}: ${first.because}`, {
    code: "ACCESS_LOST",
    unit: first.disk,
    command: first.command,
    status: first.status,
    sense: first.sense,
    errno: "EACCES",
  });
}
