/**
 * libiscsi's conformance suite (Debian's libiscsi-bin 1.19, 230 tests) on LIO and on `serve`: what passes there passes here. The
 * figures stand beside those of other targets in COMPLIANCE.md.
 */
import { execFile } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServedTargets, serve } from "../../../transports/serve.ts";

const TARGET = "iqn.2026-11.lab:suite";
let served: ServedTargets;
let thin: ServedTargets;

beforeAll(async () => {
  served = await serve({ portal: { port: 0 }, targets: [{ name: TARGET, units: [{}] }] });
  thin = await serve({ portal: { port: 0 }, targets: [{ name: TARGET, units: [{ thin: true, removable: true }] }] });
});
afterAll(async () => {
  await served?.close();
  await thin?.close();
});

type Result = "passed" | "failed" | "skipped";
/** Why the suite skipped a test, in its words. */
type Reasons = Map<string, string>;

/** Every test by `Suite.Test`. The suite itself counts a skip as passed. */
function run(urls: readonly string[], reasons: Reasons = new Map()): Promise<Map<string, Result>> {
  const names = ["-i", "iqn.2026-01.test:one", "-I", "iqn.2026-01.test:two"];
  const args = ["-d", "-t", "SCSI,iSCSI", ...names, ...urls];
  return new Promise((resolve, reject) => {
    execFile("iscsi-test-cu", args, { timeout: 500_000, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error !== null && error.code === "ENOENT") {
        reject(new Error("iscsi-test-cu is missing (Debian libiscsi-bin)"));
        return;
      }
      const results = new Map<string, Result>();
      for (const suite of (stdout + stderr).split(/^Suite: /m).slice(1)) {
        const name = suite.slice(0, suite.indexOf("\n"));
        for (const part of suite.split(/^\s*Test: /m).slice(1)) {
          const result = /FAILED\n/.test(part) ? "failed" : part.includes("[SKIPPED]") ? "skipped" : "passed";
          const test = `${name}.${part.split(" ")[0]}`;
          results.set(test, result);
          if (result === "skipped") reasons.set(test, /\[SKIPPED\] ?([^\n]*)/.exec(part)?.[1] ?? "");
        }
      }
      resolve(results);
    });
  });
}

const named = (results: Map<string, Result>, wanted: Result): string[] =>
  [...results].filter(([, result]) => result === wanted).map(([name]) => name);
const figures = (results: Map<string, Result>): string =>
  `${named(results, "passed").length} / ${named(results, "failed").length} / ${named(results, "skipped").length}`;

test.each([
  ["one URL", 1],
  ["two URLs", 2],
])(
  "what passes on LIO passes here: %s",
  async (how, count) => {
    const theirs = `iscsi://127.0.0.1:${process.env.LAB_PORT}/${TARGET}/0`;
    const times = (url: string): string[] => Array.from({ length: count }, () => url);
    const reasons: Reasons = new Map();
    const lio = await run(times(theirs), reasons);
    const ours = await run(times(served.url()));
    const thinOurs = await run(times(thin.url()));
    console.log(
      [
        `${how}: passed / failed / skipped: LIO ${figures(lio)}, serve thick ${figures(ours)}, thin and removable ${figures(thinOurs)}`,
        `LIO fails ${named(lio, "failed").join(", ")}`,
        `LIO skips ${named(lio, "skipped")
          .map((name) => `${name} (${reasons.get(name)})`)
          .join(", ")}`,
        `only thin: ${named(thinOurs, "passed")
          .filter((name) => ours.get(name) !== "passed")
          .join(", ")}`,
        `both of ours skip ${named(ours, "skipped")
          .filter((name) => thinOurs.get(name) === "skipped")
          .join(", ")}`,
      ].join("\n"),
    );
    expect(lio.size).toBe(230);
    expect(named(ours, "failed")).toEqual([]);
    expect(named(thinOurs, "failed")).toEqual([]);
    const notHere = named(lio, "passed").filter(
      (name) => ours.get(name) !== "passed" && thinOurs.get(name) !== "passed",
    );
    expect(notHere).toEqual([]);
  },
  1_500_000,
);
