/**
 * sg_persist's own options (sg_persist(8) of sg3_utils 1.46), read as getopt_long reads them: long ones may be cut short, short ones
 * joined, numbers are hexadecimal. What was asked for comes out; what of it goes together is checked here too.
 */
import { decodeTransportId, type TransportId } from "../../src/index.ts";
import { type GetoptTable, getopt, hexadecimal } from "../getopt.ts";
import { readTransportId, UsageError } from "../values.ts";

/** What sg_persist was asked for. */
export interface SgPersistRequest {
  readonly device: string;
  /** PERSISTENT RESERVE OUT rather than IN. */
  readonly out: boolean;
  readonly serviceAction: number;
  readonly key: bigint;
  readonly serviceActionKey: bigint;
  readonly type: number;
  readonly relativeTargetPort: number;
  readonly transportIds: readonly TransportId[];
  readonly allTargetPorts: boolean;
  readonly persist: boolean;
  readonly unregister: boolean;
  readonly inquiry: boolean;
  /** How many times --hex was given. */
  readonly hex: number;
  readonly allocationLengthBytes: number;
  readonly verbose: boolean;
  readonly dryRun: boolean;
  /** What sg_persist would say before it starts. */
  readonly warnings: readonly string[];
}

/** Letter by long name; a letter in capitals may be another option. */
const names = {
  "alloc-length": "l",
  clear: "C",
  device: "d",
  help: "h",
  hex: "H",
  in: "i",
  maxlen: "m",
  "no-inquiry": "n",
  out: "o",
  "param-alltgpt": "Y",
  "param-aptpl": "Z",
  "param-rk": "K",
  "param-sark": "S",
  "param-unreg": "U",
  preempt: "P",
  "preempt-abort": "A",
  "prout-type": "T",
  "read-full-status": "s",
  "read-keys": "k",
  readonly: "y",
  "read-reservation": "r",
  "read-status": "s",
  register: "G",
  "register-ignore": "I",
  "register-move": "M",
  release: "L",
  "relative-target-port": "Q",
  "replace-lost": "x",
  "report-capabilities": "c",
  reserve: "R",
  "transport-id": "X",
  unreg: "U",
  verbose: "v",
  version: "V",
  // Ours: what would be sent.
  "dry-run": "#",
} as const;

/** Its long options. */
export const sgPersistOptions: readonly string[] = Object.keys(names);

const table: GetoptTable = {
  tool: "sg_persist",
  names,
  withValue: new Set(["d", "K", "l", "m", "Q", "S", "T", "X"]),
  aliases: { z: "x" },
};
const actionsIn = new Map([...("krcs" as string)].map((letter, code) => [letter, code]));
const actionsOut = new Map([...("GRLCPAIMx" as string)].map((letter, code) => [letter, code]));
const REGISTER_AND_MOVE = 7;
const MOST = 8192;
/** Those whose TYPE counts: RESERVE, RELEASE, PREEMPT, PREEMPT AND ABORT. */
const typed: readonly number[] = [1, 2, 4, 5];

const wrong = (message: string): UsageError => new UsageError(message, "sg_persist");

/** `8192`, `2000h`, `0x2000`. */
function length(text: string, hex: boolean): number {
  const digits = /^(?:0x)?([0-9a-f]+)h?$/i.exec(text)?.[1];
  const value = digits === undefined ? Number.NaN : Number.parseInt(digits, hex || /^0x|h$/i.test(text) ? 16 : 10);
  if (!(value >= 0 && value <= MOST))
    throw wrong(`An allocation length is at most ${MOST}, not ${JSON.stringify(text)}`);
  return value === 0 ? MOST : value;
}

/** A TransportID in symbols, or as its bytes. */
function transportId(text: string): TransportId {
  if (!/^[0-9a-f]{1,2}([ ,]+[0-9a-f]{1,2})+$/i.test(text)) return readTransportId(text);
  return decodeTransportId(Uint8Array.from(text.split(/[ ,]+/), (pair) => Number.parseInt(pair, 16)));
}

/** What goes together; sg_persist's own rules. */
function check(given: ReadonlySet<string>, asked: readonly string[], request: SgPersistRequest): void {
  const { out, serviceAction, relativeTargetPort, unregister, transportIds } = request;
  const [reads, changes] = [actionsIn, actionsOut].map((actions) => asked.filter((letter) => actions.has(letter)));
  if (request.device === "") throw wrong("No device or URL is given");
  if (given.has("i") && out) throw wrong("Choose --in or --out, not both");
  if (out && (changes?.length !== 1 || reads?.length !== 0)) {
    throw wrong("--out takes one service action of PERSISTENT RESERVE OUT, for example --register");
  }
  if (!out && changes !== undefined && changes.length > 0) {
    throw wrong("A service action that changes something needs --out too, as a safeguard");
  }
  if (!out && reads !== undefined && reads.length > 1) throw wrong("Choose one service action only");
  const moves = out && serviceAction === REGISTER_AND_MOVE;
  if ((unregister || relativeTargetPort !== 0) && !moves) {
    throw wrong("--unreg and --relative-target-port go with --register-move only");
  }
  if (moves && transportIds.length !== 1) throw wrong("--register-move takes one --transport-id");
}

/**
 * Reads sg_persist's arguments.
 *
 * @param readFile the lines of a file with TransportIDs, or of standard input for `-`
 * @throws UsageError where sg_persist would end with 1
 */
export async function parseSgPersist(
  argv: readonly string[],
  readFile: (name: string) => Promise<string>,
): Promise<SgPersistRequest> {
  const given = new Map<string, string[]>();
  const words: string[] = [];
  for (const [letter, value] of getopt(argv, table)) {
    if (letter === "") words.push(value);
    else given.set(letter, [...(given.get(letter) ?? []), value]);
  }
  const last = (letter: string): string | undefined => given.get(letter)?.at(-1);
  const number = (letter: string, name: string, most: bigint): bigint =>
    hexadecimal("sg_persist", name, last(letter) ?? "0", most);
  const [device = last("d") ?? "", ...extra] = last("d") === undefined ? words : [last("d") as string, ...words];
  if (extra.length > 0) throw wrong(`One device only; what is ${JSON.stringify(extra[0])}?`);
  const out = given.has("o");
  const actions = out ? actionsOut : actionsIn;
  const asked = [...given.keys()].filter((letter) => actionsIn.has(letter) || actionsOut.has(letter));
  const serviceAction = actions.get(asked[0] ?? "k") ?? 0;
  const typeCode = Number(number("T", "prout-type", 0xfn));
  const from = last("X");
  const file = from === "-" ? "-" : /^file=(.*)$/i.exec(from ?? "")?.[1];
  const texts =
    file === undefined ? [from] : (await readFile(file)).split("\n").map((line) => line.replace(/#.*/, "").trim());
  const transportIds = texts
    .filter((text) => text !== undefined && text !== "")
    .map((text) => transportId(text as string));
  const request: SgPersistRequest = {
    device,
    out,
    serviceAction,
    key: number("K", "param-rk", 0xffff_ffff_ffff_ffffn),
    serviceActionKey: number("S", "param-sark", 0xffff_ffff_ffff_ffffn),
    type: typeCode,
    relativeTargetPort: Number(number("Q", "relative-target-port", 0xffffn)),
    transportIds,
    allTargetPorts: given.has("Y"),
    persist: given.has("Z"),
    unregister: given.has("U"),
    inquiry: !given.has("n"),
    hex: given.get("H")?.length ?? 0,
    allocationLengthBytes: given.has("m") ? length(last("m") as string, false) : length(last("l") ?? "2000", true),
    verbose: given.has("v"),
    dryRun: given.has("#"),
    warnings: [
      ...(!out && asked.length === 0
        ? [">> No service action given; assume Persistent Reserve In command", ">> with Read Keys service action"]
        : []),
      ...(out && typeCode === 0 && typed.includes(serviceAction)
        ? ["warning>>> --prout-type probably needs to be given"]
        : []),
    ],
  };
  check(new Set(given.keys()), asked, request);
  return request;
}
