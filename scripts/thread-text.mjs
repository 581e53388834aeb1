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

/** The text of a program, for `new Worker(text, { eval: true })`. */
export async function threadText(input) {
  const bundle = await rollup({ input, external: [/^node:/, "bun:ffi"], plugins: [stripTypes] });
  const { output } = await bundle.generate({ format: "cjs" });
  return output[0].code;
}
