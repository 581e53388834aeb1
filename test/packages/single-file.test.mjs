/** The command line as one file (npm run single-file): what it is made of differs from dist/, so each kind of thing is done once by it. */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { lines, root, run } from "./places.mjs";

const single = join(root, "build", "scsi-persist");

beforeAll(() => lines(process.execPath, [join(root, "scripts", "single-file.mjs")]), 120_000);

test("says its version", async () => {
  expect(await lines(single, ["--version"])).toEqual([expect.stringMatching(/^scsi-persist \d+\.\d+\.\d+$/)]);
});

test("plays the demo to its end: core, simulated unit, explanations", async () => {
  expect((await lines(single, ["demo"])).at(-1)).toMatch(/^All \d+ steps went as they should/);
});

test("calls the kernel by itself, without koffi", async () => {
  const { exit, out } = await run(single, ["status", "/dev/null", "--json"]);
  expect(exit).toBe(15);
  expect(JSON.parse(out).error).toMatchObject({
    code: "UNSUITABLE_DEVICE",
    delivered: "no",
    message: expect.stringMatching(/ENOTTY/),
  });
});

test("has the thread that watches", async () => {
  const { exit, err } = await run(single, ["mhd", "failfast", "sim:single", "--key", "0x1", "--interval", "100"]);
  expect(exit).toBe(37);
  expect(err).toMatch(/Access to\s+sim:single\S+\s+is lost/);
});
