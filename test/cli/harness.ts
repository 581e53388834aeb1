/** Runs the command line in process, with streams that remember and a world that can be scripted. */
import type { Io } from "../../cli/io.ts";
import { run } from "../../cli/run.ts";
import { start } from "../../cli/start.ts";
import {
  createLogicalUnit,
  type ScsiRequest,
  type ScsiResponse,
  type Transport,
  type TransportId,
  type TransportOptions,
} from "../../src/index.ts";
import { checkDiscover, checkOpen, discover, type OpenOptions, open } from "../../transports/open.ts";
import { listDevices } from "../../transports/sg/discovery.ts";

/** What a run left behind. */
export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as JSON. */
  readonly json: Document;
}

// biome-ignore lint/suspicious/noExplicitAny: documents are compared with values typed by hand
export type Document = any;

export interface World {
  readonly env?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
  readonly columns?: number;
  /** Files by name; `-` is standard input. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly open?: (url: string, options: OpenOptions) => ReturnType<typeof open>;
  readonly pathsOfMap?: Io["pathsOfMap"];
  readonly openMap?: Io["openMap"];
  readonly discover?: typeof discover;
  readonly start?: Io["start"];
  readonly panic?: Io["panic"];
  readonly listDevices?: typeof listDevices;
  /** Is given what interrupts the run. */
  readonly interrupter?: (interrupt: () => void) => void;
  /** Is told of standard output as it is written. */
  readonly watch?: (text: string) => void;
}

/** Runs the command line; `argv` is split at spaces. */
export async function cli(argv: string | readonly string[], world: World = {}): Promise<Ran> {
  const texts = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    write(text: string | Uint8Array) {
      const written = typeof text === "string" ? text : Buffer.from(text).toString("latin1");
      texts[name] += written;
      if (name === "out") world.watch?.(written);
    },
    isTTY: world.tty,
    columns: world.columns,
  });
  const exit = await run(typeof argv === "string" ? argv.split(" ").filter((word) => word !== "") : argv, {
    stdout: stream("out"),
    stderr: stream("err"),
    env: world.env ?? {},
    onInterrupt(listener) {
      world.interrupter?.(listener);
      return () => {};
    },
    async read(file) {
      const content = world.files?.[file];
      if (content === undefined) throw new Error(`no file ${file}`);
      return content;
    },
    open: world.open ?? open,
    pathsOfMap: world.pathsOfMap ?? (async () => undefined),
    openMap: world.openMap ?? (() => Promise.reject(new Error("there is no map"))),
    discover: world.discover ?? discover,
    checkOpen,
    checkDiscover,
    start: world.start ?? start,
    panic: world.panic ?? (() => Promise.reject(new Error("tests do not panic")) as never),
    listDevices: world.listDevices ?? listDevices,
  });
  return {
    exit,
    ...texts,
    get json() {
      return JSON.parse(texts.out) as unknown;
    },
  };
}

/** Answers a command, or throws what a transport would reject with. */
export type Script = (
  request: ScsiRequest,
  options: TransportOptions,
  count: number,
) => ScsiResponse | Promise<ScsiResponse>;

/** A world whose units answer by script. */
export function scripted(script: Script, initiatorPort?: TransportId): Pick<World, "open"> {
  let count = 0;
  return {
    async open(_url, { signal, timeoutMs, deadlineMs, retry, observer }) {
      const transport: Transport = {
        name: "scripted",
        initiatorPort,
        execute: async (request, options = {}) => script(request, options, count++),
        async [Symbol.asyncDispose]() {},
      };
      return createLogicalUnit(transport, { signal, timeoutMs, deadlineMs, retry, observer });
    },
  };
}

/** Bytes from hexadecimal digits. */
export const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.replaceAll(/\s/g, "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** An answer with a status and data. */
export const answer = (status: number, dataIn = ""): ScsiResponse => ({
  status,
  dataIn: hex(dataIn),
  sense: new Uint8Array(0),
  residual: 0,
});

/** CHECK CONDITION with fixed format sense data (smr-j, fixed format). */
export const checkCondition = (senseKey: number, asc: number, ascq: number): ScsiResponse => ({
  status: 0x02,
  dataIn: new Uint8Array(0),
  sense: Uint8Array.of(0x70, 0, senseKey, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0),
  residual: 0,
});

let units = 0;

/** A simulated unit that no other test knows, as host `a` and as host `b`. */
export function twoHosts(): { a: string; b: string; portA: string; portB: string } {
  const name = `sim:test-${++units}-${Math.random().toString(36).slice(2)}`;
  const portA = "iqn.2026-01.test:a,i,0x80000000000a";
  const portB = "iqn.2026-01.test:b,i,0x80000000000b";
  return { a: `${name}?initiator=${portA}`, b: `${name}?initiator=${portB}`, portA, portB };
}

/** Every escape sequence. */
export const escapes = (text: string): number => text.split("\u001b").length - 1;
