/**
 * multipathd's file of reservation keys, /etc/multipath/prkeys (multipath.conf(5): `reservation_key file`, `prkeys_file`), in its own format:
 * `0x` and 16 digits, a space, the WWID of the map; `0X` where the registration is to survive a loss of power; `#` in the place of the
 * first digit takes a line out. Read whole, and written whole: to a file beside it which then takes its place, so that whoever reads
 * finds the old or the new, and never half of either.
 */
import { readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import process from "node:process";

/** Where it is unless multipath.conf says otherwise. */
export const PRKEYS_FILE = "/etc/multipath/prkeys";

const HEADER = `# Multipath persistent reservation keys, Version : 1.0
# NOTE: this file is automatically maintained by the multipathd program.
# You should not need to edit this file in normal circumstances.
#
# Format:
# prkey wwid
#
`;

/** One map's key. */
export interface StoredKey {
  readonly key: bigint;
  /** APTPL. */
  readonly persistThroughPowerLoss: boolean;
}

/** The key of a map in the file's text; undefined if it has none. The first line counts, as for multipathd. */
export function keyIn(text: string, wwid: string): StoredKey | undefined {
  for (const line of text.split("\n")) {
    const match = /^0([xX])([0-9a-fA-F]{16}) (.+)$/.exec(line);
    if (match?.[3] !== wwid) continue;
    return { key: BigInt(`0x${match[2]}`), persistThroughPowerLoss: match[1] === "X" };
  }
  return undefined;
}

/** The file's text with this key, or without one, for a map. Every other line stays as it is. */
export function withKey(text: string, wwid: string, stored: StoredKey | undefined): string {
  const lines = (text === "" ? HEADER : text).split("\n");
  if (lines.at(-1) === "") lines.pop();
  const own = (line: string): boolean => /^[0#][xX][0-9a-fA-F]{16} /.test(line) && line.slice(19) === wwid;
  const kept = lines.filter((line) => !own(line));
  const entry =
    stored === undefined
      ? []
      : [`0${stored.persistThroughPowerLoss ? "X" : "x"}${stored.key.toString(16).padStart(16, "0")} ${wwid}`];
  return `${[...kept, ...entry].join("\n")}\n`;
}

const textOf = (file: string): Promise<string> =>
  readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });

/** A map's key in the file. */
export const readStoredKey = async (wwid: string, file = PRKEYS_FILE): Promise<StoredKey | undefined> =>
  keyIn(await textOf(file), wwid);

/** Stores a map's key, or takes it out. */
export async function writeStoredKey(wwid: string, stored: StoredKey | undefined, file = PRKEYS_FILE): Promise<void> {
  const before = await textOf(file);
  const after = withKey(before, wwid, stored);
  if (after === before) return;
  const mode = await stat(file).then(
    (found) => found.mode & 0o777,
    () => 0o600,
  );
  const beside = `${file}.${process.pid}`;
  try {
    await writeFile(beside, after, { mode, flush: true });
    await rename(beside, file);
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    throw error;
  }
}
