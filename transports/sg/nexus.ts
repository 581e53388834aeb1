/**
 * The I_T nexus behind a SCSI device, as sysfs tells: which initiator port leads to which target port. Reads files, sends nothing,
 * needs no rights. So one's own registration can be found in READ FULL STATUS, and a stale one recognised.
 */
import { basename, dirname, join } from "node:path";
import type { TransportId } from "../../src/transport-id.ts";
import { entries, line } from "./node-of.ts";

/** An I_T nexus. */
export interface SgNexus {
  /** What carries the commands: `iscsi`, `sas`, `fcp`, or the name of the driver where that is not known. */
  readonly protocol: string;
  /** The initiator port, where its form is known. */
  readonly initiatorPort: TransportId | undefined;
  /** The target port, in the protocol's own words. */
  readonly targetPort: string | undefined;
}

/** The ancestors of a sysfs directory, itself first. */
function* upwards(path: string): Generator<string> {
  for (let at = path; at !== dirname(at); at = dirname(at)) yield at;
}

const named = (path: string, pattern: RegExp): string | undefined => {
  for (const each of upwards(path)) if (pattern.test(basename(each))) return each;
  return undefined;
};

/** An address such as 0x5000c50012345678. */
function address(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^(0x)?[0-9a-f]{16}$/i.test(text)) return undefined;
  const value = BigInt(text.startsWith("0x") ? text : `0x${text}`);
  return value === 0n ? undefined : value;
}

/** open-iscsi's ISIDs: its OUI, then the number of the kernel's session, 24 bits (usr/initiator.c). */
const OPEN_ISCSI = 0x0002_3d00_0000n;

/** The kernel tells the ISID of adapters that log in by themselves; where iscsid logs in, it follows from the session's number. */
function isidOf(session: string, told: string | undefined): bigint {
  if (told !== undefined && /^[0-9a-f]{12}$/i.test(told)) return BigInt(`0x${told}`);
  return OPEN_ISCSI | (BigInt(basename(session).slice("session".length)) & 0xff_ffffn);
}

async function iscsi(session: string): Promise<SgNexus> {
  const directory = join(session, "iscsi_session", basename(session));
  const name = await line(directory, "initiatorname");
  const isid = isidOf(session, await line(directory, "isid"));
  return {
    protocol: "iscsi",
    initiatorPort: name === undefined ? undefined : { protocol: "iscsi", name, isid },
    targetPort: await line(directory, "targetname"),
  };
}

async function fibreChannel(scsiDevice: string, portName: bigint): Promise<SgNexus> {
  const target = named(scsiDevice, /^target/);
  return {
    protocol: "fcp",
    initiatorPort: { protocol: "fcp", portName },
    targetPort: target && (await line(target, "fc_transport", basename(target), "port_name")),
  };
}

async function sas(host: string, endDevice: string): Promise<SgNexus> {
  // Adapters tell their address for the host; otherwise all phys of the host have one.
  let own = address(await line(host, "scsi_host", basename(host), "host_sas_address"));
  for (const phy of own === undefined ? await entries(host) : []) {
    if (phy.startsWith("phy-")) own ??= address(await line(host, phy, "sas_phy", phy, "sas_address"));
  }
  return {
    protocol: "sas",
    initiatorPort: own === undefined ? undefined : { protocol: "sas", address: own },
    targetPort: await line(endDevice, "sas_device", basename(endDevice), "sas_address"),
  };
}

/** The nexus of a SCSI device; `scsiDevice` is its directory, e.g. `/sys/devices/…/host2/session1/target2:0:0/2:0:0:0`. */
export async function nexusOf(scsiDevice: string): Promise<SgNexus> {
  const host = named(scsiDevice, /^host\d+$/);
  const session = named(scsiDevice, /^session\d+$/);
  if (session !== undefined) return iscsi(session);
  const endDevice = named(scsiDevice, /^end_device-/);
  if (host !== undefined && endDevice !== undefined) return sas(host, endDevice);
  const portName = host === undefined ? undefined : address(await line(host, "fc_host", basename(host), "port_name"));
  if (host !== undefined && portName !== undefined) return fibreChannel(scsiDevice, portName);
  const driver = host === undefined ? undefined : await line(host, "scsi_host", basename(host), "proc_name");
  return { protocol: driver ?? "unknown", initiatorPort: undefined, targetPort: undefined };
}
