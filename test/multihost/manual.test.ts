/** The README's table of mhd(7I): nothing of the manual is missing, and every test that it names exists. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { verbs } from "../../cli/verbs.ts";
import { mhd } from "../../src/index.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const [, table = ""] = /\| mhd\(7I\) says[^\n]*\n\|[-|]*\n((?:\|[^\n]*\n)+)/.exec(readme) ?? [];
const rows = table
  .trim()
  .split("\n")
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test("every call, structure, field and error of the manual has a row", () => {
  const manual =
    "MHIOCTKOWN MHIOCRELEASE MHIOCSTATUS MHIOCQRESERVE MHIOCGRP_INKEYS MHIOCGRP_INRESV MHIOCGRP_REGISTER MHIOCGRP_RESERVE MHIOCGRP_PREEMPTANDABORT MHIOCGRP_PREEMPT MHIOCGRP_CLEAR MHIOCENFAILFAST mhioc_inkeys_t mhioc_inresvs_t mhioc_register_t mhioc_resv_desc_t mhioc_preemptandabort_t generation li listsize listlen oldkey newkey aptpl resvdesc victim_key EPERM EACCES EIO ENOTSUP EOPNOTSUP O_NDELAY";
  for (const word of manual.split(" ")) expect(table, word).toMatch(new RegExp(`\\b${word}\\b`));
  for (const name of Object.keys(mhd).filter((one) => one.startsWith("MHIOC"))) expect(table).toContain(`mhd.${name}`);
});

test("every verb stands in it", () => {
  for (const { name } of verbs.filter(({ name: one }) => one.startsWith("mhd "))) expect(table).toContain(name);
});

test.each(rows)("%s", (_says, here, _line, tested) => {
  const [, file = "", name = ""] = /^(\w+), "(.*)"$/.exec(tested as string) ?? [];
  const path = file === "story" ? "../multihost-story.ts" : `./${file}.test.ts`;
  expect(readFileSync(new URL(path, import.meta.url), "utf8")).toContain(name);
  expect(here).not.toBe("");
});
