/** Packs what is large and always the same, for src/core/unpack.ts to unpack: deflated, and in base64. */
import { deflateRawSync } from "node:zlib";

/** Bytes or text, as a string without anything that a string literal would have to escape. */
export function packed(content) {
  return deflateRawSync(content, { level: 9, memLevel: 9 }).toString("base64");
}
