/** The bytes that are decoded, made by hand: as codec.c has them where libiscsi decodes them too. */

/** A READ KEYS answer. */
export function keysAnswer(count: number): Uint8Array {
  const bytes = new Uint8Array(8 + 8 * count);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 7);
  view.setUint32(4, 8 * count);
  for (let i = 0; i < count; i++) bytes.fill(0xa0 + (i % 16), 8 + 8 * i, 16 + 8 * i);
  return bytes;
}

/** A READ FULL STATUS answer: iSCSI TransportIDs with ISID and SAS ones in turn, the first one's nexus holding. */
export function fullStatusAnswer(count: number): Uint8Array {
  const bytes = new Uint8Array(8 + count * 128);
  const view = new DataView(bytes.buffer);
  let at = 8;
  for (let i = 0; i < count; i++) {
    view.setBigUint64(at, 0xa1a1_0000_0000_0000n + BigInt(i));
    view.setUint8(at + 12, i === 0 ? 1 : 0);
    view.setUint8(at + 13, i === 0 ? 5 : 0);
    view.setUint16(at + 18, 1 + (i % 2));
    const id = at + 24;
    let length = 24;
    if (i % 2 === 0) {
      const name = new TextEncoder().encode(`iqn.2026-01.com.example:node-${i},i,0x80000000${1000 + i}`);
      length = 4 + Math.max((name.length + 4) & ~3, 20);
      view.setUint8(id, 0x45);
      view.setUint16(id + 2, length - 4);
      bytes.set(name, id + 4);
    } else {
      view.setUint8(id, 0x06);
      view.setBigUint64(id + 4, 0x5000_c500_0000_0000n + BigInt(i));
    }
    view.setUint32(at + 20, length);
    at += 24 + length;
  }
  view.setUint32(0, 7);
  view.setUint32(4, at - 8);
  return bytes.slice(0, at);
}

/** ILLEGAL REQUEST, INVALID FIELD IN CDB, byte 2 bit 3. */
export const senseAnswer: Uint8Array = Uint8Array.of(
  ...[0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0xcb, 0, 2],
);
