/** The table of the README says of each errno what the errors say. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errnoName, openError, requestError } from "../../transports/sg/errno.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const rows = [...readme.matchAll(/^\| (E[A-Z]+) \| (opening|a command) \| `([A-Z_]+)` \| (.*) \|$/gm)].map(
  ([, name, when, code, text]) => ({ name, when, code, text: text as string }),
);
const none = { sysfs: undefined, scsiDevice: undefined, hint: undefined };
const node = { path: "/dev/sdx", kind: "disk", sgNode: "/dev/sg9", ...none } as const;

test("there are rows to be tried", () => {
  expect(rows.map(({ name }) => name)).toEqual(["EACCES", "ENOENT", "ENXIO", "EBUSY", "EPERM", "ENOTTY", "ENODEV"]);
});

test.each(rows)("$name at $when is $code", ({ name, when, code, text }) => {
  const errno = Array.from({ length: 150 }, (_, number) => number).find((number) => errnoName(number) === name);
  const error =
    when === "opening" ? openError(node, false, errno as number) : requestError(node, "it", errno as number);
  expect(error.code).toBe(code);
  expect(error.message).toContain(name);
  expect(error.delivered).toBe(text.includes("is not known") ? "unknown" : "no");
  // The advice is the message's own.
  for (const advice of ["fuser -v", "CAP_SYS_RAWIO", 'access "read-write"', "group that owns"]) {
    expect(error.message.includes(advice)).toBe(text.replace('access: "', 'access "').includes(advice));
  }
});
