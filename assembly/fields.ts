/**
 * One enum per wire structure, one row per field, as the standard draws it: `byte << 16 | leftmost bit << 8 | width`.
 * No code. These are the only copies of any position in the project; TypeScript's are generated from them. A name that the
 * standard does not write in words with spaces between stands behind its row, as the standard writes it.
 *
 * Sources, cited with a clause throughout the project:
 *   smr-j   Seagate SCSI Commands Reference Manual, 100293068 Rev. J (SPC-5 and SBC-4 commands as tables)
 *   spc4    SPC-4 revision 17 (T10/1731-D), and 08-025r3, which prints its reservation clauses
 *   spc2    SPC-2 revision 20 (T10/1236-D): RESERVE and RELEASE
 *   rfc7143 the iSCSI TransportID's name and ISID
 */

// Command descriptor blocks

/** smr-j 3.53 TEST UNIT READY. */
export enum TestUnitReadyCdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  CONTROL                    = 5 << 16 | 7 << 8 |  8,
}

/** smr-j 3.6.1 table 58 INQUIRY. */
export enum InquiryCdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  EVPD                       = 1 << 16 | 0 << 8 |  1,
  PAGE_CODE                  = 2 << 16 | 7 << 8 |  8,
  ALLOCATION_LENGTH          = 3 << 16 | 7 << 8 | 16,
  CONTROL                    = 5 << 16 | 7 << 8 |  8,
}

/** smr-j REQUEST SENSE. */
export enum RequestSenseCdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  DESC                       = 1 << 16 | 0 << 8 |  1,
  ALLOCATION_LENGTH          = 4 << 16 | 7 << 8 |  8,
  CONTROL                    = 5 << 16 | 7 << 8 |  8,
}

/** smr-j 3.33 table 147 REPORT LUNS. */
export enum ReportLunsCdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  SELECT_REPORT              =  2 << 16 | 7 << 8 |  8,
  ALLOCATION_LENGTH          =  6 << 16 | 7 << 8 | 32,
  CONTROL                    = 11 << 16 | 7 << 8 |  8,
}

/** smr-j 3.22.1 READ CAPACITY (10). */
export enum ReadCapacity10Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  LOGICAL_BLOCK_ADDRESS      = 2 << 16 | 7 << 8 | 32,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j 3.23.1 table 121 READ CAPACITY (16). */
export enum ReadCapacity16Cdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION             =  1 << 16 | 4 << 8 |  5,
  LOGICAL_BLOCK_ADDRESS      =  2 << 16 | 7 << 8 | 64,
  ALLOCATION_LENGTH          = 10 << 16 | 7 << 8 | 32,
  CONTROL                    = 15 << 16 | 7 << 8 |  8,
}

/** smr-j 3.16 table 97 READ (10). */
export enum Read10Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  RDPROTECT                  = 1 << 16 | 7 << 8 |  3,
  DPO                        = 1 << 16 | 4 << 8 |  1,
  FUA                        = 1 << 16 | 3 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      = 2 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 6 << 16 | 4 << 8 |  5,
  TRANSFER_LENGTH            = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j 3.18 READ (16). */
export enum Read16Cdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  RDPROTECT                  =  1 << 16 | 7 << 8 |  3,
  DPO                        =  1 << 16 | 4 << 8 |  1,
  FUA                        =  1 << 16 | 3 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      =  2 << 16 | 7 << 8 | 64,
  TRANSFER_LENGTH            = 10 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 14 << 16 | 4 << 8 |  5,
  CONTROL                    = 15 << 16 | 7 << 8 |  8,
}

/** smr-j WRITE (10). */
export enum Write10Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  WRPROTECT                  = 1 << 16 | 7 << 8 |  3,
  DPO                        = 1 << 16 | 4 << 8 |  1,
  FUA                        = 1 << 16 | 3 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      = 2 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 6 << 16 | 4 << 8 |  5,
  TRANSFER_LENGTH            = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j WRITE (16). */
export enum Write16Cdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  WRPROTECT                  =  1 << 16 | 7 << 8 |  3,
  DPO                        =  1 << 16 | 4 << 8 |  1,
  FUA                        =  1 << 16 | 3 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      =  2 << 16 | 7 << 8 | 64,
  TRANSFER_LENGTH            = 10 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 14 << 16 | 4 << 8 |  5,
  CONTROL                    = 15 << 16 | 7 << 8 |  8,
}

/** spc2 RESERVE(6) and RELEASE(6): the whole logical unit; extents and third parties are obsolete. */
export enum Reserve6Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  CONTROL                    = 5 << 16 | 7 << 8 |  8,
}

/** spc2 RESERVE(10) and RELEASE(10). */
export enum Reserve10Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  THIRD_PARTY                = 1 << 16 | 4 << 8 |  1,
  LONG_ID                    = 1 << 16 | 1 << 8 |  1,
  THIRD_PARTY_DEVICE_ID      = 3 << 16 | 7 << 8 |  8,
  PARAMETER_LIST_LENGTH      = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j 3.13.1 table 76 PERSISTENT RESERVE IN. */
export enum PersistentReserveInCdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION             = 1 << 16 | 4 << 8 |  5,
  ALLOCATION_LENGTH          = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j 3.14.1 table 88 PERSISTENT RESERVE OUT. */
export enum PersistentReserveOutCdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION             = 1 << 16 | 4 << 8 |  5,
  SCOPE                      = 2 << 16 | 7 << 8 |  4,
  TYPE                       = 2 << 16 | 3 << 8 |  4,
  PARAMETER_LIST_LENGTH      = 5 << 16 | 7 << 8 | 32,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j READ (6) and WRITE (6). TRANSFER LENGTH 0 means 256 blocks. */
export enum Read6Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  LOGICAL_BLOCK_ADDRESS      = 1 << 16 | 4 << 8 | 21,
  TRANSFER_LENGTH            = 4 << 16 | 7 << 8 |  8,
  CONTROL                    = 5 << 16 | 7 << 8 |  8,
}

/** smr-j READ (12); WRITE (12) has WRPROTECT in the place of RDPROTECT. */
export enum Read12Cdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  RDPROTECT                  =  1 << 16 | 7 << 8 |  3,
  DPO                        =  1 << 16 | 4 << 8 |  1,
  FUA                        =  1 << 16 | 3 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      =  2 << 16 | 7 << 8 | 32,
  TRANSFER_LENGTH            =  6 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 10 << 16 | 4 << 8 |  5,
  CONTROL                    = 11 << 16 | 7 << 8 |  8,
}

/** smr-j VERIFY (10); WRITE AND VERIFY (10) has WRPROTECT and TRANSFER LENGTH in the same places. */
export enum Verify10Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  VRPROTECT                  = 1 << 16 | 7 << 8 |  3,
  DPO                        = 1 << 16 | 4 << 8 |  1,
  BYTCHK                     = 1 << 16 | 2 << 8 |  2,
  LOGICAL_BLOCK_ADDRESS      = 2 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 6 << 16 | 4 << 8 |  5,
  VERIFICATION_LENGTH        = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j VERIFY (12); WRITE AND VERIFY (12) likewise. */
export enum Verify12Cdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  VRPROTECT                  =  1 << 16 | 7 << 8 |  3,
  DPO                        =  1 << 16 | 4 << 8 |  1,
  BYTCHK                     =  1 << 16 | 2 << 8 |  2,
  LOGICAL_BLOCK_ADDRESS      =  2 << 16 | 7 << 8 | 32,
  VERIFICATION_LENGTH        =  6 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 10 << 16 | 4 << 8 |  5,
  CONTROL                    = 11 << 16 | 7 << 8 |  8,
}

/** smr-j VERIFY (16); WRITE AND VERIFY (16) likewise. */
export enum Verify16Cdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  VRPROTECT                  =  1 << 16 | 7 << 8 |  3,
  DPO                        =  1 << 16 | 4 << 8 |  1,
  BYTCHK                     =  1 << 16 | 2 << 8 |  2,
  LOGICAL_BLOCK_ADDRESS      =  2 << 16 | 7 << 8 | 64,
  VERIFICATION_LENGTH        = 10 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 14 << 16 | 4 << 8 |  5,
  CONTROL                    = 15 << 16 | 7 << 8 |  8,
}

/** smr-j WRITE SAME (10). */
export enum WriteSame10Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  WRPROTECT                  = 1 << 16 | 7 << 8 |  3,
  ANCHOR                     = 1 << 16 | 4 << 8 |  1,
  UNMAP                      = 1 << 16 | 3 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      = 2 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 6 << 16 | 4 << 8 |  5,
  NUMBER_OF_LOGICAL_BLOCKS   = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j WRITE SAME (16). */
export enum WriteSame16Cdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  WRPROTECT                  =  1 << 16 | 7 << 8 |  3,
  ANCHOR                     =  1 << 16 | 4 << 8 |  1,
  UNMAP                      =  1 << 16 | 3 << 8 |  1,
  NDOB                       =  1 << 16 | 0 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      =  2 << 16 | 7 << 8 | 64,
  NUMBER_OF_LOGICAL_BLOCKS   = 10 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 14 << 16 | 4 << 8 |  5,
  CONTROL                    = 15 << 16 | 7 << 8 |  8,
}

/** smr-j COMPARE AND WRITE. */
export enum CompareAndWriteCdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  WRPROTECT                  =  1 << 16 | 7 << 8 |  3,
  DPO                        =  1 << 16 | 4 << 8 |  1,
  FUA                        =  1 << 16 | 3 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      =  2 << 16 | 7 << 8 | 64,
  NUMBER_OF_LOGICAL_BLOCKS   = 13 << 16 | 7 << 8 |  8,
  GROUP_NUMBER               = 14 << 16 | 4 << 8 |  5,
  CONTROL                    = 15 << 16 | 7 << 8 |  8,
}

/** smr-j UNMAP. */
export enum UnmapCdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  ANCHOR                     = 1 << 16 | 0 << 8 |  1,
  GROUP_NUMBER               = 6 << 16 | 4 << 8 |  5,
  PARAMETER_LIST_LENGTH      = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j GET LBA STATUS (16). */
export enum GetLbaStatusCdb {
  OPERATION_CODE                 =  0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION                 =  1 << 16 | 4 << 8 |  5,
  STARTING_LOGICAL_BLOCK_ADDRESS =  2 << 16 | 7 << 8 | 64,
  ALLOCATION_LENGTH              = 10 << 16 | 7 << 8 | 32,
  CONTROL                        = 15 << 16 | 7 << 8 |  8,
}

/** smr-j PRE-FETCH (10). */
export enum PreFetch10Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  IMMED                      = 1 << 16 | 1 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      = 2 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 6 << 16 | 4 << 8 |  5,
  PREFETCH_LENGTH            = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j PRE-FETCH (16). */
export enum PreFetch16Cdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  IMMED                      =  1 << 16 | 1 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      =  2 << 16 | 7 << 8 | 64,
  PREFETCH_LENGTH            = 10 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 14 << 16 | 4 << 8 |  5,
  CONTROL                    = 15 << 16 | 7 << 8 |  8,
}

/** smr-j SYNCHRONIZE CACHE (10). */
export enum SynchronizeCache10Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  IMMED                      = 1 << 16 | 1 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      = 2 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 6 << 16 | 4 << 8 |  5,
  NUMBER_OF_LOGICAL_BLOCKS   = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j SYNCHRONIZE CACHE (16). */
export enum SynchronizeCache16Cdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  IMMED                      =  1 << 16 | 1 << 8 |  1,
  LOGICAL_BLOCK_ADDRESS      =  2 << 16 | 7 << 8 | 64,
  NUMBER_OF_LOGICAL_BLOCKS   = 10 << 16 | 7 << 8 | 32,
  GROUP_NUMBER               = 14 << 16 | 4 << 8 |  5,
  CONTROL                    = 15 << 16 | 7 << 8 |  8,
}

/** smr-j START STOP UNIT. */
export enum StartStopUnitCdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  IMMED                      = 1 << 16 | 0 << 8 |  1,
  POWER_CONDITION_MODIFIER   = 3 << 16 | 3 << 8 |  4,
  POWER_CONDITION            = 4 << 16 | 7 << 8 |  4,
  NO_FLUSH                   = 4 << 16 | 2 << 8 |  1, // NO_FLUSH
  LOEJ                       = 4 << 16 | 1 << 8 |  1,
  START                      = 4 << 16 | 0 << 8 |  1,
  CONTROL                    = 5 << 16 | 7 << 8 |  8,
}

/** sbc4 PREVENT ALLOW MEDIUM REMOVAL. */
export enum PreventAllowMediumRemovalCdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  PREVENT                    = 4 << 16 | 1 << 8 |  2,
  CONTROL                    = 5 << 16 | 7 << 8 |  8,
}

/** smr-j MODE SENSE (6). */
export enum ModeSense6Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  DBD                        = 1 << 16 | 3 << 8 |  1,
  PC                         = 2 << 16 | 7 << 8 |  2,
  PAGE_CODE                  = 2 << 16 | 5 << 8 |  6,
  SUBPAGE_CODE               = 3 << 16 | 7 << 8 |  8,
  ALLOCATION_LENGTH          = 4 << 16 | 7 << 8 |  8,
  CONTROL                    = 5 << 16 | 7 << 8 |  8,
}

/** smr-j MODE SENSE (10). */
export enum ModeSense10Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  LLBAA                      = 1 << 16 | 4 << 8 |  1,
  DBD                        = 1 << 16 | 3 << 8 |  1,
  PC                         = 2 << 16 | 7 << 8 |  2,
  PAGE_CODE                  = 2 << 16 | 5 << 8 |  6,
  SUBPAGE_CODE               = 3 << 16 | 7 << 8 |  8,
  ALLOCATION_LENGTH          = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j MODE SELECT (6). */
export enum ModeSelect6Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  PF                         = 1 << 16 | 4 << 8 |  1,
  SP                         = 1 << 16 | 0 << 8 |  1,
  PARAMETER_LIST_LENGTH      = 4 << 16 | 7 << 8 |  8,
  CONTROL                    = 5 << 16 | 7 << 8 |  8,
}

/** smr-j MODE SELECT (10). */
export enum ModeSelect10Cdb {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  PF                         = 1 << 16 | 4 << 8 |  1,
  SP                         = 1 << 16 | 0 << 8 |  1,
  PARAMETER_LIST_LENGTH      = 7 << 16 | 7 << 8 | 16,
  CONTROL                    = 9 << 16 | 7 << 8 |  8,
}

/** smr-j REPORT SUPPORTED OPERATION CODES. */
export enum ReportSupportedOperationCodesCdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION             =  1 << 16 | 4 << 8 |  5,
  RCTD                       =  2 << 16 | 7 << 8 |  1,
  REPORTING_OPTIONS          =  2 << 16 | 2 << 8 |  3,
  REQUESTED_OPERATION_CODE   =  3 << 16 | 7 << 8 |  8,
  REQUESTED_SERVICE_ACTION   =  4 << 16 | 7 << 8 | 16,
  ALLOCATION_LENGTH          =  6 << 16 | 7 << 8 | 32,
  CONTROL                    = 11 << 16 | 7 << 8 |  8,
}

/** smr-j REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS. */
export enum ReportSupportedTaskManagementFunctionsCdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION             =  1 << 16 | 4 << 8 |  5,
  REPD                       =  2 << 16 | 7 << 8 |  1,
  ALLOCATION_LENGTH          =  6 << 16 | 7 << 8 | 32,
  CONTROL                    = 11 << 16 | 7 << 8 |  8,
}

// Parameter lists (data-out)

/** smr-j 3.14.3 table 90: every service action but REGISTER AND MOVE. */
export enum PersistentReserveOutList {
  RESERVATION_KEY                =  0 << 16 | 7 << 8 | 64,
  SERVICE_ACTION_RESERVATION_KEY =  8 << 16 | 7 << 8 | 64,
  SPEC_I_PT                      = 20 << 16 | 3 << 8 |  1, // SPEC_I_PT
  ALL_TG_PT                      = 20 << 16 | 2 << 8 |  1, // ALL_TG_PT
  APTPL                          = 20 << 16 | 0 << 8 |  1,
}

/** smr-j 3.14.3 table 91: the additional parameter data that SPEC_I_PT announces. TransportIDs follow from byte 28. */
export enum SpecifyInitiatorPortsList {
  RESERVATION_KEY                  =  0 << 16 | 7 << 8 | 64,
  SERVICE_ACTION_RESERVATION_KEY   =  8 << 16 | 7 << 8 | 64,
  SPEC_I_PT                        = 20 << 16 | 3 << 8 |  1, // SPEC_I_PT
  ALL_TG_PT                        = 20 << 16 | 2 << 8 |  1, // ALL_TG_PT
  APTPL                            = 20 << 16 | 0 << 8 |  1,
  TRANSPORTID_PARAMETER_DATA_LENGTH = 24 << 16 | 7 << 8 | 32,
}

/** smr-j 3.14.4 table 94: REGISTER AND MOVE. One TransportID follows from byte 24. */
export enum RegisterAndMoveList {
  RESERVATION_KEY                   =  0 << 16 | 7 << 8 | 64,
  SERVICE_ACTION_RESERVATION_KEY    =  8 << 16 | 7 << 8 | 64,
  UNREG                             = 17 << 16 | 1 << 8 |  1,
  APTPL                             = 17 << 16 | 0 << 8 |  1,
  RELATIVE_TARGET_PORT_IDENTIFIER   = 18 << 16 | 7 << 8 | 16,
  TRANSPORTID_PARAMETER_DATA_LENGTH = 20 << 16 | 7 << 8 | 32,
}

// Responses (data-in)

/** smr-j 3.13.2 table 78: keys of eight bytes follow from byte 8. */
export enum ReadKeysData {
  PRGENERATION               = 0 << 16 | 7 << 8 | 32,
  ADDITIONAL_LENGTH          = 4 << 16 | 7 << 8 | 32,
}

/** smr-j 3.13.3 tables 79 and 80: everything from RESERVATION KEY on is there only if ADDITIONAL LENGTH is 16. */
export enum ReadReservationData {
  PRGENERATION               =  0 << 16 | 7 << 8 | 32,
  ADDITIONAL_LENGTH          =  4 << 16 | 7 << 8 | 32,
  RESERVATION_KEY            =  8 << 16 | 7 << 8 | 64,
  SCOPE                      = 21 << 16 | 7 << 8 |  4,
  TYPE                       = 21 << 16 | 3 << 8 |  4,
}

/** smr-j 3.13.4 table 83. */
export enum ReportCapabilitiesData {
  LENGTH                     = 0 << 16 | 7 << 8 | 16,
  RLR_C                      = 2 << 16 | 7 << 8 |  1, // RLR_C
  CRH                        = 2 << 16 | 4 << 8 |  1,
  SIP_C                      = 2 << 16 | 3 << 8 |  1, // SIP_C
  ATP_C                      = 2 << 16 | 2 << 8 |  1, // ATP_C
  PTPL_C                     = 2 << 16 | 0 << 8 |  1, // PTPL_C
  TMV                        = 3 << 16 | 7 << 8 |  1,
  ALLOW_COMMANDS             = 3 << 16 | 6 << 8 |  3,
  PTPL_A                     = 3 << 16 | 0 << 8 |  1, // PTPL_A
  WR_EX_AR                   = 4 << 16 | 7 << 8 |  1, // WR_EX_AR
  EX_AC_RO                   = 4 << 16 | 6 << 8 |  1, // EX_AC_RO
  WR_EX_RO                   = 4 << 16 | 5 << 8 |  1, // WR_EX_RO
  EX_AC                      = 4 << 16 | 3 << 8 |  1, // EX_AC
  WR_EX                      = 4 << 16 | 1 << 8 |  1, // WR_EX
  EX_AC_AR                   = 5 << 16 | 0 << 8 |  1, // EX_AC_AR
}

/** smr-j 3.13.5 table 86: full status descriptors follow from byte 8. */
export enum ReadFullStatusData {
  PRGENERATION               = 0 << 16 | 7 << 8 | 32,
  ADDITIONAL_LENGTH          = 4 << 16 | 7 << 8 | 32,
}

/** smr-j 3.13.5 table 87: one full status descriptor. The TransportID follows from byte 24. */
export enum FullStatusDescriptor {
  RESERVATION_KEY                 =  0 << 16 | 7 << 8 | 64,
  ALL_TG_PT                       = 12 << 16 | 1 << 8 |  1, // ALL_TG_PT
  R_HOLDER                        = 12 << 16 | 0 << 8 |  1, // R_HOLDER
  SCOPE                           = 13 << 16 | 7 << 8 |  4,
  TYPE                            = 13 << 16 | 3 << 8 |  4,
  RELATIVE_TARGET_PORT_IDENTIFIER = 18 << 16 | 7 << 8 | 16,
  ADDITIONAL_DESCRIPTOR_LENGTH    = 20 << 16 | 7 << 8 | 32,
}

/** spc4 7.5.4: what every TransportID starts with. */
export enum TransportIdHeader {
  FORMAT_CODE                = 0 << 16 | 7 << 8 |  2,
  PROTOCOL_IDENTIFIER        = 0 << 16 | 3 << 8 |  4,
}

/** spc4 7.5.4 iSCSI: a name that ends in a NUL follows from byte 4, padded to a multiple of four. */
export enum IscsiTransportId {
  FORMAT_CODE                = 0 << 16 | 7 << 8 |  2,
  PROTOCOL_IDENTIFIER        = 0 << 16 | 3 << 8 |  4,
  ADDITIONAL_LENGTH          = 2 << 16 | 7 << 8 | 16,
}

/** spc4 7.5.4 Fibre Channel: 24 bytes, as are all that follow. */
export enum FcpTransportId {
  FORMAT_CODE                = 0 << 16 | 7 << 8 |  2,
  PROTOCOL_IDENTIFIER        = 0 << 16 | 3 << 8 |  4,
  N_PORT_NAME                = 8 << 16 | 7 << 8 | 64, // N_PORT NAME
}

/** spc4 7.5.4 parallel SCSI. */
export enum SpiTransportId {
  FORMAT_CODE                = 0 << 16 | 7 << 8 |  2,
  PROTOCOL_IDENTIFIER        = 0 << 16 | 3 << 8 |  4,
  SCSI_ADDRESS               = 2 << 16 | 7 << 8 | 16,
  RELATIVE_TARGET_PORT_IDENTIFIER = 6 << 16 | 7 << 8 | 16,
}

/** spc4 7.5.4 IEEE 1394. */
export enum SbpTransportId {
  FORMAT_CODE                = 0 << 16 | 7 << 8 |  2,
  PROTOCOL_IDENTIFIER        = 0 << 16 | 3 << 8 |  4,
  EUI_64_NAME                = 8 << 16 | 7 << 8 | 64, // EUI-64 NAME
}

/** spc4 7.5.4 RDMA. The INITIATOR PORT IDENTIFIER has 128 bits: here its two halves. */
export enum SrpTransportId {
  FORMAT_CODE                =  0 << 16 | 7 << 8 |  2,
  PROTOCOL_IDENTIFIER        =  0 << 16 | 3 << 8 |  4,
  INITIATOR_PORT_IDENTIFIER  =  8 << 16 | 7 << 8 | 64,
  INITIATOR_PORT_IDENTIFIER_LOW = 16 << 16 | 7 << 8 | 64,
}

/** spc4 7.5.4 SAS. */
export enum SasTransportId {
  FORMAT_CODE                = 0 << 16 | 7 << 8 |  2,
  PROTOCOL_IDENTIFIER        = 0 << 16 | 3 << 8 |  4,
  SAS_ADDRESS                = 4 << 16 | 7 << 8 | 64,
}

/** spc5 7.6.4 SCSI over PCI Express. */
export enum SopTransportId {
  FORMAT_CODE                = 0 << 16 | 7 << 8 |  2,
  PROTOCOL_IDENTIFIER        = 0 << 16 | 3 << 8 |  4,
  ROUTING_ID                 = 2 << 16 | 7 << 8 | 16,
}

/** smr-j 3.6.2 standard INQUIRY data. Text: vendor 8 to 15, product 16 to 31, revision 32 to 35. */
export enum InquiryData {
  PERIPHERAL_QUALIFIER       = 0 << 16 | 7 << 8 |  3,
  PERIPHERAL_DEVICE_TYPE     = 0 << 16 | 4 << 8 |  5,
  RMB                        = 1 << 16 | 7 << 8 |  1,
  VERSION                    = 2 << 16 | 7 << 8 |  8,
  NORMACA                    = 3 << 16 | 5 << 8 |  1,
  HISUP                      = 3 << 16 | 4 << 8 |  1,
  RESPONSE_DATA_FORMAT       = 3 << 16 | 3 << 8 |  4,
  ADDITIONAL_LENGTH          = 4 << 16 | 7 << 8 |  8,
  TPGS                       = 5 << 16 | 5 << 8 |  2,
  THREE_PC                   = 5 << 16 | 3 << 8 |  1, // 3PC
  PROTECT                    = 5 << 16 | 0 << 8 |  1,
  MULTIP                     = 6 << 16 | 4 << 8 |  1,
  CMDQUE                     = 7 << 16 | 1 << 8 |  1,
}

/** smr-j 5.4.11 table 459: what every vital product data page starts with; its contents follow from byte 4. */
export enum VpdHeader {
  PERIPHERAL_QUALIFIER       = 0 << 16 | 7 << 8 |  3,
  PERIPHERAL_DEVICE_TYPE     = 0 << 16 | 4 << 8 |  5,
  PAGE_CODE                  = 1 << 16 | 7 << 8 |  8,
  PAGE_LENGTH                = 2 << 16 | 7 << 8 | 16,
}

/** smr-j 5.4.11 table 460: one designation descriptor of VPD page 83h. The designator follows from byte 4. */
export enum DesignationDescriptor {
  PROTOCOL_IDENTIFIER        = 0 << 16 | 7 << 8 |  4,
  CODE_SET                   = 0 << 16 | 3 << 8 |  4,
  PIV                        = 1 << 16 | 7 << 8 |  1,
  ASSOCIATION                = 1 << 16 | 5 << 8 |  2,
  DESIGNATOR_TYPE            = 1 << 16 | 3 << 8 |  4,
  DESIGNATOR_LENGTH          = 3 << 16 | 7 << 8 |  8,
}

/** smr-j 3.33 table 149: LUNs of eight bytes follow from byte 8. */
export enum ReportLunsData {
  LUN_LIST_LENGTH            = 0 << 16 | 7 << 8 | 32,
}

/** smr-j 3.22.2 table 120 READ CAPACITY (10) parameter data. */
export enum ReadCapacity10Data {
  RETURNED_LOGICAL_BLOCK_ADDRESS  = 0 << 16 | 7 << 8 | 32,
  LOGICAL_BLOCK_LENGTH            = 4 << 16 | 7 << 8 | 32,
}

/** smr-j 3.23.2 table 122 READ CAPACITY (16) parameter data. */
export enum ReadCapacity16Data {
  RETURNED_LOGICAL_BLOCK_ADDRESS  =  0 << 16 | 7 << 8 | 64,
  LOGICAL_BLOCK_LENGTH            =  8 << 16 | 7 << 8 | 32,
  P_TYPE                          = 12 << 16 | 3 << 8 |  3, // P_TYPE
  PROT_EN                         = 12 << 16 | 0 << 8 |  1, // PROT_EN
  LOGICAL_BLOCKS_PER_PHYSICAL_BLOCK_EXPONENT = 13 << 16 | 3 << 8 | 4,
  LBPME                           = 14 << 16 | 7 << 8 |  1,
  LBPRZ                           = 14 << 16 | 6 << 8 |  1,
  LOWEST_ALIGNED_LOGICAL_BLOCK_ADDRESS = 14 << 16 | 5 << 8 | 14,
}

/** smr-j: the mode parameter header of MODE SENSE (6) and MODE SELECT (6), for a direct access block device. */
export enum ModeParameterHeader6 {
  MODE_DATA_LENGTH           = 0 << 16 | 7 << 8 |  8,
  MEDIUM_TYPE                = 1 << 16 | 7 << 8 |  8,
  WP                         = 2 << 16 | 7 << 8 |  1,
  DPOFUA                     = 2 << 16 | 4 << 8 |  1,
  BLOCK_DESCRIPTOR_LENGTH    = 3 << 16 | 7 << 8 |  8,
}

/** smr-j: the mode parameter header of MODE SENSE (10) and MODE SELECT (10). */
export enum ModeParameterHeader10 {
  MODE_DATA_LENGTH           = 0 << 16 | 7 << 8 | 16,
  MEDIUM_TYPE                = 2 << 16 | 7 << 8 |  8,
  WP                         = 3 << 16 | 7 << 8 |  1,
  DPOFUA                     = 3 << 16 | 4 << 8 |  1,
  LONGLBA                    = 4 << 16 | 0 << 8 |  1,
  BLOCK_DESCRIPTOR_LENGTH    = 6 << 16 | 7 << 8 | 16,
}

/** smr-j: the short LBA mode parameter block descriptor. */
export enum ShortBlockDescriptor {
  NUMBER_OF_LOGICAL_BLOCKS   = 0 << 16 | 7 << 8 | 32,
  LOGICAL_BLOCK_LENGTH       = 5 << 16 | 7 << 8 | 24,
}

/** smr-j: the long LBA mode parameter block descriptor. */
export enum LongBlockDescriptor {
  NUMBER_OF_LOGICAL_BLOCKS   =  0 << 16 | 7 << 8 | 64,
  LOGICAL_BLOCK_LENGTH       = 12 << 16 | 7 << 8 | 32,
}

/** smr-j: what every mode page without subpages starts with. */
export enum ModePageHeader {
  PS                         = 0 << 16 | 7 << 8 |  1,
  SPF                        = 0 << 16 | 6 << 8 |  1,
  PAGE_CODE                  = 0 << 16 | 5 << 8 |  6,
  PAGE_LENGTH                = 1 << 16 | 7 << 8 |  8,
}

/** smr-j: Caching mode page, 08h. */
export enum CachingModePage {
  PS                         =  0 << 16 | 7 << 8 |  1,
  SPF                        =  0 << 16 | 6 << 8 |  1,
  PAGE_CODE                  =  0 << 16 | 5 << 8 |  6,
  PAGE_LENGTH                =  1 << 16 | 7 << 8 |  8,
  WCE                        =  2 << 16 | 2 << 8 |  1,
  RCD                        =  2 << 16 | 0 << 8 |  1,
  DRA                        = 12 << 16 | 5 << 8 |  1,
}

/** smr-j: Control mode page, 0Ah. */
export enum ControlModePage {
  PS                         =  0 << 16 | 7 << 8 |  1,
  SPF                        =  0 << 16 | 6 << 8 |  1,
  PAGE_CODE                  =  0 << 16 | 5 << 8 |  6,
  PAGE_LENGTH                =  1 << 16 | 7 << 8 |  8,
  TST                        =  2 << 16 | 7 << 8 |  3,
  TMF_ONLY                   =  2 << 16 | 4 << 8 |  1, // TMF_ONLY
  D_SENSE                    =  2 << 16 | 2 << 8 |  1, // D_SENSE
  QUEUE_ALGORITHM_MODIFIER   =  3 << 16 | 7 << 8 |  4,
  NUAR                       =  3 << 16 | 3 << 8 |  1,
  QERR                       =  3 << 16 | 2 << 8 |  2,
  UA_INTLCK_CTRL             =  4 << 16 | 5 << 8 |  2, // UA_INTLCK_CTRL
  SWP                        =  4 << 16 | 3 << 8 |  1,
  TAS                        =  5 << 16 | 6 << 8 |  1,
  BUSY_TIMEOUT_PERIOD        =  8 << 16 | 7 << 8 | 16,
}

/** smr-j: Informational Exceptions Control mode page, 1Ch. */
export enum InformationalExceptionsModePage {
  PS                         = 0 << 16 | 7 << 8 |  1,
  SPF                        = 0 << 16 | 6 << 8 |  1,
  PAGE_CODE                  = 0 << 16 | 5 << 8 |  6,
  PAGE_LENGTH                = 1 << 16 | 7 << 8 |  8,
  DEXCPT                     = 2 << 16 | 3 << 8 |  1,
  MRIE                       = 3 << 16 | 3 << 8 |  4,
}

/** smr-j REPORT SUPPORTED OPERATION CODES, all commands: command descriptors follow from byte 4. */
export enum AllCommandsData {
  COMMAND_DATA_LENGTH        = 0 << 16 | 7 << 8 | 32,
}

/** smr-j REPORT SUPPORTED OPERATION CODES: one command descriptor. A timeouts descriptor follows if CTDP is 1. */
export enum CommandDescriptor {
  OPERATION_CODE             = 0 << 16 | 7 << 8 |  8,
  SERVICE_ACTION             = 2 << 16 | 7 << 8 | 16,
  CTDP                       = 5 << 16 | 1 << 8 |  1,
  SERVACTV                   = 5 << 16 | 0 << 8 |  1,
  CDB_LENGTH                 = 6 << 16 | 7 << 8 | 16,
}

/** smr-j REPORT SUPPORTED OPERATION CODES, one command: its CDB usage data follow from byte 4. */
export enum OneCommandData {
  CTDP                       = 1 << 16 | 7 << 8 |  1,
  SUPPORT                    = 1 << 16 | 2 << 8 |  3,
  CDB_SIZE                   = 2 << 16 | 7 << 8 | 16,
}

/** smr-j REPORT SUPPORTED OPERATION CODES: command timeouts descriptor. */
export enum CommandTimeoutsDescriptor {
  DESCRIPTOR_LENGTH                  = 0 << 16 | 7 << 8 | 16,
  NOMINAL_COMMAND_PROCESSING_TIMEOUT = 4 << 16 | 7 << 8 | 32,
  RECOMMENDED_COMMAND_TIMEOUT        = 8 << 16 | 7 << 8 | 32,
}

/** smr-j REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS, the basic and the extended form. */
export enum TaskManagementFunctionsData {
  ATS                             = 0 << 16 | 7 << 8 |  1,
  ATSS                            = 0 << 16 | 6 << 8 |  1,
  CACAS                           = 0 << 16 | 5 << 8 |  1,
  CTSS                            = 0 << 16 | 4 << 8 |  1,
  LURS                            = 0 << 16 | 3 << 8 |  1,
  QTS                             = 0 << 16 | 2 << 8 |  1,
  TRS                             = 0 << 16 | 1 << 8 |  1,
  QAES                            = 1 << 16 | 2 << 8 |  1,
  QTSS                            = 1 << 16 | 1 << 8 |  1,
  ITNRS                           = 1 << 16 | 0 << 8 |  1,
  ADDITIONAL_DATA_LENGTH          = 3 << 16 | 7 << 8 |  8,
}

/** smr-j: VPD page B0h, Block Limits, after its header. */
export enum BlockLimitsPage {
  WSNZ                                    =  4 << 16 | 0 << 8 |  1,
  MAXIMUM_COMPARE_AND_WRITE_LENGTH        =  5 << 16 | 7 << 8 |  8,
  OPTIMAL_TRANSFER_LENGTH_GRANULARITY     =  6 << 16 | 7 << 8 | 16,
  MAXIMUM_TRANSFER_LENGTH                 =  8 << 16 | 7 << 8 | 32,
  OPTIMAL_TRANSFER_LENGTH                 = 12 << 16 | 7 << 8 | 32,
  MAXIMUM_PREFETCH_LENGTH                 = 16 << 16 | 7 << 8 | 32,
  MAXIMUM_UNMAP_LBA_COUNT                 = 20 << 16 | 7 << 8 | 32,
  MAXIMUM_UNMAP_BLOCK_DESCRIPTOR_COUNT    = 24 << 16 | 7 << 8 | 32,
  OPTIMAL_UNMAP_GRANULARITY               = 28 << 16 | 7 << 8 | 32,
  UGAVALID                                = 32 << 16 | 7 << 8 |  1,
  UNMAP_GRANULARITY_ALIGNMENT             = 32 << 16 | 6 << 8 | 31,
  MAXIMUM_WRITE_SAME_LENGTH               = 36 << 16 | 7 << 8 | 64,
}

/** smr-j: VPD page B1h, Block Device Characteristics, after its header. */
export enum BlockDeviceCharacteristicsPage {
  MEDIUM_ROTATION_RATE       = 4 << 16 | 7 << 8 | 16,
  PRODUCT_TYPE               = 6 << 16 | 7 << 8 |  8,
}

/** smr-j: VPD page B2h, Logical Block Provisioning, after its header. */
export enum LogicalBlockProvisioningPage {
  THRESHOLD_EXPONENT         = 4 << 16 | 7 << 8 |  8,
  LBPU                       = 5 << 16 | 7 << 8 |  1,
  LBPWS                      = 5 << 16 | 6 << 8 |  1,
  LBPWS10                    = 5 << 16 | 5 << 8 |  1,
  LBPRZ                      = 5 << 16 | 4 << 8 |  3,
  ANC_SUP                    = 5 << 16 | 1 << 8 |  1, // ANC_SUP
  DP                         = 5 << 16 | 0 << 8 |  1,
  PROVISIONING_TYPE          = 6 << 16 | 2 << 8 |  3,
}

/** smr-j UNMAP: the parameter list's header. Block descriptors follow from byte 8. */
export enum UnmapList {
  UNMAP_DATA_LENGTH                  = 0 << 16 | 7 << 8 | 16,
  UNMAP_BLOCK_DESCRIPTOR_DATA_LENGTH = 2 << 16 | 7 << 8 | 16,
}

/** smr-j UNMAP: one block descriptor. */
export enum UnmapBlockDescriptor {
  UNMAP_LOGICAL_BLOCK_ADDRESS = 0 << 16 | 7 << 8 | 64,
  NUMBER_OF_LOGICAL_BLOCKS    = 8 << 16 | 7 << 8 | 32,
}

/** smr-j GET LBA STATUS: LBA status descriptors follow from byte 8. */
export enum LbaStatusData {
  PARAMETER_DATA_LENGTH      = 0 << 16 | 7 << 8 | 32,
}

/** smr-j GET LBA STATUS: one LBA status descriptor. */
export enum LbaStatusDescriptor {
  LBA_STATUS_LOGICAL_BLOCK_ADDRESS =  0 << 16 | 7 << 8 | 64,
  NUMBER_OF_LOGICAL_BLOCKS         =  8 << 16 | 7 << 8 | 32,
  PROVISIONING_STATUS              = 12 << 16 | 3 << 8 |  4,
}

/** REPORT TARGET PORT GROUPS, as sg_rtpg sends it. */
export enum ReportTargetPortGroupsCdb {
  OPERATION_CODE             =  0 << 16 | 7 << 8 |  8,
  PARAMETER_DATA_FORMAT      =  1 << 16 | 7 << 8 |  3,
  SERVICE_ACTION             =  1 << 16 | 4 << 8 |  5,
  ALLOCATION_LENGTH          =  6 << 16 | 7 << 8 | 32,
  CONTROL                    = 11 << 16 | 7 << 8 |  8,
}

/** REPORT TARGET PORT GROUPS: target port group descriptors follow from byte 4. */
export enum TargetPortGroupsData {
  RETURN_DATA_LENGTH         = 0 << 16 | 7 << 8 | 32,
}

/** REPORT TARGET PORT GROUPS: one group. Its target port descriptors of four bytes follow from byte 8. */
export enum TargetPortGroupDescriptor {
  PREF                       = 0 << 16 | 7 << 8 |  1,
  ASYMMETRIC_ACCESS_STATE    = 0 << 16 | 3 << 8 |  4,
  T_SUP                      = 1 << 16 | 7 << 8 |  1, // T_SUP
  O_SUP                      = 1 << 16 | 6 << 8 |  1, // O_SUP
  LBD_SUP                    = 1 << 16 | 4 << 8 |  1, // LBD_SUP
  U_SUP                      = 1 << 16 | 3 << 8 |  1, // U_SUP
  S_SUP                      = 1 << 16 | 2 << 8 |  1, // S_SUP
  AN_SUP                     = 1 << 16 | 1 << 8 |  1, // AN_SUP
  AO_SUP                     = 1 << 16 | 0 << 8 |  1, // AO_SUP
  TARGET_PORT_GROUP          = 2 << 16 | 7 << 8 | 16,
  STATUS_CODE                = 5 << 16 | 7 << 8 |  8,
  TARGET_PORT_COUNT          = 7 << 16 | 7 << 8 |  8,
}

/** REPORT TARGET PORT GROUPS: one target port. */
export enum TargetPortDescriptor {
  RELATIVE_TARGET_PORT_IDENTIFIER = 2 << 16 | 7 << 8 | 16,
}

// Sense data

/** smr-j 2.4.1.2 table 27: fixed format, response codes 70h and 71h. SDAT_OVFL is SPC-4's; it is reserved there. */
export enum FixedSense {
  VALID                         =  0 << 16 | 7 << 8 |  1,
  RESPONSE_CODE                 =  0 << 16 | 6 << 8 |  7,
  FILEMARK                      =  2 << 16 | 7 << 8 |  1,
  EOM                           =  2 << 16 | 6 << 8 |  1,
  ILI                           =  2 << 16 | 5 << 8 |  1,
  SDAT_OVFL                     =  2 << 16 | 4 << 8 |  1, // SDAT_OVFL
  SENSE_KEY                     =  2 << 16 | 3 << 8 |  4,
  INFORMATION                   =  3 << 16 | 7 << 8 | 32,
  ADDITIONAL_SENSE_LENGTH       =  7 << 16 | 7 << 8 |  8,
  COMMAND_SPECIFIC_INFORMATION  =  8 << 16 | 7 << 8 | 32,
  ADDITIONAL_SENSE_CODE         = 12 << 16 | 7 << 8 |  8,
  ADDITIONAL_SENSE_CODE_QUALIFIER = 13 << 16 | 7 << 8 | 8,
  FIELD_REPLACEABLE_UNIT_CODE   = 14 << 16 | 7 << 8 |  8,
  SKSV                          = 15 << 16 | 7 << 8 |  1,
  SENSE_KEY_SPECIFIC            = 15 << 16 | 6 << 8 | 23,
}

/** smr-j 2.4.1.1.1 table 12: descriptor format, response codes 72h and 73h. Descriptors from byte 8. SDAT_OVFL as above. */
export enum DescriptorSense {
  RESPONSE_CODE                 = 0 << 16 | 6 << 8 |  7,
  SENSE_KEY                     = 1 << 16 | 3 << 8 |  4,
  ADDITIONAL_SENSE_CODE         = 2 << 16 | 7 << 8 |  8,
  ADDITIONAL_SENSE_CODE_QUALIFIER = 3 << 16 | 7 << 8 | 8,
  SDAT_OVFL                     = 4 << 16 | 7 << 8 |  1, // SDAT_OVFL
  ADDITIONAL_SENSE_LENGTH       = 7 << 16 | 7 << 8 |  8,
}

/** smr-j 2.4.1.1.1 table 13: what every sense data descriptor starts with; ADDITIONAL LENGTH counts from byte 2. */
export enum SenseDescriptorHeader {
  DESCRIPTOR_TYPE               = 0 << 16 | 7 << 8 |  8,
  ADDITIONAL_LENGTH             = 1 << 16 | 7 << 8 |  8,
}

/** smr-j 2.4.1.1.2: descriptor type 00h. */
export enum InformationSenseDescriptor {
  VALID                         = 2 << 16 | 7 << 8 |  1,
  INFORMATION                   = 4 << 16 | 7 << 8 | 64,
}

/** smr-j 2.4.1.1.3: descriptor type 01h. */
export enum CommandSpecificSenseDescriptor {
  COMMAND_SPECIFIC_INFORMATION  = 4 << 16 | 7 << 8 | 64,
}

/** smr-j 2.4.1.1.4: descriptor type 02h. */
export enum SenseKeySpecificSenseDescriptor {
  SKSV                          = 4 << 16 | 7 << 8 |  1,
  SENSE_KEY_SPECIFIC            = 4 << 16 | 6 << 8 | 23,
}

/** smr-j 2.4.1.1.5: descriptor type 03h. */
export enum FieldReplaceableUnitSenseDescriptor {
  FIELD_REPLACEABLE_UNIT_CODE   = 3 << 16 | 7 << 8 |  8,
}

/** Descriptor types 04h (stream commands) and 05h (block commands, ILI alone). */
export enum StreamSenseDescriptor {
  FILEMARK                      = 3 << 16 | 7 << 8 |  1,
  EOM                           = 3 << 16 | 6 << 8 |  1,
  ILI                           = 3 << 16 | 5 << 8 |  1,
}

/** sat3 ATA Status Return, descriptor type 09h: the LBA's bytes stand as the ATA registers have them. */
export enum AtaStatusReturnSenseDescriptor {
  EXTEND                        =  2 << 16 | 0 << 8 |  1,
  ERROR                         =  3 << 16 | 7 << 8 |  8,
  COUNT                         =  4 << 16 | 7 << 8 | 16,
  LBA_31_24                     =  6 << 16 | 7 << 8 |  8,
  LBA_7_0                       =  7 << 16 | 7 << 8 |  8,
  LBA_39_32                     =  8 << 16 | 7 << 8 |  8,
  LBA_15_8                      =  9 << 16 | 7 << 8 |  8,
  LBA_47_40                     = 10 << 16 | 7 << 8 |  8,
  LBA_23_16                     = 11 << 16 | 7 << 8 |  8,
  DEVICE                        = 12 << 16 | 7 << 8 |  8,
  STATUS                        = 13 << 16 | 7 << 8 |  8,
}

/** smr-j 2.4.1.1.6: another progress indication, descriptor type 0Ah. */
export enum AnotherProgressSenseDescriptor {
  ANOTHER_SENSE_KEY                       = 2 << 16 | 7 << 8 |  8,
  ANOTHER_ADDITIONAL_SENSE_CODE           = 3 << 16 | 7 << 8 |  8,
  ANOTHER_ADDITIONAL_SENSE_CODE_QUALIFIER = 4 << 16 | 7 << 8 |  8,
  ANOTHER_PROGRESS_INDICATION             = 6 << 16 | 7 << 8 | 16,
}

/** Forwarded sense data, descriptor type 0Ch, as sg_decode_sense reads it. The sense data follow from byte 4. */
export enum ForwardedSenseDescriptor {
  FSDT                          = 2 << 16 | 7 << 8 |  1,
  SENSE_DATA_SOURCE             = 2 << 16 | 3 << 8 |  4,
  FORWARDED_STATUS              = 3 << 16 | 7 << 8 |  8,
}

/** Direct access block device, descriptor type 0Dh, as sg_decode_sense reads it: types 00h to 03h and 05h in one. */
export enum DirectAccessBlockSenseDescriptor {
  VALID                         =  2 << 16 | 7 << 8 |  1,
  ILI                           =  2 << 16 | 5 << 8 |  1,
  SKSV                          =  4 << 16 | 7 << 8 |  1,
  SENSE_KEY_SPECIFIC            =  4 << 16 | 6 << 8 | 23,
  FIELD_REPLACEABLE_UNIT_CODE   =  7 << 16 | 7 << 8 |  8,
  INFORMATION                   =  8 << 16 | 7 << 8 | 64,
  COMMAND_SPECIFIC_INFORMATION  = 16 << 16 | 7 << 8 | 64,
}

/**
 * smr-j 2.4.1.1.4.2 table 19: the three bytes of SENSE KEY SPECIFIC, their first bit being SKSV.
 * ILLEGAL REQUEST has a field pointer there; NO SENSE and NOT READY have PROGRESS INDICATION, others a count, in the same place.
 */
export enum SenseKeySpecific {
  SKSV                          = 0 << 16 | 7 << 8 |  1,
  COMMAND_DATA                  = 0 << 16 | 6 << 8 |  1,
  BPV                           = 0 << 16 | 3 << 8 |  1,
  BIT_POINTER                   = 0 << 16 | 2 << 8 |  3,
  FIELD_POINTER                 = 1 << 16 | 7 << 8 | 16,
}
