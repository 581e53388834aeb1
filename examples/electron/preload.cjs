/**
 * The bridge between the page and the main process. In the sandbox `require` knows `electron` and next to nothing else, and no
 * modules: so one file of CommonJS. The page gets three functions, never ipcRenderer itself. Keys cross as bigint both ways.
 */
const { contextBridge, ipcRenderer } = require("electron");

contextBridge.exposeInMainWorld("reservations", {
  devices: () => ipcRenderer.invoke("reservations:devices"),
  look: (url) => ipcRenderer.invoke("reservations:look", url),
  perform: (url, action, fields) => ipcRenderer.invoke("reservations:perform", url, action, fields),
});
