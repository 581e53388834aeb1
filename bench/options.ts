/** The bench's command line. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { parseArgs } from "node:util";
import { type Pin, pins } from "./processes.ts";

/** A runtime that measurements run on: what to call it, and how a script is started with it. */
export interface Runtime {
  readonly name: string;
  readonly command: readonly string[];
}

export interface BenchOptions {
  /** Rows whose name contains one of these; all if empty. */
  readonly only: readonly string[];
  readonly runtimes: readonly Runtime[];
  readonly pins: readonly Pin[];
  readonly rounds: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly markdown: boolean;
  readonly json: string | undefined;
}

export const usage = `npm run bench -- [options]
  --quick              3 rounds of 0.5 s instead of 5 of 1 s
  --only TEXT          only rows whose name contains TEXT, e.g. codec, "READ KEYS", "depth 32"; may be repeated
  --pins LIST          of none,same,split: where client and target run; all three if absent
  --runtimes LIST      of node,node22,node24,node26,bun,deno; only node if absent, the others from test/runtimes
  --rounds N           how often each contender is measured
  --seconds S          how long each time
  --markdown           print the figures as Markdown
  --json FILE          write every sample to FILE
`;

/** Where the other runtimes are, once test/runtimes has been installed. */
const installed: Readonly<Record<string, readonly string[]>> = {
  node22: ["node22/bin/node"],
  node24: ["node24/bin/node"],
  node26: ["node26/bin/node"],
  bun: ["bun-bin/bin/bun"],
  deno: ["deno-bin/deno", "run", "-A"],
};

function runtime(name: string, root: string): Runtime {
  if (name === "node") return { name: `node ${process.versions.node}`, command: [execPath] };
  const [path, ...more] = installed[name] ?? [];
  if (path === undefined) throw new Error(`Unknown runtime "${name}"\n\n${usage}`);
  const binary = join(root, "test/runtimes/node_modules", path);
  if (!existsSync(binary)) throw new Error(`There is no ${name}: run npm install in test/runtimes first`);
  return { name, command: [binary, ...more] };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not "${text}"`);
  return value;
}

/** What a row's name says of its runtime: nothing where there is only one. */
export const runtimeSuffix = ({ runtimes }: BenchOptions, { name }: Runtime): string =>
  runtimes.length > 1 ? `, ${name}` : "";

/** Undefined if only the usage is wanted. */
export function readOptions(args: string[], root: string): BenchOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      pins: { type: "string", default: pins.join(",") },
      runtimes: { type: "string", default: "node" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      markdown: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const measureMs = 1000 * positive("seconds", values.seconds ?? (values.quick ? "0.5" : "1"));
  return {
    only: values.only,
    runtimes: values.runtimes.split(",").map((name) => runtime(name, root)),
    pins: values.pins.split(",").map((name) => {
      const pin = pins.find((known) => known === name);
      if (pin === undefined) throw new Error(`--pins takes ${pins.join(", ")}, not "${name}"`);
      return pin;
    }),
    rounds: Math.ceil(positive("rounds", values.rounds ?? (values.quick ? "3" : "5"))),
    // A compiler that learns while it runs needs some hundred milliseconds.
    warmupMs: Math.min(400, measureMs),
    measureMs,
    markdown: values.markdown,
    json: values.json,
  };
}
