/** mpathpersist's own options (mpathpersist(8) of multipath-tools 0.9.4), and its rules about what goes together. */
import { mpathReserveInActions, mpathReserveOutActions, type TransportId } from "../../src/index.ts";
import { type GetoptTable, getopt, hexadecimal } from "../getopt.ts";
import { readTransportId, UsageError } from "../values.ts";

/** The verb's name. */
export const MPATH = "mpath";

/** One command of mpathpersist. */
export interface MpathRequest {
  /** The map, or paths to one unit. Never empty. */
  readonly devices: readonly string[];
  /** PERSISTENT RESERVE OUT rather than IN. */
  readonly out: boolean;
  readonly serviceAction: number;
  readonly key: bigint;
  readonly serviceActionKey: bigint;
  readonly type: number;
  readonly transportIds: readonly TransportId[];
  readonly allTargetPorts: boolean;
  readonly persist: boolean;
  readonly hex: boolean;
  readonly allocationLengthBytes: number | undefined;
}

/** A whole command line: at most one command, and a file with more. */
export interface MpathLine {
  readonly request: MpathRequest | undefined;
  readonly batchFile: string | undefined;
  readonly verbose: number;
  readonly dryRun: boolean;
  /** What mpathpersist would say before it starts. */
  readonly warnings: readonly string[];
}

const table: GetoptTable = {
  tool: MPATH,
  names: {
    verbose: "v",
    clear: "C",
    device: "d",
    "batch-file": "f",
    help: "h",
    hex: "H",
    in: "i",
    out: "o",
    "param-alltgpt": "Y",
    "param-aptpl": "Z",
    "param-rk": "K",
    "param-sark": "S",
    preempt: "P",
    "preempt-abort": "A",
    "prout-type": "T",
    "read-full-status": "s",
    "read-keys": "k",
    "read-reservation": "r",
    register: "G",
    "register-ignore": "I",
    release: "L",
    "report-capabilities": "c",
    reserve: "R",
    "transport-id": "X",
    "alloc-length": "l",
    // Ours: what would be sent, and through which path.
    "dry-run": "#",
  },
  withValue: new Set(["v", "d", "K", "S", "T", "X", "l", "f"]),
};

/** Its long options. */
export const mpathOptions: readonly string[] = Object.keys(table.names);

const actionsIn: ReadonlyMap<string, number> = new Map([
  ["k", mpathReserveInActions.MPATH_PRIN_RKEY_SA],
  ["r", mpathReserveInActions.MPATH_PRIN_RRES_SA],
  ["c", mpathReserveInActions.MPATH_PRIN_RCAP_SA],
  ["s", mpathReserveInActions.MPATH_PRIN_RFSTAT_SA],
]);
const actionsOut: ReadonlyMap<string, number> = new Map([
  ["G", mpathReserveOutActions.MPATH_PROUT_REG_SA],
  ["R", mpathReserveOutActions.MPATH_PROUT_RES_SA],
  ["L", mpathReserveOutActions.MPATH_PROUT_REL_SA],
  ["C", mpathReserveOutActions.MPATH_PROUT_CLEAR_SA],
  ["P", mpathReserveOutActions.MPATH_PROUT_PREE_SA],
  ["A", mpathReserveOutActions.MPATH_PROUT_PREE_AB_SA],
  ["I", mpathReserveOutActions.MPATH_PROUT_REG_IGN_SA],
]);
/** Those whose TYPE counts. */
const typed: ReadonlySet<string> = new Set(["R", "L", "P", "A"]);
const MOST = 8192;
const KEY = 0xffff_ffff_ffff_ffffn;

const wrong = (message: string): UsageError => new UsageError(message, MPATH);

/** `--alloc-length`: decimal, and at most 8192. */
function length(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9]+$/.test(text) || Number(text) > MOST) {
    throw wrong(`--alloc-length is a decimal number, at most ${MOST}, not ${JSON.stringify(text)}`);
  }
  // The library of mpathpersist takes 0 for what it takes unless told.
  return Number(text) === 0 ? undefined : Number(text);
}

/** The letter of the one service action that was asked for; mpathpersist's own rules. */
function actionAsked(given: ReadonlySet<string>, letters: readonly string[]): string {
  const reads = letters.filter((letter) => actionsIn.has(letter));
  const changes = letters.filter((letter) => actionsOut.has(letter));
  if (given.has("i") === given.has("o")) throw wrong("choose either '--in' or '--out'");
  if (given.has("o")) {
    if (changes.length !== 1 || reads.length > 0) {
      throw wrong("For Persistent Reserve Out only one appropriate service action must be chosen");
    }
    return changes[0] as string;
  }
  if (changes.length > 0) {
    throw wrong("When a service action for Persistent Reserve Out is chosen the '--out' option must be given");
  }
  if (reads.length === 0) throw wrong("No service action given for Persistent Reserve IN");
  if (reads.length > 1) throw wrong("Too many service actions given; choose one only");
  return reads[0] as string;
}

/**
 * Reads mpathpersist's arguments.
 *
 * @param inFile a line of a batch file: without -f, and its -v is of no meaning
 * @throws UsageError where mpathpersist ends with MPATH_PR_SYNTAX_ERROR
 */
export function parseMpath(argv: readonly string[], inFile = false): MpathLine {
  const given = new Map<string, string[]>();
  const letters: string[] = [];
  for (const [letter, value] of getopt(argv, table)) {
    letters.push(letter);
    given.set(letter, [...(given.get(letter) ?? []), value]);
  }
  const last = (letter: string): string | undefined => given.get(letter)?.at(-1);
  const number = (letter: string, name: string, most: bigint): bigint =>
    hexadecimal(MPATH, name, last(letter) ?? "0", most);
  const files = given.get("f") ?? [];
  if (inFile && files.length > 0) throw wrong("-f option not allowed in batch file");
  if (files.length > 1) throw wrong("-f option can be used at most once");
  const verbose = Number(inFile ? 0 : (last("v") ?? 0));
  if (!Number.isInteger(verbose)) throw wrong(`bad argument to '--verbose': ${JSON.stringify(last("v"))}`);
  const line = { batchFile: files[0], verbose, dryRun: given.has("#") };
  if (files.length > 0 && !given.has("i") && !given.has("o")) return { ...line, request: undefined, warnings: [] };
  const letter = actionAsked(new Set(given.keys()), letters);
  const out = given.has("o");
  const type = Number(number("T", "prout-type", 0xfn));
  const request: MpathRequest = {
    devices: [...(given.get("d") ?? []), ...(given.get("") ?? [])],
    out,
    serviceAction: (out ? actionsOut : actionsIn).get(letter) as number,
    key: number("K", "param-rk", KEY),
    serviceActionKey: number("S", "param-sark", KEY),
    type,
    transportIds: (given.get("X") ?? []).map(readTransportId),
    allTargetPorts: given.has("Y"),
    persist: given.has("Z"),
    hex: given.has("H"),
    allocationLengthBytes: length(last("l")),
  };
  if (request.devices.length === 0) throw wrong("No device name given");
  const doubtful = out && type === 0 && typed.has(letter);
  return { ...line, request, warnings: doubtful ? ["Warning: --prout-type probably needs to be given"] : [] };
}
