/** The tarball's types, as each TypeScript understands them: strictly, and with every declaration file checked. */
import { expect, test } from "vitest";
import { typed } from "./jobs.mjs";
import { project, run, tools } from "./places.mjs";

const resolutions = {
  node16: { module: "node16", moduleResolution: "node16" },
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
};

const lib = ["es2022", "esnext.disposable", "dom"];

const cases = ["typescript59", "typescript6", "typescript7"].flatMap((compiler) =>
  Object.keys(resolutions).map((resolution) => [compiler, resolution]),
);

test.each(cases)("%s understands them under %s", async (compiler, resolution) => {
  const options = { ...resolutions[resolution], strict: true, noEmit: true, target: "es2022", types: [] };
  const tsconfig = { compilerOptions: { ...options, lib } };
  const cwd = project(`${compiler}-${resolution}`, {
    "tsconfig.json": JSON.stringify({ ...tsconfig, files: ["module.mts", "common.cts"] }),
    "module.mts": typed("scsi-persist"),
    // Where modules are CommonJS, this is `require`, and finds the types for it.
    "common.cts": typed("scsi-persist"),
  });
  const { exit, out } = await run(process.execPath, [tools[compiler], "-p", "."], { cwd });
  expect(out).toBe("");
  expect(exit).toBe(0);
});

test("a program without `exports` in mind understands them too", async () => {
  const options = { module: "commonjs", moduleResolution: "node10", strict: true, noEmit: true, target: "es2022" };
  const cwd = project("node10", {
    "tsconfig.json": JSON.stringify({ compilerOptions: { ...options, lib, types: [] }, files: ["old.ts"] }),
    "old.ts": typed("scsi-persist"),
  });
  const { out } = await run(process.execPath, [tools.typescript59, "-p", "."], { cwd });
  expect(out).toBe("");
});
