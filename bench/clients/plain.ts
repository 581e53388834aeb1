/**
 * The plainest correct JavaScript for the same work: DataView, no Wasm, no argument checks. What the codec has to stand
 * beside, not a part of the library.
 */

export function plainPersistentReserveOut(key: bigint, victimKey: bigint): { cdb: Uint8Array; list: Uint8Array } {
  const cdb = new Uint8Array(10);
  cdb[0] = 0x5f;
  cdb[1] = 0x04;
  cdb[2] = 0x05;
  new DataView(cdb.buffer).setUint32(5, 24);
  const list = new Uint8Array(24);
  const view = new DataView(list.buffer);
  view.setBigUint64(0, key);
  view.setBigUint64(8, victimKey);
  return { cdb, list };
}

export function plainReadKeysCdb(): Uint8Array {
  const cdb = new Uint8Array(10);
  cdb[0] = 0x5e;
  new DataView(cdb.buffer).setUint16(7, 8192);
  return cdb;
}

export function plainKeys(bytes: Uint8Array): { prGeneration: number; keys: bigint[]; truncated: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const announced = view.getUint32(4);
  const end = Math.min(bytes.length, 8 + announced);
  const keys: bigint[] = [];
  for (let at = 8; at + 8 <= end; at += 8) keys.push(view.getBigUint64(at));
  return { prGeneration: view.getUint32(0), keys, truncated: announced > bytes.length - 8 };
}

const decoder = new TextDecoder();

function plainTransportId(bytes: Uint8Array, view: DataView, at: number, length: number): object {
  const kind = view.getUint8(at);
  if (kind === 0x06) return { protocol: "sas", address: view.getBigUint64(at + 4) };
  if ((kind & 0x0f) !== 0x05) return { protocol: "opaque", bytes: bytes.slice(at, at + length) };
  let end = at + 4;
  while (end < at + length && bytes[end] !== 0) end++;
  const [name, isid] = decoder.decode(bytes.subarray(at + 4, end)).split(",i,0x");
  return isid === undefined ? { protocol: "iscsi", name } : { protocol: "iscsi", name, isid: BigInt(`0x${isid}`) };
}

export function plainFullStatus(bytes: Uint8Array): { prGeneration: number; registrations: object[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = Math.min(bytes.length, 8 + view.getUint32(4));
  const registrations: object[] = [];
  for (let at = 8; at + 24 <= end; ) {
    const length = view.getUint32(at + 20);
    if (length > end - at - 24) break;
    const flags = view.getUint8(at + 12);
    registrations.push({
      key: view.getBigUint64(at),
      transportId: plainTransportId(bytes, view, at + 24, length),
      allTargetPorts: (flags & 2) !== 0,
      relativeTargetPort: view.getUint16(at + 18),
      holder: (flags & 1) !== 0,
      scope: view.getUint8(at + 13) >> 4,
      typeCode: view.getUint8(at + 13) & 15,
    });
    at += 24 + length;
  }
  return { prGeneration: view.getUint32(0), registrations };
}

export function plainSense(bytes: Uint8Array): object {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const specific = view.getUint8(15);
  return {
    deferred: view.getUint8(0) === 0x71,
    senseKey: view.getUint8(2) & 15,
    asc: view.getUint8(12),
    ascq: view.getUint8(13),
    fieldPointer:
      (specific & 0x80) === 0
        ? undefined
        : { in: specific & 0x40 ? "cdb" : "data-out", bit: specific & 7, byte: view.getUint16(16) },
    bytes: bytes.slice(),
  };
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

export function plainCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}
