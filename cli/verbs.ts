/** Every verb, in the order in which the help lists them. */
import { changerVerbs } from "./changer.ts";
import { clear, move, preempt, register, release, replaceLost, reserve } from "./changes.ts";
import { completionOf } from "./completion.ts";
import { decode } from "./decode.ts";
import { demo } from "./demo.ts";
import { encode } from "./encode.ts";
import { explain } from "./explain.ts";
import { list } from "./list.ts";
import { map } from "./map.ts";
import { mhdVerbs } from "./mhd.ts";
import { mpath } from "./mpath/verb.ts";
import { capabilities, discover, inquiry, keys, luns, reservation, status } from "./questions.ts";
import { serve } from "./serve.ts";
import { sgPersist } from "./sg-persist/verb.ts";
import type { Verb } from "./verb.ts";
import { watch } from "./watch.ts";

/** Verbs in groups, each with its title. */
export const verbGroups: readonly (readonly [title: string, verbs: readonly Verb[]])[] = [
  ["Ask", [status, explain, watch, map, keys, reservation, capabilities, inquiry, luns, discover, list]],
  ["Change", [register, reserve, release, preempt, clear, move, replaceLost]],
  ["Media changers", changerVerbs],
  ["Multihost disks, as mhd(7I) has them", mhdVerbs],
  ["Bytes", [decode, encode]],
  ["Learn and test", [demo, serve]],
  ["Besides", [sgPersist, mpath, completionOf(() => verbs)]],
];

export const verbs: readonly Verb[] = verbGroups.flatMap(([, group]) => group);

/** The verb of a name, or undefined. */
export const verbNamed = (name: string): Verb | undefined => verbs.find((verb) => verb.name === name);
