/**
 * The main process: the only one that reaches devices and the network. Opens the window, serves its page, and answers what
 * the page asks through the preload script. Needs Electron 28 or later, the first whose main process may be a module.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { app, BrowserWindow, ipcMain, protocol } from "electron";
import { isScsiError, open, reservationTypeNames } from "scsi-persist";
import { listDevices } from "scsi-persist/sg";
import { createReservations } from "./reservations.js";
import { home, pageServer, scheme } from "./served.js";

const here = dirname(fileURLToPath(import.meta.url));
const library = join(dirname(createRequire(import.meta.url).resolve("scsi-persist/package.json")), "dist");

// What the page may name: a device of this machine, an iSCSI unit, and, to try the way between the processes, a simulated one.
const reservations = createReservations({
  open,
  isScsiError,
  reservationTypeNames,
  allowed: /^(iscsi:\/\/|\/dev\/|sim:)/,
});

/** What the page may ask for, by the channel's name. */
const answers = {
  "reservations:devices": () => reservations.outcome(devices),
  "reservations:look": (url) => reservations.look(url),
  "reservations:perform": (url, action, fields) => reservations.perform(url, action, fields),
};

/** This machine's devices, as the page offers them. */
async function devices() {
  const units = await listDevices();
  return units.flatMap(({ type, vendor, model, paths }) =>
    paths.flatMap(({ nodes }) => {
      const url = nodes.sg ?? nodes.node;
      return url === undefined ? [] : [{ url, name: `${type} ${vendor} ${model}` }];
    }),
  );
}

// Both must be said before Electron is ready.
app.enableSandbox();
protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);

for (const [channel, answer] of Object.entries(answers)) {
  ipcMain.handle(channel, (event, ...given) => {
    // A frame of any other origin has no business here, however it came into the window.
    if (!event.senderFrame?.url.startsWith(home)) throw new Error("Only the tool's own page is answered");
    return answer(...given);
  });
}

app.on("web-contents-created", (_event, contents) => {
  contents.on("will-navigate", (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: "deny" }));
});

app.on("window-all-closed", () => app.quit());

// Sessions are logged out of before the process ends.
app.on("will-quit", (event) => {
  if (reservations.size() === 0) return;
  event.preventDefault();
  reservations.close().finally(() => app.quit());
});

app.whenReady().then(() => {
  protocol.handle(scheme, pageServer({ page: join(here, "page"), shared: here, library }));
  const window = new BrowserWindow({
    width: 900,
    height: 700,
    webPreferences: {
      preload: join(here, "preload.cjs"),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
    },
  });
  return window.loadURL(home);
});
