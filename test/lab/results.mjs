/**
 * Puts the results of several runs (FOLDER/runs names those of a guest) into one file of the same form, each test with its run's name
 * before its own.
 *
 *   node results.mjs FILE FOLDER...      no file if FILE is empty
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const [file, ...folders] = process.argv.slice(2);
const runs = folders.flatMap((folder) => {
  const list = join(folder, "runs");
  const names = existsSync(list) ? readFileSync(list, "utf8").trim().split("\n") : [];
  return names.map((run) => ({ run, path: join(folder, `${run}.json`) }));
});
const sums = ["numTotalTests", "numPassedTests", "numFailedTests", "numPendingTests", "numTodoTests"];
const all = { success: true, testResults: [], ...Object.fromEntries(sums.map((name) => [name, 0])) };
for (const { run, path } of runs) {
  if (!existsSync(path)) {
    console.error(`lab: ${run} left no results`);
    process.exitCode = 1;
    continue;
  }
  const result = JSON.parse(readFileSync(path, "utf8"));
  for (const name of sums) all[name] += result[name];
  all.success &&= result.success;
  for (const suite of result.testResults) {
    for (const test of suite.assertionResults) {
      test.fullName = `${run}: ${test.fullName}`;
      test.ancestorTitles?.unshift(run);
    }
    all.testResults.push({ ...suite, name: `${run}: ${suite.name}` });
  }
  console.log(
    `lab: ${run}: ${result.numPassedTests} passed, ${result.numFailedTests} failed, ${result.numPendingTests} skipped`,
  );
}
if (file) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(all));
}
