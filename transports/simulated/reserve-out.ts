/**
 * From a service action of PERSISTENT RESERVE OUT to its rule. Each is one uninterrupted series of actions: it either
 * changes the state and ends in GOOD, or changes nothing.
 */
import { PersistentReserveOut } from "../../src/core/generated/codes.ts";
import { move, register, replaceLost, reserve } from "./registering.ts";
import { clear, preempt, release } from "./releasing.ts";
import type { Outcome, ReservationRules, ReservationState, ReserveOutRequest } from "./reservations.ts";

type Rule = (state: ReservationState, rules: ReservationRules, request: ReserveOutRequest) => Outcome;

const rulesByServiceAction: Readonly<Record<number, Rule>> = {
  [PersistentReserveOut.REGISTER]: register,
  [PersistentReserveOut.RESERVE]: reserve,
  [PersistentReserveOut.RELEASE]: release,
  [PersistentReserveOut.CLEAR]: clear,
  [PersistentReserveOut.PREEMPT]: preempt,
  [PersistentReserveOut.PREEMPT_AND_ABORT]: preempt,
  [PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY]: register,
  [PersistentReserveOut.REGISTER_AND_MOVE]: move,
  [PersistentReserveOut.REPLACE_LOST_RESERVATION]: replaceLost,
};

/**
 * Performs one PERSISTENT RESERVE OUT that access.ts has let through.
 *
 * @param state changed if the outcome is GOOD, otherwise untouched
 */
export function reserveOut(state: ReservationState, rules: ReservationRules, request: ReserveOutRequest): Outcome {
  return (rulesByServiceAction[request.serviceAction] as Rule)(state, rules, request);
}
