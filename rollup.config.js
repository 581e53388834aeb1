/** Bundles what the TypeScript compiler has left in build/js: one file per subpath, shared parts in chunks, types beside them. */
import { existsSync, readFileSync } from "node:fs";
import { dts } from "rollup-plugin-dts";
import { inlineConstants } from "./scripts/inline-constants.mjs";
import { pageFiles, smaller } from "./scripts/page.mjs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const library = {
  index: "build/js/transports/index.js",
  browser: "build/js/transports/browser.js",
  explain: "build/js/src/explain.js",
  changer: "build/js/src/changer/index.js",
  iscsi: "build/js/transports/iscsi/index.js",
  simulated: "build/js/transports/simulated/index.js",
  serve: "build/js/transports/serve.js",
  failfast: "build/js/transports/failfast.js",
  "sg-node": "build/js/transports/sg/node.js",
  "sg-bun": "build/js/transports/sg/bun.js",
  "sg-deno": "build/js/transports/sg/deno.js",
};

/** Hands the compiler's source maps on, so that dist/ points into the sources. */
const sourceMaps = {
  name: "source-maps",
  load(id) {
    if (!existsSync(`${id}.map`)) return null;
    return { code: readFileSync(id, "utf8"), map: JSON.parse(readFileSync(`${id}.map`, "utf8")) };
  },
};

/** The one place where a version enters the code. */
const versionNumber = {
  name: "version",
  renderChunk: (code) => ({ code: code.replaceAll("__SCSI_PERSIST_VERSION__", version), map: null }),
};

const external = [/^node:/];
const types = Object.fromEntries(Object.entries(library).map(([name, file]) => [name, file.replace(/\.js$/, ".d.ts")]));

/** Types of src/ in one file: spread over several, a namespace's types could not be told from its values. */
const together = (id) => (/[\\/]build[\\/]js[\\/]src[\\/]/.test(id) ? "library" : undefined);

/** In types for `require`, names of files end in .cjs, as those of the code do. */
const commonJsTypes = {
  name: "common-js-types",
  renderChunk: (code) => ({ code: code.replace(/(from '\.[^']*)\.d\.cts';/g, "$1.cjs';"), map: null }),
};

export default [
  {
    input: { ...library, cli: "build/js/cli/main.js" },
    external,
    plugins: [sourceMaps, inlineConstants, versionNumber],
    output: {
      dir: "dist",
      format: "es",
      sourcemap: true,
      chunkFileNames: "chunks/[name]-[hash].js",
      banner: (chunk) => (chunk.name === "cli" ? "#!/usr/bin/env node" : ""),
    },
  },
  {
    // For those who `require`: errors and results are understood across both copies, and each has a core of its own.
    input: library,
    external,
    plugins: [sourceMaps, inlineConstants, versionNumber],
    output: {
      dir: "dist",
      format: "cjs",
      exports: "named",
      sourcemap: true,
      dynamicImportInCjs: false,
      entryFileNames: "[name].cjs",
      chunkFileNames: "chunks/[name]-[hash].cjs",
    },
  },
  {
    input: types,
    external,
    plugins: [dts()],
    output: { dir: "dist", format: "es", manualChunks: together, chunkFileNames: "chunks/[name]-[hash].d.ts" },
  },
  {
    input: types,
    external,
    plugins: [dts(), commonJsTypes],
    output: {
      dir: "dist",
      format: "es",
      manualChunks: together,
      entryFileNames: "[name].d.cts",
      chunkFileNames: "chunks/[name]-[hash].d.cts",
    },
  },
  {
    // The page to try reservations on: one script and the files beside it, which open from a folder too. See examples/playground.
    input: "build/js/examples/playground/main.js",
    plugins: [inlineConstants, pageFiles("examples/playground"), smaller],
    output: { file: "dist/playground/main.js", format: "iife", inlineDynamicImports: true },
  },
];
