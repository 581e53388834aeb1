/**
 * The structures of third-party copies: rows as in fields.ts, in a file of their own, so that who has nothing to do with them
 * does not carry them. Clauses and tables are those of SPC-4 revision 36f, whose text was read; the numbers of bytes and bits,
 * which that text lacks, are as libiscsi 1.19 (test-tool/iscsi-support.c) and sg3_utils 1.46 (sg_copy_results.c, sg_vpd.c) have them.
 */

// Commands

/** 6.5 table 171. */
export enum ExtendedCopyCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION                =  1 << 16 | 4 << 8 |  5,
  PARAMETER_LIST_LENGTH         = 10 << 16 | 7 << 8 | 32,
  CONTROL                       = 15 << 16 | 7 << 8 |  8,
}

/** 6.25 table 252 RECEIVE COPY STATUS(LID1), 6.23 table 245 RECEIVE COPY FAILURE DETAILS(LID1). */
export enum ReceiveCopyResultsCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION                =  1 << 16 | 4 << 8 |  5,
  LIST_IDENTIFIER               =  2 << 16 | 7 << 8 |  8,
  ALLOCATION_LENGTH             = 10 << 16 | 7 << 8 | 32,
  CONTROL                       = 15 << 16 | 7 << 8 |  8,
}

/** 6.22 table 243 RECEIVE COPY OPERATING PARAMETERS. */
export enum ReceiveCopyOperatingParametersCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION                =  1 << 16 | 4 << 8 |  5,
  ALLOCATION_LENGTH             = 10 << 16 | 7 << 8 | 32,
  CONTROL                       = 15 << 16 | 7 << 8 |  8,
}

// Parameter lists (data-out)

/** 6.5 table 172: what the list starts with. CSCD descriptors follow from byte 16, then segment descriptors, then inline data. */
export enum ExtendedCopyList {
  LIST_IDENTIFIER               =  0 << 16 | 7 << 8 |  8,
  STR                           =  1 << 16 | 5 << 8 |  1,
  LIST_ID_USAGE                 =  1 << 16 | 4 << 8 |  2,
  PRIORITY                      =  1 << 16 | 2 << 8 |  3,
  CSCD_DESCRIPTOR_LIST_LENGTH   =  2 << 16 | 7 << 8 | 16,
  SEGMENT_DESCRIPTOR_LIST_LENGTH =  8 << 16 | 7 << 8 | 32,
  INLINE_DATA_LENGTH            = 12 << 16 | 7 << 8 | 32,
}

/** 6.4.5.6 table 140, with 6.4.5.3 table 136 for block devices. The DESIGNATOR is bytes 8 to 27. */
export enum IdentificationCscdDescriptor {
  DESCRIPTOR_TYPE_CODE          =  0 << 16 | 7 << 8 |  8,
  PERIPHERAL_DEVICE_TYPE        =  1 << 16 | 4 << 8 |  5,
  CODE_SET                      =  4 << 16 | 3 << 8 |  4,
  ASSOCIATION                   =  5 << 16 | 5 << 8 |  2,
  DESIGNATOR_TYPE               =  5 << 16 | 3 << 8 |  4,
  DESIGNATOR_LENGTH             =  7 << 16 | 7 << 8 |  8,
  PAD                           = 28 << 16 | 2 << 8 |  1,
  DISK_BLOCK_LENGTH             = 29 << 16 | 7 << 8 | 24,
}

/** 6.4.6.4 table 151. */
export enum BlockToBlockSegment {
  DESCRIPTOR_TYPE_CODE          =  0 << 16 | 7 << 8 |  8,
  DC                            =  1 << 16 | 1 << 8 |  1,
  CAT                           =  1 << 16 | 0 << 8 |  1,
  DESCRIPTOR_LENGTH             =  2 << 16 | 7 << 8 | 16,
  SOURCE_CSCD_DESCRIPTOR_ID     =  4 << 16 | 7 << 8 | 16,
  DESTINATION_CSCD_DESCRIPTOR_ID =  6 << 16 | 7 << 8 | 16,
  BLOCK_DEVICE_NUMBER_OF_BLOCKS = 10 << 16 | 7 << 8 | 16,
  SOURCE_BLOCK_DEVICE_LOGICAL_BLOCK_ADDRESS = 12 << 16 | 7 << 8 | 64,
  DESTINATION_BLOCK_DEVICE_LOGICAL_BLOCK_ADDRESS = 20 << 16 | 7 << 8 | 64,
}

// Responses (data-in)

/** 6.22 table 244. The list of implemented descriptor type codes follows from byte 44. */
export enum OperatingParametersData {
  AVAILABLE_DATA                =  0 << 16 | 7 << 8 | 32,
  SNLID                         =  4 << 16 | 0 << 8 |  1,
  MAXIMUM_CSCD_DESCRIPTOR_COUNT =  8 << 16 | 7 << 8 | 16,
  MAXIMUM_SEGMENT_DESCRIPTOR_COUNT = 10 << 16 | 7 << 8 | 16,
  MAXIMUM_DESCRIPTOR_LIST_LENGTH = 12 << 16 | 7 << 8 | 32,
  MAXIMUM_SEGMENT_LENGTH        = 16 << 16 | 7 << 8 | 32,
  TOTAL_CONCURRENT_COPIES       = 34 << 16 | 7 << 8 | 16,
  MAXIMUM_CONCURRENT_COPIES     = 36 << 16 | 7 << 8 |  8,
  DATA_SEGMENT_GRANULARITY      = 37 << 16 | 7 << 8 |  8,
  IMPLEMENTED_DESCRIPTOR_LIST_LENGTH = 43 << 16 | 7 << 8 |  8,
}

/** 6.25 table 253. */
export enum CopyStatusData {
  AVAILABLE_DATA                =  0 << 16 | 7 << 8 | 32,
  HDD                           =  4 << 16 | 7 << 8 |  1,
  COPY_COMMAND_STATUS           =  4 << 16 | 6 << 8 |  7,
  SEGMENTS_PROCESSED            =  5 << 16 | 7 << 8 | 16,
  TRANSFER_COUNT_UNITS          =  7 << 16 | 7 << 8 |  8,
  TRANSFER_COUNT                =  8 << 16 | 7 << 8 | 32,
}

/** 6.23 table 246. The sense data follow from byte 60. */
export enum CopyFailureDetailsData {
  AVAILABLE_DATA                =  0 << 16 | 7 << 8 | 32,
  EXTENDED_COPY_COMMAND_STATUS  = 56 << 16 | 7 << 8 |  8,
  SENSE_DATA_LENGTH             = 58 << 16 | 7 << 8 | 16,
}

/** 7.8.17.5 table 648: the Parameter Data descriptor of VPD page 8Fh. */
export enum CopyParameterDataDescriptor {
  MAXIMUM_CSCD_DESCRIPTOR_COUNT =  8 << 16 | 7 << 8 | 16,
  MAXIMUM_SEGMENT_DESCRIPTOR_COUNT = 10 << 16 | 7 << 8 | 16,
  MAXIMUM_DESCRIPTOR_LIST_LENGTH = 12 << 16 | 7 << 8 | 32,
}

/** 7.8.17.10 table 658: the General Copy Operations descriptor of VPD page 8Fh. */
export enum GeneralCopyOperationsDescriptor {
  TOTAL_CONCURRENT_COPIES       =  4 << 16 | 7 << 8 | 32,
  MAXIMUM_IDENTIFIED_CONCURRENT_COPIES =  8 << 16 | 7 << 8 | 32,
  MAXIMUM_SEGMENT_LENGTH        = 12 << 16 | 7 << 8 | 32,
  DATA_SEGMENT_GRANULARITY      = 16 << 16 | 7 << 8 |  8,
}

/** 7.8.17.2 table 644: what each descriptor of VPD page 8Fh starts with. */
export enum ThirdPartyCopyDescriptor {
  THIRD_PARTY_COPY_DESCRIPTOR_TYPE =  0 << 16 | 7 << 8 | 16,
  THIRD_PARTY_COPY_DESCRIPTOR_LENGTH =  2 << 16 | 7 << 8 | 16,
}
