/**
 * Unpacks what scripts/packed.mjs has packed: base64 of a raw deflate stream (rfc1951). Small rather than fast, and synchronous on
 * every runtime, as DecompressionStream is not. Only for what the build itself has packed: it trusts its input.
 */

/** A Huffman code, as how many codes there are of each length, and the symbols in the order of their codes. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/** The code that lengths mean (rfc1951 3.2.2); a length of 0 is a symbol that does not occur. */
function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length] = (counts[length] as number) + 1;
  counts[0] = 0;
  const next = new Uint16Array(16);
  for (let length = 1; length < 15; length++) next[length + 1] = (next[length] as number) + (counts[length] as number);
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length === 0) return;
    symbols[next[length] as number] = symbol;
    next[length] = (next[length] as number) + 1;
  });
  return { counts, symbols };
}

/** The first value and the extra bits of each length or distance code (rfc1951 3.2.5): extra bits grow by one every `step` codes. */
function basesOf(count: number, first: number, step: number): [base: number, extra: number][] {
  const bases: [number, number][] = [];
  for (let code = 0, base = first; code < count; code++) {
    const extra = Math.max(0, Math.floor(code / step) - 1);
    bases.push([base, extra]);
    base += 1 << extra;
  }
  return bases;
}

const lengthBases = [...basesOf(28, 3, 4), [258, 0] as [number, number]];
const distanceBases = basesOf(30, 1, 2);
/** The order in which a dynamic block has the lengths of its code of lengths (rfc1951 3.2.7). */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

function inflate(input: Uint8Array): Uint8Array<ArrayBuffer> {
  let output = new Uint8Array(input.length * 8);
  let written = 0;
  let at = 0;
  const bits = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, at++) value |= (((input[at >> 3] as number) >> (at & 7)) & 1) << i;
    return value;
  };
  const symbol = ({ counts, symbols }: Code): number => {
    for (let length = 1, code = 0, first = 0, index = 0; length < 16; length++) {
      code |= bits(1);
      const count = counts[length] as number;
      if (code - first < count) return symbols[index + code - first] as number;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new RangeError("Not packed data");
  };
  /** The two codes of a dynamic block (rfc1951 3.2.7). */
  const dynamicCodes = (): [Code, Code] => {
    const [literals, distances, given] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
    const ofLengths = new Uint8Array(19);
    for (const place of ORDER.slice(0, given)) ofLengths[place] = bits(3);
    const code = codeOf(ofLengths);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length; ) {
      const one = symbol(code);
      if (one < 16) lengths[i++] = one;
      else {
        const value = one === 16 ? (lengths[i - 1] as number) : 0;
        const times = one === 16 ? 3 + bits(2) : one === 17 ? 3 + bits(3) : 11 + bits(7);
        lengths.fill(value, i, i + times);
        i += times;
      }
    }
    return [codeOf(lengths.subarray(0, literals)), codeOf(lengths.subarray(literals))];
  };
  /** The codes of a block that brings none (rfc1951 3.2.6). */
  const fixedCodes = (): [Code, Code] => {
    const lengths = new Uint8Array(288).fill(8).fill(9, 144).fill(7, 256).fill(8, 280);
    return [codeOf(lengths), codeOf(new Uint8Array(30).fill(5))];
  };
  const put = (byte: number): void => {
    if (written === output.length) {
      const larger = new Uint8Array(written * 2);
      larger.set(output);
      output = larger;
    }
    output[written++] = byte;
  };
  for (let last = 0; last === 0; ) {
    last = bits(1);
    const kind = bits(2);
    if (kind === 0) {
      at = (at + 7) & ~7;
      for (let left = bits(32) & 0xffff; left > 0; left--) put(bits(8));
      continue;
    }
    const [literals, distances] = kind === 1 ? fixedCodes() : dynamicCodes();
    for (let one = symbol(literals); one !== 256; one = symbol(literals)) {
      if (one < 256) {
        put(one);
        continue;
      }
      const [length, lengthBits] = lengthBases[one - 257] as [number, number];
      const times = length + bits(lengthBits);
      const [distance, distanceBits] = distanceBases[symbol(distances)] as [number, number];
      const back = distance + bits(distanceBits);
      for (let i = 0; i < times; i++) put(output[written - back] as number);
    }
  }
  return output.subarray(0, written);
}

/** The bytes that were packed. */
export function unpack(packed: string): Uint8Array<ArrayBuffer> {
  return inflate(Uint8Array.from(atob(packed), (character) => character.charCodeAt(0)));
}

/** The text that was packed. */
export function unpackText(packed: string): string {
  return new TextDecoder().decode(unpack(packed));
}
