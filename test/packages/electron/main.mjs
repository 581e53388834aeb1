/**
 * Starts the example's main process on Node.js, and is spoken to by messages with structured clone, as between Electron's
 * processes. The first argument is process.resourcesPath, if it is to be set; the second the application's main file.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [, , resourcesPath, main] = process.argv;
if (resourcesPath !== "") process.resourcesPath = resourcesPath;
await import(pathToFileURL(main).href);
const { seen } = createRequire(main)("electron");

const jobs = {
  async invoke({ channel, given, from = "reservations://tool/" }) {
    const handler = seen.handlers.get(channel);
    if (handler === undefined) throw new Error(`No handler for ${channel}`);
    return handler({ senderFrame: { url: from } }, ...given);
  },
  async file({ url }) {
    const response = await seen.files({ url });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: (await response.bytes?.()) ?? new Uint8Array(await response.arrayBuffer()),
    };
  },
  // Preferences and URLs; a window has no others here.
  calls: async () => seen.calls,
  channels: async () => [...seen.handlers.keys()],
  /** Native modules that are mapped into this process. */
  async native() {
    const mapped = readFileSync("/proc/self/maps", "utf8").matchAll(/\S+\.node$/gm);
    return [...new Set([...mapped].map(([path]) => path))];
  },
  /** What becomes of quitting: how often it was held up, and how often asked for again. */
  async quit() {
    let prevented = 0;
    const quits = () => seen.calls.filter(([name]) => name === "quit").length;
    seen.on["will-quit"]({ preventDefault: () => prevented++ });
    while (prevented > 0 && quits() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    seen.on["will-quit"]({ preventDefault: () => prevented++ });
    return { prevented, quits: quits() };
  },
};

process.on("message", async ({ id, job, ...given }) => {
  try {
    process.send({ id, value: await jobs[job](given) });
  } catch (error) {
    process.send({ id, error: error.message });
  }
});
process.send({ id: 0 });
