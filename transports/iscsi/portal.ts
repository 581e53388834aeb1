/**
 * Network addresses of targets as iSCSI writes them (RFC 7143 13.8, TargetAddress): host, port, portal group tag. Text
 * only.
 */

/** The port that iSCSI has by default. */
export const ISCSI_PORT = 3260;

/** A network portal of a target. */
export interface IscsiPortal {
  /** A host name, an IPv4 address, or an IPv6 address without brackets. */
  readonly address: string;
  /** The TCP port. */
  readonly port: number;
  /** The target portal group tag, 0 to 65535, if the target gave it. */
  readonly tpgt: number | undefined;
}

/** Reads `host[:port][,tag]`, an IPv6 host in brackets; undefined if it is not of that form. */
export function parsePortal(text: string): IscsiPortal | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%[^\]\s]+)?)\]|([^\s:,[\]/]+))(?::([0-9]{1,5}))?(?:,([0-9]{1,5}))?$/.exec(
    text,
  );
  if (match === null) return undefined;
  const port = match[3] === undefined ? ISCSI_PORT : Number(match[3]);
  const tpgt = match[4] === undefined ? undefined : Number(match[4]);
  if (port < 1 || port > 65535 || (tpgt !== undefined && tpgt > 65535)) return undefined;
  return { address: (match[1] ?? match[2]) as string, port, tpgt };
}

/** Writes an address for people and URLs: `host:port`, an IPv6 host in brackets. */
export function formatAddress(address: { readonly host: string; readonly port: number }): string {
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
