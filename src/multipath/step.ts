/**
 * The language between an algorithm and whoever carries it out. An algorithm is a generator: it yields steps and is given their
 * answers, does no I/O and knows no clock. So the same algorithm is carried out (executor.ts), shown without being carried out
 * (plan.ts), and interrupted at every step by tests.
 *
 * What holds at every step: an algorithm knows only what it has been told; a lost answer comes to it as `unknown`, never as failed.
 */
import type { Command } from "../command.ts";
import type { ScsiError } from "../errors.ts";
import type { SenseData } from "../sense.ts";
import type { Seen } from "./seen.ts";

/** One command for one path. */
export interface Send {
  /** The path's number. */
  readonly path: number;
  readonly command: Command<void>;
}

/** What kinds of steps there are. */
export type StepKind = "send" | "look" | "persistence" | "probe" | "suspend" | "resume";

/** One step. */
export type Step =
  /** PERSISTENT RESERVE OUT on some paths, at the same time as far as the limits allow. */
  | {
      readonly kind: "send";
      readonly sends: readonly Send[];
      readonly why: string;
      /** What follows if it does not go well. */
      readonly otherwise?: string;
      /** Not given up when the caller's signal fires: stopping here would leave a live path without its registration. */
      readonly critical?: boolean;
    }
  /** READ KEYS, READ RESERVATION and READ FULL STATUS, through the first path that answers. */
  | { readonly kind: "look"; readonly why: string; readonly paths: readonly number[]; readonly critical?: boolean }
  /** REPORT CAPABILITIES: does persistence through power loss have to be kept? */
  | {
      readonly kind: "persistence";
      readonly why: string;
      readonly paths: readonly number[];
      readonly critical?: boolean;
    }
  /** TEST UNIT READY: is anybody there? */
  | { readonly kind: "probe"; readonly why: string; readonly paths: readonly number[] }
  /** No I/O through the map from here on, until it is resumed. */
  | { readonly kind: "suspend"; readonly why: string }
  | { readonly kind: "resume"; readonly why: string };

/**
 * How a command ended on a path: `good`; `conflict`: RESERVATION CONFLICT; `unreachable`: it certainly was not executed, and the
 * path is at fault; `refused`: nothing was executed, and another moment or path may do (BUSY and its kin); `unknown`: its answer
 * was lost; `error`: the device server said no.
 */
export type ReplyKind = "good" | "conflict" | "unreachable" | "refused" | "unknown" | "error";

/** How a command ended on a path. */
export interface Reply {
  readonly kind: ReplyKind;
  /** Absent if it was good. */
  readonly error?: ScsiError;
  /** Of one that was good: the answer was lost, and a look through the same path showed what the command is for. */
  readonly settled?: boolean;
  /** Unit attentions that were met on the way. */
  readonly unitAttentions: readonly SenseData[];
}

/** The answer to each kind of step. */
export interface Answers {
  /** By path. */
  readonly send: ReadonlyMap<number, Reply>;
  /** Undefined: no path answered. */
  readonly look: Seen | undefined;
  /** APTPL as it is in force; undefined if that could not be found out. */
  readonly persistence: boolean | undefined;
  /** The paths that lead to a device server which answers. */
  readonly probe: ReadonlySet<number>;
  /** False: there is no map to suspend. */
  readonly suspend: boolean;
  readonly resume: undefined;
}

/** An algorithm. Throws ScsiError where it fails. */
export type Algorithm<Result = void> = Generator<Step, Result, Answers[Step["kind"]]>;

type StepOf<Kind extends Step["kind"]> = Extract<Step, { readonly kind: Kind }>;

/** Yields a step and returns its answer, typed. */
export function* take<Kind extends Step["kind"]>(step: StepOf<Kind>): Algorithm<Answers[Kind]> {
  return (yield step) as Answers[Kind];
}
