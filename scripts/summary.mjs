/**
 * Adds up the results of several vitest runs (JSON files in a folder), and the steps that failed as a whole.
 * Prints one line per run, then `N passed, N failed` alone on the last. Exits 1 if anything failed or nothing passed.
 *
 *   node scripts/summary.mjs FOLDER [FAILED_STEPS]
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, failedSteps = "0"] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const file of existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : []) {
  const result = JSON.parse(readFileSync(join(folder, file), "utf8"));
  // A file that could not even be loaded has no failed test in it, but is a failed suite.
  const unloaded = result.testResults.filter(
    (suite) => suite.status === "failed" && suite.assertionResults.length === 0,
  );
  const bad = result.numFailedTests + unloaded.length;
  const skipped = result.numPendingTests + result.numTodoTests;
  console.log(`${file.replace(/\.json$/, "")}: ${result.numPassedTests} passed, ${bad} failed, ${skipped} skipped`);
  passed += result.numPassedTests;
  failed += bad;
}
const steps = Number(failedSteps);
if (steps > 0) console.log(`${steps} step${steps === 1 ? "" : "s"} failed as a whole`);
failed = Math.max(failed, steps);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
