/** What happened on each of several paths, as a table and as JSON. */
import type { MultipathAccount, Outcome } from "../src/index.ts";
import type { Json } from "./json.ts";
import { type Cell, heading, keyText, type Paint, table, wrap } from "./output.ts";

/** The account in an outcome; undefined of a unit with a single path. */
export const accountIn = (outcome: Outcome<unknown>): MultipathAccount | undefined =>
  "account" in outcome ? (outcome.account as MultipathAccount) : undefined;

const orNull = <Value extends Json>(value: Value | undefined): Value | null => value ?? null;

/** An account, or null for units of a single path. */
export function accountJson(account: MultipathAccount | undefined): Json {
  if (account === undefined) return null;
  return {
    paths: account.paths.map(({ path, alive, reply, error, key, holder, attempts }) => ({
      path,
      alive: orNull(alive),
      reply,
      code: orNull(error?.code),
      message: orNull(error?.message),
      key: key === undefined ? null : `0x${key.toString(16).padStart(16, "0")}`,
      holder: orNull(holder),
      attempts: attempts.length,
    })),
    steps: account.steps.map(({ kind, why, sends }) => ({ kind, why, sends: sends.map((send) => ({ ...send })) })),
    changedByOthers: orNull(account.changedByOthers),
  };
}

/** An account as a table, and what of it a person must know. */
export function accountLines(account: MultipathAccount, paint: Paint): string[] {
  const rows = account.paths.map(({ path, alive, reply, error, key, holder }): Cell[] => [
    path,
    alive === undefined ? "not asked" : alive ? "answers" : ["red", "no answer"],
    reply === "not-sent"
      ? ["dim", "nothing sent"]
      : reply === "good"
        ? ["green", "good"]
        : ["red", error?.code ?? reply],
    key === undefined ? ["dim", "not told"] : key === 0n ? "none" : ["bold", keyText(key)],
    holder === undefined ? "" : holder ? "holds" : "",
  ]);
  const why = account.paths.flatMap(({ path, error }) => (error === undefined ? [] : [`${path}: ${error.message}`]));
  const others = account.changedByOthers === true ? ["Others changed registrations meanwhile (by PRGENERATION)."] : [];
  return [
    ...table([heading("PATH", "ALIVE", "COMMAND", "KEY", "HOLDER"), ...rows], paint),
    ...[...why, ...others].flatMap((text) => wrap(text, 80, "  ")),
  ];
}
