/** The program of a watching thread: its units are opened as everywhere. Compiled into one text (scripts/threads.mjs). */
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { open } from "./open.ts";
import { armed } from "./watcher/ending.ts";
import { type Port, plain, type WatcherSettings } from "./watcher/messages.ts";
import { createUnits } from "./watcher/units.ts";

const settings = workerData as WatcherSettings;
const port = parentPort as unknown as Port;

// Before all others, as a driver's timer is; on Linux of this thread, and of those that it starts, alone. Without the right it goes as well.
try {
  setPriority(constants.priority.PRIORITY_HIGHEST);
} catch {
  // It is one among many, and late when they are busy: the lateness says so.
}

try {
  const units = createUnits(settings, open, armed(settings.act, settings.lastWords));
  units.serve(port);
  port.postMessage({ ready: true });
} catch (error) {
  port.postMessage({ failed: plain(error) });
}
