/**
 * The flat records that go between the core and TypeScript, in the records window: one enum per record, one row per slot.
 * A slot is a byte offset. `…_U64` slots hold eight bytes, all others four; little-endian, as Wasm is. No code.
 */

/** Before the rows of every list: keys, registrations, designators, LUNs, VPD page codes. */
export enum ListRecord {
  /** PRGENERATION, where the response has one. */
  GENERATION          = 0,
  /** How many bytes the whole response would have, header included, as the device server counts them. */
  WHOLE_LENGTH        = 4,
  /** Rows that follow. */
  COUNT               = 8,
  /** 1 if the device server has more than arrived. */
  TRUNCATED           = 12,
}

/** PERSISTENT RESERVE IN, READ RESERVATION. */
export enum ReservationRecord {
  GENERATION          = 0,
  /** 1 if there is a reservation. */
  HELD                = 4,
  SCOPE               = 8,
  TYPE                = 12,
  KEY_U64             = 16,
  /** 1 if a reservation exists but did not arrive whole. */
  TRUNCATED           = 24,
  WHOLE_LENGTH        = 28,
}

/** PERSISTENT RESERVE IN, REPORT CAPABILITIES. */
export enum CapabilitiesRecord {
  /** Bits as they stand in bytes 2 and 3 (byte 2 the higher). */
  FLAGS               = 0,
  /** Bits as they stand in bytes 4 and 5 (byte 4 the higher). */
  TYPE_MASK           = 4,
  ALLOW_COMMANDS      = 8,
  WHOLE_LENGTH        = 12,
  TRUNCATED           = 16,
}

/** One registration of READ FULL STATUS: a row. */
export enum RegistrationRow {
  KEY_U64             = 0,
  ALL_TG_PT           = 8,
  R_HOLDER            = 12,
  SCOPE               = 16,
  TYPE                = 20,
  RELATIVE_TARGET_PORT = 24,
  /** Where its TransportID begins in the data window, and how long it is; then what decodeTransportId makes of it. */
  TRANSPORTID_OFFSET  = 28,
  TRANSPORTID         = 32,
  SIZE                = 72,
}

/** One TransportID. */
export enum TransportIdRecord {
  LENGTH              = 0,
  PROTOCOL            = 4,
  FORMAT              = 8,
  /** iSCSI: where the name's text begins in the data window, and its length without NULs. */
  NAME_OFFSET         = 12,
  NAME_LENGTH         = 16,
  /** 1 if the form is one that is read here and is well formed; otherwise only LENGTH, PROTOCOL and FORMAT count. */
  KNOWN               = 20,
  /** The port's address, name or identifier; of 128 bits the upper 64. */
  ADDRESS_U64         = 24,
  /** SRP: the lower 64 bits; SPI: the relative target port identifier. */
  SECOND_U64          = 32,
  SIZE                = 40,
}

/** One designation descriptor of VPD page 83h: a row. */
export enum DesignatorRow {
  CODE_SET            = 0,
  /** 0 to 15, or -1 where PIV says that it does not count. */
  PROTOCOL            = 4,
  ASSOCIATION         = 8,
  TYPE                = 12,
  OFFSET              = 16,
  LENGTH              = 20,
  SIZE                = 24,
}

/** One target port group: a row. */
export enum TargetPortGroupRow {
  PREFERRED           = 0,
  STATE               = 4,
  /** Byte 1 of its descriptor: which states it supports. */
  SUPPORTED           = 8,
  GROUP               = 12,
  STATUS              = 16,
  /** Where its target port descriptors begin in the data window, and how many there are. */
  PORTS_OFFSET        = 20,
  PORT_COUNT          = 24,
  SIZE                = 28,
}

/** One command that a device server supports: a row. */
export enum SupportedCommandRow {
  OPERATION_CODE      = 0,
  /** 0 to 65535, or -1 where SERVACTV says that there is none. */
  SERVICE_ACTION      = 4,
  CDB_LENGTH          = 8,
  SIZE                = 12,
}

/** Whether a device server supports one command. */
export enum OneCommandRecord {
  SUPPORT             = 0,
  CDB_SIZE            = 4,
  /** Where the CDB usage data begin in the data window, and how many bytes of them are there. */
  USAGE_OFFSET        = 8,
  USAGE_LENGTH        = 12,
}

/** One element of a media changer: a row. Its descriptor is in the data window, LENGTH bytes from OFFSET on. */
export enum ElementRow {
  TYPE                = 0,
  /** 1 if the descriptor has a primary volume tag, and an alternate one. */
  PVOLTAG             = 4,
  AVOLTAG             = 8,
  OFFSET              = 12,
  LENGTH              = 16,
  SIZE                = 20,
}

/** READ CAPACITY (10) and (16). */
export enum CapacityRecord {
  LAST_LBA_U64        = 0,
  BLOCK_LENGTH        = 8,
  PROTECTION_TYPE     = 12,
  PROTECTION_ENABLED  = 16,
  PHYSICAL_EXPONENT   = 20,
  THIN_PROVISIONED    = 24,
  UNMAPPED_READ_ZEROS = 28,
  LOWEST_ALIGNED_LBA  = 32,
}

/** Sense data, from either format. */
export enum SenseRecord {
  RESPONSE_CODE       = 0,
  SENSE_KEY           = 4,
  ASC                 = 8,
  ASCQ                = 12,
  /** Bits of SenseFlag. */
  FLAGS               = 16,
  FRU                 = 20,
  /** 1 if the sense data say that they are longer than what arrived. */
  TRUNCATED           = 24,
  /** The parts of SENSE KEY SPECIFIC; only with SenseFlag.SKSV. BIT_POINTER is -1 without BPV. */
  COMMAND_DATA        = 28,
  BIT_POINTER         = 32,
  /** The last two bytes, whatever the sense key makes of them: field pointer, progress, retry count. */
  FIELD_POINTER       = 36,
  INFORMATION_U64     = 40,
  COMMAND_SPECIFIC_U64 = 48,
  /** All 23 bits of SENSE KEY SPECIFIC; only with SenseFlag.SKSV. */
  SENSE_KEY_SPECIFIC  = 56,
  /** Descriptors, each a SenseDescriptorRow; none in fixed format. */
  COUNT               = 60,
  SIZE                = 64,
}

/** One sense data descriptor: a row. The offset is that of its DESCRIPTOR TYPE in the data window, the length its whole length. */
export enum SenseDescriptorRow {
  TYPE                = 0,
  OFFSET              = 4,
  LENGTH              = 8,
  SIZE                = 12,
}

/** What of a sense record counts. */
export enum SenseFlag {
  INFORMATION         = 1,
  COMMAND_SPECIFIC    = 2,
  SKSV                = 4,
  FRU                 = 8,
  FILEMARK            = 16,
  EOM                 = 32,
  ILI                 = 64,
  SDAT_OVFL           = 128,
}

/** One CDB, taken apart for a device server. Slots that the command does not have are 0. */
export enum CommandRecord {
  OPERATION_CODE      = 0,
  SERVICE_ACTION      = 4,
  /** Bytes (allocation or parameter list length) or blocks (transfer length), as the command counts. */
  LENGTH              = 8,
  SCOPE               = 12,
  TYPE                = 16,
  /** EVPD of INQUIRY, DESC of REQUEST SENSE. */
  FLAG                = 20,
  /** PAGE CODE of INQUIRY, SELECT REPORT of REPORT LUNS. */
  PAGE                = 24,
  CDB_LENGTH          = 28,
  LBA_U64             = 32,
  /** RDPROTECT or WRPROTECT. */
  PROTECT             = 40,
}

/** A parameter list of PERSISTENT RESERVE OUT, taken apart for a device server. */
export enum ParameterListRecord {
  RESERVATION_KEY_U64 = 0,
  SERVICE_ACTION_RESERVATION_KEY_U64 = 8,
  SPEC_I_PT           = 16,
  ALL_TG_PT           = 20,
  APTPL               = 24,
  UNREG               = 28,
  RELATIVE_TARGET_PORT = 32,
  /** Where TransportIDs begin in the data window, and how many bytes of them there are. */
  TRANSPORTIDS_OFFSET = 36,
  TRANSPORTIDS_LENGTH = 40,
}

/** Standard INQUIRY data. */
export enum InquiryRecord {
  QUALIFIER           = 0,
  DEVICE_TYPE         = 4,
  REMOVABLE           = 8,
  VERSION             = 12,
  WHOLE_LENGTH        = 16,
  /** Bytes of it that are there: text is only read within them. */
  THERE               = 20,
  TPGS                = 24,
  PROTECT             = 28,
  MULTIP              = 32,
  CMDQUE              = 36,
  SIZE                = 40,
}
