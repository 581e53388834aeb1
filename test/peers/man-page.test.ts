/** The manual page as mandoc reads it: without a warning. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { manPage } from "../../cli/man-page.ts";

test("mandoc has nothing to say against the manual page", () => {
  const input = manPage("1.2.3", "2026-01-31");
  expect(execFileSync("mandoc", ["-T", "lint", "-W", "warning"], { input, encoding: "utf8" })).toBe("");
  expect(execFileSync("mandoc", ["-T", "utf8"], { input, encoding: "utf8" })).toMatch(/RESERVATION CONFLICT/);
});
