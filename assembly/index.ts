/** The Wasm core's exports, and nothing else. */
export { cdb, cdbSize, data, dataSize, records, recordsSize, rowsOffset } from "./windows";
export {
  decodeCommand,
  decodeParameterList,
  inquiry,
  persistentReserveIn,
  persistentReserveOut,
  readCapacity10,
  readCapacity16,
  registerAndMove,
  reportLuns,
  requestSense,
  reserveUnit,
  testUnitReady,
  transfer10,
  transfer16,
} from "./commands";
export {
  decodeCapabilities,
  decodeCapacity10,
  decodeCapacity16,
  decodeDesignators,
  decodeFullStatus,
  decodeKeys,
  decodeLuns,
  decodeReservation,
  decodeVpdHeader,
  encodeCapabilities,
  encodeCapacity10,
  encodeCapacity16,
  encodeDesignatorHeader,
  encodeFullStatusDescriptor,
  encodeFullStatusHeader,
  encodeKeys,
  encodeLuns,
  encodeReservation,
  encodeVpdHeader,
} from "./responses";
export {
  beginCdb,
  cdbField,
  cdbLongField,
  dataField,
  dataLongField,
  putCdbField,
  putDataField,
  putDataLongField,
} from "./any-field";
export { decodeInquiry, encodeInquiry } from "./inquiry";
export { encodeDescriptorSense } from "./descriptor-sense";
export { decodeSense, encodeFieldPointer, encodeInformation, encodeSense } from "./sense";
export { decodeTransportId, encodeIscsiTransportId, encodeTransportId } from "./transport-id";
export { crc32c } from "./crc32c";
export {
  decodeAllCommands,
  decodeOneCommand,
  decodeTargetPortGroups,
  reportSupportedOperationCodes,
  reportTargetPortGroups,
} from "./maintenance-in";
export { decodeElementStatus, findElementAddresses } from "./media-changer";
