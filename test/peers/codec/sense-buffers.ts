/** Sense data to read beside a peer: of fixed format, of descriptor format, and anything behind a response code. */
import { randomNumbers } from "./sgutils.ts";

const random = randomNumbers(20261121);
const bytes = (length: number): number[] => Array.from({ length }, () => (random(3) === 0 ? 0 : random(256)));

/** The least that each descriptor type has after its header; others get anything. */
export const additional: Readonly<Record<number, number>> = {
  0: 10,
  1: 10,
  2: 6,
  3: 2,
  4: 2,
  5: 2,
  9: 12,
  10: 6,
  13: 30,
};

function fixed(): number[] {
  const head = [
    [0x70, 0x71, 0xf0, 0xf1][random(4)] as number,
    0,
    random(256),
    ...bytes(4),
    random(8) ? 10 : random(20),
  ];
  const tail = bytes(10);
  if (random(2) === 0) tail[7] = (tail[7] as number) | 0x80;
  return [...head, ...tail].slice(0, random(6) ? 18 : 3 + random(16));
}

function descriptor(type: number): number[] {
  const length = additional[type] ?? random(12);
  const content = bytes(length);
  if (random(2) === 0 && length > 2) content[type === 2 || type === 13 ? 2 : 0] = 0x80 | random(128);
  return [type, length, ...content];
}

function descriptors(): number[] {
  const types = [0, 1, 2, 3, 4, 5, 6, 9, 10, 13, 0x80 + random(128)].filter(() => random(3) === 0);
  // A block device's own descriptor stands in the place of 00h to 03h and 05h.
  const instead = types.includes(13) ? types.filter((type) => type === 4 || type > 5) : types;
  const list = instead.slice(0, 6).flatMap(descriptor);
  return [0x72 + random(2), random(16), random(256), random(256), 0, 0, 0, list.length, ...list];
}

/** Anything at all after a response code. */
const anything = (): number[] => [[0x70, 0x71, 0x72, 0x73][random(4)] as number, ...bytes(random(40))];

/** The three kinds, each as a maker of one buffer. */
export const makers = { fixed, descriptors, anything } as const;
