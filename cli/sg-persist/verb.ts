/** `sg_persist` among the verbs: its help. Its arguments are its own; run.ts of the command line hands them over before it reads any. */
import type { Verb } from "../verb.ts";
import { sgPersistOptions } from "./arguments.ts";

export const sgPersist: Verb = {
  name: "sg_persist",
  summary: "take sg_persist's own options, for old scripts",
  about: [
    "Options, output and exit codes as sg_persist (sg3_utils 1.46) has them, long or short, and what it sends is sent: nothing is added, nothing repeated, and only the target judges. Keys and types are hexadecimal, with or without 0x. In the place of a device any URL can stand.",
    "--in: --read-keys (-k), --read-reservation (-r), --read-full-status (-s), --report-capabilities (-c), --hex (-H).",
    "--out: --register (-G), --register-ignore (-I), --reserve (-R), --release (-L), --clear (-C), --preempt (-P), --preempt-abort (-A), --register-move (-M), --replace-lost (-x); with --param-rk (-K), --param-sark (-S), --prout-type (-T), --param-aptpl (-Z), --param-alltgpt (-Y), --transport-id (-X), --relative-target-port (-Q), --unreg (-U).",
    "Besides: --no-inquiry (-n), --verbose (-v), --device (-d), --alloc-length (-l), and of this program's own --dry-run. --readonly (-y) changes nothing here. Options that contradict each other end with 1, where sg_persist 1.46 ends with 31.",
  ],
  examples: [
    ["sg_persist --in --read-keys sim:disk", "the keys, as sg_persist prints them"],
    ["sg_persist --out --register --param-sark=abc sim:disk", "register"],
    ["sg_persist -o -R -K abc -T 5 sim:disk", "reserve, for registrants only"],
  ],
  takes: "none",
  options: [],
  ownOptions: sgPersistOptions,
  required: [],
  plan: () => ({ commands: [], effect: "" }),
  run: () => Promise.reject(new Error("sg_persist reads its own arguments")),
};
