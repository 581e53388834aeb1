/**
 * Builds the core as C and runs the fuzz targets; see README.md beside this file. Exits 1 if a target finds anything, or if a
 * planted fault is not found.
 */
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { plantedFaults } from "./planted.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const project = resolve(here, "../..");
const build = join(project, "build/fuzz");
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    targets: { type: "string" },
    jobs: { type: "string", default: "2" },
    "no-self-test": { type: "boolean", default: false },
  },
});

function tool(command, args, options = {}) {
  try {
    return execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8", ...options });
  } catch (error) {
    if (error.code === "ENOENT") {
      throw new Error(`${command} is missing: Debian packages clang-19 libclang-rt-19-dev lld-19 wabt`);
    }
    throw new Error(`${command} failed: ${error.stderr || error.message}`);
  }
}

/** The records' slots as C constants, from the same tables as TypeScript's. */
function slots() {
  const text = readFileSync(join(project, "src/core/generated/records.ts"), "utf8");
  let header = "#pragma once\n";
  for (const [, name, body] of text.matchAll(/export const (\w+) = \{([^}]*)\}/g)) {
    for (const [, member, value] of body.matchAll(/(\w+): (-?\d+),/g)) header += `#define ${name}_${member} ${value}\n`;
  }
  return header;
}

/** Compiles one assembly folder to a fuzzer. */
function compile(name, assembly) {
  const folder = join(build, name);
  mkdirSync(folder, { recursive: true });
  const wasm = join(folder, "core.wasm");
  tool(process.execPath, [
    join(project, "node_modules/assemblyscript/bin/asc.js"),
    join(assembly, "index.ts"),
    ...["--config", "none", "-o", wasm, "--runtime", "stub", "-O2", "--noAssert"],
    ...["--initialMemory", "16", "--maximumMemory", "16"],
  ]);
  tool("wasm2c", [wasm, "-n", "core", "-o", join(folder, "core.c")]);
  writeFileSync(join(folder, "slots.h"), slots());
  tool("clang-19", [
    ...["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=undefined", "-g", "-O1"],
    ...["-I/usr/share/wabt/wasm2c", `-I${folder}`, `-I${here}`],
    ...["-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0", "-DWASM_RT_USE_MMAP=0", "-DWASM_RT_TRAP_HANDLER=fuzz_trap"],
    ...["-include", "trap.h", join(here, "harness.c"), join(folder, "core.c")],
    ...["/usr/share/wabt/wasm2c/wasm-rt-impl.c", "-lm", "-o", join(folder, "fuzz")],
  ]);
  return join(folder, "fuzz");
}

/** Every hex block of the golden files, as a first corpus. */
function goldenCorpus() {
  const folder = join(project, "test/golden");
  const inputs = [];
  for (const file of existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".md")) : []) {
    for (const [, block] of readFileSync(join(folder, file), "utf8").matchAll(/```\w*\n([0-9a-fA-F\s]+?)\n```/g)) {
      inputs.push(Buffer.from(block.replace(/\s+/g, ""), "hex"));
    }
  }
  return inputs;
}

function corpusOf(target) {
  const folder = join(build, "corpus", target);
  mkdirSync(folder, { recursive: true });
  goldenCorpus().forEach((bytes, index) => {
    writeFileSync(join(folder, `golden-${index}`), bytes);
  });
  return folder;
}

function fuzz(binary, target, seconds, corpus) {
  const artifacts = join(build, "findings");
  mkdirSync(artifacts, { recursive: true });
  const args = [
    ...[`-max_total_time=${seconds}`, "-max_len=4096", "-print_final_stats=1", "-verbosity=1", "-use_value_profile=1"],
    ...[`-artifact_prefix=${artifacts}/${target}-`, ...(corpus === undefined ? [] : [corpus])],
  ];
  return new Promise((done) => {
    const child = spawn(binary, args, {
      env: { ...process.env, FUZZ_TARGET: target },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let text = "";
    child.stderr.on("data", (chunk) => {
      text = (text + chunk).slice(-200_000);
    });
    child.on("close", (code) => {
      const number = (pattern) => Number(text.match(pattern)?.[1] ?? 0);
      const coverage = [...text.matchAll(/cov: (\d+)/g)].at(-1)?.[1];
      done({ target, ok: code === 0, executions: number(/number_of_executed_units: (\d+)/), coverage, text });
    });
  });
}

const targetNames = [...readFileSync(join(here, "harness.c"), "utf8").matchAll(/^ {4}\{"(\w+)",/gm)].map(
  ([, name]) => name,
);
const wanted = values.targets?.split(",") ?? targetNames;
const unknown = wanted.filter((name) => !targetNames.includes(name));
if (unknown.length > 0) throw new Error(`No target ${unknown.join(", ")}; there are ${targetNames.join(", ")}`);

let passed = 0;
let failed = 0;
const report = (ok, line) => {
  console.log(`${ok ? "ok    " : "FAILED"} ${line}`);
  if (ok) passed++;
  else failed++;
};

if (!values["no-self-test"]) {
  for (const [index, fault] of plantedFaults.entries()) {
    const assembly = join(build, `planted-${index}`, "assembly");
    rmSync(assembly, { recursive: true, force: true });
    cpSync(join(project, "assembly"), assembly, { recursive: true });
    const file = join(assembly, fault.file);
    const source = readFileSync(file, "utf8");
    if (!source.includes(fault.from)) throw new Error(`planted.mjs: ${fault.file} no longer has: ${fault.from}`);
    writeFileSync(file, source.replace(fault.from, fault.to));
    const binary = compile(`planted-${index}`, assembly);
    const result = await fuzz(binary, fault.target, 60, corpusOf(fault.target));
    report(!result.ok && /AddressSanitizer|the core trapped/.test(result.text), `finds ${fault.name}`);
  }
}

const binary = compile("core", join(project, "assembly"));
const jobs = Number(values.jobs);
const seconds = Math.max(1, Math.floor((Number(values.seconds) * jobs) / wanted.length));
const queue = [...wanted];
let executions = 0;
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let target = queue.shift(); target !== undefined; target = queue.shift()) {
      const result = await fuzz(binary, target, seconds, corpusOf(target));
      executions += result.executions;
      report(
        result.ok,
        `${target}: ${result.executions} executions in ${seconds} s, coverage ${result.coverage ?? "?"}`,
      );
      if (!result.ok) console.log(result.text.slice(-4000));
    }
  }),
);
console.log(`${executions} executions in all`);
if (process.env.TEST_RESULTS) {
  mkdirSync(dirname(process.env.TEST_RESULTS), { recursive: true });
  const counts = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
  };
  writeFileSync(process.env.TEST_RESULTS, JSON.stringify(counts));
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
