/**
 * The second public surface, `scsi-persist/explain`: what bytes, errors and conflicts mean, in words for people. Re-exports only.
 * Apart from the library because it is mostly text, which a program that decides and does not talk can do without.
 */
export { allowCommandsText } from "./allow-commands.ts";
export { reservationTypeMeanings } from "./conflict-rules.ts";
export {
  blockReservationTypeName,
  blockReservationTypes,
  type Elsewhere,
  elsewhere,
  type MpathPersistResult,
  type MultihostErrno,
  mpathPersistResults,
} from "./conversions.ts";
export { type DescribedBytes, type DescribedCommand, describeCommand } from "./describe.ts";
export { designatorTypeName, deviceTypeName, standardVersionName } from "./device-names.ts";
export { scsiErrorCodes } from "./error-codes.ts";
export {
  type ConflictEvidence,
  type ConflictExplanation,
  type ConflictReason,
  type ConflictRemedy,
  explainConflict,
  legacyReservationConflict,
} from "./explain-conflict.ts";
export { explainSense, type Sent } from "./explain-sense.ts";
export { type CommandLayout, type LayoutRow, layoutOf, layoutRows } from "./layout.ts";
export { setField } from "./set-field.ts";
