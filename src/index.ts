/** The public surface of the library without transports: re-exports only. */
export { type Access, accessUnder } from "./access.ts";
export { additionalSenseText } from "./additional-sense.ts";
export {
  type KeysInto,
  type PersistentReserveOutFields,
  readKeysInto,
  writePersistentReserveOut,
} from "./caller-buffers.ts";
export type { Command, Effect } from "./command.ts";
export type * from "./commands/index.ts";
/** The commands as values: functions from arguments to bytes, which any unit executes. */
export * as commands from "./commands/index.ts";
export { formatDesignator, sameLogicalUnit } from "./designators.ts";
export {
  isScsiError,
  ScsiError,
  type ScsiErrorCode,
  type ScsiErrorDetails,
  type TransportErrorCode,
  transportError,
} from "./errors.ts";
export { statusName } from "./failure.ts";
export {
  type ArgumentOf,
  type AttemptObserver,
  type CommandMethods,
  type CommandName,
  createLogicalUnit,
  type ExecuteOptions,
  type LogicalUnit,
  type Outcome,
  type ResultOf,
  type Unit,
} from "./logical-unit.ts";
export type { LostAnswerEvidence, ReservationIntent } from "./lost-answer.ts";
export { lunNumber, lunOf } from "./lun.ts";
export * from "./multihost/index.ts";
export * from "./multipath/index.ts";
export { type Registrant, registrantOf } from "./registrant.ts";
export * from "./reservation.ts";
export { type Attempt, type Delivery, defaultRetryPolicy, noRetries, type RetryPolicy } from "./retry.ts";
export {
  decodeSense,
  type FieldName,
  type FieldPointer,
  formatSense,
  type SegmentPointer,
  type SenseData,
  senseKeyName,
  type UnreadableSense,
  unreadableSense,
} from "./sense.ts";
export type { SenseDescriptor, SenseDescriptorContents } from "./sense-descriptors.ts";
export { readSense, type SenseNumbers } from "./sense-numbers.ts";
export { type Field, fieldNameAt, fieldsOf, type StructureName } from "./structures.ts";
export { supportedServiceActions } from "./supported-commands.ts";
export type {
  ResetScope,
  ScsiRequest,
  ScsiResponse,
  Transport,
  TransportOptions,
} from "./transport.ts";
export {
  decodeTransportId,
  encodeTransportId,
  type FcpTransportId,
  type IscsiTransportId,
  type OpaqueTransportId,
  type SasTransportId,
  type SbpTransportId,
  type SopTransportId,
  type SpiTransportId,
  type SrpTransportId,
  type TransportId,
} from "./transport-id.ts";
export { formatTransportId, parseTransportId, sameTransportId } from "./transport-id-text.ts";
