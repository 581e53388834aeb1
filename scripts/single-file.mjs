/**
 * The command line as one file that needs nothing installed: `npm run single-file`, after the build. Leaves build/scsi-persist.
 * Bun is that of test/runtimes (npm run test:runtimes brings it), or the one in PATH. Code is split and compiled ahead, so that
 * `--version` loads nothing else.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const brought = path("test/runtimes/node_modules/bun-bin/bin/bun");
const bun = existsSync(brought) ? brought : "bun";
const how = ["--compile", "--minify", "--splitting", "--bytecode", "--format=esm"];
const { status, error } = spawnSync(
  bun,
  ["build", ...how, path("dist/cli.js"), "--outfile", path("build/scsi-persist")],
  {
    stdio: ["ignore", "ignore", "inherit"],
  },
);
if (error !== undefined)
  console.error(`Cannot start ${bun}: ${error.message}. "npm ci --ignore-scripts" in test/runtimes brings it.`);
process.exit(status ?? 1);
