/**
 * The Electron example, as far as it goes without Electron's binary: the preload script with nothing but Electron's module, the main
 * process on Node.js, the archive with koffi outside it, and Chromium as the renderer under the page's own policy.
 */
import { fork } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import asar from "@electron/asar";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openBrowser } from "./browser.mjs";
import { project, root } from "./places.mjs";

const example = join(root, "examples", "electron");
const manifest = JSON.parse(readFileSync(join(example, "package.json"), "utf8"));
const preload = readFileSync(join(example, "preload.cjs"), "utf8");
let folder;

beforeAll(() => {
  folder = project("electron", {});
  cpSync(example, folder, { recursive: true });
  mkdirSync(join(folder, "node_modules", "electron"));
  cpSync(
    join(root, "test", "packages", "electron", "electron.cjs"),
    join(folder, "node_modules", "electron", "index.js"),
  );
});

/** The main process of an application that lies in `at`. */
async function startMain(at, resourcesPath = "") {
  const child = fork(join(root, "test", "packages", "electron", "main.mjs"), [resourcesPath, join(at, "main.js")], {
    cwd: at,
    execPath: process.execPath,
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    timeout: 50_000,
  });
  const waiting = new Map();
  const started = new Promise((resolve, reject) => {
    waiting.set(0, { resolve, reject });
  });
  child.on("message", ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  });
  child.on("exit", (exit) => {
    for (const { reject } of waiting.values()) reject(new Error(`The main process has ended: ${exit}`));
  });
  let last = 0;
  const ask = (job, given = {}) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      child.send({ id: last, job, ...given });
    });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  await started;
  return { ask, invoke: (channel, ...given) => ask("invoke", { channel, given }) };
}

/** A served unit, by the installed package, and its URL for a host. */
async function serveUnit() {
  const { serve } = createRequire(join(folder, "main.js"))("scsi-persist/serve");
  const served = await serve({
    portals: [{ port: 0 }],
    targets: [{ name: "iqn.2026-01.com.example:disk", units: [{}] }],
  });
  onTestFinished(() => served.close());
  return (host) => `${served.url()}?initiator=iqn.2026-01.com.example:${host}`;
}

/** What the preload script exposes, run as the sandbox runs it. */
function bridgeOver(invoke) {
  const exposed = {};
  const electron = {
    contextBridge: { exposeInMainWorld: (name, api) => Object.assign(exposed, { [name]: api }) },
    ipcRenderer: { invoke },
  };
  const require = (name) => {
    if (name !== "electron") throw new Error(`module not found: ${name}`);
    return electron;
  };
  runInContext(`(function (require) {${preload}\n})`, createContext({}))(require);
  return exposed;
}

describe("the preload script", () => {
  test("needs nothing but Electron's own module, and exposes three functions", async () => {
    const asked = [];
    const { reservations, ...others } = bridgeOver((...given) => asked.push(given));
    expect(others).toEqual({});
    expect(Object.keys(reservations)).toEqual(["devices", "look", "perform"]);
    reservations.devices("more");
    reservations.look("sim:a", "more");
    reservations.perform("sim:a", "reserve", { key: 1n }, "more");
    expect(asked).toEqual([
      ["reservations:devices"],
      ["reservations:look", "sim:a"],
      ["reservations:perform", "sim:a", "reserve", { key: 1n }],
    ]);
  });

  test("asks for what the main process answers, and for no more", async () => {
    const { ask } = await startMain(folder);
    const asked = [];
    const { reservations } = bridgeOver((channel) => asked.push(channel));
    for (const ask of Object.values(reservations)) ask();
    expect(await ask("channels")).toEqual(asked);
  });
});

describe("the main process", () => {
  test("isolates the page before anything is ready, and serves it from a scheme of its own", async () => {
    const { ask } = await startMain(folder);
    const calls = await ask("calls");
    expect(calls.map(([name]) => name)).toEqual([
      "enableSandbox",
      "registerSchemesAsPrivileged",
      "ready",
      "handle",
      "window",
      "loadURL",
    ]);
    expect(calls[4][1].webPreferences).toEqual({
      preload: join(folder, "preload.cjs"),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
    });
    expect(calls[5][1]).toBe("reservations://tool/");
    for (const path of [
      "%2e%2e/main.js",
      "..%2fmain.js",
      "library/..%2f..%2fpackage.json",
      "main.js",
      "library/cli.js.map",
    ]) {
      expect((await ask("file", { url: `reservations://tool/${path}` })).status, path).toBe(404);
    }
    expect((await ask("file", { url: "reservations://tool/library/browser.js" })).headers["content-type"]).toMatch(
      /javascript/,
    );
  });

  test("reserves a simulated unit and one over iSCSI; keys cross as bigint, errors as data", async () => {
    const { invoke, ask } = await startMain(folder);
    const perform = (...given) => invoke("reservations:perform", ...given);
    const look = (url) => invoke("reservations:look", url);
    const overIscsi = await serveUnit();
    const simulated = (host) => `sim:electron?initiator=iqn.2026-01.com.example:${host}`;
    for (const url of [simulated, overIscsi]) {
      const [a, b] = [url("a"), url("b")];
      const highest = 0xffff_ffff_ffff_fffen;
      expect(await perform(a, "register", { key: 0n, newKey: highest })).toEqual({ ok: true, value: undefined });
      expect((await perform(b, "register", { key: 0n, newKey: 0xbn })).ok).toBe(true);
      expect((await perform(a, "reserve", { key: highest, type: "write-exclusive" })).ok).toBe(true);
      expect(await perform(b, "reserve", { key: 0xbn, type: "write-exclusive" })).toEqual({
        ok: false,
        error: { code: "RESERVATION_CONFLICT", delivered: "yes", message: expect.stringMatching(/^Cannot RESERVE: /) },
      });
      expect(await look(b)).toMatchObject({
        ok: true,
        value: { keys: [highest, 0xbn], prGeneration: 2, holder: "one-nexus", type: "write-exclusive", key: highest },
      });
      expect(
        (await perform(b, "preemptAndAbort", { key: 0xbn, victimKey: highest, type: "exclusive-access" })).ok,
      ).toBe(true);
      expect((await look(b)).value).toMatchObject({ keys: [0xbn], type: "exclusive-access", key: 0xbn });
    }
    // Four units are open: quitting waits until they are closed.
    expect(await ask("quit")).toEqual({ prevented: 1, quits: 1 });
  });

  test("checks every argument, and who asks", async () => {
    const { invoke, ask } = await startMain(folder);
    const refused = (message) => ({ ok: false, error: { code: "BAD_ARGUMENT", delivered: "no", message } });
    for (const url of [undefined, 7, {}, "file:///etc/passwd", "/etc/passwd", ` sim:a`, `sim:${"a".repeat(1000)}`]) {
      expect(await invoke("reservations:look", url), String(url)).toEqual(
        refused("A unit is named by its URL or by its device"),
      );
    }
    const fields = { key: 1n, newKey: 2n, type: "write-exclusive" };
    for (const action of ["execute", "constructor", "__proto__", undefined]) {
      expect(await invoke("reservations:perform", "sim:a", action, fields)).toEqual(refused("There is no such action"));
    }
    for (const [given, words] of [
      [undefined, "reserve needs its fields"],
      [{ ...fields, key: 1 }, "key must be a key of 8 bytes"],
      [{ ...fields, key: 1n << 64n }, "key must be a key of 8 bytes"],
      [{ ...fields, key: -1n }, "key must be a key of 8 bytes"],
      [{ key: 1n }, "type must be a type of reservation"],
      [{ ...fields, type: "toString" }, "type must be a type of reservation"],
    ]) {
      expect(await invoke("reservations:perform", "sim:a", "reserve", given)).toEqual(refused(words));
    }
    expect(await invoke("reservations:look", "iscsi://127.0.0.1:1/iqn.2026-01.com.example:none/0")).toMatchObject({
      ok: false,
      error: { code: "CONNECTION_FAILED", delivered: "no" },
    });
    const from = "https://example.com/reservations://tool/";
    await expect(ask("invoke", { channel: "reservations:look", given: ["sim:a"], from })).rejects.toThrow("own page");
    const { ok, value } = await invoke("reservations:devices");
    expect([ok, Array.isArray(value)]).toEqual([true, true]);
  });
});

describe("the archive", () => {
  test("has all but koffi in it, which is loaded from beside it and calls libc", async () => {
    const resources = join(folder, "..", "electron-resources");
    rmSync(resources, { recursive: true, force: true });
    mkdirSync(resources);
    const archive = join(resources, "app.asar");
    // What electron-builder does with asarUnpack, in the terms of the packer that it uses.
    const unpacked = manifest.build.asarUnpack.map((pattern) => pattern.replace(/\/\*\*$/, ""));
    await asar.createPackageWithOptions(folder, archive, { unpackDir: `{${unpacked.join(",")}}` });

    const [name] = readdirSync(join(`${archive}.unpacked`, "node_modules", "@koromix"));
    const binary = join("node_modules", "@koromix", name, `${process.platform}_${process.arch}`, "koffi.node");
    expect(existsSync(join(`${archive}.unpacked`, binary))).toBe(true);
    expect(asar.statFile(archive, binary).unpacked).toBe(true);
    expect(asar.statFile(archive, "node_modules/scsi-persist/dist/index.js").unpacked).toBeUndefined();
    expect(
      asar
        .listPackage(archive)
        .filter((path) => path.endsWith(".node") && !asar.statFile(archive, path.slice(1)).unpacked),
    ).toEqual([]);

    // Electron shows the archive as a folder of its name. Here it is one, without what was left out of it.
    const shown = `${archive}.shown`;
    asar.extractAll(archive, shown);
    for (const part of unpacked) rmSync(join(shown, part), { recursive: true });
    rmSync(archive);
    cpSync(shown, archive, { recursive: true });
    rmSync(shown, { recursive: true });

    const { ask, invoke } = await startMain(archive, resources);
    expect(await ask("native")).toEqual([]);
    // No SCSI device, but a device: open(2) and ioctl(2) are called, and errno comes back.
    expect(await invoke("reservations:look", "/dev/null")).toEqual({
      ok: false,
      error: { code: "UNSUITABLE_DEVICE", delivered: "no", message: expect.stringContaining("ENOTTY") },
    });
    expect(await ask("native")).toEqual([join(`${archive}.unpacked`, binary)]);

    rmSync(`${archive}.unpacked`, { recursive: true });
    const without = await startMain(archive, resources);
    expect(await without.invoke("reservations:look", "/dev/null")).toMatchObject({
      ok: false,
      error: { code: "CONNECTION_FAILED", delivered: "no", message: expect.stringContaining("koffi") },
    });
  });
});

describe("the renderer, in Chromium", () => {
  let browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  /** The page, its files served by the main process's own handler; with the preload script's bridge to it, or without. */
  async function openPage(main, { withBridge }) {
    const server = createServer(async ({ url }, response) => {
      const { status, headers, body } = await main.ask("file", { url: `reservations://tool${url}` });
      response.writeHead(status, headers).end(body);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const page = await browser.newPage();
    const complaints = [];
    page.setDefaultTimeout(8000);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => /error|warning/.test(message.type()) && complaints.push(message.text()));
    onTestFinished(async () => {
      await page.close();
      server.closeAllConnections();
      server.close();
    });
    if (withBridge) {
      await page.exposeFunction("invokeMain", (...given) => main.invoke(...given));
      await page.addInitScript(`{
        const contextBridge = { exposeInMainWorld: (name, api) => { window[name] = api; } };
        const electron = { contextBridge, ipcRenderer: { invoke: (...given) => window.invokeMain(...given) } };
        ((require) => {${preload}\n})(() => electron);
      }`);
    }
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const outcome = async (wanted) => {
      await page.waitForFunction((text) => document.querySelector("#outcome").textContent.startsWith(text), wanted);
      return page.textContent("#outcome");
    };
    const look = async (url, wanted = "GOOD") => {
      await page.fill("#url", url);
      await page.getByRole("button", { name: "Look" }).click();
      return outcome(wanted);
    };
    const send = async (action, key, other, wanted = "GOOD") => {
      await page.selectOption("#action", action);
      await page.fill("#key", key);
      await page.fill("#other", other);
      await page.getByRole("button", { name: "Send" }).click();
      return outcome(wanted);
    };
    const state = () => Promise.all(["keys", "reservation", "generation"].map((id) => page.textContent(`#${id}`)));
    await outcome("GOOD");
    return { page, complaints, look, send, state };
  }

  test("has a policy that allows WebAssembly, no eval and nothing from elsewhere", async () => {
    const { page, complaints } = await openPage(await startMain(folder), { withBridge: false });
    expect(await page.getAttribute("meta[http-equiv]", "content")).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(complaints).toEqual([]);
    const evaluated = page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.inlined = true";
      document.head.append(script);
      return window.inlined;
    });
    expect(await evaluated).toBeUndefined();
    expect(complaints.join()).toContain("Content Security Policy");
  });

  test("runs the codec and the simulated disk in the page, without the main process", async () => {
    const { complaints, look, send, state } = await openPage(await startMain(folder), { withBridge: false });
    await look("sim:page?initiator=iqn.2026-01.com.example:a");
    expect(await state()).toEqual(["none", "none", "0"]);
    await send("register", "0", "0xa");
    await send("reserve", "0xa", "0");
    expect(await state()).toEqual(["0xa", "write-exclusive, held under 0xa", "1"]);
    await look("sim:page?initiator=iqn.2026-01.com.example:b");
    await send("register", "0", "0xb");
    expect(await send("reserve", "0xb", "0", "RES")).toMatch(
      /^RESERVATION_CONFLICT \(delivered: yes\): Cannot RESERVE/,
    );
    expect(await send("reserve", "many", "0", "BAD")).toBe(
      "BAD_ARGUMENT (delivered: no): key must be a key of 8 bytes",
    );
    expect(complaints).toEqual([]);
  });

  test("shows and fences a unit over iSCSI through bridge and main process", async () => {
    const main = await startMain(folder);
    const url = await serveUnit();
    const { complaints, look, send, state } = await openPage(main, { withBridge: true });
    await look(url("a"));
    await send("register", "0", "0xffffffffffffffff");
    await send("reserve", "0xffffffffffffffff", "0");
    expect(await state()).toEqual(["0xffffffffffffffff", "write-exclusive, held under 0xffffffffffffffff", "1"]);
    await look(url("b"));
    await send("register", "0", "0xb");
    await send("preempt", "0xb", "0xffffffffffffffff");
    expect(await state()).toEqual(["0xb", "write-exclusive, held under 0xb", "3"]);
    await look(url("a"));
    expect(await send("release", "0xffffffffffffffff", "0", "RES")).toMatch(/^RESERVATION_CONFLICT \(delivered: yes\)/);
    // Of a unit that is not reached nothing is shown, least of all what was seen of another.
    expect(await look("iscsi://127.0.0.1:1/iqn.2026-01.com.example:none/0", "CONN")).toMatch(
      /^CONNECTION_FAILED \(delivered: no\)/,
    );
    expect(await state()).toEqual(["-", "-", "-"]);
    expect(complaints).toEqual([]);
  });
});
