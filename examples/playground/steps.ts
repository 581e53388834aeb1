/**
 * A script: how many hosts and units there are, and what happens to them, step by step. Data only, small enough for a link; what a
 * step does is in world.ts, which commands there are in actions.ts.
 */
import type { ActionName } from "./actions.ts";

/** Most of what one page shows, and one link may ask for. */
export const limits = { hosts: 4, units: 3, steps: 200, text: 32 } as const;

/** The arguments of a command. Each action takes some of them; which, its row in actions.ts says. */
export interface Arguments {
  /** RESERVATION KEY. */
  readonly key?: bigint;
  /** SERVICE ACTION RESERVATION KEY as the key to register. */
  readonly newKey?: bigint;
  /** SERVICE ACTION RESERVATION KEY as the key to remove. */
  readonly victimKey?: bigint;
  /** TYPE, 0 to 15: reserved codes too, for what a device server says to them. */
  readonly type?: number;
  readonly aptpl?: boolean;
  readonly allTgPt?: boolean;
  /** SPEC_I_PT: the hosts that are registered too. */
  readonly ports?: readonly number[];
  readonly unreg?: boolean;
  /** The host that a reservation is moved to. */
  readonly to?: number;
  /** What is written. */
  readonly text?: string;
}

/** A host sends a command to a unit. Hosts and units count from 0. */
export interface CommandStep {
  readonly kind: "command";
  readonly host: number;
  readonly unit: number;
  readonly action: ActionName;
  readonly arguments: Arguments;
}

/** What can happen besides: on the way from a host to a unit, or to a unit. */
export const pathEvents = ["cut", "mend", "lose-answer"] as const;
export const unitEvents = ["power", "reset", "lose-reservations"] as const;

/** Something happens to a path. */
export interface PathStep {
  readonly kind: "path";
  readonly host: number;
  readonly unit: number;
  readonly event: (typeof pathEvents)[number];
}

/** Something happens to a unit. */
export interface UnitStep {
  readonly kind: "unit";
  readonly unit: number;
  readonly event: (typeof unitEvents)[number];
}

export type Step = CommandStep | PathStep | UnitStep;

export interface Script {
  /** 2 to 4. */
  readonly hosts: number;
  /** 1 to 3. */
  readonly units: number;
  readonly steps: readonly Step[];
}

/** `A`, `B`, `C`, `D`. */
export const letterOf = (host: number): string => String.fromCharCode(65 + host);
export const hostName = (host: number): string => `Host ${letterOf(host)}`;
export const unitName = (unit: number): string => `Unit ${unit}`;
/** A key as people write it. */
export const keyText = (key: bigint): string => `0x${key.toString(16)}`;
/** The key that a host has of its own accord: 0xa for host A. */
export const ownKey = (host: number): bigint => BigInt(10 + host);
