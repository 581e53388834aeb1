/** VPD pages 83h to read beside a peer. */
import { randomNumbers } from "./sgutils.ts";

const random = randomNumbers(83);
const lengths = [0, 4, 8, 12, 16, 18, 20, 36];

/** One designation descriptor; now and then with a length that its type does not have. */
function descriptor(): number[] {
  const type = random(12);
  const length = lengths[random(lengths.length)] as number;
  const naa = [0x20, 0x30, 0x50, 0x60][random(4)] as number;
  const text = random(2) === 0;
  const content = Array.from({ length }, () => (text ? 0x61 + random(26) : random(256)));
  if (type === 3 && length > 0) content[0] = naa | random(16);
  return [
    (random(16) << 4) | (text ? 2 + random(2) : 1),
    (random(2) << 7) | (random(4) << 4) | type,
    0,
    length,
    ...content,
  ];
}

/** A page of none to five descriptors; now and then the last one is cut. */
export function page(): Uint8Array {
  const list = Array.from({ length: random(6) }, descriptor).flat();
  const claimed = Math.max(0, list.length - (random(20) === 0 ? random(3) : 0));
  return Uint8Array.of(0, 0x83, claimed >> 8, claimed & 0xff, ...list.slice(0, claimed));
}
