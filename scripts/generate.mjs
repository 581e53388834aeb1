/**
 * After the compiler: turns build/core/ into src/core/generated/.
 *
 *   fields.ts codes.ts records.ts media-fields.ts media-codes.ts   the enums of assembly/, read off the compiled module's exported globals
 *   exports.ts                      the types of the core's functions, as the compiler declares them
 *   wasm.ts                         the core itself, in base64
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const out = "src/core/generated";
const head = (from) => `// Generated from ${from} by scripts/generate.mjs. Not in git; do not edit.\n`;
mkdirSync(out, { recursive: true });

const tables = new WebAssembly.Instance(new WebAssembly.Module(readFileSync("build/core/tables.wasm"))).exports;
for (const name of ["fields", "codes", "records", "media-fields", "media-codes"]) {
  const source = readFileSync(`assembly/${name}.ts`, "utf8");
  let text = head(`assembly/${name}.ts`);
  for (const [, comment, enumName] of source.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export enum (\w+)/g)) {
    const members = Object.entries(tables).filter(([key]) => key.startsWith(`${enumName}.`));
    if (members.length === 0) throw new Error(`assembly/tables.ts does not export ${enumName}`);
    text += `\n${comment ?? ""}export const ${enumName} = {\n`;
    for (const [key, global] of members) {
      if (typeof global.value !== "number") throw new Error(`${key} is not a constant`);
      text += `  ${key.slice(enumName.length + 1)}: ${global.value},\n`;
    }
    text += "} as const;\n";
  }
  writeFileSync(`${out}/${name}.ts`, text);
}

const declared = readFileSync("build/core/core.d.ts", "utf8");
const signatures = [...declared.matchAll(/export function (\w+\(.*\): \w+);/g)].map(
  ([, signature]) => `  ${signature};`,
);
if (signatures.length === 0) throw new Error("build/core/core.d.ts declares no function");
const globals = [...declared.matchAll(/export const (\w+): \{/g)].map(
  ([, name]) => `  readonly ${name}: WebAssembly.Global;`,
);
writeFileSync(
  `${out}/exports.ts`,
  `${head("build/core/core.d.ts")}
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
${globals.join("\n")}
${signatures.join("\n")}
}
`,
);

const binary = readFileSync("build/core/core.wasm");
if (WebAssembly.Module.imports(new WebAssembly.Module(binary)).length > 0)
  throw new Error("the core must import nothing");
writeFileSync(
  `${out}/wasm.ts`,
  `${head("build/core/core.wasm")}
/** The core, ${binary.length} bytes before base64. */
export const wasmBase64 =
  "${binary.toString("base64")}";
`,
);
