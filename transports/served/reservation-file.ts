/**
 * The reservations that survive a loss of power (APTPL), in one file for all units of a server: replaced atomically and
 * synced at every change, and refused whole if it is not what was written.
 */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { DeviceServer, Preserved, Reservations } from "../simulated/index.ts";

/** An opened file. */
export interface ReservationFile {
  /** Gives a unit what the file has for it. */
  restore(unit: string, server: DeviceServer): void;
  /**
   * Writes what the unit is to keep, if that has changed.
   *
   * @throws the system's error; then the file is as it was, but where it was its directory that could not be synced
   */
  keep(unit: string, reservations: Reservations): void;
}

const FORMAT = "scsi-persist reservations";
const VERSION = 1;

const digestOf = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

/**
 * Opens the file; one that does not exist is empty.
 *
 * @throws Error for a file that is torn, damaged, of another kind, or cannot be read
 */
export function openReservationFile(path: string): ReservationFile {
  let units = read(path);
  /** What the file has for certain. */
  let written: string | undefined = JSON.stringify(units);
  return {
    restore(unit, server) {
      const kept = units[unit];
      if (kept === undefined) return;
      try {
        server.restore({ ...kept, medium: {} });
      } catch (cause) {
        throw refusal(path, `the reservations of ${unit} cannot be`, cause);
      }
    },
    keep(unit, now) {
      const { [unit]: _before, ...others } = units;
      // PRGENERATION does not outlive a loss of power (spc4r36f 6.15.2).
      const next = now.persistsThroughPowerLoss ? { ...others, [unit]: { ...now, prGeneration: 0 } } : others;
      const text = JSON.stringify(next);
      if (text === written) return;
      writeBeside(path, `${JSON.stringify({ format: FORMAT, version: VERSION, sha256: digestOf(text) })}\n${text}\n`);
      // If the directory cannot be synced, either may be there.
      written = undefined;
      putInPlace(path);
      units = next;
      written = text;
    },
  };
}

/** The system's errors for want of room, or of something else that there is a limit of. */
const wantOfResources = ["ENOSPC", "EDQUOT", "EFBIG", "EMFILE", "ENFILE", "ENOMEM"];

/** What the unit is told of an error of {@link ReservationFile.keep}. */
export const howItFailed = (error: unknown): Preserved =>
  wantOfResources.includes(String((error as { code?: unknown }).code)) ? "full" : "failed";

const refusal = (path: string, why: string, cause?: unknown): Error =>
  new Error(`The reservation file ${path} is refused: ${why}. Move it away to begin without reservations`, { cause });

function read(path: string): Readonly<Record<string, Reservations>> {
  let whole: string;
  try {
    whole = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return {};
    throw refusal(path, `it cannot be read (${(error as Error).message})`, error);
  }
  const [head = "", text, end, ...rest] = whole.split("\n");
  let header: { format?: unknown; version?: unknown; sha256?: unknown };
  try {
    header = JSON.parse(head);
  } catch (cause) {
    throw refusal(path, "it is not of this program", cause);
  }
  if (header?.format !== FORMAT) throw refusal(path, "it is not of this program");
  if (header.version !== VERSION) throw refusal(path, `it is of version ${String(header.version)}, not ${VERSION}`);
  if (text === undefined || end !== "" || rest.length > 0) throw refusal(path, "it is torn");
  if (header.sha256 !== digestOf(text)) throw refusal(path, "it is damaged (the checksum is wrong)");
  return JSON.parse(text);
}

const beside = (path: string): string => `${path}.new`;

/** Writes a file beside the file, and syncs it. */
function writeBeside(path: string, text: string): void {
  const file = openSync(beside(path), "w", 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } catch (error) {
    rmSync(beside(path), { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Puts it in the file's place, and syncs that too. */
function putInPlace(path: string): void {
  renameSync(beside(path), path);
  const directory = openSync(dirname(path), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
