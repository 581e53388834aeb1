/** Writes transports/sg/generated/threads.ts: for each door to libc the whole program of a thread, as text. */
import { mkdirSync, writeFileSync } from "node:fs";
import { threadText } from "./thread-text.mjs";

let text = "// Generated from transports/sg/thread/ by scripts/threads.mjs. Not in git; do not edit.\n";
for (const door of ["koffi", "bun", "deno"]) {
  const program = await threadText(`transports/sg/thread/${door}.ts`);
  text += `\nexport const ${door}Thread =\n  ${JSON.stringify(program)};\n`;
}
mkdirSync("transports/sg/generated", { recursive: true });
writeFileSync("transports/sg/generated/threads.ts", text);
