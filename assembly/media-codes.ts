/** The numbers of media changers and tape drives. No code. Sources are named in media-fields.ts. */

/** Operation codes that mean something else on other kinds of devices. */
export enum ChangerOperationCode {
  INITIALIZE_ELEMENT_STATUS            = 0x07,
  OPEN_CLOSE_IMPORT_EXPORT_ELEMENT     = 0x1b,
  POSITION_TO_ELEMENT                  = 0x2b,
  INITIALIZE_ELEMENT_STATUS_WITH_RANGE = 0x37,
  LOG_SENSE                            = 0x4d,
  MOVE_MEDIUM                          = 0xa5,
  EXCHANGE_MEDIUM                      = 0xa6,
  READ_ELEMENT_STATUS                  = 0xb8,
}

export enum StreamOperationCode {
  REWIND                 = 0x01,
  READ_BLOCK_LIMITS      = 0x05,
  READ_6                 = 0x08,
  WRITE_6                = 0x0a,
  WRITE_FILEMARKS_6      = 0x10,
  SPACE_6                = 0x11,
  ERASE_6                = 0x19,
  LOAD_UNLOAD            = 0x1b,
  LOCATE_10              = 0x2b,
  READ_POSITION          = 0x34,
  LOG_SENSE              = 0x4d,
}

/** sl150 page 184. 0 in a CDB: all of them. */
export enum ElementType {
  ALL                    = 0,
  MEDIUM_TRANSPORT       = 1,
  STORAGE                = 2,
  IMPORT_EXPORT          = 3,
  DATA_TRANSFER          = 4,
}

export enum PeripheralDeviceType {
  SEQUENTIAL_ACCESS      = 0x01,
  MEDIUM_CHANGER         = 0x08,
}

/** Mode pages of media changers. */
export enum ChangerModePage {
  ELEMENT_ADDRESS_ASSIGNMENT = 0x1d,
  TRANSPORT_GEOMETRY     = 0x1e,
  DEVICE_CAPABILITIES    = 0x1f,
}

export enum LogPage {
  SUPPORTED_PAGES        = 0x00,
  TAPE_ALERT             = 0x2e,
  INFORMATIONAL_EXCEPTIONS = 0x2f,
}

/** SPACE: what is counted. */
export enum SpaceCode {
  BLOCKS                 = 0,
  FILEMARKS              = 1,
  END_OF_DATA            = 3,
}

/** Lengths of whole structures, in bytes. */
export enum MediaSize {
  ELEMENT_STATUS_HEADER      =  8,
  ELEMENT_STATUS_PAGE_HEADER =  8,
  ELEMENT_DESCRIPTOR         = 12,
  VOLUME_TAG                 = 36,
  VOLUME_TAG_TEXT            = 32,
  ELEMENT_IDENTIFIER_HEADER  =  4,
  ELEMENT_ADDRESS_ASSIGNMENT_PAGE = 20,
  TRANSPORT_GEOMETRY_PAGE    =  4,
  DEVICE_CAPABILITIES_PAGE   = 20,
  LOG_PAGE_HEADER            =  4,
  LOG_PARAMETER_HEADER       =  4,
  READ_BLOCK_LIMITS_DATA     =  6,
  READ_POSITION_DATA         = 20,
  STREAM_BLOCK_DESCRIPTOR    =  8,
}
