/** `mhd failfast`: watches one disk until access to it is lost, and by then has ended the command that it guards. */
import {
  commands,
  createFailfast,
  type Expectation,
  type FailfastEvent,
  type Unit,
  type Verdict,
} from "../src/index.ts";
import { withErrno } from "../src/multihost/failing.ts";
import type { Guarded } from "./io.ts";
import { type Json, long } from "./json.ts";
import { RESERVE_IS_ONE_NEXUS } from "./mhd-values.ts";
import type { Values } from "./options.ts";
import { UsageError } from "./values.ts";
import { openSinglePath, openUnit, type Report, type Session, type Verb } from "./verb.ts";

const NAME = "mhd failfast";
const INTERVAL_MS = 1000;
const signals = { kill: "SIGKILL", term: "SIGTERM", exit: "SIGKILL", panic: "SIGKILL" } as const;

/** With a key the disk is shared, without one it is this host's alone. */
function expectationOf({ key, type, reinstate, persist }: Values): Expectation {
  if (key !== undefined) {
    return { kind: "registered", key, type, reinstate, persistThroughPowerLoss: persist };
  }
  if (type !== undefined) throw new UsageError("--type needs --key", NAME);
  return { kind: "reserved", reinstate };
}

/** One event as one line for people. */
function eventLine(event: FailfastEvent): string {
  switch (event.type) {
    case "lost":
      return `lost       ${event.loss.disk}: ${event.loss.because}`;
    case "silent":
      return `silent     ${event.disk}: ${event.because}`;
    case "answers-again":
      return `answers    ${event.disk}`;
    case "reinstated":
      return `reinstated ${event.disk}`;
    case "reset":
      return `reset      ${event.disk}: nobody is shut out now`;
  }
}

const asJson = (value: unknown): Json =>
  JSON.parse(
    JSON.stringify(value, (_name, one) =>
      typeof one === "bigint" ? long(one) : one instanceof Uint8Array ? Array.from(one) : one,
    ),
  );

/** Resolves when the caller interrupts. */
const interrupted = (signal: AbortSignal | undefined): Promise<"interrupted"> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) resolve("interrupted");
    signal?.addEventListener("abort", () => resolve("interrupted"), { once: true });
  });

async function run(session: Session): Promise<Report> {
  const { io, values, guarded, openOptions } = session;
  const { interval = INTERVAL_MS, answerWithin, onSilence, onLoss = "kill" } = values;
  const expectation = expectationOf(values);
  const say = (line: string, json: Json): void => {
    // A guarded command has standard output for itself.
    const output = guarded.length === 0 ? io.stdout : io.stderr;
    output.write(`${values.json === true ? JSON.stringify(json) : line}\n`);
  };
  const panic = onLoss === "panic" ? io.panic() : undefined;
  // It may run for years: nobody collects what each probe came to.
  const quiet = { observer: undefined };
  const unit = await withErrno<Unit>(() =>
    expectation.kind === "reserved" ? openSinglePath(session, RESERVE_IS_ONE_NEXUS, quiet) : openUnit(session, quiet),
  );
  let command: Guarded | undefined;
  const act = (verdict: Verdict): void => {
    panic?.(verdict);
    command?.kill(signals[onLoss]);
  };
  await using failfast = createFailfast({
    intervalMs: interval,
    deadlineMs: answerWithin,
    silence: onSilence,
    onLoss: act,
    observer: (event) => say(eventLine(event), asJson(event)),
  });
  const lost = new Promise<"lost">((resolve) =>
    failfast.signal.addEventListener("abort", () => resolve("lost"), { once: true }),
  );
  // What has no access is not started.
  const held = await failfast.watch(unit, expectation).first;
  if (failfast.signal.aborted) throw failfast.signal.reason;
  if (!held) throw new UsageError("The disk gives no answer: nothing was started", NAME);
  say(`watching   ${session.name}`, { type: "watching", unit: session.name, intervalMs: interval });
  if (guarded.length > 0) command = io.start(guarded);
  const ended = command?.ended;
  const stopped = interrupted(openOptions.signal);
  const what = await Promise.race([lost, stopped, ...(ended === undefined ? [] : [ended])]);
  if (typeof what === "number") {
    // A loss may have been what ended it.
    if (failfast.signal.aborted) throw failfast.signal.reason;
    return { streamed: true, exit: what, result: { exit: what }, lines: [] };
  }
  if (what === "interrupted") {
    command?.kill("SIGTERM");
    await ended;
    return { streamed: true, result: { interrupted: true }, lines: [] };
  }
  await ended;
  throw failfast.signal.reason;
}

export const failfast: Verb = {
  name: NAME,
  summary: "watch a disk, guard a command (MHIOCENFAILFAST)",
  about: [
    "With --key the disk is shared: it is watched whether the key is registered and no reservation shuts this host out; with --type besides, whether there is a reservation of that type. Without --key it is this host's alone, by RESERVE.",
    "Several paths, or a map, are one disk, and take a key. All paths are asked at the same time, and one answer is enough: a path that is dead is no loss, and does not delay what the others say.",
    "When access is lost it ends with exit code 37. A command after -- is started once access is found, and ended by --on-loss: its whole process group gets SIGKILL (kill, exit) or SIGTERM (term). panic panics this machine, by Linux' sysrq, as the manual asks of a driver.",
    "If the command ends first, its exit code is the exit code. If this program is killed itself, the command goes on without a guard. --interval 0 watches nothing.",
  ],
  examples: [
    ["mhd failfast /dev/sg1 --key 0xabc", "until this host is fenced"],
    ["mhd failfast --interval 1000 --on-loss kill --key 0xabc /dev/sg1 -- my-server --port 80", "guard a server"],
  ],
  takes: "unit",
  guards: true,
  required: [],
  options: ["key", "type", "persist", "interval", "answerWithin", "onSilence", "onLoss", "reinstate"],
  plan(values) {
    const shared = expectationOf(values).kind === "registered";
    const probe = shared
      ? [commands.readKeys(), commands.readReservation()]
      : [values.reinstate === true ? commands.reserve6() : commands.testUnitReady()];
    return {
      commands: probe,
      singlePath: shared ? undefined : RESERVE_IS_ONE_NEXUS,
      effect: `It would send this every ${values.interval ?? INTERVAL_MS} ms, and act when access is lost: ${values.onLoss ?? "kill"}.`,
    };
  },
  run,
};
