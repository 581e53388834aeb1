/** What the command line needs of the world: two streams, an environment, a way to be interrupted, a way to units. */
import type { LogicalUnit } from "../src/index.ts";
import type { discover, OpenOptions } from "../transports/open.ts";
import type { listDevices } from "../transports/sg/discovery.ts";

/** A stream for text. */
export interface Output {
  write(text: string | Uint8Array): void;
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal in characters. */
  readonly columns?: number | undefined;
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
  discover: typeof discover;
  listDevices(): ReturnType<typeof listDevices>;
}
