/** Compiles a program in TypeScript, with what it imports, into one text that a thread can be started with. */
import { readFileSync } from "node:fs";
import { rollup } from "rollup";
import ts from "typescript";

const stripTypes = {
  name: "strip-types",
  load(id) {
    const { outputText } = ts.transpileModule(readFileSync(id, "utf8"), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        removeComments: true,
      },
    });
    return outputText;
  },
};

/** A text has no address: whoever starts it says where its packages are looked for. */
const givenUrl = {
  name: "given-url",
  resolveImportMeta: (property) => (property === "url" ? 'require("node:worker_threads").workerData?.moduleUrl' : null),
};

/** The text of a program, for `new Worker(text, { eval: true })`. */
export async function threadText(input) {
  const bundle = await rollup({ input, external: [/^node:/, "bun:ffi"], plugins: [stripTypes, givenUrl] });
  const { output } = await bundle.generate({ format: "cjs", inlineDynamicImports: true });
  return output[0].code;
}
