/** TransportIDs as text, both ways: one grammar for all kinds, with sg_persist's spellings. */
import { checkTransportId, decodeTransportId, iscsiPortName, type TransportId } from "./transport-id.ts";

const digits = (value: bigint, count: number): string => value.toString(16).padStart(count, "0");

/** How iSCSI names begin that are what the standard wants (rfc7143 4.2.7). */
const standardName = /^(iqn|eui|naa)\./i;
/** Before one that begins in another way. */
const ISCSI = "iscsi,";

/**
 * A TransportID as text, in sg_persist's spelling: `iqn.…`, `iqn.…,i,0x…`, `sas,…`, `fcp,…`, `srp,…`, `sbp,…`, `spi,ADDRESS,PORT`
 * (decimal), `sop,…`; `hex,` and all its bytes for other kinds, `iscsi,` before a name that is neither `iqn.`, `eui.` nor `naa.`.
 *
 * @example formatTransportId({ protocol: "sas", address: 0x5000c50012345678n }) // "sas,5000c50012345678"
 */
export function formatTransportId(id: TransportId): string {
  switch (id.protocol) {
    case "iscsi":
      return `${standardName.test(id.name) ? "" : ISCSI}${iscsiPortName(id)}`;
    case "sas":
      return `sas,${digits(id.address, 16)}`;
    case "fcp":
      return `fcp,${digits(id.portName, 16)}`;
    case "srp":
      return `srp,${digits(id.portIdentifier, 32)}`;
    case "sbp":
      return `sbp,${digits(id.eui64, 16)}`;
    case "spi":
      return `spi,${id.scsiAddress},${id.relativeTargetPort}`;
    case "sop":
      return `sop,${id.routingId.toString(16).padStart(4, "0")}`;
    case "opaque":
      return `hex,${Array.from(id.bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
}

/** The kinds that have a prefix: what follows it, in words and as a pattern, and what it means. */
const prefixed: Readonly<Record<string, { rule: string; pattern: RegExp; read(match: RegExpExecArray): TransportId }>> =
  {
    sas: hexForm(16, "a SAS address", (address) => ({ protocol: "sas", address })),
    fcp: hexForm(16, "an N_Port name", (portName) => ({ protocol: "fcp", portName })),
    sbp: hexForm(16, "an EUI-64", (eui64) => ({ protocol: "sbp", eui64 })),
    srp: hexForm(32, "an initiator port identifier", (portIdentifier) => ({ protocol: "srp", portIdentifier })),
    sop: {
      rule: "a routing ID of 1 to 4 hexadecimal digits",
      pattern: /^(?:0x)?([0-9a-f]{1,4})$/i,
      read: (match) => ({ protocol: "sop", routingId: Number.parseInt(match[1] as string, 16) }),
    },
    spi: {
      rule: "a SCSI address and a relative target port, decimal, with a comma between",
      pattern: /^(\d{1,5}),(\d{1,5})$/,
      read: (match) => ({ protocol: "spi", scsiAddress: Number(match[1]), relativeTargetPort: Number(match[2]) }),
    },
    hex: {
      rule: "pairs of hexadecimal digits",
      pattern: /^((?:[0-9a-f]{2})+)$/i,
      read: (match) =>
        decodeTransportId(
          Uint8Array.from((match[1] as string).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
        ),
    },
  };

function hexForm(count: number, what: string, read: (value: bigint) => TransportId): (typeof prefixed)[string] {
  return {
    rule: `${what} of ${count} hexadecimal digits`,
    pattern: new RegExp(`^(?:0x)?([0-9a-f]{${count}})$`, "i"),
    read: (match) => read(BigInt(`0x${match[1]}`)),
  };
}

/**
 * The TransportID that a text means: whatever {@link formatTransportId} writes, so sg_persist's spellings, and iSCSI names of every kind.
 *
 * @throws RangeError saying what is wrong with the text
 */
export function parseTransportId(text: string): TransportId {
  if (typeof text !== "string") throw new TypeError(`A TransportID must be text, got ${typeof text}`);
  const [, prefix = "", rest = ""] = /^([a-z]{3}),(.*)$/is.exec(text) ?? [];
  const form = prefixed[prefix.toLowerCase()];
  if (form !== undefined) {
    const match = form.pattern.exec(rest);
    if (match === null) throw new RangeError(`After ${prefix}, comes ${form.rule}, got "${rest}"`);
    return checkTransportId(form.read(match));
  }
  const marked = text.startsWith(ISCSI);
  if (!marked && !standardName.test(text)) {
    throw new RangeError(
      `Not a TransportID: "${text}". Known forms: iqn.…, iqn.…,i,0xISID, eui.…, naa.…, iscsi,…, ${Object.keys(prefixed).join(",…, ")},…`,
    );
  }
  const port = marked ? text.slice(ISCSI.length) : text;
  const at = port.indexOf(",");
  if (at < 0) return checkTransportId({ protocol: "iscsi", name: port });
  const isid = /^,i,0x([0-9a-f]{1,12})$/i.exec(port.slice(at))?.[1];
  if (isid === undefined) {
    throw new RangeError(
      `After an iSCSI name comes ,i,0x and at most 12 hexadecimal digits of ISID, got "${port.slice(at)}"`,
    );
  }
  return checkTransportId({ protocol: "iscsi", name: port.slice(0, at), isid: BigInt(`0x${isid}`) });
}

/** Do two TransportIDs name the same initiator port? Names compare as iSCSI has them, without regard to case. */
export function sameTransportId(a: TransportId, b: TransportId): boolean {
  // Most are these, and a look at a target compares many.
  if (a.protocol === "iscsi" && b.protocol === "iscsi") {
    return a.isid === b.isid && (a.name === b.name || a.name.toLowerCase() === b.name.toLowerCase());
  }
  return formatTransportId(a).toLowerCase() === formatTransportId(b).toLowerCase();
}
