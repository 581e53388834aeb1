/** The packed texts of additional sense codes against the list that they were made from. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { additionalSenseText } from "../../src/index.ts";

const rows = readFileSync(new URL("../../data/additional-sense-codes.tsv", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split("\t") as [string, string, string]);
const exact = new Map(rows.filter(([, ascq]) => ascq.length === 2).map(([asc, ascq, text]) => [asc + ascq, text]));

test("the list is T10's whole one", () => {
  expect(rows.length).toBe(770);
});

test("every assigned code has its text, and every other one has none", () => {
  const ranges = rows.filter(([, ascq]) => ascq.length === 5);
  for (let code = 0; code < 0x10000; code++) {
    const hex = code.toString(16).padStart(4, "0");
    const range = ranges.find(
      ([asc, ascq]) => hex.startsWith(asc) && hex.slice(2) >= ascq.slice(0, 2) && hex.slice(2) <= ascq.slice(3),
    );
    const expected = exact.get(hex) ?? (range && `${range[2]} ${hex.slice(2).toUpperCase()}h`);
    expect(additionalSenseText(code >> 8, code & 0xff), hex).toBe(expected);
  }
});

test.each([
  [0x2a, 0x03, "RESERVATIONS PREEMPTED"],
  [0x2a, 0x04, "RESERVATIONS RELEASED"],
  [0x2a, 0x05, "REGISTRATIONS PREEMPTED"],
  [0x26, 0x04, "INVALID RELEASE OF PERSISTENT RESERVATION"],
  [0x55, 0x04, "INSUFFICIENT REGISTRATION RESOURCES"],
  [0x40, 0x85, "DIAGNOSTIC FAILURE ON COMPONENT 85h"],
])("%s/%s is known by the standard's name", (asc, ascq, text) => {
  expect(additionalSenseText(asc, ascq)).toBe(text);
});
