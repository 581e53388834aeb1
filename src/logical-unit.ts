/**
 * A logical unit over a transport: the one place where a status becomes a result or an error, where a failed delivery is
 * repeated or not, and where a lost answer is settled by looking.
 */
import type { Command } from "./command.ts";
import * as commands from "./commands/index.ts";
import { Status } from "./core/generated/codes.ts";
import { isScsiError, ScsiError, transportError } from "./errors.ts";
import { completedSenseKeys, failureOf } from "./failure.ts";
import { judge, type LostAnswerEvidence } from "./lost-answer.ts";
import { type Attempt, defaultRetryPolicy, nextDelayMs, type RetryPolicy } from "./retry.ts";
import { decodeSense, type SenseData } from "./sense.ts";
import type { ResetScope, ScsiResponse, Transport } from "./transport.ts";
import type { TransportId } from "./transport-id.ts";

/** The name of a function of `commands`, and of the method that sends what it makes. */
export type CommandName = keyof typeof commands;
/** What a command brings. */
export type ResultOf<Name extends CommandName> =
  ReturnType<(typeof commands)[Name]> extends Command<infer Result> ? Result : never;
/** What a command is made from; unknown of one that is made from nothing. */
export type ArgumentOf<Name extends CommandName> =
  Parameters<(typeof commands)[Name]> extends [] ? unknown : Parameters<(typeof commands)[Name]>[0];

/** Called with every delivery as it ends; `path` names the path of a unit of several. */
export type AttemptObserver = (attempt: Attempt, command: Command<unknown>, path?: string) => void;

/** What every method takes besides its own arguments. */
export interface ExecuteOptions {
  /** Gives up at once: rejects with code `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one delivery. Default 20 000. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds for everything: deliveries, pauses, looking after a lost answer. Default 60 000. */
  readonly deadlineMs?: number | undefined;
  /** What may be repeated; {@link defaultRetryPolicy} unless given. */
  readonly retry?: RetryPolicy | undefined;
  /** Is told of every delivery as it ends. */
  readonly observer?: AttemptObserver | undefined;
}

/** A result with its history. */
export interface Outcome<Result> {
  /** What the command brought. */
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
  readonly [Name in CommandName]: unknown extends ArgumentOf<Name>
    ? (options?: ExecuteOptions) => Promise<ResultOf<Name>>
    : undefined extends ArgumentOf<Name>
      ? (options?: NonNullable<ArgumentOf<Name>> & ExecuteOptions) => Promise<ResultOf<Name>>
      : (options: ArgumentOf<Name> & ExecuteOptions) => Promise<ResultOf<Name>>;
};

/** A logical unit, through one path or several. */
export interface Unit extends CommandMethods {
  /** What is being talked to, without secrets. */
  readonly name: string;
  /** The initiator ports of its paths, as far as they are known: how to find ourselves in READ FULL STATUS. */
  readonly initiatorPorts: readonly TransportId[];
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
  /**
   * Has every delivery of every command of this unit told, whoever sends it, besides to the call's own observer.
   *
   * @returns what ends it
   */
  observe(observer: AttemptObserver): () => void;
  /** Closes the way, or all of them. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A logical unit through one path. */
export interface LogicalUnit extends Unit {
  /** The way to it. */
  readonly transport: Transport;
}

const DEFAULT_TIMEOUT_MS = 20_000;
const DEFAULT_DEADLINE_MS = 60_000;

/** What is remembered of one command: its {@link Outcome} without the result. */
interface History {
  readonly attempts: Attempt[];
  readonly unitAttentions: SenseData[];
  settledBy: LostAnswerEvidence | undefined;
}

/** One command under way: what is carried from delivery to delivery. */
interface Progress {
  readonly history: History;
  readonly deadline: number;
  readonly options: ExecuteOptions;
}

const noHistory = (): History => ({ attempts: [], unitAttentions: [], settledBy: undefined });

function checkTime(name: string, value: unknown): void {
  if (value !== undefined && !(typeof value === "number" && value > 0)) {
    throw new RangeError(`${name} must be more than 0 milliseconds, got ${String(value)}`);
  }
}

function checkTimes(options: ExecuteOptions): void {
  checkTime("timeoutMs", options.timeoutMs);
  checkTime("deadlineMs", options.deadlineMs);
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
    // A signal that has fired does not fire again.
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** The same error, with what is known about the command around it. */
function withContext(error: ScsiError, command: Command<unknown>, unit: string, progress: Progress): ScsiError {
  const prefix = error.command === undefined ? `Cannot ${command.name}: ` : "";
  const { attempts } = progress.history;
  const tries = attempts.length > 1 ? ` (after ${attempts.length} attempts)` : "";
  return new ScsiError(`${prefix}${error.message}${tries}`, {
    code: error.code,
    command: command.name,
    unit,
    status: error.status,
    sense: error.sense,
    field: error.field,
    delivered: error.delivered,
    attempts,
    cause: error.cause ?? error,
  });
}

/** The methods: each builds its command and has it executed. */
export function methodsOver(
  builders: typeof commands,
  execute: <Result>(command: Command<Result>, options?: ExecuteOptions) => Promise<Result>,
): CommandMethods {
  return Object.fromEntries(
    Object.entries(builders).map(([name, build]) => [
      name,
      (options?: ExecuteOptions) => {
        try {
          return execute((build as (options?: unknown) => Command<unknown>)(options), options);
        } catch (error) {
          // The builders check their arguments: a bad one rejects, and nothing has been sent.
          return Promise.reject(error);
        }
      },
    ]),
  ) as unknown as CommandMethods;
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
  const observers = new Set<AttemptObserver>();

  /** Notes how a delivery ended: with an answer, or with an error for want of one. The failure, if it is one. */
  function note(
    command: Command<unknown>,
    progress: Progress,
    startedMs: number,
    response: ScsiResponse | undefined,
    lost: ScsiError | undefined,
  ): ScsiError | undefined {
    let failure = lost;
    let sense: SenseData | undefined;
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
    progress.history.attempts.push(attempt);
    if (failure?.code === "UNIT_ATTENTION" && sense !== undefined) progress.history.unitAttentions.push(sense);
    progress.options.observer?.(attempt, command);
    if (observers.size > 0) for (const observer of observers) observer(attempt, command);
    return failure;
  }

  /**
   * Everything that {@link LogicalUnit.execute} does: delivers until it succeeds or the policy gives up, and reads the answer;
   * asks once more with more room if that is what it takes. What happens on the way goes into the history. One function, for
   * every promise between caller and transport costs.
   *
   * @param within looking after a lost answer: the last failure is thrown without context, and no answer is settled
   */
  async function carryOut<Result>(
    question: Command<Result>,
    given: ExecuteOptions,
    history: History,
    within?: Progress,
  ): Promise<Result> {
    checkTimes(given);
    const options: ExecuteOptions = {
      signal: given.signal ?? defaults.signal,
      timeoutMs: given.timeoutMs ?? defaults.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      deadlineMs: given.deadlineMs ?? defaults.deadlineMs ?? DEFAULT_DEADLINE_MS,
      retry: given.retry ?? defaults.retry,
      observer: given.observer ?? defaults.observer,
    };
    let startedMs = performance.now();
    const progress = within ?? { history, deadline: startedMs + (options.deadlineMs as number), options };
    const { deadline } = progress;
    try {
      let command = question;
      for (let tries = 1; ; tries++, startedMs = performance.now()) {
        const left = deadline - startedMs;
        if (left <= 0) throw transportError("TIMEOUT", "no", "its deadline has passed");
        const timeoutMs = Math.min(options.timeoutMs as number, left);
        let response: ScsiResponse | undefined;
        let lost: ScsiError | undefined;
        try {
          response = await transport.execute(command, { signal: options.signal, timeoutMs });
        } catch (error) {
          if (!isScsiError(error)) throw error;
          lost = error;
        }
        const failure = note(command, progress, startedMs, response, lost);
        if (failure !== undefined) {
          const delay = nextDelayMs(options.retry ?? defaultRetryPolicy, command, failure, tries);
          if (delay === undefined || performance.now() + delay >= deadline) throw failure;
          await pause(delay, command.name, options.signal);
          continue;
        }
        const { dataIn } = response as ScsiResponse;
        const larger = command === question ? command.again?.(dataIn) : undefined;
        if (larger === undefined) return command.read(dataIn);
        command = larger;
        tries = 0;
      }
    } catch (error) {
      if (!isScsiError(error) || within !== undefined) throw error;
      return settle(question, error, progress);
    }
  }

  /** Looks at the target after a lost answer. Undefined if even that does not succeed. */
  async function look(command: Command<unknown>, progress: Progress): Promise<LostAnswerEvidence | undefined> {
    if (command.intent === undefined) return undefined;
    const { options, history } = progress;
    const ask = <Result>(question: Command<Result>) => carryOut(question, options, history, progress);
    try {
      const keys = await ask(commands.readKeys());
      const reservation = await ask(commands.readReservation());
      // Many targets do not have READ FULL STATUS: then keys must do.
      const status = await ask(commands.readFullStatus()).catch(() => undefined);
      const sameMoment = status?.truncated === false && status.prGeneration === keys.prGeneration;
      const registrations = sameMoment ? status.registrations : undefined;
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
        attempts: progress.history.attempts,
        evidence,
        cause,
      },
    );
  }

  /** What a command that failed comes to: of a lost answer the target can tell. Throws the failure with its context. */
  async function settle<Result>(command: Command<Result>, error: ScsiError, progress: Progress): Promise<Result> {
    const { history } = progress;
    const lost = error.delivered === "unknown" && error.code !== "ABORTED" && command.intent !== undefined;
    if (!lost) throw withContext(error, command, transport.name, progress);
    history.settledBy = await look(command, progress);
    if (history.settledBy?.verdict !== "achieved") throw lostAnswer(command, error, history.settledBy, progress);
    return command.read(new Uint8Array(0));
  }

  async function perform<Result>(command: Command<Result>, options: ExecuteOptions = {}): Promise<Outcome<Result>> {
    const history = noHistory();
    const result = await carryOut(command, options, history);
    return { result, ...history };
  }

  const execute = <Result>(command: Command<Result>, options: ExecuteOptions = {}): Promise<Result> =>
    carryOut(command, options, noHistory());

  return {
    ...methodsOver(commands, execute),
    name: transport.name,
    transport,
    initiatorPorts: transport.initiatorPort === undefined ? [] : [transport.initiatorPort],
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
    observe(observer) {
      // Wrapped, so that two who observe with the same function do not end each other.
      const one: AttemptObserver = (attempt, command) => observer(attempt, command);
      observers.add(one);
      return () => void observers.delete(one);
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}
