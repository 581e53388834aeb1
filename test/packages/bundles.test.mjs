/** The tarball in bundles: made by rollup, esbuild and vite, for Node.js and for pages, and then run there. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, servePage } from "./browser.mjs";
import { asModule, asPage, printed, shown } from "./jobs.mjs";
import { lines, project } from "./places.mjs";

describe("for Node.js", () => {
  test("rollup", async () => {
    const cwd = project("rollup-node", { "story.mjs": asModule });
    const bundle = await rollup({
      input: join(cwd, "story.mjs"),
      external: [/^node:/],
      plugins: [nodeResolve({ exportConditions: ["node"] })],
    });
    await bundle.write({ dir: join(cwd, "out"), format: "es", entryFileNames: "story.mjs" });
    expect(await lines(process.execPath, ["out/story.mjs"], { cwd })).toEqual(printed);
  });

  test.each(["esm", "cjs"])("esbuild, as %s in one file", async (format) => {
    const cwd = project(`esbuild-${format}`, {
      "story.mjs": asModule.replaceAll(/^console\.log\(await|^ {2}const served[\s\S]*/gm, (text) => text),
    });
    const name = format === "esm" ? "out.mjs" : "out.cjs";
    const source = readFileSync(join(cwd, "story.mjs"), "utf8");
    // CommonJS has no await at the top.
    const imports = source.split("\n").filter((line) => line.startsWith("import "));
    const rest = source.split("\n").filter((line) => !line.startsWith("import "));
    writeFileSync(join(cwd, "story.mjs"), `${imports.join("\n")}\n(async () => {\n${rest.join("\n")}\n})();\n`);
    const result = await esbuild.build({
      entryPoints: [join(cwd, "story.mjs")],
      bundle: true,
      platform: "node",
      target: "node20",
      format,
      outfile: join(cwd, name),
      logLevel: "silent",
    });
    expect(result.warnings.map(({ text }) => text)).toEqual([]);
    expect(await lines(process.execPath, [name], { cwd })).toEqual(printed);
  });
});

describe("for pages, in Chromium", () => {
  let browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  const html = (script) =>
    `<!doctype html><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,"><output></output><script type="module" src="${script}"></script>`;

  /** Opens the folder's page under a policy that allows WebAssembly and nothing else; what it shows, and what went wrong. */
  async function outcomeOf(folder) {
    const server = await servePage(folder, { "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'" });
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    try {
      await page.goto(server.url);
      await page
        .waitForFunction(() => document.querySelector("output").textContent !== "", null, { timeout: 10_000 })
        .catch(() => {});
      return { shown: await page.textContent("output"), errors };
    } finally {
      await page.close();
      await server.close();
    }
  }

  test("rollup", async () => {
    const cwd = project("rollup-page", { "page.mjs": asPage, "out/index.html": html("./page.js") });
    const bundle = await rollup({ input: join(cwd, "page.mjs"), plugins: [nodeResolve({ browser: true })] });
    await bundle.write({ dir: join(cwd, "out"), format: "es", entryFileNames: "page.js" });
    expect(await outcomeOf(join(cwd, "out"))).toEqual({ shown, errors: [] });
  });

  test("esbuild", async () => {
    const cwd = project("esbuild-page", { "page.mjs": asPage, "out/index.html": html("./page.js") });
    await esbuild.build({
      entryPoints: [join(cwd, "page.mjs")],
      bundle: true,
      minify: true,
      format: "esm",
      outfile: join(cwd, "out", "page.js"),
      logLevel: "silent",
    });
    expect(await outcomeOf(join(cwd, "out"))).toEqual({ shown, errors: [] });
  });

  test("vite", async () => {
    const cwd = project("vite-page", { "page.mjs": asPage, "index.html": html("./page.mjs") });
    await vite({
      root: cwd,
      base: "./",
      logLevel: "silent",
      build: { outDir: "out", target: "es2022" },
      configFile: false,
    });
    expect(await outcomeOf(join(cwd, "out"))).toEqual({ shown, errors: [] });
  });

  test("no bundle: an import map, and the files as they are", async () => {
    const map = {
      imports: {
        "scsi-persist": "./node_modules/scsi-persist/dist/browser.js",
        "scsi-persist/simulated": "./node_modules/scsi-persist/dist/simulated.js",
      },
    };
    const page = html("./page.mjs").replace(
      "<output>",
      `<script type="importmap">${JSON.stringify(map)}</script><output>`,
    );
    const cwd = project("plain-page", { "page.mjs": asPage, "index.html": page });
    mkdirSync(join(cwd, "out"), { recursive: true });
    const server = await servePage(cwd);
    const tab = await browser.newPage();
    await tab.goto(server.url);
    await tab.waitForFunction(() => document.querySelector("output").textContent !== "", null, { timeout: 10_000 });
    expect(await tab.textContent("output")).toBe(shown);
    await tab.close();
    await server.close();
  });
});
