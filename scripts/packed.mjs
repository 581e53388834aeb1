/** Packs what is large and always the same, for src/core/unpack.ts to unpack: deflated, and in base64. */
import { deflateRawSync } from "node:zlib";

/** Bytes or text, as a string without anything that a string literal would have to escape: the shortest that zlib can make of it. */
export function packed(content) {
  const [shortest] = [5, 6, 7, 8, 9]
    .map((memLevel) => deflateRawSync(content, { level: 9, memLevel }))
    .sort((a, b) => a.length - b.length);
  return shortest.toString("base64").replace(/=+$/, "");
}
