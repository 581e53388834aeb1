/** The packed tarball, linted as a package, and installed and used on every runtime that is promised. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { asCommonJs, asModule, bothCopies, printed } from "./jobs.mjs";
import { lines, project, root, run, tarball, tools } from "./places.mjs";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

describe("the tarball", () => {
  test("publint finds nothing", async () => {
    expect((await lines(process.execPath, [tools.publint, "run", tarball, "--strict"])).at(-1)).toBe("All good!");
  });

  test("arethetypeswrong finds nothing, under any resolution", async () => {
    const report = await lines(process.execPath, [tools.attw, tarball, "--format", "json"]);
    const { analysis } = JSON.parse(report.join("\n"));
    expect(analysis?.problems ?? "no report").toEqual([]);
  }, 60_000);

  test("runs nothing when it is installed", () => {
    const { dependencies, scripts } = manifest;
    expect(dependencies).toBeUndefined();
    expect(["preinstall", "install", "postinstall"].filter((name) => name in scripts)).toEqual([]);
  });

  test("holds what its package.json names, with licence, changelog and source maps, and no source of the tests", async () => {
    const files = (await lines("tar", ["tzf", tarball])).map((line) => line.replace("package/", ""));
    const named = JSON.stringify([manifest.exports, manifest.typesVersions, manifest.bin]).match(/dist\/[^"]+/g);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !files.includes(name))).toEqual([]);
    for (const file of ["LICENSE", "README.md", "CHANGELOG.md", "COMPLIANCE.md"]) expect(files).toContain(file);
    // A page is not debugged by who has installed the package.
    const code = files.filter((name) => /\.c?js$/.test(name) && !name.startsWith("dist/playground/"));
    expect(code.filter((name) => !files.includes(`${name}.map`))).toEqual([]);
    expect(files.filter((name) => !/^(dist\/|cli\/JSON\.md|docs\/|[A-Z]+(\.md)?$|package\.json$)/.test(name))).toEqual(
      [],
    );
  });

  test("has types of its own for import and for require under every name, and for resolution without exports", () => {
    const subpaths = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
    for (const name of subpaths) {
      const { import: imported, require: required } = manifest.exports[name];
      expect([imported?.types, imported?.default, required?.types, required?.default], name).toEqual([
        expect.stringMatching(/\.d\.ts$/),
        expect.stringMatching(/\.js$/),
        expect.stringMatching(/\.d\.cts$/),
        expect.stringMatching(/\.cjs$/),
      ]);
      if (name !== ".") expect(manifest.typesVersions["*"][name.slice(2)], name).toEqual([required.types]);
    }
  });
});

test("every public symbol has its documentation, and refers to public ones alone: deno doc --lint", async () => {
  const entries = Object.values(JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).exports);
  const { exit, err } = await run(tools.deno, ["doc", "--lint", ...entries]);
  expect(err.split("\n").filter((line) => line.startsWith("error"))).toEqual([]);
  expect(exit).toBe(0);
});

test("JSR would take the sources: Deno finds nothing in a dry run, and its version is npm's", async () => {
  const { exit, err } = await run(tools.deno, ["publish", "--dry-run", "--allow-dirty"]);
  expect(err).toContain("Success Dry run complete");
  expect(err).not.toMatch(/warning|problem/i);
  expect(exit).toBe(0);
  expect(err).toContain("src/core/generated/wasm.ts");
  expect(JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).version).toBe(manifest.version);
});

const nodes = ["node20", "node22", "node24", "node26"];

describe("installed into an empty project", () => {
  test.each([...nodes, "bun"])("%s imports it", async (name) => {
    const cwd = project(`import-${name}`, { "story.mjs": asModule });
    expect(await lines(tools[name], ["story.mjs"], { cwd })).toEqual(printed);
  });

  test.each([...nodes, "bun"])("%s requires it", async (name) => {
    const cwd = project(`require-${name}`, { "story.cjs": asCommonJs });
    expect(await lines(tools[name], ["story.cjs"], { cwd })).toEqual(printed);
  });

  test("Deno imports it, from the folder where npm has put it", async () => {
    const cwd = project("deno", { "story.mjs": asModule });
    const args = ["run", "--node-modules-dir=manual", "--allow-net", "--allow-env", "--allow-sys", "--no-prompt"];
    expect(await lines(tools.deno, [...args, "story.mjs"], { cwd })).toEqual(printed);
    const named = project("deno-npm", { "story.mjs": asModule.replaceAll('"scsi-persist', '"npm:scsi-persist') });
    expect(await lines(tools.deno, [...args, "story.mjs"], { cwd: named })).toEqual(printed);
  });

  test("Deno without --allow-read says so, and does not take this for a machine without devices", async () => {
    const list =
      'import { listDevices } from "scsi-persist/sg"; await listDevices().catch((e) => console.log(e.code, e.message));';
    const cwd = project("deno-list", { "list.mjs": list });
    const args = ["run", "--node-modules-dir=manual", "--no-prompt", "list.mjs"];
    expect((await lines(tools.deno, args, { cwd }))[0]).toMatch(/^PERMISSION_DENIED .*--allow-read/);
  });

  test("without koffi, a device says what is missing and everything else works", async () => {
    const cwd = project(
      "no-koffi",
      {
        "story.mjs": asModule,
        "device.mjs":
          'import { open } from "scsi-persist"; await open("/dev/null").catch((e) => console.log(e.code, e.message));',
      },
      { withKoffi: false },
    );
    expect(await lines(process.execPath, ["story.mjs"], { cwd })).toEqual(printed);
    expect((await lines(process.execPath, ["device.mjs"], { cwd }))[0]).toMatch(/koffi/);
  });

  test("imported and required in one program, both know each other's errors", async () => {
    const cwd = project("both", { "both.mjs": bothCopies });
    expect(await lines(process.execPath, ["both.mjs"], { cwd })).toEqual(["true true RESERVATION_CONFLICT"]);
  });

  test.each(nodes)("its command line tells the demo's story on %s", async (name) => {
    const cwd = project(`cli-${name}`, {});
    const { exit, out } = await run(tools[name], ["node_modules/.bin/scsi-persist", "demo", "--fast"], { cwd });
    expect(exit).toBe(0);
    expect(out).toContain("PREEMPT AND ABORT");
  });
});
