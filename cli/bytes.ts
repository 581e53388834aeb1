/** From the command line, a file or standard input to bytes. Digits are digits wherever they stand; anything else is taken as it is. */
import type { Io } from "./io.ts";
import { shown, UsageError } from "./values.ts";

/** Text of digits to bytes: pairs, with spaces, commas or `0x` between; undefined for any other text. */
export function bytesOfDigits(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/#.*$/gm, "").replaceAll(/\b0x|[\s,]/gi, "");
  if (digits === "" || digits.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(digits)) return undefined;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/**
 * The bytes that an argument means.
 *
 * @param argument digits, or the name of a file; empty or `-` is standard input
 */
export async function decodeHex(argument: string, io: Io): Promise<Uint8Array> {
  const here = argument === "" || argument === "-" ? undefined : bytesOfDigits(argument);
  if (here !== undefined) return here;
  const name = argument === "" ? "-" : argument;
  let content: Uint8Array;
  try {
    content = await io.read(name);
  } catch {
    throw new UsageError(`${shown(name)} is neither pairs of hexadecimal digits nor a file that can be read`, "decode");
  }
  const bytes = bytesOfDigits(new TextDecoder("latin1").decode(content)) ?? content;
  if (bytes.length === 0) throw new UsageError("There are no bytes to read", "decode");
  return bytes;
}
