/** `mpath` among the verbs: its help. Its arguments are mpathpersist's; run.ts of the command line hands them over unread. */
import { mpathPersistResults } from "../../src/index.ts";
import type { Verb } from "../verb.ts";
import { MPATH, mpathOptions } from "./arguments.ts";

const results = Object.entries(mpathPersistResults)
  .map(([name, code]) => `${code} ${name.replace("MPATH_PR_", "")}`)
  .join(", ");

export const mpath: Verb = {
  name: MPATH,
  summary: "take mpathpersist's own options, for old scripts",
  about: [
    "Options, fields and exit codes as mpathpersist (multipath-tools 0.9.4) has them; what is done over the paths is this library's own, see register and the like. In the place of a map any URL can stand, or several: paths to one unit.",
    "--in: --read-keys (-k), --read-reservation (-r), --read-full-status (-s), --report-capabilities (-c), --hex (-H), --alloc-length (-l).",
    "--out: --register (-G), --register-ignore (-I), --reserve (-R), --release (-L), --clear (-C), --preempt (-P), --preempt-abort (-A); with --param-rk (-K), --param-sark (-S), --prout-type (-T), --param-aptpl (-Z), --param-alltgpt (-Y), --transport-id (-X).",
    "Besides: --device (-d), --batch-file (-f), --verbose (-v), and of this program's own --dry-run: which path would get which bytes, in what order and why.",
    `Exit codes are libmpathpersist's: ${results}. THREAD_ERROR is never the end of anything here: no thread is made for a path.`,
  ],
  examples: [
    ["mpath --out --register --param-sark=abc /dev/mapper/mpatha", "register through every path"],
    ["mpath -ik /dev/mapper/mpatha", "the keys, as mpathpersist prints them"],
    ["mpath -oR -K abc -T 5 --dry-run /dev/mapper/mpatha", "which path would get what"],
  ],
  takes: "none",
  options: [],
  ownOptions: mpathOptions,
  required: [],
  plan: () => ({ commands: [], effect: "" }),
  run: () => Promise.reject(new Error("mpath reads its own arguments")),
};
