/**
 * TransportIDs: how a SCSI initiator port is named in REGISTER, REGISTER AND MOVE and READ FULL STATUS
 * (spc4r17 7.5.4). The domain type only; bytes are made and read by the core.
 */

/** The name of one SCSI initiator port. */
export type TransportId = IscsiTransportId | SasTransportId | OpaqueTransportId;

/**
 * An iSCSI initiator: its node name (format 00b: all of its ports), or its node name and ISID (format 01b: one port).
 */
export interface IscsiTransportId {
  readonly protocol: "iscsi";
  /** The iSCSI name, e.g. `iqn.2026-01.com.example:node-1`. */
  readonly name: string;
  /** The initiator session identifier, 48 bits (0 to 0xffff_ffff_ffff). Absent: the whole initiator device. */
  readonly isid?: bigint | undefined;
}

/** A SAS initiator port. */
export interface SasTransportId {
  readonly protocol: "sas";
  /** The SAS address, 64 bits. */
  readonly address: bigint;
}

/** A TransportID of another kind, kept byte for byte. */
export interface OpaqueTransportId {
  readonly protocol: "opaque";
  /** PROTOCOL IDENTIFIER, 0 to 15. */
  readonly protocolIdentifier: number;
  /** The whole TransportID, its first byte included. */
  readonly bytes: Uint8Array;
}
