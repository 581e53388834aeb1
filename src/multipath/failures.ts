/**
 * What only a unit of several paths can run into, as errors. Makes them; decides nothing.
 *
 * What holds: `delivered` is "no" only where nothing was sent that changes anything; an error never says less than happened.
 */
import { ScsiError } from "../errors.ts";
import type { Reply } from "./step.ts";

/** No path takes a command, or none is left that does. */
export function noUsablePath(why: string, cause?: ScsiError): ScsiError {
  return new ScsiError(why, {
    code: "NO_USABLE_PATH",
    delivered: "no",
    sense: cause?.sense,
    status: cause?.status,
    cause,
  });
}

/** Another host is registered with the key. */
export function keyShared(why: string, delivered: "no" | "yes"): ScsiError {
  return new ScsiError(why, { code: "KEY_SHARED", delivered });
}

/** Somebody pre-empted this host, or cleared everything, while it registered. */
export function preemptedMeanwhile(why: string): ScsiError {
  return new ScsiError(why, { code: "PREEMPTED_MEANWHILE", delivered: "yes" });
}

/** Executed through some paths and not through others that are alive. The code is the refusal's own, where there was one. */
export function pathsDiffer(path: string, reply: Reply): ScsiError {
  const { error, kind } = reply;
  const answered = kind === "error" || kind === "refused" || kind === "conflict";
  return new ScsiError(
    `executed through other paths, but not through ${path}, which is alive: ${error?.message ?? kind}`,
    {
      code: answered && error !== undefined ? error.code : "PATHS_DIFFER",
      status: error?.status,
      sense: error?.sense,
      field: error?.field,
      delivered: "yes",
      cause: error,
    },
  );
}

/** The reply that says most about why nothing succeeded: what a device server said before what a path did. */
const weight: Readonly<Record<Reply["kind"], number>> = {
  conflict: 5,
  error: 4,
  refused: 3,
  unknown: 2,
  unreachable: 1,
  good: 0,
};

/** The error for a command that succeeded through no path. */
export function worstOf(replies: Iterable<Reply>): ScsiError {
  const [worst] = [...replies].filter(({ kind }) => kind !== "good").sort((a, b) => weight[b.kind] - weight[a.kind]);
  if (worst?.error === undefined) return noUsablePath("no path is usable");
  return worst.kind === "unreachable"
    ? noUsablePath(`no path takes it: ${worst.error.message}`, worst.error)
    : worst.error;
}
