/**
 * Commands as bytes and answers as values, by hand from the standard's tables (spc4r36f 6.15, 6.16; sbc4 5.18, 5.45):
 * nothing of the library under test stands between the simulation and the wire.
 */

/** Service actions of PERSISTENT RESERVE OUT (6.16.2 table 213). */
export const SA = {
  register: 0,
  reserve: 1,
  release: 2,
  clear: 3,
  preempt: 4,
  preemptAndAbort: 5,
  registerAndIgnore: 6,
  registerAndMove: 7,
  replaceLost: 8,
} as const;

export const OP = {
  testUnitReady: 0x00,
  read: 0x28,
  write: 0x2a,
  reserveIn: 0x5e,
  reserveOut: 0x5f,
  reserve6: 0x16,
  release6: 0x17,
} as const;
export const STATUS = { good: 0x00, checkCondition: 0x02, conflict: 0x18 } as const;
export const BLOCK = 512;

/** A command as a transport takes it. */
export interface Request {
  readonly cdb: Uint8Array;
  readonly dataInLength: number;
  readonly dataOut?: Uint8Array;
}

export const testUnitReady = (): Request => ({ cdb: new Uint8Array(6), dataInLength: 0 });
export const read = (lba: number): Request => ({
  cdb: Uint8Array.of(OP.read, 0, 0, 0, 0, lba, 0, 0, 1, 0),
  dataInLength: BLOCK,
});
export const write = (lba: number, value: number): Request => ({
  cdb: Uint8Array.of(OP.write, 0, 0, 0, 0, lba, 0, 0, 1, 0),
  dataInLength: 0,
  dataOut: new Uint8Array(BLOCK).fill(value),
});

/** PERSISTENT RESERVE OUT with the basic parameter list; keys below 2^16. */
export function reserveOut(action: number, key: number, second: number, type: number, aptpl: boolean): Request {
  const list = new Uint8Array(24);
  list.set([key >>> 8, key & 0xff], 6);
  list.set([second >>> 8, second & 0xff], 14);
  list[20] = aptpl ? 1 : 0;
  return { cdb: Uint8Array.of(OP.reserveOut, action, type, 0, 0, 0, 0, 0, 24, 0), dataInLength: 0, dataOut: list };
}

/** An iSCSI TransportID with an ISID (7.6.4.6, format 01b). */
export function transportId(name: string, isid: number): Uint8Array {
  const text = new TextEncoder().encode(`${name},i,0x${isid.toString(16).padStart(12, "0")}`);
  const padded = Math.max(20, Math.ceil((text.length + 1) / 4) * 4);
  const bytes = new Uint8Array(4 + padded);
  bytes.set([0x45, 0, padded >>> 8, padded & 0xff]);
  bytes.set(text, 4);
  return bytes;
}

function listed(action: number, type: number, head: Uint8Array, ids: readonly Uint8Array[]): Request {
  const dataOut = new Uint8Array(head.length + ids.reduce((sum, id) => sum + id.length, 0));
  dataOut.set(head);
  let at = head.length;
  for (const id of ids) {
    dataOut.set(id, at);
    at += id.length;
  }
  new DataView(dataOut.buffer).setUint32(head.length - 4, at - head.length);
  return {
    cdb: Uint8Array.of(OP.reserveOut, action, type, 0, 0, 0, 0, dataOut.length >>> 8, dataOut.length & 0xff, 0),
    dataInLength: 0,
    dataOut,
  };
}

/** REGISTER with ALL_TG_PT, and with SPEC_I_PT if initiator ports are named (6.16.3 tables 214, 215). */
export function registerMany(
  action: number,
  key: number,
  second: number,
  options: { readonly allTgPt: boolean; readonly aptpl: boolean; readonly ids: readonly Uint8Array[] },
): Request {
  const request = reserveOut(action, key, second, 0, options.aptpl);
  const plain = request.dataOut as Uint8Array;
  plain[20] = (plain[20] as number) | (options.allTgPt ? 4 : 0) | (options.ids.length > 0 ? 8 : 0);
  if (options.ids.length === 0) return request;
  const head = new Uint8Array(28);
  head.set(plain);
  return listed(action, 0, head, options.ids);
}

/** REGISTER AND MOVE (6.16.4 table 217). */
export function registerAndMove(
  key: number,
  second: number,
  to: { readonly id: Uint8Array; readonly port: number; readonly unreg: boolean; readonly aptpl: boolean },
): Request {
  const head = new Uint8Array(24);
  head.set([key >>> 8, key & 0xff], 6);
  head.set([second >>> 8, second & 0xff], 14);
  head[17] = (to.unreg ? 2 : 0) | (to.aptpl ? 1 : 0);
  head[19] = to.port;
  return listed(SA.registerAndMove, 0, head, [to.id]);
}

/** RESERVE(6) and RELEASE(6), of SPC-2: an operation code and nothing else. */
export const reserve6 = (): Request => ({ cdb: Uint8Array.of(OP.reserve6, 0, 0, 0, 0, 0), dataInLength: 0 });
export const release6 = (): Request => ({ cdb: Uint8Array.of(OP.release6, 0, 0, 0, 0, 0), dataInLength: 0 });

export const readFullStatus = Uint8Array.of(OP.reserveIn, 3, 0, 0, 0, 0, 0, 0xff, 0xff, 0);
export const readReservation = Uint8Array.of(OP.reserveIn, 1, 0, 0, 0, 0, 0, 0, 24, 0);

/** What a device server says about its registrations and its reservation. */
export interface View {
  readonly generation: number;
  /** By TransportID and target port: the reservation key and R_HOLDER. */
  readonly registrations: ReadonlyMap<string, { readonly key: number; readonly holds: boolean }>;
  readonly reservation: { readonly type: number; readonly key: number } | null;
}

const latin1 = new TextDecoder("latin1");
/** Each byte of the TransportID as a character. */
export function nexusId(transportId: Uint8Array, port: number): string {
  return `${latin1.decode(transportId)}/${port}`;
}

/** Reads what READ FULL STATUS and READ RESERVATION answered. */
export function decodeView(full: Uint8Array, reserved: Uint8Array): View {
  const view = new DataView(full.buffer, full.byteOffset, full.byteLength);
  const registrations = new Map<string, { key: number; holds: boolean }>();
  for (let at = 8; at < full.length; ) {
    const length = view.getUint32(at + 20);
    const id = nexusId(full.subarray(at + 24, at + 24 + length), view.getUint16(at + 18));
    registrations.set(id, { key: Number(view.getBigUint64(at)), holds: (view.getUint8(at + 12) & 1) === 1 });
    at += 24 + length;
  }
  const held = new DataView(reserved.buffer, reserved.byteOffset, reserved.byteLength);
  const reservation =
    reserved.length < 24 ? null : { type: held.getUint8(21) & 0x0f, key: Number(held.getBigUint64(8)) };
  return { generation: view.getUint32(0), registrations, reservation };
}

/** READ and WRITE under a reservation (sbc4 4.17 table 13), from a nexus that holds it, is registered, or neither. */
export function isAllowed({ reservation, registrations }: View, id: string, writes: boolean): boolean {
  if (reservation === null) return true;
  const mine = registrations.get(id);
  if (mine?.holds === true) return true;
  const registrantsType = reservation.type !== 1 && reservation.type !== 3;
  if (registrantsType && mine !== undefined) return true;
  const writeExclusive = reservation.type === 1 || reservation.type === 5 || reservation.type === 7;
  return writeExclusive && !writes;
}
