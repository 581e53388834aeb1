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
} as const;

export const OP = { testUnitReady: 0x00, read: 0x28, write: 0x2a, reserveIn: 0x5e, reserveOut: 0x5f } as const;
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
