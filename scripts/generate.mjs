/**
 * After the compiler: turns build/core/ into src/core/generated/.
 *
 *   fields.ts codes.ts records.ts media-*.ts copy-*.ts   the enums of assembly/, read off the compiled module's exported globals
 *   structures.ts                   the rows of fields.ts, and some of media-fields.ts, with the standard's spelling of every name, packed
 *   exports.ts                      the types of the core's functions, as the compiler declares them
 *   wasm.ts                         the core itself, packed
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { packed } from "./packed.mjs";

const out = "src/core/generated";
const head = (from) => `// Generated from ${from} by scripts/generate.mjs. Not in git; do not edit.\n`;
mkdirSync(out, { recursive: true });

const tables = new WebAssembly.Instance(new WebAssembly.Module(readFileSync("build/core/tables.wasm"))).exports;
for (const name of ["fields", "codes", "records", "media-fields", "media-codes", "copy-fields", "copy-codes"]) {
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

/** What of media-fields.ts is named too: what media changers are sent by src/changer. */
const changerCommands = ["ReadElementStatusCdb", "MoveMediumCdb"];
const enumsOf = (name) => [...readFileSync(`assembly/${name}.ts`, "utf8").matchAll(/export enum (\w+) \{\n([^}]*)\}/g)];

/** `Name;FIELD NAME,row;FIELD NAME,row…`, a line each; a row in base 36. */
const structures = [
  ...enumsOf("fields"),
  ...enumsOf("media-fields").filter(([, structure]) => changerCommands.includes(structure)),
]
  .map(([, structure, body]) =>
    [
      structure,
      ...[...body.matchAll(/^ +(\w+) *=[^,]*,(?: *\/\/ (.+))?$/gm)].map(([, name, spelling]) => {
        const row = tables[`${structure}.${name}`].value;
        return `${spelling ?? name.replaceAll("_", " ")},${row.toString(36)}`;
      }),
    ].join(";"),
  )
  .join("\n");
writeFileSync(
  `${out}/structures.ts`,
  `${head("assembly/fields.ts")}
/** One line a structure: its name, then each field's name and row. Packed: src/core/unpack.ts. */
export const structures =
  "${packed(structures)}";
`,
);

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
if (binary.length > 32 * 1024) throw new Error(`the core may have 32 KiB, and has ${binary.length} bytes`);
writeFileSync(
  `${out}/wasm.ts`,
  `${head("build/core/core.wasm")}
/** The core, ${binary.length} bytes. Packed: src/core/unpack.ts. */
export const wasm =
  "${packed(binary)}";
`,
);
