/**
 * The two halves of panic.sh. `panic.mjs run DOES`, in the guest: starts a host that is to panic the machine when it is fenced
 * (once/fenced.mjs), fences it by another initiator's PREEMPT AND ABORT over iSCSI, and from then on writes down, over and over, what
 * stands on the disk, into a file that outlives the machine. `panic.mjs judge FOLDER DOES...`, outside: what the files and the consoles say.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

const VICTIM = 0xdeadn;
const RESCUER = 0xb0n;
const WERO = "write-exclusive-registrants-only";
const INTERVAL_MS = 1000;

async function run(does) {
  const { createLogicalUnit, isScsiError } = await import("../../dist/index.js");
  const { openSg } = await import("../../dist/sg-node.js");
  const file = join(process.env.LAB_OUT, "panic.jsonl");
  const now = () => performance.timeOrigin + performance.now();
  const tell = (what) => appendFileSync(file, `${JSON.stringify(what)}\n`);
  const rescuer = createLogicalUnit(await openSg(process.env.LAB_ISCSI_B_SG));
  const number = async () => {
    for (;;) {
      try {
        const data = await rescuer.read10({ lba: 0, blocks: 1 });
        return new DataView(data.buffer, data.byteOffset).getUint32(0);
      } catch (error) {
        if (!isScsiError(error) || error.code !== "UNIT_ATTENTION") throw error;
      }
    }
  };
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, "once/fenced.mjs"),
      process.env.LAB_ISCSI_A_SG,
      String(VICTIM),
      "panic",
      String(INTERVAL_MS),
      does,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await new Promise((resolve) => {
    child.stdout.on("data", (text) => {
      if (String(text).includes("armed")) resolve();
    });
  });
  await number();
  await rescuer.registerAndIgnoreExistingKey({ newKey: RESCUER });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  tell({ before: now(), number: await number() });
  await rescuer.preemptAndAbort({ key: RESCUER, victimKey: VICTIM, type: WERO });
  const fenced = now();
  tell({ fenced });
  for (const until = fenced + 30_000; now() < until; ) tell({ at: now(), number: await number() });
  tell({ survived: true });
}

const PANIC = "Kernel panic - not syncing: sysrq triggered crash";
const WORDS =
  /scsi-persist: fail-fast: \/dev\/sg\d+: .*(not registered any more|met RESERVATION CONFLICT).* at (\S+Z)\)/;

/** What became of one guest: what must be true of it, each by name. */
function outcome(folder, does) {
  const read = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");
  const log = read(`${does}.log`);
  const lines = read(`${does}.jsonl`)
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line));
  const fenced = lines.find((line) => line.fenced !== undefined)?.fenced;
  const numbers = lines.filter((line) => line.at !== undefined);
  const words = WORDS.exec(log);
  const noticed = Date.parse(words?.[2] ?? "") - fenced;
  const last = numbers.at(-1);
  console.log(
    `lab: panic, ${does}: PREEMPT AND ABORT to notice ${noticed.toFixed(0)} ms, to the last sign of life ${((last?.at ?? fenced) - fenced).toFixed(0)} ms; the disk was read ${numbers.length} times meanwhile, at write ${last?.number}`,
  );
  return {
    "was fenced": fenced !== undefined,
    "panicked, and did not survive": log.includes(PANIC) && !lines.some(({ survived }) => survived),
    "left its last words on the console": words !== null,
    "wrote nothing after the fence":
      numbers.every(({ number }) => number === numbers[0].number) && (numbers.length > 0 || does === "writing"),
  };
}

/** Judges all guests; results in vitest's form. */
function judge(folder, ...all) {
  const assertionResults = all.flatMap((does) =>
    Object.entries(outcome(folder, does)).map(([name, good]) => ({
      fullName: `a machine that is ${does} ${name}`,
      status: good ? "passed" : "failed",
    })),
  );
  const failed = assertionResults.filter(({ status }) => status === "failed");
  for (const { fullName } of failed) console.error(`lab: not so: ${fullName}`);
  const [numTotalTests, numFailedTests] = [assertionResults.length, failed.length];
  const success = numFailedTests === 0;
  const numPassedTests = numTotalTests - numFailedTests;
  const testResults = [{ name: "panic", status: success ? "passed" : "failed", assertionResults }];
  const sums = { numTotalTests, numPassedTests, numFailedTests, numPendingTests: 0, numTodoTests: 0 };
  const { TEST_RESULTS } = process.env;
  if (TEST_RESULTS) {
    mkdirSync(dirname(TEST_RESULTS), { recursive: true });
    writeFileSync(TEST_RESULTS, JSON.stringify({ success, ...sums, testResults }));
  }
  console.log(`lab: panic: ${numPassedTests} passed, ${numFailedTests} failed`);
  process.exitCode = success ? 0 : 1;
}

const [, , verb, ...rest] = process.argv;
if (verb === "judge") judge(...rest);
else await run(...rest);
