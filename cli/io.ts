/** What the command line needs of the world: two streams, an environment, a way to be interrupted, a way to units. */
import type { LogicalUnit, MultipathUnit, Verdict } from "../src/index.ts";
import type { checkDiscover, discover, OpenOptions } from "../transports/open.ts";
import type { listDevices } from "../transports/sg/discovery.ts";

/** A stream for text. */
export interface Output {
  write(text: string | Uint8Array): void;
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal in characters. */
  readonly columns?: number | undefined;
}

/** A command that was started. */
export interface Guarded {
  /** Sends a signal to it and to whatever it has started. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Its exit code; 128 and the signal's number if a signal ended it; 127 if it could not be started. */
  readonly ended: Promise<number>;
}

/** The world. Tests make one of their own. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls back once when the user interrupts (SIGINT, SIGTERM); the function returned stops listening. */
  onInterrupt(listener: () => void): () => void;
  /** The content of a file; `-` is standard input. */
  read(name: string): Promise<Uint8Array>;
  open(url: string, options: OpenOptions): Promise<LogicalUnit>;
  /** The paths of a map of this machine, by name, without opening any; undefined for what is no map. */
  pathsOfMap(url: string): Promise<readonly string[] | undefined>;
  /** A map of this machine as a unit of several paths. */
  openMap(url: string, options: OpenOptions): Promise<MultipathUnit>;
  discover: typeof discover;
  /** Rejects for what {@link Io.open} and {@link Io.openMap} would not take, before they open anything. Opens nothing. */
  checkOpen(url: string, options: OpenOptions): Promise<void>;
  /** Rejects for what {@link Io.discover} would not take. Asks nobody. */
  checkDiscover: typeof checkDiscover;
  /** Starts a command, with this process's streams, in a process group of its own. */
  start(command: readonly string[]): Guarded;
  /** What panics this machine; throws at once if this process may not. */
  panic(): (evidence: Verdict) => void;
  listDevices(): ReturnType<typeof listDevices>;
}
