/** How a logical unit's identity is written. Pure text. */

/** An identity without what differs from one notation to another: `naa.6…`, `wwn-0x6…`, udev's `36…` and `scsi-36…` are one. */
export function bareIdentity(identity: string): string {
  return identity
    .trim()
    .toLowerCase()
    .replace(/^(naa\.|eui\.|wwn-0x|0x|scsi-|dm-uuid-mpath-)/, "")
    .replace(/^[23]([0-9a-f]{16}|[0-9a-f]{24}|[0-9a-f]{32})$/, "$1");
}

/** Is this text the identity of a unit, rather than a path or a URL? */
export const isIdentity = (text: string): boolean =>
  /^(t10|uuid)\../.test(text) || /^([0-9a-f]{16}|[0-9a-f]{24}|[0-9a-f]{32})$/.test(bareIdentity(text));
