/**
 * multipathd's socket (multipathd(8), libmpathcmd): one question and one answer, each a text with a zero at its end, after its length in 8
 * bytes. What the daemon knows of a map's reservation key is what it registers paths with when they come back.
 *
 * The socket is an abstract one, whose name has a length. Some Node.js (20.20 for one) fills the name up with zeros, to another one, and
 * is refused by a daemon that is there: then the daemon's own program asks it.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { endianness } from "node:os";
import process from "node:process";
import { isScsiError, transportError } from "../../../src/errors.ts";

/** An abstract socket: no file belongs to it. */
const SOCKET = "\0/org/kernel/linux/storage/multipathd";
const LENGTH = 8;
/** As libmpathcmd has it. */
const LONGEST_REPLY = 32 * 1024 * 1024;
const TIMEOUT_MS = 4000;

const little = endianness() === "LE";

/** A text as the daemon reads it. */
export function packet(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(`${text}\0`);
  const whole = new Uint8Array(LENGTH + bytes.length);
  new DataView(whole.buffer).setBigUint64(0, BigInt(bytes.length), little);
  whole.set(bytes, LENGTH);
  return whole;
}

/** The text in what has arrived so far; undefined as long as it is not whole. */
export function textIn(arrived: Uint8Array): string | undefined {
  if (arrived.length < LENGTH) return undefined;
  const length = new DataView(arrived.buffer, arrived.byteOffset).getBigUint64(0, little);
  if (length === 0n || length > LONGEST_REPLY) throw new RangeError(`an answer of ${length} bytes`);
  if (arrived.length < LENGTH + Number(length)) return undefined;
  return new TextDecoder().decode(arrived.subarray(LENGTH, LENGTH + Number(length) - 1));
}

/** Asks the daemon something. */
export type AskMultipathd = (question: string) => Promise<string>;

/** Other places than multipathd's, for tests. */
export interface MultipathdPlaces {
  /** The daemon's program. */
  readonly program?: string | undefined;
  /** The kernel's list of sockets. */
  readonly sockets?: string | undefined;
}

/** Is there this abstract socket? */
async function isThere(socket: string, sockets: string): Promise<boolean> {
  const text = await readFile(sockets, "utf8").catch(() => "");
  return text.split("\n").some((line) => line.endsWith(` @${socket.slice(1)}`));
}

/** Asks by the daemon's own program, as `multipathd -k` does for people. */
const askByProgram = (question: string, program: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` };
    execFile(program, [`-k${question}`], { timeout: TIMEOUT_MS, env }, (error, stdout) => {
      // It ends with 1 for an answer that is "fail", too.
      if (error === null || stdout !== "") resolve(stdout);
      else reject(transportError("CONNECTION_LOST", "unknown", `multipathd gave no answer to "${question}"`, error));
    });
  });

/**
 * Asks multipathd, over a connection of its own.
 *
 * @param socket another socket than multipathd's, for tests
 * @throws ScsiError TARGET_NOT_FOUND if no daemon is there; TIMEOUT, CONNECTION_LOST, PROTOCOL_ERROR
 */
export async function askMultipathd(
  question: string,
  socket: string = SOCKET,
  { program = "multipathd", sockets = "/proc/net/unix" }: MultipathdPlaces = {},
): Promise<string> {
  try {
    return await askBySocket(question, socket);
  } catch (error) {
    if (!isScsiError(error) || error.code !== "TARGET_NOT_FOUND" || !(await isThere(socket, sockets))) throw error;
    return askByProgram(question, program);
  }
}

function askBySocket(question: string, socket: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let arrived = new Uint8Array(0);
    let connection: Socket;
    const end = (act: () => void): void => {
      clearTimeout(timer);
      connection.destroy();
      act();
    };
    const timer = setTimeout(
      () =>
        end(() => reject(transportError("TIMEOUT", "unknown", `multipathd did not answer "${question}" within 4 s`))),
      TIMEOUT_MS,
    );
    connection = createConnection({ path: socket });
    let asked = false;
    connection.on("connect", () => {
      asked = true;
      connection.write(packet(question));
    });
    connection.on("error", (error: NodeJS.ErrnoException) =>
      end(() =>
        reject(
          asked
            ? transportError(
                "CONNECTION_LOST",
                "unknown",
                `multipathd gave no answer to "${question}": ${error.code}`,
                error,
              )
            : transportError("TARGET_NOT_FOUND", "no", `multipathd cannot be asked: ${error.code}`, error),
        ),
      ),
    );
    connection.on("data", (data: Uint8Array) => {
      const all = new Uint8Array(arrived.length + data.length);
      all.set(arrived);
      all.set(data, arrived.length);
      arrived = all;
      try {
        const text = textIn(arrived);
        if (text !== undefined) end(() => resolve(text));
      } catch (error) {
        end(() => reject(transportError("PROTOCOL_ERROR", "unknown", "multipathd answers what is no answer", error)));
      }
    });
    connection.on("close", () =>
      end(() => reject(transportError("CONNECTION_LOST", "unknown", `multipathd gave no answer to "${question}"`))),
    );
  });
}
