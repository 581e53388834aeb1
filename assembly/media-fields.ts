/**
 * The structures of media changers and tape drives: rows as in fields.ts, in a file of their own, so that who has to do with
 * neither does not carry them.
 *
 *   sl150     Oracle SL150 Interface Reference Manual, July 2017, page 184 (element status page header)
 *   sl500     Sun SL500 Interface Reference Manual, revision F, pages 220 (volume element address), 221 (import/export element)
 *   i500      Quantum Scalar i500 SCSI reference, page 48 (MOVE MEDIUM)
 *   tl2000    Dell PowerVault TL2000 SCSI reference, page 3-47 (OPEN/CLOSE IMPORT/EXPORT ELEMENT)
 *   tgt       tgt 1.0.97 usr/smc.c and usr/ssc.c, which name SMC-3 and SSC-3: the rest, and checked against its bytes
 *   st, mtx   how Linux' drivers/scsi/st.c and ch.c, and mtx 1.3.12 read and write them: checked by running them
 */

// Media changer commands

/** i500, tgt. */
export enum InitializeElementStatusCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  CONTROL                       =  5 << 16 | 7 << 8 |  8,
}

/** tgt. */
export enum InitializeElementStatusWithRangeCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  FAST                          =  1 << 16 | 1 << 8 |  1,
  RANGE                         =  1 << 16 | 0 << 8 |  1,
  STARTING_ELEMENT_ADDRESS      =  2 << 16 | 7 << 8 | 16,
  NUMBER_OF_ELEMENTS            =  6 << 16 | 7 << 8 | 16,
  CONTROL                       =  9 << 16 | 7 << 8 |  8,
}

/** tgt. */
export enum ReadElementStatusCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  VOLTAG                        =  1 << 16 | 4 << 8 |  1,
  ELEMENT_TYPE_CODE             =  1 << 16 | 3 << 8 |  4,
  STARTING_ELEMENT_ADDRESS      =  2 << 16 | 7 << 8 | 16,
  NUMBER_OF_ELEMENTS            =  4 << 16 | 7 << 8 | 16,
  CURDATA                       =  6 << 16 | 1 << 8 |  1,
  DVCID                         =  6 << 16 | 0 << 8 |  1,
  ALLOCATION_LENGTH             =  7 << 16 | 7 << 8 | 24,
  CONTROL                       = 11 << 16 | 7 << 8 |  8,
}

/** i500. */
export enum MoveMediumCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  MEDIUM_TRANSPORT_ADDRESS      =  2 << 16 | 7 << 8 | 16,
  SOURCE_ADDRESS                =  4 << 16 | 7 << 8 | 16,
  DESTINATION_ADDRESS           =  6 << 16 | 7 << 8 | 16,
  INVERT                        = 10 << 16 | 0 << 8 |  1,
  CONTROL                       = 11 << 16 | 7 << 8 |  8,
}

/** tgt. */
export enum ExchangeMediumCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  MEDIUM_TRANSPORT_ADDRESS      =  2 << 16 | 7 << 8 | 16,
  SOURCE_ADDRESS                =  4 << 16 | 7 << 8 | 16,
  FIRST_DESTINATION_ADDRESS     =  6 << 16 | 7 << 8 | 16,
  SECOND_DESTINATION_ADDRESS    =  8 << 16 | 7 << 8 | 16,
  INV1                          = 10 << 16 | 1 << 8 |  1,
  INV2                          = 10 << 16 | 0 << 8 |  1,
  CONTROL                       = 11 << 16 | 7 << 8 |  8,
}

/** mtx. */
export enum PositionToElementCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  MEDIUM_TRANSPORT_ADDRESS      =  2 << 16 | 7 << 8 | 16,
  DESTINATION_ADDRESS           =  4 << 16 | 7 << 8 | 16,
  INVERT                        =  8 << 16 | 0 << 8 |  1,
  CONTROL                       =  9 << 16 | 7 << 8 |  8,
}

/** tl2000. */
export enum OpenCloseImportExportElementCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  ELEMENT_ADDRESS               =  2 << 16 | 7 << 8 | 16,
  ACTION_CODE                   =  4 << 16 | 4 << 8 |  5,
  CONTROL                       =  5 << 16 | 7 << 8 |  8,
}

/** sl500 page 222: RESERVE and RELEASE of single elements, which an SL150 has not (sl150 page 234: obsolete). */
export enum ElementReservationCdb {
  ELEMENT                       =  1 << 16 | 0 << 8 |  1,
}

/** smr-j LOG SENSE. */
export enum LogSenseCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  SP                            =  1 << 16 | 0 << 8 |  1,
  PC                            =  2 << 16 | 7 << 8 |  2,
  PAGE_CODE                     =  2 << 16 | 5 << 8 |  6,
  SUBPAGE_CODE                  =  3 << 16 | 7 << 8 |  8,
  PARAMETER_POINTER             =  5 << 16 | 7 << 8 | 16,
  ALLOCATION_LENGTH             =  7 << 16 | 7 << 8 | 16,
  CONTROL                       =  9 << 16 | 7 << 8 |  8,
}

// What media changers answer

/** tgt. */
export enum ElementStatusHeader {
  FIRST_ELEMENT_ADDRESS_REPORTED = 0 << 16 | 7 << 8 | 16,
  NUMBER_OF_ELEMENTS_AVAILABLE  =  2 << 16 | 7 << 8 | 16,
  BYTE_COUNT_OF_REPORT_AVAILABLE = 5 << 16 | 7 << 8 | 24,
}

/** sl150. */
export enum ElementStatusPageHeader {
  ELEMENT_TYPE_CODE             =  0 << 16 | 7 << 8 |  8,
  PVOLTAG                       =  1 << 16 | 7 << 8 |  1,
  AVOLTAG                       =  1 << 16 | 6 << 8 |  1,
  ELEMENT_DESCRIPTOR_LENGTH     =  2 << 16 | 7 << 8 | 16,
  BYTE_COUNT_OF_DESCRIPTOR_DATA_AVAILABLE = 5 << 16 | 7 << 8 | 24,
}

/** sl500, tgt: what every element descriptor begins with. Volume tag and device identifier follow. */
export enum ElementDescriptor {
  ELEMENT_ADDRESS               =  0 << 16 | 7 << 8 | 16,
  OIR                           =  2 << 16 | 7 << 8 |  1,
  CMC                           =  2 << 16 | 6 << 8 |  1,
  INENAB                        =  2 << 16 | 5 << 8 |  1,
  EXENAB                        =  2 << 16 | 4 << 8 |  1,
  ACCESS                        =  2 << 16 | 3 << 8 |  1,
  EXCEPT                        =  2 << 16 | 2 << 8 |  1,
  IMPEXP                        =  2 << 16 | 1 << 8 |  1,
  FULL                          =  2 << 16 | 0 << 8 |  1,
  ADDITIONAL_SENSE_CODE         =  4 << 16 | 7 << 8 |  8,
  ADDITIONAL_SENSE_CODE_QUALIFIER = 5 << 16 | 7 << 8 | 8,
  SVALID                        =  9 << 16 | 7 << 8 |  1,
  INVERT                        =  9 << 16 | 6 << 8 |  1,
  SOURCE_STORAGE_ELEMENT_ADDRESS = 10 << 16 | 7 << 8 | 16,
}

/** tgt: of a volume tag all but its text, which are the 32 bytes before. */
export enum VolumeTag {
  VOLUME_SEQUENCE_NUMBER        = 34 << 16 | 7 << 8 | 16,
}

/** tgt: the device identifier of an element descriptor; the identifier itself follows. */
export enum ElementIdentifier {
  CODE_SET                      =  0 << 16 | 3 << 8 |  4,
  IDENTIFIER_TYPE               =  1 << 16 | 3 << 8 |  4,
  IDENTIFIER_LENGTH             =  3 << 16 | 7 << 8 |  8,
}

/** mtx, tgt. */
export enum ElementAddressAssignmentPage {
  PAGE_CODE                     =  0 << 16 | 5 << 8 |  6,
  PAGE_LENGTH                   =  1 << 16 | 7 << 8 |  8,
  FIRST_MEDIUM_TRANSPORT_ELEMENT_ADDRESS = 2 << 16 | 7 << 8 | 16,
  NUMBER_OF_MEDIUM_TRANSPORT_ELEMENTS = 4 << 16 | 7 << 8 | 16,
  FIRST_STORAGE_ELEMENT_ADDRESS =  6 << 16 | 7 << 8 | 16,
  NUMBER_OF_STORAGE_ELEMENTS    =  8 << 16 | 7 << 8 | 16,
  FIRST_IMPORT_EXPORT_ELEMENT_ADDRESS = 10 << 16 | 7 << 8 | 16,
  NUMBER_OF_IMPORT_EXPORT_ELEMENTS = 12 << 16 | 7 << 8 | 16,
  FIRST_DATA_TRANSFER_ELEMENT_ADDRESS = 14 << 16 | 7 << 8 | 16,
  NUMBER_OF_DATA_TRANSFER_ELEMENTS = 16 << 16 | 7 << 8 | 16,
}

/** tgt: one descriptor; ROTATE stays 0. */
export enum TransportGeometryPage {
  PAGE_CODE                     =  0 << 16 | 5 << 8 |  6,
  PAGE_LENGTH                   =  1 << 16 | 7 << 8 |  8,
  ROTATE                        =  2 << 16 | 0 << 8 |  1,
  MEMBER_NUMBER_IN_TRANSPORT_ELEMENT_SET = 3 << 16 | 7 << 8 | 8,
}

/** tgt. Each destination has four bits: data transfer, import/export, storage, medium transport. */
export enum DeviceCapabilitiesPage {
  PAGE_CODE                     =  0 << 16 | 5 << 8 |  6,
  PAGE_LENGTH                   =  1 << 16 | 7 << 8 |  8,
  STORES                        =  2 << 16 | 3 << 8 |  4,
  MOVES_FROM_MEDIUM_TRANSPORT   =  4 << 16 | 3 << 8 |  4,
  MOVES_FROM_STORAGE            =  5 << 16 | 3 << 8 |  4,
  MOVES_FROM_IMPORT_EXPORT      =  6 << 16 | 3 << 8 |  4,
  MOVES_FROM_DATA_TRANSFER      =  7 << 16 | 3 << 8 |  4,
  EXCHANGES_FROM_MEDIUM_TRANSPORT = 12 << 16 | 3 << 8 | 4,
  EXCHANGES_FROM_STORAGE        = 13 << 16 | 3 << 8 |  4,
  EXCHANGES_FROM_IMPORT_EXPORT  = 14 << 16 | 3 << 8 |  4,
  EXCHANGES_FROM_DATA_TRANSFER  = 15 << 16 | 3 << 8 |  4,
}

/** smr-j LOG SENSE: the head of every log page. */
export enum LogPageHeader {
  PAGE_CODE                     =  0 << 16 | 5 << 8 |  6,
  SUBPAGE_CODE                  =  1 << 16 | 7 << 8 |  8,
  PAGE_LENGTH                   =  2 << 16 | 7 << 8 | 16,
}

/** smr-j LOG SENSE: the head of every log parameter. */
export enum LogParameterHeader {
  PARAMETER_CODE                =  0 << 16 | 7 << 8 | 16,
  PARAMETER_LENGTH              =  3 << 16 | 7 << 8 |  8,
}

// Sequential-access commands

/** tgt, st. */
export enum RewindCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  IMMED                         =  1 << 16 | 0 << 8 |  1,
  CONTROL                       =  5 << 16 | 7 << 8 |  8,
}

/** tgt, st. */
export enum ReadBlockLimitsCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  CONTROL                       =  5 << 16 | 7 << 8 |  8,
}

/** tgt, st. */
export enum StreamRead6Cdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  SILI                          =  1 << 16 | 1 << 8 |  1,
  FIXED                         =  1 << 16 | 0 << 8 |  1,
  TRANSFER_LENGTH               =  2 << 16 | 7 << 8 | 24,
  CONTROL                       =  5 << 16 | 7 << 8 |  8,
}

/** tgt, st. */
export enum StreamWrite6Cdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  FIXED                         =  1 << 16 | 0 << 8 |  1,
  TRANSFER_LENGTH               =  2 << 16 | 7 << 8 | 24,
  CONTROL                       =  5 << 16 | 7 << 8 |  8,
}

/** tgt, st. */
export enum WriteFilemarks6Cdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  WSMK                          =  1 << 16 | 1 << 8 |  1,
  IMMED                         =  1 << 16 | 0 << 8 |  1,
  COUNT                         =  2 << 16 | 7 << 8 | 24,
  CONTROL                       =  5 << 16 | 7 << 8 |  8,
}

/** tgt, st. COUNT is signed. */
export enum Space6Cdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  CODE                          =  1 << 16 | 3 << 8 |  4,
  COUNT                         =  2 << 16 | 7 << 8 | 24,
  CONTROL                       =  5 << 16 | 7 << 8 |  8,
}

/** st. */
export enum Erase6Cdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  IMMED                         =  1 << 16 | 1 << 8 |  1,
  LONG                          =  1 << 16 | 0 << 8 |  1,
  CONTROL                       =  5 << 16 | 7 << 8 |  8,
}

/** st. */
export enum LoadUnloadCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  IMMED                         =  1 << 16 | 0 << 8 |  1,
  HOLD                          =  4 << 16 | 3 << 8 |  1,
  EOT                           =  4 << 16 | 2 << 8 |  1,
  RETEN                         =  4 << 16 | 1 << 8 |  1,
  LOAD                          =  4 << 16 | 0 << 8 |  1,
  CONTROL                       =  5 << 16 | 7 << 8 |  8,
}

/** st. */
export enum Locate10Cdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  BT                            =  1 << 16 | 2 << 8 |  1,
  CP                            =  1 << 16 | 1 << 8 |  1,
  IMMED                         =  1 << 16 | 0 << 8 |  1,
  LOGICAL_OBJECT_IDENTIFIER     =  3 << 16 | 7 << 8 | 32,
  PARTITION                     =  8 << 16 | 7 << 8 |  8,
  CONTROL                       =  9 << 16 | 7 << 8 |  8,
}

/** st, tgt. */
export enum ReadPositionCdb {
  OPERATION_CODE                =  0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION                =  1 << 16 | 4 << 8 |  5,
  ALLOCATION_LENGTH             =  7 << 16 | 7 << 8 | 16,
  CONTROL                       =  9 << 16 | 7 << 8 |  8,
}

// What tape drives answer

/** tgt, st. */
export enum ReadBlockLimitsData {
  GRANULARITY                   =  0 << 16 | 4 << 8 |  5,
  MAXIMUM_BLOCK_LENGTH          =  1 << 16 | 7 << 8 | 24,
  MINIMUM_BLOCK_LENGTH          =  4 << 16 | 7 << 8 | 16,
}

/** st, tgt: the short form. */
export enum ReadPositionData {
  BOP                           =  0 << 16 | 7 << 8 |  1,
  EOP                           =  0 << 16 | 6 << 8 |  1,
  LOCU                          =  0 << 16 | 5 << 8 |  1,
  BYCU                          =  0 << 16 | 4 << 8 |  1,
  PARTITION                     =  1 << 16 | 7 << 8 |  8,
  FIRST_LOGICAL_OBJECT_LOCATION =  4 << 16 | 7 << 8 | 32,
  LAST_LOGICAL_OBJECT_LOCATION  =  8 << 16 | 7 << 8 | 32,
}

/** st: byte 2 of the 6-byte mode parameter header; in the 10-byte one it is byte 3. */
export enum StreamModeHeader6 {
  WP                            =  2 << 16 | 7 << 8 |  1,
  BUFFERED_MODE                 =  2 << 16 | 6 << 8 |  3,
  SPEED                         =  2 << 16 | 3 << 8 |  4,
}
export enum StreamModeHeader10 {
  WP                            =  3 << 16 | 7 << 8 |  1,
  BUFFERED_MODE                 =  3 << 16 | 6 << 8 |  3,
  SPEED                         =  3 << 16 | 3 << 8 |  4,
}

/** st, tgt. */
export enum StreamBlockDescriptor {
  DENSITY_CODE                  =  0 << 16 | 7 << 8 |  8,
  NUMBER_OF_BLOCKS              =  1 << 16 | 7 << 8 | 24,
  BLOCK_LENGTH                  =  5 << 16 | 7 << 8 | 24,
}
