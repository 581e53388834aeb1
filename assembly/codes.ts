/** The numbers that the standards give to things. No code. Sources are named in fields.ts. */

/** smr-j 3 table 30, and spc2. */
export enum OperationCode {
  TEST_UNIT_READY        = 0x00,
  REQUEST_SENSE          = 0x03,
  READ_6                 = 0x08,
  WRITE_6                = 0x0a,
  INQUIRY                = 0x12,
  MODE_SELECT_6          = 0x15,
  RESERVE_6              = 0x16,
  RELEASE_6              = 0x17,
  MODE_SENSE_6           = 0x1a,
  START_STOP_UNIT        = 0x1b,
  PREVENT_ALLOW_MEDIUM_REMOVAL = 0x1e,
  READ_CAPACITY_10       = 0x25,
  READ_10                = 0x28,
  WRITE_10               = 0x2a,
  WRITE_AND_VERIFY_10    = 0x2e,
  VERIFY_10              = 0x2f,
  PRE_FETCH_10           = 0x34,
  SYNCHRONIZE_CACHE_10   = 0x35,
  WRITE_SAME_10          = 0x41,
  UNMAP                  = 0x42,
  MODE_SELECT_10         = 0x55,
  RESERVE_10             = 0x56,
  RELEASE_10             = 0x57,
  MODE_SENSE_10          = 0x5a,
  PERSISTENT_RESERVE_IN  = 0x5e,
  PERSISTENT_RESERVE_OUT = 0x5f,
  EXTENDED_COPY          = 0x83,
  RECEIVE_COPY_RESULTS   = 0x84,
  READ_16                = 0x88,
  COMPARE_AND_WRITE      = 0x89,
  WRITE_16               = 0x8a,
  ORWRITE_16             = 0x8b,
  WRITE_AND_VERIFY_16    = 0x8e,
  VERIFY_16              = 0x8f,
  PRE_FETCH_16           = 0x90,
  SYNCHRONIZE_CACHE_16   = 0x91,
  WRITE_SAME_16          = 0x93,
  SERVICE_ACTION_IN_16   = 0x9e,
  REPORT_LUNS            = 0xa0,
  MAINTENANCE_IN         = 0xa3,
  READ_12                = 0xa8,
  WRITE_12               = 0xaa,
  WRITE_AND_VERIFY_12    = 0xae,
  VERIFY_12              = 0xaf,
}

/** Service actions of SERVICE ACTION IN(16). */
export enum ServiceActionIn16 {
  READ_CAPACITY_16       = 0x10,
  GET_LBA_STATUS         = 0x12,
}

/** Service actions of MAINTENANCE IN. */
export enum MaintenanceIn {
  REPORT_TARGET_PORT_GROUPS                  = 0x0a,
  REPORT_SUPPORTED_OPERATION_CODES           = 0x0c,
  REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS = 0x0d,
}

/** smr-j 3.13.1 table 77. */
export enum PersistentReserveIn {
  READ_KEYS              = 0x00,
  READ_RESERVATION       = 0x01,
  REPORT_CAPABILITIES    = 0x02,
  READ_FULL_STATUS       = 0x03,
}

/** smr-j 3.14.2 table 89. */
export enum PersistentReserveOut {
  REGISTER                         = 0x00,
  RESERVE                          = 0x01,
  RELEASE                          = 0x02,
  CLEAR                            = 0x03,
  PREEMPT                          = 0x04,
  PREEMPT_AND_ABORT                = 0x05,
  REGISTER_AND_IGNORE_EXISTING_KEY = 0x06,
  REGISTER_AND_MOVE                = 0x07,
  REPLACE_LOST_RESERVATION         = 0x08,
}

/** smr-j 3.13.3.3 table 81. */
export enum Scope {
  LOGICAL_UNIT           = 0x0,
}

/** smr-j 3.13.3.4 table 82. */
export enum ReservationType {
  WRITE_EXCLUSIVE                    = 0x1,
  EXCLUSIVE_ACCESS                   = 0x3,
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY   = 0x5,
  EXCLUSIVE_ACCESS_REGISTRANTS_ONLY  = 0x6,
  WRITE_EXCLUSIVE_ALL_REGISTRANTS    = 0x7,
  EXCLUSIVE_ACCESS_ALL_REGISTRANTS   = 0x8,
}

/** SAM-5 5.3.1. */
export enum Status {
  GOOD                   = 0x00,
  CHECK_CONDITION        = 0x02,
  CONDITION_MET          = 0x04,
  BUSY                   = 0x08,
  RESERVATION_CONFLICT   = 0x18,
  TASK_SET_FULL          = 0x28,
  ACA_ACTIVE             = 0x30,
  TASK_ABORTED           = 0x40,
}

/** smr-j 2.4.1.5. */
export enum SenseKey {
  NO_SENSE               = 0x0,
  RECOVERED_ERROR        = 0x1,
  NOT_READY              = 0x2,
  MEDIUM_ERROR           = 0x3,
  HARDWARE_ERROR         = 0x4,
  ILLEGAL_REQUEST        = 0x5,
  UNIT_ATTENTION         = 0x6,
  DATA_PROTECT           = 0x7,
  BLANK_CHECK            = 0x8,
  VENDOR_SPECIFIC        = 0x9,
  COPY_ABORTED           = 0xa,
  ABORTED_COMMAND        = 0xb,
  RESERVED               = 0xc,
  VOLUME_OVERFLOW        = 0xd,
  MISCOMPARE             = 0xe,
  COMPLETED              = 0xf,
}

/** smr-j 2.4.1 table 11: response codes of sense data. */
export enum SenseResponseCode {
  FIXED_CURRENT          = 0x70,
  FIXED_DEFERRED         = 0x71,
  DESCRIPTOR_CURRENT     = 0x72,
  DESCRIPTOR_DEFERRED    = 0x73,
  VENDOR_SPECIFIC        = 0x7f,
}

/** smr-j 2.4.1.1.1 table 14: types of sense data descriptors. */
export enum SenseDescriptorType {
  INFORMATION            = 0x00,
  COMMAND_SPECIFIC       = 0x01,
  SENSE_KEY_SPECIFIC     = 0x02,
  FIELD_REPLACEABLE_UNIT = 0x03,
  STREAM_COMMANDS        = 0x04,
  BLOCK_COMMANDS         = 0x05,
  OSD_OBJECT_IDENTIFICATION = 0x06,
  OSD_RESPONSE_INTEGRITY = 0x07,
  OSD_ATTRIBUTE_IDENTIFICATION = 0x08,
  ATA_STATUS_RETURN      = 0x09,
  ANOTHER_PROGRESS       = 0x0a,
  USER_DATA_SEGMENT_REFERRAL = 0x0b,
  FORWARDED_SENSE        = 0x0c,
  DIRECT_ACCESS_BLOCK    = 0x0d,
}

/** spc4 7.5.1: PROTOCOL IDENTIFIER. */
export enum ProtocolIdentifier {
  FCP                    = 0x0,
  SPI                    = 0x1,
  SSA                    = 0x2,
  SBP                    = 0x3,
  SRP                    = 0x4,
  ISCSI                  = 0x5,
  SAS                    = 0x6,
  ADT                    = 0x7,
  ATA                    = 0x8,
  UAS                    = 0x9,
  SOP                    = 0xa,
}

/** smr-j: the vital product data pages that are read here. */
export enum VpdPage {
  SUPPORTED_VPD_PAGES    = 0x00,
  UNIT_SERIAL_NUMBER     = 0x80,
  DEVICE_IDENTIFICATION  = 0x83,
  BLOCK_LIMITS           = 0xb0,
  BLOCK_DEVICE_CHARACTERISTICS = 0xb1,
  LOGICAL_BLOCK_PROVISIONING   = 0xb2,
}

/** smr-j: the mode pages that are here. */
export enum ModePage {
  CACHING                  = 0x08,
  CONTROL                  = 0x0a,
  INFORMATIONAL_EXCEPTIONS = 0x1c,
  ALL                      = 0x3f,
}

/** Lengths of whole structures, in bytes. */
export enum Size {
  CDB_6                            =  6,
  CDB_10                           = 10,
  CDB_12                           = 12,
  CDB_16                           = 16,
  PERSISTENT_RESERVE_OUT_LIST      = 24,
  SPECIFY_INITIATOR_PORTS_HEADER   = 28,
  PERSISTENT_RESERVE_IN_HEADER     =  8,
  RESERVATION_DESCRIPTOR           = 16,
  REPORT_CAPABILITIES_DATA         =  8,
  FULL_STATUS_DESCRIPTOR_HEADER    = 24,
  RESERVATION_KEY                  =  8,
  TRANSPORTID                      = 24,
  TRANSPORTID_NAME_OFFSET          =  4,
  INQUIRY_DATA                     = 36,
  VPD_HEADER                       =  4,
  DESIGNATION_DESCRIPTOR_HEADER    =  4,
  REPORT_LUNS_HEADER               =  8,
  READ_CAPACITY_10_DATA            =  8,
  READ_CAPACITY_16_DATA            = 32,
  MODE_PARAMETER_HEADER_6          =  4,
  MODE_PARAMETER_HEADER_10         =  8,
  SHORT_BLOCK_DESCRIPTOR           =  8,
  LONG_BLOCK_DESCRIPTOR            = 16,
  MODE_PAGE_HEADER                 =  2,
  CACHING_MODE_PAGE                = 20,
  CONTROL_MODE_PAGE                = 12,
  INFORMATIONAL_EXCEPTIONS_MODE_PAGE = 12,
  ALL_COMMANDS_HEADER              =  4,
  COMMAND_DESCRIPTOR               =  8,
  TARGET_PORT_GROUPS_HEADER        =  4,
  TARGET_PORT_GROUP_DESCRIPTOR     =  8,
  TARGET_PORT_DESCRIPTOR           =  4,
  ONE_COMMAND_HEADER               =  4,
  COMMAND_TIMEOUTS_DESCRIPTOR      = 12,
  TASK_MANAGEMENT_FUNCTIONS_DATA   =  4,
  TASK_MANAGEMENT_FUNCTIONS_EXTENDED_DATA = 16,
  BLOCK_LIMITS_PAGE                = 64,
  BLOCK_DEVICE_CHARACTERISTICS_PAGE = 64,
  LOGICAL_BLOCK_PROVISIONING_PAGE  =  8,
  UNMAP_LIST_HEADER                =  8,
  UNMAP_BLOCK_DESCRIPTOR           = 16,
  LBA_STATUS_HEADER                =  8,
  LBA_STATUS_DESCRIPTOR            = 16,
  FIXED_SENSE                      = 18,
  SENSE_KEY_SPECIFIC_OFFSET        = 15,
  DESCRIPTOR_SENSE_HEADER          =  8,
}
