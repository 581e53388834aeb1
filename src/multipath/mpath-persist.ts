/**
 * libmpathpersist's interface: mpath_persistent_reserve_out(3) and mpath_persistent_reserve_in(3), with their arguments, their checks
 * and their results by name and number. They return what happened and do not throw for it, as those do; what they would print goes
 * to an observer.
 *
 * What holds of registrations and reservations is said in registering.ts, releasing.ts and in-turn.ts; here nothing is decided about
 * them.
 */
import type { Command } from "../command.ts";
import * as commands from "../commands/index.ts";
import { elsewhere, type MpathPersistResult, mpathPersistResults } from "../conversions.ts";
import { PersistentReserveIn, PersistentReserveOut, Scope } from "../core/generated/codes.ts";
import { isScsiError, type ScsiError } from "../errors.ts";
import type { ExecuteOptions, Unit } from "../logical-unit.ts";
import {
  type FullStatus,
  type RegisteredKeys,
  type ReservationCapabilities,
  type ReservationState,
  reservationTypeName,
} from "../reservation.ts";
import type { TransportId } from "../transport-id.ts";
import type { MultipathAccount } from "./account.ts";

/** MPATH_PROUT_*_SA: `rq_servact` of mpath_persistent_reserve_out(3). */
export const mpathReserveOutActions = {
  MPATH_PROUT_REG_SA: PersistentReserveOut.REGISTER,
  MPATH_PROUT_RES_SA: PersistentReserveOut.RESERVE,
  MPATH_PROUT_REL_SA: PersistentReserveOut.RELEASE,
  MPATH_PROUT_CLEAR_SA: PersistentReserveOut.CLEAR,
  MPATH_PROUT_PREE_SA: PersistentReserveOut.PREEMPT,
  MPATH_PROUT_PREE_AB_SA: PersistentReserveOut.PREEMPT_AND_ABORT,
  MPATH_PROUT_REG_IGN_SA: PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY,
} as const;

/** MPATH_PRIN_*_SA: `rq_servact` of mpath_persistent_reserve_in(3). */
export const mpathReserveInActions = {
  MPATH_PRIN_RKEY_SA: PersistentReserveIn.READ_KEYS,
  MPATH_PRIN_RRES_SA: PersistentReserveIn.READ_RESERVATION,
  MPATH_PRIN_RCAP_SA: PersistentReserveIn.REPORT_CAPABILITIES,
  MPATH_PRIN_RFSTAT_SA: PersistentReserveIn.READ_FULL_STATUS,
} as const;

/** `verbose`: 0 critical and errors, 1 warnings, 2 info, 3 debug. */
export type MpathVerbosity = 0 | 1 | 2 | 3;

/** Is given what libmpathpersist would log. */
export type MpathObserver = (level: MpathVerbosity, text: string) => void;

/** What both calls take besides. */
export interface MpathCallOptions extends Omit<ExecuteOptions, "observer"> {
  /** `noisy`: debugging trace, the bytes of every command: as level 3, whatever `verbose` says. */
  readonly noisy?: boolean | undefined;
  /** `verbose`, 0 to 3; 0 unless given. */
  readonly verbose?: MpathVerbosity | undefined;
  /** Where it goes; absent: nowhere. */
  readonly observer?: MpathObserver | undefined;
}

/** `paramp`: the fields of the parameter list. Absent ones are 0. */
export interface MpathParameters {
  /** RESERVATION KEY. */
  readonly key?: bigint | undefined;
  /** SERVICE ACTION RESERVATION KEY. */
  readonly serviceActionKey?: bigint | undefined;
  /** MPATH_F_APTPL_MASK. */
  readonly persistThroughPowerLoss?: boolean | undefined;
  /** MPATH_F_ALL_TG_PT_MASK. */
  readonly allTargetPorts?: boolean | undefined;
  /** MPATH_F_SPEC_I_PT_MASK and `trnptid_list`. */
  readonly initiatorPorts?: readonly TransportId[] | undefined;
}

/** Arguments of {@link mpathPersistentReserveOut}. */
export interface MpathReserveOutOptions extends MpathCallOptions {
  /** `rq_servact`: one of {@link mpathReserveOutActions}. */
  readonly serviceAction: number;
  /** `rq_scope`: always LU_SCOPE, 0; 0 unless given. */
  readonly scope?: number | undefined;
  /** `rq_type`: 1, 3, 5, 6, 7 or 8; of no meaning with REGISTER, REGISTER AND IGNORE EXISTING KEY and CLEAR. */
  readonly type?: number | undefined;
  /** `paramp`: the parameter list. */
  readonly parameters: MpathParameters;
}

/** What a call returns. */
export interface MpathResult<Response = undefined> {
  /** The name of the result: `MPATH_PR_…`. */
  readonly result: MpathPersistResult;
  /** The number that the C function would return. */
  readonly code: number;
  /** With MPATH_PR_SUCCESS of PERSISTENT RESERVE IN: the answer. */
  readonly response: Response | undefined;
  /** Why, with sense data and what happened on each path. */
  readonly error: ScsiError | TypeError | RangeError | undefined;
  /** What happened on each path; undefined where nothing was sent. */
  readonly account: MultipathAccount | undefined;
}

function returned<Response>(
  result: MpathPersistResult,
  more: Partial<Omit<MpathResult<Response>, "result" | "code">> = {},
): MpathResult<Response> {
  const { response, error, account } = more;
  return { result, code: mpathPersistResults[result], response, error, account };
}

const syntaxError = <Response>(error: TypeError | RangeError): MpathResult<Response> =>
  returned("MPATH_PR_SYNTAX_ERROR", { error });

/** Those that are sent a type. */
const typed: ReadonlySet<number> = new Set([
  PersistentReserveOut.RESERVE,
  PersistentReserveOut.RELEASE,
  PersistentReserveOut.PREEMPT,
  PersistentReserveOut.PREEMPT_AND_ABORT,
]);

/**
 * The command that a call means. A type that no standard names is sent as it is: the device server is to refuse it.
 *
 * @throws TypeError or RangeError where the call returns MPATH_PR_SYNTAX_ERROR
 */
export function mpathReserveOutCommand({
  serviceAction,
  scope = 0,
  type = 0,
  parameters,
}: MpathReserveOutOptions): Command<void> {
  const { key = 0n, serviceActionKey = 0n, persistThroughPowerLoss, allTargetPorts, initiatorPorts } = parameters;
  if (!(Object.values(mpathReserveOutActions) as number[]).includes(serviceAction)) {
    throw new RangeError(`rq_servact must be one of those of libmpathpersist, got ${serviceAction}`);
  }
  if (scope !== Scope.LOGICAL_UNIT) throw new RangeError(`rq_scope must be LU_SCOPE (0), got ${scope}`);
  const name = reservationTypeName(type);
  if (typed.has(serviceAction) && name === undefined) {
    if (!Number.isInteger(type) || type < 0 || type > 15) throw new RangeError(`rq_type must be 0 to 15, got ${type}`);
    return commands.uncheckedPersistentReserveOut({ serviceAction, typeCode: type, key, serviceActionKey });
  }
  const flags = { persistThroughPowerLoss, allTargetPorts, initiatorPorts };
  const reservation = { key, type: name ?? "write-exclusive" } as const;
  switch (serviceAction) {
    case PersistentReserveOut.REGISTER:
      return commands.register({ key, newKey: serviceActionKey, ...flags });
    case PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY:
      return commands.registerAndIgnoreExistingKey({ newKey: serviceActionKey, ...flags });
    case PersistentReserveOut.RESERVE:
      return commands.reserve(reservation);
    case PersistentReserveOut.RELEASE:
      return commands.release(reservation);
    case PersistentReserveOut.CLEAR:
      return commands.clear({ key });
    case PersistentReserveOut.PREEMPT:
      return commands.preempt({ ...reservation, victimKey: serviceActionKey });
    default:
      return commands.preemptAndAbort({ ...reservation, victimKey: serviceActionKey });
  }
}

/** Carries it out and puts the result into libmpathpersist's words. */
async function call<Result>(
  map: Unit,
  command: Command<Result>,
  options: MpathCallOptions,
): Promise<MpathResult<Result>> {
  const { noisy = false, verbose = 0, observer, ...execute } = options;
  const limit = noisy ? 3 : verbose;
  const tell = (level: MpathVerbosity, text: string): void => {
    if (level <= limit) observer?.(level, `${map.name}: ${text}`);
  };
  const told = (account: MultipathAccount | undefined): void => {
    for (const { path, reply, alive } of account?.paths ?? []) {
      tell(alive === false ? 1 : 3, `${path}: ${alive === false ? "not usable" : reply}`);
    }
    for (const step of account?.steps ?? []) tell(3, `${step.kind}: ${step.why}`);
  };
  tell(3, `sending ${command.name}`);
  try {
    const outcome = await map.perform(command, {
      ...execute,
      observer: (attempt) =>
        tell(3, `${attempt.command}: ${attempt.code ?? "GOOD"}, ${Math.round(attempt.durationMs)} ms`),
    });
    const account = "account" in outcome ? (outcome.account as MultipathAccount) : undefined;
    told(account);
    tell(2, `${command.name}: success`);
    return returned("MPATH_PR_SUCCESS", { response: outcome.result, account });
  } catch (error) {
    if (!isScsiError(error)) throw error;
    told(error.account);
    tell(0, error.message);
    return returned(elsewhere(error).mpath, { error, account: error.account });
  }
}

const checkVerbosity = (verbose: unknown): RangeError | undefined =>
  verbose === undefined || verbose === 0 || verbose === 1 || verbose === 2 || verbose === 3
    ? undefined
    : new RangeError(`verbose must be 0 to 3, got ${String(verbose)}`);

/**
 * mpath_persistent_reserve_out(3): PERSISTENT RESERVE OUT to a multipath device.
 *
 * @param map the device: a unit of several paths; one of a single path does too
 * @returns never rejects for what target, path or arguments did: every documented result, with its number
 * @example
 * const { result } = await mpathPersistentReserveOut(unit, {
 *   serviceAction: mpathReserveOutActions.MPATH_PROUT_REG_SA,
 *   parameters: { serviceActionKey: 0x123abcn },
 * });
 */
export async function mpathPersistentReserveOut(map: Unit, options: MpathReserveOutOptions): Promise<MpathResult> {
  const { serviceAction: _action, scope: _scope, type: _type, parameters: _parameters, ...rest } = options;
  const wrong = checkVerbosity(options.verbose);
  if (wrong !== undefined) return syntaxError(wrong);
  let command: Command<void>;
  try {
    command = mpathReserveOutCommand(options);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return syntaxError(error);
    throw error;
  }
  const { response: _none, ...result } = await call(map, command, rest);
  return { ...result, response: undefined };
}

/** What {@link mpathPersistentReserveIn} answers, by service action. */
export type MpathReserveInResponse =
  | { readonly serviceAction: 0; readonly keys: RegisteredKeys }
  | { readonly serviceAction: 1; readonly reservation: ReservationState }
  | { readonly serviceAction: 2; readonly capabilities: ReservationCapabilities }
  | { readonly serviceAction: 3; readonly status: FullStatus };

/** Arguments of {@link mpathPersistentReserveIn}. */
export interface MpathReserveInOptions extends MpathCallOptions {
  /** `rq_servact`: one of {@link mpathReserveInActions}. */
  readonly serviceAction: number;
  /** `mpath_mx_alloc_len`: ALLOCATION LENGTH, 8 to 65535 bytes. */
  readonly allocationLengthBytes?: number | undefined;
}

/**
 * mpath_persistent_reserve_in(3): PERSISTENT RESERVE IN to a multipath device, through the first path that answers.
 *
 * @param map the device: a unit of several paths; one of a single path does too
 * @returns as {@link mpathPersistentReserveOut}
 */
export async function mpathPersistentReserveIn(
  map: Unit,
  options: MpathReserveInOptions,
): Promise<MpathResult<MpathReserveInResponse>> {
  const { serviceAction, allocationLengthBytes, ...rest } = options;
  const wrong = checkVerbosity(options.verbose);
  if (wrong !== undefined) return syntaxError(wrong);
  /** One service action: its command, and the response made of its answer. */
  async function ask<Answer>(
    build: (allocation: { readonly allocationLengthBytes?: number | undefined }) => Command<Answer>,
    respond: (answer: Answer) => MpathReserveInResponse,
  ): Promise<MpathResult<MpathReserveInResponse>> {
    let command: Command<Answer>;
    try {
      command = build({ allocationLengthBytes });
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) return syntaxError(error);
      throw error;
    }
    const { response, ...result } = await call(map, command, rest);
    return { ...result, response: response === undefined ? undefined : respond(response) };
  }
  switch (serviceAction) {
    case PersistentReserveIn.READ_KEYS:
      return ask(commands.readKeys, (keys) => ({ serviceAction: 0, keys }));
    case PersistentReserveIn.READ_RESERVATION:
      return ask(commands.readReservation, (reservation) => ({ serviceAction: 1, reservation }));
    case PersistentReserveIn.REPORT_CAPABILITIES:
      return ask(
        () => commands.reportCapabilities(),
        (capabilities) => ({ serviceAction: 2, capabilities }),
      );
    case PersistentReserveIn.READ_FULL_STATUS:
      return ask(commands.readFullStatus, (status) => ({ serviceAction: 3, status }));
    default:
      return syntaxError(new RangeError(`rq_servact must be 0 to 3, got ${serviceAction}`));
  }
}
