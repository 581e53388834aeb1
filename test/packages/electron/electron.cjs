/**
 * What stands in for the module `electron` of the main process: the calls that the example makes, kept so that they can be looked
 * at. Nothing here draws, or isolates anything.
 */
const calls = [];
const on = {};
const handlers = new Map();
const note =
  (name) =>
  (...given) => {
    calls.push([name, ...given]);
  };

exports.app = {
  enableSandbox: note("enableSandbox"),
  whenReady: async () => {
    calls.push(["ready"]);
  },
  on(event, listener) {
    on[event] = listener;
  },
  quit: note("quit"),
};
exports.protocol = {
  registerSchemesAsPrivileged: note("registerSchemesAsPrivileged"),
  handle(scheme, handler) {
    calls.push(["handle", scheme]);
    exports.seen.files = handler;
  },
};
exports.ipcMain = {
  handle(channel, handler) {
    if (handlers.has(channel)) throw new Error(`A second handler for ${channel}`);
    handlers.set(channel, handler);
  },
};
exports.BrowserWindow = class {
  constructor(options) {
    calls.push(["window", options]);
  }
  async loadURL(url) {
    calls.push(["loadURL", url]);
  }
};
/** What a test looks at. */
exports.seen = { calls, on, handlers, files: undefined };
