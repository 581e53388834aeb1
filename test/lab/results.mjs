/**
 * Puts the results of the runtimes into one file of the same form, each test with its runtime's name before its own.
 *
 *   node results.mjs FOLDER FILE RUNTIME...      no file if FILE is empty
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [folder, file, ...runtimes] = process.argv.slice(2);
const sums = ["numTotalTests", "numPassedTests", "numFailedTests", "numPendingTests", "numTodoTests"];
const all = { success: true, testResults: [], ...Object.fromEntries(sums.map((name) => [name, 0])) };
for (const runtime of runtimes) {
  const path = join(folder, `${runtime}.json`);
  if (!existsSync(path)) {
    console.error(`lab: ${runtime} left no results`);
    process.exitCode = 1;
    continue;
  }
  const result = JSON.parse(readFileSync(path, "utf8"));
  for (const name of sums) all[name] += result[name];
  all.success &&= result.success;
  for (const suite of result.testResults) {
    for (const test of suite.assertionResults) {
      test.fullName = `${runtime}: ${test.fullName}`;
      test.ancestorTitles?.unshift(runtime);
    }
    all.testResults.push({ ...suite, name: `${runtime}: ${suite.name}` });
  }
  console.log(
    `lab: ${runtime}: ${result.numPassedTests} passed, ${result.numFailedTests} failed, ${result.numPendingTests} skipped`,
  );
}
if (file) writeFileSync(file, JSON.stringify(all));
