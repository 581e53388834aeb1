/** The program of a third thread in a test: fences hosts on units of the watching thread at times of its own, and says when. */
import { parentPort } from "node:worker_threads";
import { attachFailfast } from "../../transports/failfast.ts";

parentPort?.once("message", async ({ port, urls, rescuer, victim, spreadMs, type }) => {
  const units = [];
  const failfast = attachFailfast(port);
  for (const url of urls) units.push(await failfast.open(url));
  parentPort?.postMessage("ready");
  await new Promise((resolve) => parentPort?.once("message", resolve));
  const fenced: { readonly beganMs: number; readonly endedMs: number }[] = [];
  const began = performance.now();
  const now = (): number => performance.timeOrigin + performance.now();
  for (const [index, unit] of units.entries()) {
    const due = began + (index * spreadMs) / units.length;
    const waitMs = due - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const beganMs = now();
    await unit.preemptAndAbort({ key: rescuer, victimKey: victim, type });
    fenced.push({ beganMs, endedMs: now() });
  }
  parentPort?.postMessage(fenced);
});
