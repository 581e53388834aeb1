/**
 * How large the library is, for size-limit to minify and weigh (.size-limit.json): src/index.ts with everything that it imports, in
 * one file, with and without what a bundler leaves out unless it is used. The transports and scsi-persist/explain are entries of
 * their own, and in neither.
 */
import { rollup } from "rollup";
import { inlineConstants } from "./inline-constants.mjs";

const index = "build/js/src/index.js";

/** Leaves the lines of the index out that bring in what lies above a logical unit: several paths, several hosts. */
const oneUnit = {
  name: "one-unit",
  transform(code, id) {
    if (!id.endsWith(index)) return null;
    const kept = code.split("\n").filter((line) => !/"\.\/multi(path|host)\//.test(line));
    if (kept.length === code.split("\n").length)
      throw new Error("src/index.ts has no multipath and no multihost any more");
    return kept.join("\n");
  },
};

for (const [file, ...more] of [["codec", oneUnit], ["library"]]) {
  const bundle = await rollup({ input: index, plugins: [...more, inlineConstants] });
  await bundle.write({ file: `build/size/${file}.js`, format: "es" });
}
