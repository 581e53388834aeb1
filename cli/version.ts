/** The version, in a file of its own: whoever asks for it alone need not wait for anything else to load. */
export const VERSION = "__SCSI_PERSIST_VERSION__";
