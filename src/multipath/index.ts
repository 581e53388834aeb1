/** One logical unit through several paths. Re-exports only. */
export { type MpathPersistResult, mpathPersistResults } from "../conversions.ts";
export type { MultipathAccount, PathAccount, StepAccount } from "./account.ts";
export type { ReturnedPath } from "./algorithms.ts";
export type { MultipathMap } from "./executor.ts";
export { type GroupedPaths, groupPaths, type RefusedPath } from "./group.ts";
export { openMultipathUnit } from "./identify.ts";
export { isMultipath } from "./is-multipath.ts";
export { createPathLimits, type PathLimitOptions, type PathLimits } from "./limits.ts";
export {
  type MpathCallOptions,
  type MpathObserver,
  type MpathParameters,
  type MpathReserveInOptions,
  type MpathReserveInResponse,
  type MpathReserveOutOptions,
  type MpathResult,
  type MpathVerbosity,
  mpathPersistentReserveIn,
  mpathPersistentReserveOut,
  mpathReserveInActions,
  mpathReserveOutActions,
} from "./mpath-persist.ts";
export type { Path } from "./path.ts";
export type { PlannedStep } from "./plan.ts";
export type { ReplyKind, StepKind } from "./step.ts";
export { createMultipathUnit, type MultipathOptions, type MultipathOutcome, type MultipathUnit } from "./unit.ts";
