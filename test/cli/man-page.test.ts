/** The manual page: nothing that the help has is missing in it, and no line of text is read as a request. */
import { expect, test } from "vitest";
import { exitCodes } from "../../cli/exit-codes.ts";
import { manPage } from "../../cli/man-page.ts";
import { allOptions, commonOptions } from "../../cli/options.ts";
import { verbGroups } from "../../cli/verbs.ts";

const page = manPage("1.2.3", "2026-01-31");
const text = page.replaceAll("\\-", "-").replaceAll("\\e", "\\");

test("has every verb, option and exit code", () => {
  for (const [, verbs] of verbGroups) {
    for (const { name, summary } of verbs) expect(text).toContain(`.SS ${name}\n${summary}.\n`);
  }
  for (const { name } of [...Object.values(allOptions), ...Object.values(commonOptions)]) {
    expect(text).toContain(`--${name}`);
  }
  for (const { exit, meaning } of exitCodes) expect(text).toContain(`.TP\n\\fB${exit}\\fP\n${meaning}`);
});

test("uses no request but those of man(7) that it means", () => {
  const requests = new Set(page.split("\n").flatMap((line) => /^[.'](\S*)/.exec(line)?.[1] ?? []));
  expect([...requests].sort()).toEqual(["PP", "RE", "RS", "SH", "SS", "TH", "TP", "br", "fi", "nf"]);
});
