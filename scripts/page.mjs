/** Rollup plugins for a page: its other files beside the script, and the script in as few bytes as it can be. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { minifySync } from "vite";

/** Puts everything of a folder that is no TypeScript beside the script, as it is. */
export const pageFiles = (folder) => ({
  name: "page-files",
  generateBundle() {
    for (const fileName of readdirSync(folder)) {
      if (/\.(html|css|svg)$/.test(fileName))
        this.emitFile({ type: "asset", fileName, source: readFileSync(join(folder, fileName)) });
    }
  },
});

/** A page is fetched, not debugged: without a source map, which would be several times its size. */
export const smaller = {
  name: "smaller",
  renderChunk(code, { fileName }) {
    const { code: minified, errors } = minifySync(fileName, code);
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
    return { code: minified, map: null };
  },
};
