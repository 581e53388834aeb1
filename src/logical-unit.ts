/**
 * A logical unit over a transport: the one place where a status becomes a result or an error, where a failed delivery is
 * repeated or not, and where a lost answer is settled by looking.
 */
import type { Command } from "./command.ts";
import * as commands from "./commands/index.ts";
import { Status } from "./core/generated/codes.ts";
import { isScsiError, ScsiError } from "./errors.ts";
import { completedSenseKeys, failureOf } from "./failure.ts";
import { judge, type LostAnswerEvidence } from "./lost-answer.ts";
import { type Attempt, defaultRetryPolicy, nextDelayMs, type RetryPolicy } from "./retry.ts";
import { decodeSense, type SenseData } from "./sense.ts";
import type { ResetScope, ScsiResponse, Transport } from "./transport.ts";

type Commands = typeof commands;
type CommandName = keyof Commands;
type ResultOf<Name extends CommandName> = ReturnType<Commands[Name]> extends Command<infer Result> ? Result : never;
type ArgumentOf<Name extends CommandName> =
  Parameters<Commands[Name]> extends [] ? unknown : Parameters<Commands[Name]>[0];

/** Called with every delivery as it ends. */
export type AttemptObserver = (attempt: Attempt, command: Command<unknown>) => void;

/** What every method takes besides its own arguments. */
export interface ExecuteOptions {
  /** Gives up at once: rejects with code `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one delivery. Default 20 000. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds for everything: deliveries, pauses, looking after a lost answer. Default 60 000. */
  readonly deadlineMs?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly observer?: AttemptObserver | undefined;
}

/** A result with its history. */
export interface Outcome<Result> {
  readonly result: Result;
  /** Every delivery, the last one being the one that succeeded. */
  readonly attempts: readonly Attempt[];
  /** Unit attentions that were met and passed over on the way. */
  readonly unitAttentions: readonly SenseData[];
  /** If the answer was lost, and the target shows that the command was executed: what was seen. */
  readonly settledBy: LostAnswerEvidence | undefined;
}

/** The methods, one for each command: the command's arguments and {@link ExecuteOptions}, to the command's result. */
export type CommandMethods = {
  readonly [Name in CommandName]: undefined extends ArgumentOf<Name>
    ? (options?: NonNullable<ArgumentOf<Name>> & ExecuteOptions) => Promise<ResultOf<Name>>
    : unknown extends ArgumentOf<Name>
      ? (options?: ExecuteOptions) => Promise<ResultOf<Name>>
      : (options: ArgumentOf<Name> & ExecuteOptions) => Promise<ResultOf<Name>>;
};

/** A logical unit. */
export interface LogicalUnit extends CommandMethods {
  /** The transport's name: what is being talked to, without secrets. */
  readonly name: string;
  readonly transport: Transport;
  /**
   * Sends any command.
   *
   * @throws ScsiError for everything that target or path did
   */
  execute<Result>(command: Command<Result>, options?: ExecuteOptions): Promise<Result>;
  /** As {@link execute}, and tells what happened on the way. */
  perform<Result>(command: Command<Result>, options?: ExecuteOptions): Promise<Outcome<Result>>;
  /**
   * Resets, where the transport can.
   *
   * @throws ScsiError `TASK_MANAGEMENT_FAILED` if it cannot, or the target refuses
   */
  reset(scope: ResetScope, options?: Pick<ExecuteOptions, "signal" | "timeoutMs">): Promise<void>;
  /** Closes the transport. */
  [Symbol.asyncDispose](): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 20_000;
const DEFAULT_DEADLINE_MS = 60_000;

/** One command under way: what {@link perform} carries from delivery to delivery. */
interface Progress {
  readonly attempts: Attempt[];
  readonly unitAttentions: SenseData[];
  readonly deadline: number;
  readonly options: ExecuteOptions;
}

function checkTimes(options: ExecuteOptions): void {
  for (const name of ["timeoutMs", "deadlineMs"] as const) {
    const value = options[name];
    if (value !== undefined && !(typeof value === "number" && value > 0)) {
      throw new RangeError(`${name} must be more than 0 milliseconds, got ${String(value)}`);
    }
  }
}

/** Waits; rejects as the transport would if the signal fires meanwhile. */
function pause(ms: number, command: string, signal: AbortSignal | undefined): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(
        new ScsiError(`Cannot ${command}: given up by the caller between two attempts`, {
          code: "ABORTED",
          command,
          delivered: "no",
          cause: signal?.reason,
        }),
      );
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** The same error, with what is known about the command around it. */
function withContext(error: ScsiError, command: Command<unknown>, unit: string, progress: Progress): ScsiError {
  const prefix = error.command === undefined ? `Cannot ${command.name}: ` : "";
  const tries = progress.attempts.length > 1 ? ` (after ${progress.attempts.length} attempts)` : "";
  return new ScsiError(`${prefix}${error.message}${tries}`, {
    code: error.code,
    command: command.name,
    unit,
    status: error.status,
    sense: error.sense,
    field: error.field,
    delivered: error.delivered,
    attempts: progress.attempts,
    cause: error.cause ?? error,
  });
}

/**
 * A logical unit over a transport, which it owns from now on.
 *
 * @param transport the way to it
 * @param defaults used by every call that does not say otherwise
 * @example
 * await using unit = createLogicalUnit(transport, { timeoutMs: 5000 });
 * await unit.register({ newKey: 0xabcn });
 */
export function createLogicalUnit(transport: Transport, defaults: ExecuteOptions = {}): LogicalUnit {
  checkTimes(defaults);

  async function deliver(command: Command<unknown>, progress: Progress): Promise<ScsiResponse | ScsiError> {
    const { options } = progress;
    const startedMs = performance.now();
    const timeoutMs = Math.min(options.timeoutMs as number, progress.deadline - startedMs);
    let response: ScsiResponse | undefined;
    let failure: ScsiError | undefined;
    let sense: SenseData | undefined;
    try {
      response = await transport.execute(command, { signal: options.signal, timeoutMs });
    } catch (error) {
      if (!isScsiError(error)) throw error;
      failure = error;
    }
    if (response !== undefined && response.status !== Status.GOOD) {
      sense = response.status === Status.CHECK_CONDITION ? decodeSense(response.sense) : undefined;
      const completed = sense !== undefined && !sense.deferred && completedSenseKeys.has(sense.senseKey);
      if (!completed) failure = failureOf(command, transport.name, response);
    }
    const attempt: Attempt = {
      command: command.name,
      startedMs,
      durationMs: performance.now() - startedMs,
      delivered: failure?.delivered ?? "yes",
      status: response?.status,
      sense,
      code: failure?.code,
    };
    progress.attempts.push(attempt);
    if (failure?.code === "UNIT_ATTENTION" && sense !== undefined) progress.unitAttentions.push(sense);
    options.observer?.(attempt, command);
    return failure ?? (response as ScsiResponse);
  }

  /** Delivers until it succeeds or the policy gives up; then throws the last failure, without context. */
  async function deliverUntilDone(command: Command<unknown>, progress: Progress): Promise<ScsiResponse> {
    const policy = progress.options.retry ?? defaultRetryPolicy;
    for (let tries = 1; ; tries++) {
      const answer = await deliver(command, progress);
      if (!(answer instanceof Error)) return answer;
      const delay = nextDelayMs(policy, command, answer, tries);
      if (delay === undefined || performance.now() + delay >= progress.deadline) throw answer;
      await pause(delay, command.name, progress.options.signal);
    }
  }

  /** Reads the answer; asks once more with more room if that is what it takes. */
  async function complete<Result>(
    command: Command<Result>,
    response: ScsiResponse,
    progress: Progress,
  ): Promise<Result> {
    const larger = command.again?.(response.dataIn);
    if (larger === undefined) return command.read(response.dataIn);
    const second = await deliverUntilDone(larger, progress);
    return larger.read(second.dataIn);
  }

  /** Looks at the target after a lost answer. Undefined if even that does not succeed. */
  async function look(command: Command<unknown>, progress: Progress): Promise<LostAnswerEvidence | undefined> {
    if (command.intent === undefined) return undefined;
    const ask = async <Result>(question: Command<Result>): Promise<Result> =>
      complete(question, await deliverUntilDone(question, progress), progress);
    try {
      const keys = await ask(commands.readKeys());
      const reservation = await ask(commands.readReservation());
      // Many targets do not have READ FULL STATUS: then keys must do.
      const status = await ask(commands.readFullStatus()).catch(() => undefined);
      const registrations = status?.truncated === false ? status.registrations : undefined;
      const seen = { keys, reservation, registrations };
      return { ...seen, verdict: judge(command.intent, seen, transport.initiatorPort) };
    } catch (error) {
      if (isScsiError(error)) return undefined;
      throw error;
    }
  }

  function lostAnswer(
    command: Command<unknown>,
    cause: ScsiError,
    evidence: LostAnswerEvidence | undefined,
    progress: Progress,
  ): ScsiError {
    const found = {
      achieved: "",
      "not-achieved": "what it should bring about is not there now",
      undecided: "what the target shows now does not tell",
    };
    const seen = evidence === undefined ? "and the target could not be asked" : `and ${found[evidence.verdict]}`;
    return new ScsiError(
      `Cannot ${command.name}: its answer was lost (${cause.message}), ${seen}. It has not been repeated; look at keys and reservation, then decide`,
      {
        code: "LOST_ANSWER",
        command: command.name,
        unit: transport.name,
        delivered: "unknown",
        attempts: progress.attempts,
        evidence,
        cause,
      },
    );
  }

  async function perform<Result>(command: Command<Result>, given: ExecuteOptions = {}): Promise<Outcome<Result>> {
    checkTimes(given);
    const options: ExecuteOptions = {
      signal: given.signal ?? defaults.signal,
      timeoutMs: given.timeoutMs ?? defaults.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      deadlineMs: given.deadlineMs ?? defaults.deadlineMs ?? DEFAULT_DEADLINE_MS,
      retry: given.retry ?? defaults.retry,
      observer: given.observer ?? defaults.observer,
    };
    const progress: Progress = {
      attempts: [],
      unitAttentions: [],
      deadline: performance.now() + (options.deadlineMs as number),
      options,
    };
    let settledBy: LostAnswerEvidence | undefined;
    try {
      const response = await deliverUntilDone(command, progress);
      const result = await complete(command, response, progress);
      return { result, attempts: progress.attempts, unitAttentions: progress.unitAttentions, settledBy };
    } catch (error) {
      if (!isScsiError(error)) throw error;
      const lost = error.delivered === "unknown" && error.code !== "ABORTED" && command.intent !== undefined;
      if (!lost) throw withContext(error, command, transport.name, progress);
      settledBy = await look(command, progress);
      if (settledBy?.verdict !== "achieved") throw lostAnswer(command, error, settledBy, progress);
      const result = command.read(new Uint8Array(0));
      return { result, attempts: progress.attempts, unitAttentions: progress.unitAttentions, settledBy };
    }
  }

  const execute = async <Result>(command: Command<Result>, options?: ExecuteOptions): Promise<Result> =>
    (await perform(command, options)).result;

  const methods = Object.fromEntries(
    Object.entries(commands).map(([name, build]) => [
      name,
      // The builders check their arguments: a bad one rejects, and nothing has been sent.
      async (options?: ExecuteOptions) => execute((build as (options?: unknown) => Command<unknown>)(options), options),
    ]),
  ) as unknown as CommandMethods;

  return {
    ...methods,
    name: transport.name,
    transport,
    execute,
    perform,
    async reset(scope, options = {}) {
      if (transport.reset === undefined) {
        throw new ScsiError(`Cannot reset the ${scope}: ${transport.name} has no task management`, {
          code: "TASK_MANAGEMENT_FAILED",
          unit: transport.name,
          delivered: "no",
        });
      }
      await transport.reset(scope, { signal: options.signal, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS });
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}
