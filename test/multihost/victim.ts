/** The program of a process in a test: it is fenced, by its own second host, and is too busy to notice. */
import process from "node:process";
import { startFailfast } from "../../transports/failfast.ts";

async function main(): Promise<void> {
  const failfast = await startFailfast({ intervalMs: 50, act: "exit", lastWords: process.argv.at(-1) });
  const [a, b] = [
    await failfast.open("sim:victim?initiator=iqn.2026-01.test:a,i,0x1"),
    await failfast.open("sim:victim?initiator=iqn.2026-01.test:b,i,0x1"),
  ];
  await a.register({ newKey: 0xan });
  await b.register({ newKey: 0xbn });
  await a.watch({ kind: "registered", key: 0xan });
  const fence = b.preemptAndAbort({ key: 0xbn, victimKey: 0xan, type: "write-exclusive" });
  fence.catch(() => undefined);
  process.stdout.write("armed\n", () => {
    // Ten seconds in which this thread does nothing else: it must not live to their end.
    for (const until = performance.now() + 10_000; performance.now() < until; );
    process.stdout.write("survived\n");
  });
}

void main();
