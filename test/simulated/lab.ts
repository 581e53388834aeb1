/**
 * What the tests of the rules share: commands as bytes and answers as short text, both made by hand from the standard's
 * tables, so that no codec stands between a test and the device server.
 */
import {
  createDeviceServer,
  type DeviceServer,
  type DeviceServerOptions,
  type Nexus,
} from "../../transports/simulated/index.ts";

/** Service actions of PERSISTENT RESERVE OUT (spc4r36f 6.16.2 table 213). */
export const SA = {
  REGISTER: 0,
  RESERVE: 1,
  RELEASE: 2,
  CLEAR: 3,
  PREEMPT: 4,
  PREEMPT_AND_ABORT: 5,
  REGISTER_AND_IGNORE: 6,
  REGISTER_AND_MOVE: 7,
  REPLACE_LOST: 8,
} as const;

/** Types (spc4r36f 6.15.3.4 table 206). */
export const TYPE = { WE: 1, EA: 3, WERO: 5, EARO: 6, WEAR: 7, EAAR: 8 } as const;
export const types = Object.values(TYPE);
export const allRegistrants: readonly number[] = [TYPE.WEAR, TYPE.EAAR];
/** Registrants only and all registrants. */
export const registrantsTypes: readonly number[] = [TYPE.WERO, TYPE.EARO, TYPE.WEAR, TYPE.EAAR];

export const GOOD = "GOOD";
export const CONFLICT = "RESERVATION CONFLICT";
/** Unit attention conditions as {@link attentionsOf} shows them. */
export const PREEMPTED_RESERVATIONS = "2a/03";
export const RELEASED = "2a/04";
export const PREEMPTED_REGISTRATIONS = "2a/05";

const hex = (byte: number | undefined): string => (byte ?? 0).toString(16).padStart(2, "0");

/** An iSCSI TransportID with an ISID, byte by byte (spc4r36f 7.6.4.6, format 01b). */
export function transportId(name: string, isid = 1): Uint8Array {
  const text = new TextEncoder().encode(`${name},i,0x${isid.toString(16).padStart(12, "0")}`);
  const padded = Math.max(20, Math.ceil((text.length + 1) / 4) * 4);
  const bytes = new Uint8Array(4 + padded);
  bytes.set([0x45, 0, padded >>> 8, padded & 0xff]);
  bytes.set(text, 4);
  return bytes;
}

/** The node name of a test's initiator. */
export const iqn = (letter: string): string => `iqn.2026-01.com.example:${letter}`;

/** What goes into a PERSISTENT RESERVE OUT; whatever is absent is 0. */
export interface Out {
  readonly key?: bigint;
  readonly newKey?: bigint;
  readonly type?: number;
  readonly scope?: number;
  readonly specIPt?: boolean;
  readonly allTgPt?: boolean;
  readonly aptpl?: boolean;
  readonly unreg?: boolean;
  readonly port?: number;
  /** TransportIDs one after the other. */
  readonly transportIds?: readonly Uint8Array[];
  /** In place of the real one: TRANSPORTID PARAMETER DATA LENGTH. */
  readonly announced?: number;
  /** In place of the real one: PARAMETER LIST LENGTH. */
  readonly listLength?: number;
}

/** The parameter list: basic (6.16.3 tables 214 and 215), or of REGISTER AND MOVE (6.16.4 table 217). */
export function parameterList(serviceAction: number, out: Out): Uint8Array {
  const ids = out.transportIds ?? [];
  const length = ids.reduce((sum, id) => sum + id.length, 0);
  const move = serviceAction === SA.REGISTER_AND_MOVE;
  const start = move ? 24 : out.specIPt === true ? 28 : 24;
  const bytes = new Uint8Array(start + length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, out.key ?? 0n);
  view.setBigUint64(8, out.newKey ?? 0n);
  if (move) {
    bytes[17] = (out.unreg ? 2 : 0) | (out.aptpl ? 1 : 0);
    view.setUint16(18, out.port ?? 1);
    view.setUint32(20, out.announced ?? length);
  } else {
    bytes[20] = (out.specIPt ? 8 : 0) | (out.allTgPt ? 4 : 0) | (out.aptpl ? 1 : 0);
    if (start === 28) view.setUint32(24, out.announced ?? length);
  }
  let at = start;
  for (const id of ids) {
    bytes.set(id, at);
    at += id.length;
  }
  return bytes;
}

/** The CDB of PERSISTENT RESERVE OUT (6.16.1 table 212). */
export function reserveOutCdb(serviceAction: number, out: Out, listLength: number): Uint8Array {
  const cdb = new Uint8Array(10);
  cdb[0] = 0x5f;
  cdb[1] = serviceAction;
  cdb[2] = ((out.scope ?? 0) << 4) | (out.type ?? 0);
  new DataView(cdb.buffer).setUint32(5, listLength);
  return cdb;
}

/** The CDB of PERSISTENT RESERVE IN (6.15.1 table 200). */
export const reserveInCdb = (serviceAction: number, allocationLength = 0xffff): Uint8Array =>
  Uint8Array.of(0x5e, serviceAction, 0, 0, 0, 0, 0, allocationLength >>> 8, allocationLength & 0xff, 0);

/**
 * An answer's status; with CHECK CONDITION sense key, codes, and the field pointer if there is one: `5/26/00 list
 * 20.3`.
 */
export function answerText({ status, sense }: { readonly status: number; readonly sense: Uint8Array }): string {
  if (status === 0x00) return GOOD;
  if (status === 0x18) return CONFLICT;
  if (status !== 0x02) return `status ${hex(status)}`;
  const codes = `${(sense[2] as number) & 0x0f}/${hex(sense[12])}/${hex(sense[13])}`;
  const specific = sense[15] as number;
  if ((specific & 0x80) === 0 || ((sense[2] as number) & 0x0f) !== 5) return codes;
  const bit = specific & 0x08 ? `.${specific & 7}` : "";
  return `${codes} ${specific & 0x40 ? "cdb" : "list"} ${((sense[16] as number) << 8) | (sense[17] as number)}${bit}`;
}

/** The conditions that wait for a nexus, in the order in which they will be reported. */
export const attentionsOf = (nexus: Nexus): string[] =>
  nexus.attentions.map((condition) => `${hex(condition >>> 8)}/${hex(condition & 0xff)}`);

/** What PERSISTENT RESERVE IN shows: PRGENERATION, the keys, and `key type` of the reservation. */
export interface Shown {
  readonly generation: number;
  readonly keys: readonly bigint[];
  readonly reservation: string | null;
}

/** A logical unit under test. */
export interface Lab {
  readonly server: DeviceServer;
  /** The nexus of an initiator named by a letter. */
  nexus(letter: string, port?: number): Nexus;
  /** Sends raw bytes. */
  send(nexus: Nexus, cdb: Uint8Array, dataOut?: Uint8Array): string;
  /** PERSISTENT RESERVE OUT. */
  out(nexus: Nexus, serviceAction: number, out?: Out): string;
  /** REGISTER of an unregistered nexus, which must succeed. */
  register(nexus: Nexus, newKey: bigint, out?: Out): void;
  /** RESERVE, which must succeed. */
  reserve(nexus: Nexus, key: bigint, type: number): void;
  /** What an outsider that never registers sees. */
  shown(): Shown;
  /** Each registered nexus as READ FULL STATUS has it: `name port key`, and `* type` if it holds. */
  fullStatus(): string[];
}

export function createLab(options: DeviceServerOptions = {}): Lab {
  const server = createDeviceServer(options);
  const nexus = (letter: string, port?: number) =>
    server.nexus({ protocol: "iscsi", name: iqn(letter), isid: 1n }, port);
  const outsider = nexus("outsider");
  const send = (from: Nexus, cdb: Uint8Array, dataOut?: Uint8Array) => answerText(server.execute(from, cdb, dataOut));
  const read = (serviceAction: number) => {
    // Resets tell everybody; the outsider's own conditions are of no interest.
    outsider.attentions.length = 0;
    const { status, dataIn } = server.execute(outsider, reserveInCdb(serviceAction));
    if (status !== 0) throw new Error(`PERSISTENT RESERVE IN ended in status ${status}`);
    return new DataView(dataIn.buffer, dataIn.byteOffset, dataIn.length);
  };
  const lab: Lab = {
    server,
    nexus,
    send,
    out(from, serviceAction, out = {}) {
      const list = parameterList(serviceAction, out);
      return send(from, reserveOutCdb(serviceAction, out, out.listLength ?? list.length), list);
    },
    register(from, newKey, out = {}) {
      const answer = lab.out(from, SA.REGISTER, { newKey, ...out });
      if (answer !== GOOD) throw new Error(`REGISTER: ${answer}`);
    },
    reserve(from, key, type) {
      const answer = lab.out(from, SA.RESERVE, { key, type });
      if (answer !== GOOD) throw new Error(`RESERVE: ${answer}`);
    },
    shown() {
      const keys = read(0);
      const reservation = read(1);
      return {
        generation: keys.getUint32(0),
        keys: Array.from({ length: keys.getUint32(4) / 8 }, (_, index) => keys.getBigUint64(8 + index * 8)),
        reservation:
          reservation.getUint32(4) === 0
            ? null
            : `${reservation.getBigUint64(8)} ${reservation.getUint8(21).toString(16)}`,
      };
    },
    fullStatus() {
      const view = read(3);
      const rows: string[] = [];
      for (let at = 8; at < 8 + view.getUint32(4); at += 24 + view.getUint32(at + 20)) {
        let name = "";
        for (let byte = at + 28; view.getUint8(byte) !== 0x2c; byte++) name += String.fromCharCode(view.getUint8(byte));
        const holds = view.getUint8(at + 12) & 1 ? ` * ${view.getUint8(at + 13).toString(16)}` : "";
        rows.push(`${name.slice(name.indexOf(":") + 1)} ${view.getUint16(at + 18)} ${view.getBigUint64(at)}${holds}`);
      }
      return rows;
    },
  };
  return lab;
}
