/**
 * A host that will be fenced, as a process of its own over the built package: it registers, reserves, arms fail-fast, and writes a
 * number that counts up, until it is no more. Run as
 * `fenced.mjs NODE KEY ACT INTERVAL BUSY [FILE]`; says in lines of JSON what happens, and its last words go to the file.
 */
import process from "node:process";
import { startFailfast } from "../../../build/lab/dist/failfast.js";

const [node, key, act, intervalMs, busy, lastWords] = process.argv.slice(2);
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const now = () => performance.timeOrigin + performance.now();

const failfast = await startFailfast({ intervalMs: Number(intervalMs), act, lastWords });
const unit = await failfast.open(node);
await unit.registerAndIgnoreExistingKey({ newKey: BigInt(key) });
await unit.reserve({ key: BigInt(key), type: "write-exclusive-registrants-only" });
await unit.watch({ kind: "registered", key: BigInt(key) });
failfast.signal.addEventListener("abort", () => {
  const [loss] = failfast.verdict.losses;
  say({ aborted: now(), noticed: loss.atEpochMs, by: loss.noticedBy, reason: loss.reason });
});

const data = new Uint8Array(512);
const view = new DataView(data.buffer);
let written = 0;
/** One write; false once it is refused. */
async function write() {
  view.setUint32(0, ++written);
  try {
    await unit.write10({ lba: 0, data });
    return true;
  } catch (error) {
    if (error.code === "UNIT_ATTENTION") return true;
    say({ refused: written, code: error.code, at: now() });
    return false;
  }
}
for (let times = 0; times < 5; times++) await write();
say({ armed: now() });
if (busy === "busy") {
  // Nothing else happens in this thread.
  for (const until = performance.now() + 20_000; performance.now() < until; );
  say({ survived: true });
} else if (busy === "idle") await new Promise((resolve) => setTimeout(resolve, 5000));
else while (await write());
if (!failfast.signal.aborted) await new Promise((resolve) => failfast.signal.addEventListener("abort", resolve));
await failfast[Symbol.asyncDispose]();
