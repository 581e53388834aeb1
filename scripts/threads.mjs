/**
 * Writes the programs of threads, as text: transports/sg/generated/threads.ts, one for each door to libc, and then
 * transports/watcher/generated/thread.ts, which has those in it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { threadText } from "./thread-text.mjs";

/** Writes a module that exports texts by name. */
async function write(folder, file, from, programs) {
  let text = `// Generated from ${from} by scripts/threads.mjs. Not in git; do not edit.\n`;
  for (const [name, program] of Object.entries(programs)) {
    text += `\nexport const ${name} =\n  ${JSON.stringify(await threadText(program))};\n`;
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${file}`, text);
}

await write("transports/sg/generated", "threads.ts", "transports/sg/thread/", {
  koffiThread: "transports/sg/thread/koffi.ts",
  bunThread: "transports/sg/thread/bun.ts",
  denoThread: "transports/sg/thread/deno.ts",
});
await write("transports/watcher/generated", "thread.ts", "transports/failfast-thread.ts", {
  failfastThread: "transports/failfast-thread.ts",
});
