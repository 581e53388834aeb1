/** The program of a watching thread: its units are opened as everywhere. Compiled into one text (scripts/threads.mjs). */
import { parentPort, workerData } from "node:worker_threads";
import { open } from "./open.ts";
import { armed } from "./watcher/ending.ts";
import { type Port, plain, type WatcherSettings } from "./watcher/messages.ts";
import { createUnits } from "./watcher/units.ts";

const settings = workerData as WatcherSettings;
const port = parentPort as unknown as Port;

try {
  const units = createUnits(settings, open, armed(settings.act, settings.lastWords));
  units.serve(port);
  port.postMessage({ ready: true });
} catch (error) {
  port.postMessage({ failed: plain(error) });
}
