/**
 * Who the initiator is: its name and its ISID, which together name the initiator port (RFC 7143 4.2.7, 11.12.5).
 * Registrations belong to that port, so both are the same after a reconnect and after a restart. Pure but for the
 * host's name.
 */
import { createHash } from "node:crypto";
import { hostname } from "node:os";

const encoder = new TextEncoder();

/** Checks an iSCSI name: iqn., eui. or naa., at most 223 bytes (RFC 7143 4.2.7.2). Returns it. */
export function checkIscsiName(what: string, name: string): string {
  const form =
    /^iqn\.[0-9]{4}-[0-9]{2}\.[^\s=\0]+$/u.test(name) ||
    /^eui\.[0-9A-Fa-f]{16}$/.test(name) ||
    /^naa\.(?:[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32})$/.test(name);
  if (!form) throw new TypeError(`${what} is not an iSCSI name (iqn.…, eui.… or naa.…): ${JSON.stringify(name)}`);
  if (encoder.encode(name).length > 223) throw new RangeError(`${what} is longer than 223 bytes`);
  return name;
}

/**
 * The initiator name used where none is given: the environment's `SCSI_PERSIST_INITIATOR`, else one made from the
 * host's name. It is the same each time on the same host.
 */
export function defaultInitiatorName(environment: Readonly<Record<string, string | undefined>> = {}): string {
  const given = environment.SCSI_PERSIST_INITIATOR;
  if (given !== undefined && given !== "") return checkIscsiName("SCSI_PERSIST_INITIATOR", given);
  const host = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.:-]/g, "-")
    .slice(0, 180);
  return `iqn.2026-01.io.github.scsi-persist:${host === "" ? "localhost" : host}`;
}

/**
 * The ISID that belongs to an initiator name: of the format "random" (type 10b), its 24 random bits being the start of
 * the SHA-256 of the name, with a qualifier. The same name gives the same ISID, always.
 *
 * Two sessions of one name and ISID to the same target are one I_T nexus: the later login ends the earlier session. A
 * second process on a host needs a name or a qualifier of its own.
 *
 * @param initiatorName the iSCSI name
 * @param qualifier 0 to 65535; another qualifier is another initiator port of the same initiator
 * @returns 48 bits
 */
export function deriveIsid(initiatorName: string, qualifier = 0): bigint {
  if (!Number.isInteger(qualifier) || qualifier < 0 || qualifier > 0xffff) {
    throw new RangeError(`The qualifier of an ISID is 0 to 65535, not ${qualifier}`);
  }
  const digest = createHash("sha256").update(initiatorName, "utf8").digest();
  return (0x80n << 40n) | (BigInt(digest.readUIntBE(0, 3)) << 16n) | BigInt(qualifier);
}

/**
 * The ISID of one of several sessions of an initiator: like {@link deriveIsid}, with a qualifier made of what tells the session
 * from others. Never that of a single path.
 *
 * @param again counts up where two would have the same
 */
export function sessionIsid(initiatorName: string, session: string, again: number): bigint {
  const digest = createHash("sha256").update(session, "utf8").digest();
  return deriveIsid(initiatorName, 1 + ((digest.readUInt16BE(0) + again) % 0xffff));
}

/** Checks an ISID that a caller chose: 48 bits. Returns it. */
export function checkIsid(isid: bigint): bigint {
  if (typeof isid !== "bigint") throw new TypeError("An ISID is a bigint");
  if (isid < 0n || isid > 0xffff_ffff_ffffn) throw new RangeError("An ISID has 48 bits: 0n to 0xffff_ffff_ffffn");
  return isid;
}

/**
 * The LUN field for a logical unit (SAM-5 4.7), as its upper and lower 32 bits.
 *
 * @param lun a number from 0 to 16383, which is written as peripheral (below 256) or flat space addressing;
 *   or a bigint, which is the 64-bit LUN field itself, as REPORT LUNS lists it
 */
export function lunField(lun: number | bigint): { high: number; low: number } {
  if (typeof lun === "bigint") {
    if (lun < 0n || lun > 0xffff_ffff_ffff_ffffn) throw new RangeError("A LUN field has 64 bits");
    return { high: Number(lun >> 32n), low: Number(lun & 0xffff_ffffn) };
  }
  if (!Number.isInteger(lun) || lun < 0 || lun > 0x3fff) {
    throw new RangeError(
      `A LUN given as a number is 0 to 16383, not ${lun}; pass a bigint for the 64-bit LUN field itself`,
    );
  }
  return { high: (lun < 256 ? lun : 0x4000 | lun) * 0x1_0000, low: 0 };
}
