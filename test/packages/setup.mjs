/** Before all: what the tests of the packages need is installed, and the tarball is packed. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Is what package.json names there, in these versions? */
function isInstalled(folder) {
  const { devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.entries(devDependencies).every(([name, wanted]) => {
    const manifest = join(folder, "node_modules", name, "package.json");
    return existsSync(manifest) && `@${wanted}`.endsWith(`@${JSON.parse(readFileSync(manifest, "utf8")).version}`);
  });
}

export default async function setup() {
  const folder = mkdtempSync(join(tmpdir(), "scsi-persist-packages-"));
  process.env.PACKAGES_FOLDER = folder;
  const { prepare, root, tools } = await import("./places.mjs");
  for (const name of ["packages", "runtimes"]) {
    const needed = join(root, "test", name);
    if (isInstalled(needed)) continue;
    const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: needed });
    if (status !== 0) throw new Error(`npm ci in test/${name}: exit ${status}`);
  }
  if (!existsSync(join(root, "dist", "index.js"))) throw new Error("dist/ is not built: npm run build");
  if (!existsSync(tools.chromium)) throw new Error(`${tools.chromium} is missing: apt-get install chromium`);
  prepare();
  return () => rmSync(folder, { recursive: true, force: true });
}
