/** The codes of errors, each with what it means in words: the one list of them. A table; errors.ts has the class. */

/** Every code that a `ScsiError` can carry, with its meaning. */
export const scsiErrorCodes = {
  // Statuses other than GOOD and CHECK CONDITION (SAM-5 5.3.1).
  RESERVATION_CONFLICT: "another I_T nexus's reservation, or a wrong reservation key, forbids this command",
  BUSY: "the logical unit is busy; nothing was executed",
  TASK_SET_FULL: "the logical unit's queue is full; nothing was executed",
  ACA_ACTIVE: "an auto contingent allegiance must be cleared first; nothing was executed",
  TASK_ABORTED: "another I_T nexus or a reset aborted the command",
  UNEXPECTED_STATUS: "a status that this command cannot have, or that no standard names",
  // CHECK CONDITION, by sense key (SPC-5 4.4.8).
  NO_SENSE: "CHECK CONDITION without a reason",
  NOT_READY: "the logical unit is not ready",
  MEDIUM_ERROR: "the medium is defective",
  HARDWARE_ERROR: "the device has failed",
  ILLEGAL_REQUEST: "the device server rejects the command or one of its fields",
  UNIT_ATTENTION: "something happened to the logical unit that must be known first; the command was not executed",
  DATA_PROTECT: "the medium is protected",
  BLANK_CHECK: "blank or unexpected medium",
  VENDOR_SPECIFIC: "a vendor specific condition",
  COPY_ABORTED: "a copy operation was aborted",
  ABORTED_COMMAND: "the device server aborted the command",
  VOLUME_OVERFLOW: "the end of the medium was reached",
  MISCOMPARE: "the data differ",
  MALFORMED_SENSE: "CHECK CONDITION with sense data that cannot be read",
  // Answers that cannot be right.
  MALFORMED_RESPONSE: "GOOD, but the data does not have the form that the standard gives it",
  // No answer. `delivered` says whether the command may have been executed.
  CONNECTION_FAILED: "the target or device cannot be reached",
  LOGIN_FAILED: "the target refuses the login",
  AUTHENTICATION_FAILED: "the target refuses the credentials, or failed to prove its own",
  TARGET_NOT_FOUND: "the target does not exist there, or not for this initiator",
  PERMISSION_DENIED: "the operating system does not let this process use the device",
  UNSUITABLE_DEVICE: "the device does not take such commands: a partition, a file, another kind of device",
  CONNECTION_LOST: "the connection ended before the answer",
  PROTOCOL_ERROR: "the peer broke the transport protocol",
  TIMEOUT: "no answer in time",
  ABORTED: "the caller's signal fired",
  CLOSED: "the transport has been closed",
  TASK_MANAGEMENT_FAILED: "the target refuses a task management function",
  // Decided above the transport.
  LOST_ANSWER: "the answer was lost, and whether the command was executed could not be established",
  FAMILIES_MIXED: "RESERVE and persistent reservations must not be mixed on one disk; nothing was sent",
  ACCESS_LOST: "access to a disk that was expected to be there is gone, or the disk has not answered in time",
  // Decided above several paths.
  NO_USABLE_PATH: "no path to the logical unit is usable",
  PATHS_DIFFER: "executed through some paths, and not through others that are alive",
  KEY_SHARED: "another host is registered with the same reservation key",
  PREEMPTED_MEANWHILE: "another host pre-empted this one, or cleared all registrations, while it registered",
} as const;
