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
  const text = ["records", "codes"]
    .map((name) => readFileSync(join(project, `src/core/generated/${name}.ts`), "utf8"))
    .join("");
  let header = "#pragma once\n";
  for (const [, name, body] of text.matchAll(/export const (\w+) = \{([^}]*)\}/g)) {
    for (const [, member, value] of body.matchAll(/(\w+): (-?\d+),/g)) header += `#define ${name}_${member} ${value}\n`;
  }
  return header;
}

/**
 * Compiles one assembly folder to two fuzzers: one that looks at every comparison, to find its way in, and one that does not,
 * which is five times as fast.
 */
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
  const clang = (out, ...more) =>
    tool("clang-19", [
      ...["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=undefined", "-g", "-O2", ...more],
      ...["-I/usr/share/wabt/wasm2c", `-I${folder}`, `-I${here}`],
      ...["-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0", "-DWASM_RT_USE_MMAP=0", "-DWASM_RT_TRAP_HANDLER=fuzz_trap"],
      ...["-include", "trap.h", join(here, "harness.c"), join(folder, "core.c")],
      ...["/usr/share/wabt/wasm2c/wasm-rt-impl.c", "-lm", "-o", out],
    ]);
  const [searching, fast] = [join(folder, "searching"), join(folder, "fast")];
  clang(searching);
  clang(fast, "-fno-sanitize-coverage=trace-cmp");
  return { searching, fast };
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

const running = new Set();

/** Runs one fuzzer on one target; resolves with what it did, and `ok` unless it found something. */
function fuzz(binary, target, seconds, ...more) {
  const artifacts = join(build, "findings");
  mkdirSync(artifacts, { recursive: true });
  const args = [
    ...[`-max_total_time=${seconds}`, "-max_len=4096", "-print_final_stats=1", "-detect_leaks=0", "-reload=0"],
    ...[`-artifact_prefix=${artifacts}/${target}-`, ...more, corpusOf(target)],
  ];
  const began = performance.now();
  return new Promise((done) => {
    const child = spawn(binary, args, {
      env: { ...process.env, FUZZ_TARGET: target },
      stdio: ["ignore", "ignore", "pipe"],
    });
    running.add(child);
    let text = "";
    child.stderr.on("data", (chunk) => {
      text = (text + chunk).slice(-200_000);
    });
    child.on("close", (code, signal) => {
      running.delete(child);
      const executions = Number(text.match(/number_of_executed_units: (\d+)/)?.[1] ?? 0);
      const coverage = Number([...text.matchAll(/cov: (\d+)/g)].at(-1)?.[1] ?? 0);
      const ok = code === 0 || (stopped && (signal === "SIGTERM" || code === 72));
      done({ target, ok, executions, coverage, seconds: (performance.now() - began) / 1000, text });
    });
  });
}

/** Stops early, and says what was done until then. */
let stopped = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    stopped = true;
    // libFuzzer ends in peace, with its figures, on SIGINT.
    for (const child of running) child.kill("SIGINT");
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
    const { searching } = compile(`planted-${index}`, assembly);
    const result = await fuzz(searching, fault.target, 60, "-use_value_profile=1");
    report(!result.ok && /AddressSanitizer|the core trapped/.test(result.text), `finds ${fault.name}`);
  }
}

const { searching, fast } = compile("core", join(project, "assembly"));
const jobs = Number(values.jobs);
const share = Math.max(1, (Number(values.seconds) * jobs) / wanted.length);
/** The targets take turns, so that a long run that is stopped has done something of each. */
const turns = Math.ceil(share / 120);
const turn = Math.max(1, Math.floor(share / turns));
const done = new Map(wanted.map((target) => [target, { executions: 0, seconds: 0, coverage: 0, ok: true }]));

/** One turn: a tenth of it to search, the rest to run. */
async function take(target) {
  const search = Math.max(1, Math.floor(turn / 10));
  for (const [binary, seconds, ...more] of [
    [searching, search, "-use_value_profile=1"],
    [fast, turn - search],
  ]) {
    if (stopped || seconds < 1) return;
    const result = await fuzz(binary, target, seconds, ...more);
    const sum = done.get(target);
    sum.executions += result.executions;
    sum.seconds += result.seconds;
    sum.coverage = Math.max(sum.coverage, result.coverage);
    if (result.ok) continue;
    sum.ok = false;
    stopped = true;
    console.log(result.text.slice(-4000));
  }
}

const began = performance.now();
const queue = Array.from({ length: turns }, () => wanted).flat();
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let target = queue.shift(); target !== undefined && !stopped; target = queue.shift()) await take(target);
  }),
);
const count = (number) => Math.round(number).toLocaleString("en").replaceAll(",", " ");
const line = (sum) =>
  `${count(sum.executions)} executions in ${count(sum.seconds)} s, ${count(sum.executions / Math.max(sum.seconds, 0.001))} a second`;
for (const [target, sum] of done) report(sum.ok, `${target}: ${line(sum)}, coverage ${sum.coverage}`);
const all = [...done.values()];
const elapsed = {
  executions: all.reduce((sum, one) => sum + one.executions, 0),
  seconds: (performance.now() - began) / 1000,
};
console.log(`in all: ${line(elapsed)}, coverage ${all.reduce((sum, one) => sum + one.coverage, 0)}`);
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
