/**
 * Runs the quick suite on every runtime that is promised: the Node that runs this, Node 22, 24 and 26, Bun and Deno, one
 * after the other. The binaries come from the registry into test/runtimes; nothing of them is executed at installation.
 *
 *   npm run test:runtimes                     all of them
 *   npm run test:runtimes -- --only bun,deno  some of them
 *   npm run test:runtimes -- test/golden      some of the tests
 *
 * One line for each runtime, and with TEST_RESULTS in the environment the sum of them as JSON in that file; exits with 1 if a test failed, or if a runtime ran no test at all.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "test", "runtimes");
const installed = (...path) => join(folder, "node_modules", ...path);
const vitest = join("node_modules", "vitest", "vitest.mjs");

/** How each runtime is started with vitest; `needs` is what npm installs for it. */
const runtimes = {
  node: { binary: process.execPath, args: [] },
  node22: { binary: installed("node22", "bin", "node"), args: [] },
  node24: { binary: installed("node24", "bin", "node"), args: [] },
  node26: { binary: installed("node26", "bin", "node"), args: [] },
  bun: { binary: installed("bun-bin", "bin", "bun"), args: ["--bun"] },
  deno: {
    binary: installed("deno-bin", "deno"),
    args: ["run", "-A", "--node-modules-dir=manual", "--v8-flags=--expose-gc"],
  },
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: "string" } } });
const chosen = values.only === undefined ? Object.keys(runtimes) : values.only.split(",");
const unknown = chosen.filter((name) => !(name in runtimes));
if (unknown.length > 0) {
  console.error(`No such runtime: ${unknown.join(", ")}. There are ${Object.keys(runtimes).join(", ")}.`);
  process.exit(2);
}

/** Installs what the lock file says, unless all that is wanted is there. */
function install() {
  if (chosen.every((name) => existsSync(runtimes[name].binary) && isPinned(name))) return;
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) {
    console.error("Cannot install the runtimes of test/runtimes: see npm's message above.");
    process.exit(1);
  }
}

/** Is the version that is installed the one that package.json names? */
function isPinned(name) {
  const wanted = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).devDependencies;
  const alias = { bun: "bun-bin", deno: "deno-bin" }[name] ?? name;
  if (wanted[alias] === undefined) return true;
  const manifest = installed(alias, "package.json");
  return existsSync(manifest) && wanted[alias].endsWith(`@${JSON.parse(readFileSync(manifest, "utf8")).version}`);
}

/** What a runtime calls itself: the first number with dots that it prints. */
function versionOf(binary) {
  const { stdout } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  return /\d+\.\d+\.\d+/.exec(stdout ?? "")?.[0] ?? "?";
}

/** The lines of vitest's JSON report that a person needs about a failure. */
function* failures(report) {
  for (const file of report.testResults) {
    const path = file.name.startsWith(root) ? file.name.slice(root.length) : file.name;
    if (file.status === "failed" && file.assertionResults.length === 0) yield `${path}: ${firstLine(file.message)}`;
    for (const test of file.assertionResults) {
      if (test.status === "failed") yield `${path}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`;
    }
  }
}

const firstLine = (text) => String(text ?? "").split("\n")[0];

/** All runtimes together, as scripts/summary.mjs reads it. */
const sums = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };

/** Runs the suite on one runtime. True if every test passed, and there were some. */
function run(name, reports) {
  const { binary, args } = runtimes[name];
  const report = join(reports, `${name}.json`);
  const label = `${name.replace(/\d+$/, "").padEnd(5)}${versionOf(binary).padEnd(9)}`;
  const started = performance.now();
  const { status, stderr, stdout } = spawnSync(
    binary,
    [...args, vitest, "run", "--reporter=json", `--outputFile=${report}`, ...positionals],
    {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, NO_COLOR: "1", TEST_RESULTS: undefined },
    },
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (!existsSync(report)) {
    console.log(`${label} no result, exit status ${status}`);
    console.log(`${stdout}\n${stderr}`.trim().split("\n").slice(-20).join("\n"));
    return false;
  }
  const result = JSON.parse(readFileSync(report, "utf8"));
  const skipped = result.numPendingTests + (result.numTodoTests ?? 0);
  console.log(
    `${label} ${result.numPassedTests} passed, ${result.numFailedTests} failed, ${skipped} skipped, ${seconds} s`,
  );
  for (const line of failures(result)) console.log(`      ${line}`);
  for (const count of Object.keys(sums)) sums[count] += result[count] ?? 0;
  return status === 0 && result.success && result.numPassedTests > 0;
}

install();
const reports = mkdtempSync(join(tmpdir(), "scsi-persist-runtimes-"));
try {
  const passed = chosen.map((name) => run(name, reports));
  if (!passed.every(Boolean)) process.exitCode = 1;
  if (process.env.TEST_RESULTS) {
    mkdirSync(dirname(process.env.TEST_RESULTS), { recursive: true });
    writeFileSync(process.env.TEST_RESULTS, JSON.stringify({ ...sums, testResults: [] }));
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}
