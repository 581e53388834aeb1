/** sg_persist, the program: what it exits with, and the bytes that it reads. */
import { type Nexus, run } from "./units.ts";

/** The four service actions of PERSISTENT RESERVE IN, by sg_persist's options. */
export const readings = ["--read-keys", "--read-reservation", "--report-capabilities", "--read-full-status"] as const;

/** A PERSISTENT RESERVE OUT; resolves with the exit code. */
export async function sgPersistOut(nexus: Nexus, args: readonly string[]): Promise<number> {
  return (await run("sg_persist", "--no-inquiry", "--out", ...args, nexus.sg)).exit;
}

/** A PERSISTENT RESERVE IN: the bytes of the answer, off sg_persist's dump. */
export async function sgPersistIn(nexus: Nexus, reading: (typeof readings)[number]): Promise<Uint8Array> {
  const { exit, stdout, stderr } = await run("sg_persist", "--no-inquiry", "--in", reading, "--hex", nexus.sg);
  if (exit !== 0) throw new Error(`sg_persist ${reading} ended with ${exit}: ${stdout}${stderr}`);
  // Of lists the first eight bytes are told in words: `PR generation=0x1, Additional length=48`; then come rows of hexadecimal digits.
  const head = /(?:generation=0x([0-9a-f]+), )?Additional length=(\d+)/i.exec(stdout);
  const rows = stdout.split("\n").filter((row) => /^ *[0-9a-f]{2,} {3,}[0-9a-f]{2}/.test(row));
  const pairs = rows.flatMap((row) => row.slice(8, 57).trim().split(/ +/));
  const payload = Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
  if (reading === "--report-capabilities") return payload;
  const bytes = new Uint8Array(8 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Number.parseInt(head?.[1] ?? "0", 16));
  view.setUint32(4, Number(head?.[2]));
  bytes.set(payload, 8);
  return bytes;
}
