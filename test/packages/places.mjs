/** Where the tarball is tried: packs it, makes projects that have it installed, and runs programs in them. */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
/** Outside the repository, whose packages would be found otherwise; setup.mjs makes and removes it. */
const build = process.env.PACKAGES_FOLDER;
const tool = (...path) => join(root, "test", "packages", "node_modules", ...path);
const runtime = (...path) => join(root, "test", "runtimes", "node_modules", ...path);

/** Programs, from the registry. */
export const tools = {
  node20: process.execPath,
  node22: runtime("node22", "bin", "node"),
  node24: runtime("node24", "bin", "node"),
  node26: runtime("node26", "bin", "node"),
  bun: runtime("bun-bin", "bin", "bun"),
  deno: runtime("deno-bin", "deno"),
  chromium: process.env.CHROMIUM ?? "/usr/bin/chromium",
  publint: tool("publint", "src", "cli.js"),
  attw: tool("@arethetypeswrong", "cli", "dist", "index.js"),
  typescript59: tool("typescript59", "lib", "tsc.js"),
  typescript6: tool("typescript", "lib", "tsc.js"),
  typescript7: tool("typescript7", "bin", "tsc"),
};

/** Runs a program to its end. Never longer than `timeoutMs`. */
export function run(program, args, { cwd = root, env = {}, timeoutMs = 60_000 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, NO_COLOR: "1", ...env }, timeout: timeoutMs });
    const texts = { out: "", err: "" };
    child.stdin.end();
    child.stdout.on("data", (data) => {
      texts.out += data;
    });
    child.stderr.on("data", (data) => {
      texts.err += data;
    });
    child.on("error", (error) => resolve({ exit: -1, ...texts, err: String(error) }));
    child.on("close", (exit, signal) => resolve({ exit: exit ?? signal, ...texts }));
  });
}

/** The one that ran well, its lines; or an error that shows all that it said. */
export async function lines(program, args, options) {
  const { exit, out, err } = await run(program, args, options);
  if (exit !== 0) throw new Error(`${program} ${args.join(" ")}: exit ${exit}\n${out}\n${err}`);
  return out.trimEnd().split("\n");
}

/** The tarball, as `npm publish` would send it; setup.mjs makes it. */
export const tarball = `${build}/package.tgz`;
const installed = `${build}/installed`;

/** Packs dist/ as it is, and installs it into a folder that was empty. */
export function prepare() {
  const npm = (...args) => {
    const { status, stderr, error } = spawnSync("npm", args, { cwd: args[0] === "pack" ? root : installed });
    if (status !== 0) throw new Error(`npm ${args[0]}: ${error ?? stderr}`);
  };
  mkdirSync(installed, { recursive: true });
  npm("pack", "--ignore-scripts", "--pack-destination", build);
  renameSync(
    join(
      build,
      readdirSync(build).find((name) => name.endsWith(".tgz")),
    ),
    tarball,
  );
  writeFileSync(join(installed, "package.json"), '{ "private": true }\n');
  npm("install", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts", tarball);
}

/**
 * A project with the package installed, and some files.
 *
 * @param files contents by name; package.json's `type` is module unless given
 */
export function project(name, files, { withKoffi = true } = {}) {
  const folder = join(build, "projects", name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(installed, folder, { recursive: true });
  if (!withKoffi)
    for (const part of ["koffi", "@koromix"])
      rmSync(join(folder, "node_modules", part), { recursive: true, force: true });
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, file);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, content);
  }
  return folder;
}
