/** The story that the demo tells: who does what, why, and what has to come of it. The calls are made, and judged, by demo.ts. */
import { type Command, commands } from "../src/index.ts";

/** Who acts. */
export type Host = "A" | "B";

/** What has to come of a step. */
export type Expected = "GOOD" | "RESERVATION_CONFLICT" | "UNIT_ATTENTION";

/** One step. */
export interface Step {
  readonly host: Host;
  /** What happens, for somebody who has never met reservations. */
  readonly says: string;
  readonly command: Command<unknown>;
  readonly expected: Expected;
  /** Afterwards: explain a conflict, show what the target reports, or check what a read brought. */
  readonly after?: "explain" | "look";
  readonly reads?: string;
}

/** Before the first step. */
export const introduction: readonly string[] = [
  "Two hosts, A and B, share one disk. If A hangs, B takes over; and if A then wakes up and goes on writing, the data are ruined. Persistent reservations let the disk itself keep A out.",
  "The disk is simulated inside this program. Everything else is real: each line shows the command that was sent and what the disk answered.",
];

const BLOCK_BYTES = 512;
const A = 0xan;
const B = 0xbn;
const type = "write-exclusive";

/** One block that begins with a text. */
function block(text: string): Uint8Array {
  const data = new Uint8Array(BLOCK_BYTES);
  data.set(new TextEncoder().encode(text));
  return data;
}

const write = (text: string): Command<unknown> => commands.write10({ lba: 0, data: block(text) });
const read = (): Command<unknown> => commands.read10({ lba: 0, blocks: 1 });

/** The text with which a block begins. */
export function textOf(data: unknown): string {
  return data instanceof Uint8Array ? new TextDecoder().decode(data).replace(/\0+$/, "") : "";
}

export const steps: readonly Step[] = [
  {
    host: "A",
    says: "A registers with the disk. Its key, 0xa, is the name under which the disk will know it.",
    command: commands.register({ newKey: A }),
    expected: "GOOD",
  },
  {
    host: "B",
    says: "B registers too, with a key of its own, 0xb.",
    command: commands.register({ newKey: B }),
    expected: "GOOD",
  },
  {
    host: "A",
    says: "A takes the reservation, of type write-exclusive: only A may write now.",
    command: commands.reserve({ key: A, type }),
    expected: "GOOD",
    after: "look",
  },
  { host: "A", says: "A writes a block.", command: write("written by A"), expected: "GOOD" },
  {
    host: "B",
    says: "B tries to write the same block. The disk refuses, and B looks why.",
    command: write("written by B too early"),
    expected: "RESERVATION_CONFLICT",
    after: "explain",
  },
  {
    host: "B",
    says: "Reading is still allowed: B sees what A wrote.",
    command: read(),
    expected: "GOOD",
    reads: "written by A",
  },
  {
    host: "B",
    says: "Now A hangs. B preempts A: A's registration goes, A's commands are aborted, and B holds the reservation, all in one step.",
    command: commands.preemptAndAbort({ key: B, victimKey: A, type }),
    expected: "GOOD",
    after: "look",
  },
  {
    host: "A",
    says: "A wakes up, knows nothing of this, and asks whether the disk is ready. Instead of an answer it is told what has happened.",
    command: commands.testUnitReady(),
    expected: "UNIT_ATTENTION",
  },
  {
    host: "A",
    says: "A writes all the same. It is locked out: this is what reservations are for.",
    command: write("written by A too late"),
    expected: "RESERVATION_CONFLICT",
    after: "explain",
  },
  { host: "B", says: "B carries on the work.", command: write("written by B"), expected: "GOOD" },
  {
    host: "A",
    says: "What is on the disk now? Nothing of what A sent too late.",
    command: read(),
    expected: "GOOD",
    reads: "written by B",
  },
  {
    host: "B",
    says: "The work is done. B gives the reservation up …",
    command: commands.release({ key: B, type }),
    expected: "GOOD",
  },
  {
    host: "B",
    says: "… and unregisters.",
    command: commands.register({ key: B, newKey: 0n }),
    expected: "GOOD",
    after: "look",
  },
];
