/** Stories: scripts that come with the page, each step with what happens, for somebody who has never met reservations. A table. */
import type { ActionName } from "./actions.ts";
import type { Arguments, PathStep, Script, Step, UnitStep } from "./steps.ts";

export interface Story extends Script {
  readonly id: string;
  readonly title: string;
  /** What it is about, in one sentence. */
  readonly about: string;
  /** For each step, what happens. */
  readonly says: readonly string[];
}

const A = 0;
const B = 1;
const C = 2;
const keyA = 0xan;
const keyB = 0xbn;
const keyC = 0xcn;
const WRITE_EXCLUSIVE = 1;
const WRITE_EXCLUSIVE_REGISTRANTS_ONLY = 5;

type Told = readonly [step: Step, says: string];

const sends = (host: number, action: ActionName, given: Arguments = {}, unit = 0): Step => ({
  kind: "command",
  host,
  unit,
  action,
  arguments: given,
});
const path = (host: number, event: PathStep["event"]): Step => ({ kind: "path", host, unit: 0, event });
const unit = (event: UnitStep["event"]): Step => ({ kind: "unit", unit: 0, event });

const story = (id: string, title: string, about: string, hosts: number, told: readonly Told[]): Story => ({
  id,
  title,
  about,
  hosts,
  units: 1,
  steps: told.map(([step]) => step),
  says: told.map(([, says]) => says),
});

export const stories: readonly Story[] = [
  story("fence", "Two hosts and a fence", "Host A hangs, host B takes over, and A is kept out when it wakes.", 2, [
    [
      sends(A, "register", { newKey: keyA }),
      "Two hosts share a disk. A registers with it: its key, 0xa, is the name under which the disk will know it.",
    ],
    [sends(B, "register", { newKey: keyB }), "B registers too, with a key of its own, 0xb."],
    [
      sends(A, "reserve", { key: keyA, type: WRITE_EXCLUSIVE }),
      "A takes the reservation, of type Write Exclusive: only A may write now.",
    ],
    [sends(A, "write", { text: "written by A" }), "A writes a block."],
    [
      sends(B, "write", { text: "written by B too early" }),
      "B tries to write the same block. The disk refuses: RESERVATION CONFLICT.",
    ],
    [sends(B, "read"), "Reading is still allowed: B sees what A wrote."],
    [
      sends(B, "abort", { key: keyB, victimKey: keyA, type: WRITE_EXCLUSIVE }),
      "Now A hangs. B fences it: A's registration goes, what A has under way is aborted, and B holds the reservation, all in one command.",
    ],
    [
      sends(A, "ready"),
      "A wakes up, knows nothing of this, and asks whether the disk is ready. It is told what has happened instead: a unit attention condition.",
    ],
    [
      sends(A, "write", { text: "written by A too late" }),
      "A writes all the same, and is locked out. This is what reservations are for.",
    ],
    [sends(B, "write", { text: "written by B" }), "B carries on the work."],
    [sends(A, "read"), "What is on the disk now? Nothing of what A sent too late."],
    [sends(B, "release", { key: keyB, type: WRITE_EXCLUSIVE }), "The work is done. B gives the reservation up …"],
    [sends(B, "register", { key: keyB, newKey: 0n }), "… and unregisters: a new key of 0. The disk is free."],
  ]),
  story(
    "power",
    "What a loss of power leaves",
    "Registrations go with the power, unless APTPL asked for them to stay.",
    2,
    [
      [sends(A, "register", { newKey: keyA }), "A registers, without APTPL."],
      [sends(A, "reserve", { key: keyA, type: WRITE_EXCLUSIVE }), "A reserves the disk."],
      [unit("power"), "The disk loses its power, and gets it back."],
      [
        sends(B, "write", { text: "nobody stopped B" }),
        "B writes. First it is told of the power loss; the command was not executed.",
      ],
      [sends(B, "write", { text: "nobody stopped B" }), "B repeats it, and nothing stops it: the reservation is gone."],
      [sends(A, "ready"), "A hears of the power loss as well …"],
      [
        sends(A, "register", { newKey: keyA, aptpl: true }),
        "… and registers again, this time with APTPL: Activate Persist Through Power Loss.",
      ],
      [sends(A, "reserve", { key: keyA, type: WRITE_EXCLUSIVE }), "A reserves."],
      [unit("power"), "The power goes again."],
      [sends(B, "ready"), "B is told …"],
      [sends(B, "write", { text: "B is stopped" }), "… and this time it is kept out: A's reservation is still there."],
    ],
  ),
  story(
    "share",
    "Many writers, one stranger",
    "Registrants only: who is registered may write, who is not may not.",
    3,
    [
      [sends(A, "register", { newKey: keyA }), "Three hosts. A registers …"],
      [sends(B, "register", { newKey: keyB }), "… and B."],
      [
        sends(A, "reserve", { key: keyA, type: WRITE_EXCLUSIVE_REGISTRANTS_ONLY }),
        "A reserves with Write Exclusive – Registrants Only, as clusters do.",
      ],
      [sends(B, "write", { text: "B may write" }), "B does not hold the reservation, but is registered: it may write."],
      [sends(C, "write", { text: "C may not" }), "C is not registered, and may not."],
      [sends(C, "register", { newKey: keyC }), "Anybody may register …"],
      [sends(C, "write", { text: "C may too" }), "… and may write then."],
      [
        sends(A, "preempt", { key: keyA, victimKey: keyC, type: WRITE_EXCLUSIVE_REGISTRANTS_ONLY }),
        "To keep C out again, A removes its key. A holds the reservation already; only the registration goes.",
      ],
      [sends(C, "write", { text: "C is out" }), "C writes, and is kept out again."],
      [sends(C, "ready"), "When it asks whether the disk is ready, it is told why: its registration was preempted."],
    ],
  ),
  story("lost", "A lost answer, a lost path", "What a host can know when the answer never came.", 2, [
    [sends(A, "register", { newKey: keyA }), "A registers."],
    [path(A, "lose-answer"), "On the way back, the next answer to A will be lost."],
    [
      sends(A, "reserve", { key: keyA, type: WRITE_EXCLUSIVE }),
      "A reserves. No answer comes. Was it executed? The library does not send it again: it looks, finds that A holds, and reports success.",
    ],
    [path(A, "cut"), "Now A's path breaks altogether."],
    [sends(A, "write", { text: "into the void" }), "A can do nothing: the command never arrives."],
    [
      sends(B, "register", { newKey: keyB }),
      "The disk does not forget: A's registration and its reservation outlive the path. B registers …",
    ],
    [
      sends(B, "abort", { key: keyB, victimKey: keyA, type: WRITE_EXCLUSIVE }),
      "… and fences A, which it cannot hear any more.",
    ],
    [path(A, "mend"), "The path is mended."],
    [sends(A, "write", { text: "too late" }), "A writes, and is told that its path was lost."],
    [sends(A, "write", { text: "too late" }), "Again: it is no longer registered, and is kept out."],
  ]),
];
