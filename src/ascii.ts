/** Text fields of SCSI data: ASCII, filled up with spaces. */

/** The text without the padding; what is not printable ASCII, and so has no place there, reads as `?`. */
export function ascii(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) =>
    byte === 0 ? " " : byte < 0x20 || byte > 0x7e ? "?" : String.fromCharCode(byte),
  );
  return text.join("").trim();
}
