/**
 * What access a host expects to have to a disk, and whether what is seen there still is that access. Pure rules; the looking is
 * done by probing.ts.
 */
import { accessUnder } from "../access.ts";
import type { RegisteredKeys, ReservationState, ReservationType } from "../reservation.ts";

/** The access that is expected. */
export type Expectation =
  | {
      /** This host has the disk by RESERVE (SCSI-2). */
      readonly kind: "reserved";
      /**
       * The probe is RESERVE itself: what a reset has ended is made again. Otherwise it is TEST UNIT READY, which tells of another
       * host's RESERVE, and of a reset by a unit attention.
       */
      readonly reinstate?: boolean | undefined;
      /** RESERVE (10) in the place of RESERVE (6). */
      readonly longForm?: boolean | undefined;
    }
  | {
      /** This host is registered with a key that no other host uses, and no reservation shuts it out. */
      readonly kind: "registered";
      readonly key: bigint;
      /** A reservation of this type is expected to be there besides. */
      readonly type?: ReservationType | undefined;
      /** And its holder is expected to be this host. */
      readonly holds?: boolean | undefined;
      /**
       * Register (and reserve, where `type` is given) again where a loss of power has ended everything: nobody is registered, and
       * PRGENERATION has gone back. What another host has done is never undone. A probe that is not answered then keeps the next ones
       * waiting, until its deadline. Of several paths those that answer then are registered. One that comes back later is registered by
       * `pathReturned` of its unit, before it is used; or else when a command conflicts on it for the first time, and a probe finds that
       * the disk is this host's: that is no loss.
       */
      readonly reinstate?: boolean | undefined;
      /** With `reinstate`: register so that the next loss of power is survived (APTPL). */
      readonly persistThroughPowerLoss?: boolean | undefined;
    };

/** Why access counts as lost. */
export type LossReason =
  /** A command met RESERVATION CONFLICT. */
  | "conflict"
  /** Our key is no longer registered: we have been pre-empted or cleared. */
  | "not-registered"
  /** A reservation of another host shuts us out, or has taken the place of ours. */
  | "held-by-another"
  /** Another host has the disk by RESERVE. */
  | "reserved-by-another"
  /** The reservation that was expected is there no more. */
  | "released"
  /** It is of another type now. */
  | "type-changed"
  /** No answer by the deadline, and the policy says that this is a loss. */
  | "silent";

/** What a probe concludes from keys and reservation. */
export type Judgement =
  | { readonly held: true }
  | { readonly held: false; readonly reason: LossReason; readonly because: string };

const HELD: Judgement = { held: true };
const hex = (key: bigint): string => `0x${key.toString(16)}`;
const lost = (reason: LossReason, because: string): Judgement => ({ held: false, reason, because });

type Registered = Extract<Expectation, { readonly kind: "registered" }>;

/** Is our key there, and if it is, what does the reservation say? */
export function judgeAccess(
  expected: Registered,
  { keys }: RegisteredKeys,
  reservation: ReservationState | undefined,
): Judgement {
  if (!keys.includes(expected.key)) {
    const others = keys.length === 0 ? "no host is" : `registered are ${keys.map(hex).join(", ")}`;
    return lost("not-registered", `Key ${hex(expected.key)} is not registered any more; ${others}`);
  }
  if (reservation === undefined) return HELD;
  if (reservation.holder === "none") {
    return expected.type === undefined ? HELD : lost("released", `There is no ${expected.type} reservation any more`);
  }
  const { type } = reservation;
  const ours = reservation.holder === "all-registrants" || reservation.key === expected.key;
  const registrantsMay = accessUnder(reservation, { registered: true, holder: false })?.write === true;
  if (!ours && (!registrantsMay || expected.holds === true)) {
    const by = reservation.holder === "one-nexus" ? ` by key ${hex(reservation.key)}` : "";
    return lost("held-by-another", `The disk is reserved as ${type ?? `type ${reservation.typeCode}`}${by}`);
  }
  if (expected.type !== undefined && expected.type !== type) {
    return lost("type-changed", `The reservation is ${type ?? `type ${reservation.typeCode}`}, not ${expected.type}`);
  }
  return HELD;
}
