/**
 * A rollup plugin: `SenseRecord.ASC` becomes `8`, for every constant of src/core/generated/. What is left of the tables is then
 * only what is looked at as a table; the rest drops out of the bundle.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const tables = new Map();
for (const name of ["codes", "fields", "records", "media-codes", "media-fields"]) {
  const source = readFileSync(fileURLToPath(new URL(`../src/core/generated/${name}.ts`, import.meta.url)), "utf8");
  for (const [, table, body] of source.matchAll(/export const (\w+) = \{([^}]*)\}/g)) {
    tables.set(table, new Map([...body.matchAll(/(\w+): (-?\d+),/g)].map(([, member, value]) => [member, value])));
  }
}
if (tables.size < 50) throw new Error("src/core/generated/ has no tables: npm run generate");

/** What a module imports of the tables: from the name that it has there to the table. */
function importsOf(code) {
  const names = new Map();
  for (const [, list] of code.matchAll(
    /import \{([^}]*)\} from "[^"]*\/generated\/(?:media-)?(?:codes|fields|records)\.js"/g,
  )) {
    for (const item of list.split(",")) {
      const [table, alias = table] = item.trim().split(/\s+as\s+/);
      if (tables.has(table)) names.set(alias, tables.get(table));
    }
  }
  return names;
}

export const inlineConstants = {
  name: "inline-constants",
  transform(code) {
    const names = importsOf(code);
    if (names.size === 0) return null;
    const access = new RegExp(`(?<![\\w.$])(${[...names.keys()].join("|")})\\.([A-Z][A-Z0-9_]*)\\b`, "g");
    return { code: code.replace(access, (whole, name, member) => names.get(name).get(member) ?? whole), map: null };
  },
};
