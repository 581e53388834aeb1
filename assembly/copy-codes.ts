/** The numbers of third-party copies. No code. Sources are named in copy-fields.ts. */

/** Service actions of operation code 83h, table 107. */
export enum ExtendedCopy {
  LID1                     = 0x00,
}

/** Service actions of operation code 84h, table 107. */
export enum ReceiveCopyResults {
  COPY_STATUS_LID1         = 0x00,
  OPERATING_PARAMETERS     = 0x03,
  FAILURE_DETAILS_LID1     = 0x04,
}

/** Tables 131 and 146. */
export enum CopyDescriptorType {
  BLOCK_TO_BLOCK           = 0x02,
  IDENTIFICATION           = 0xe4,
}

/** Table 129. */
export enum ListIdUsage {
  HOLD                     = 0,
  RESERVED                 = 1,
  MAY_DISCARD              = 2,
  NO_LIST_IDENTIFIER       = 3,
}

/** Table 254. */
export enum CopyCommandStatus {
  COMPLETED                = 1,
  COMPLETED_WITH_ERRORS    = 2,
}

/** 7.8.17.3 table 645. */
export enum ThirdPartyCopyDescriptorType {
  SUPPORTED_COMMANDS       = 0x0001,
  PARAMETER_DATA           = 0x0004,
  SUPPORTED_DESCRIPTORS    = 0x0008,
  SUPPORTED_CSCD_IDS       = 0x000c,
  GENERAL_COPY_OPERATIONS  = 0x8001,
}

/** Lengths of structures in bytes. */
export enum CopySize {
  PARAMETER_LIST_HEADER    = 16,
  CSCD_DESCRIPTOR          = 32,
  DESIGNATOR_OFFSET        =  8,
  MAXIMUM_DESIGNATOR       = 20,
  BLOCK_TO_BLOCK_SEGMENT   = 28,
  OPERATING_PARAMETERS     = 44,
  COPY_STATUS              = 12,
  FAILURE_DETAILS          = 60,
  AVAILABLE_DATA           =  4,
}

/** 7.8.17. */
export enum CopyVpdPage {
  THIRD_PARTY_COPY         = 0x8f,
}

/** 6.4.6.1 table 148: CSCD descriptor IDs that name no descriptor of the list. */
export enum CscdDescriptorId {
  THIS_LOGICAL_UNIT        = 0xffff,
}
