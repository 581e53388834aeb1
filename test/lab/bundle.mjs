/**
 * Compiles suites of the lab, each with all that it imports, to plain JavaScript: in emulation, to compile a file takes longer than
 * most tests, and each runtime would do it anew.
 *
 *   node bundle.mjs FOLDER NAME.ts...      FOLDER/NAME.js for each NAME.ts of this folder
 */
import { readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { rollup } from "rollup";
import ts from "typescript";

const here = import.meta.dirname;
const [folder, ...files] = process.argv.slice(2);

/** Takes the types off; a module still knows where it came from. */
const plainModules = {
  name: "plain-modules",
  load(id) {
    const source = readFileSync(id, "utf8")
      .replaceAll("import.meta.dirname", JSON.stringify(dirname(id)))
      .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href));
    const { outputText, sourceMapText } = ts.transpileModule(source, {
      fileName: basename(id),
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        sourceMap: true,
      },
    });
    return { code: outputText, map: sourceMapText };
  },
};

rmSync(folder, { recursive: true, force: true });
const bundle = await rollup({
  input: Object.fromEntries(files.map((file) => [file.replace(/\.ts$/, ""), join(here, file)])),
  external: [/^node:/, "bun:ffi", "koffi", "vitest"],
  plugins: [plainModules],
  // What TypeScript makes of `using` looks at `this`.
  onLog: (level, log, report) => log.code !== "THIS_IS_UNDEFINED" && report(level, log),
});
/** No suite is part of what others import: the library is one file, and what the tests have for each other is one each. */
const manualChunks = (id) =>
  /\.test\.ts$/.test(id) ? undefined : /\/(src|transports)\//.test(id) ? "library" : basename(id, ".ts");
await bundle.write({
  dir: folder,
  format: "es",
  sourcemap: true,
  chunkFileNames: "shared/[name]-[hash].js",
  manualChunks,
});
