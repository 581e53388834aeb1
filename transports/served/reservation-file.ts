/**
 * The reservations that survive a loss of power (APTPL), in one file for all units of a server: replaced atomically and
 * synced at every change, and refused whole if it is not what was written.
 */
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { DeviceServer, Snapshot } from "../simulated/index.ts";

type Kept = Omit<Snapshot, "medium">;

/** An opened file. */
export interface ReservationFile {
  /** Gives a unit what the file has for it. */
  restore(unit: string, server: DeviceServer): void;
  /** Writes what the unit is to keep, if that has changed. */
  keep(unit: string, reservations: Kept): void;
}

const FORMAT = "scsi-persist reservations";
const VERSION = 1;

const digestOf = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

/**
 * Opens the file; one that does not exist is empty.
 *
 * @throws Error for a file that is torn, damaged, or of another kind
 */
export function openReservationFile(path: string): ReservationFile {
  const units = read(path);
  let written = JSON.stringify(units);
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
      // PRGENERATION does not outlive a loss of power (spc4r36f 6.15.2).
      if (now.persistsThroughPowerLoss) units[unit] = { ...now, prGeneration: 0 };
      else delete units[unit];
      const text = JSON.stringify(units);
      if (text === written) return;
      replace(path, `${JSON.stringify({ format: FORMAT, version: VERSION, sha256: digestOf(text) })}\n${text}\n`);
      written = text;
    },
  };
}

const refusal = (path: string, why: string, cause?: unknown): Error =>
  new Error(`The reservation file ${path} is refused: ${why}. Move it away to begin without reservations`, { cause });

function read(path: string): Record<string, Kept> {
  let whole: string;
  try {
    whole = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return {};
    throw error;
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

/** Writes beside the file, syncs, puts it in the file's place, and syncs that too. */
function replace(path: string, text: string): void {
  const beside = `${path}.new`;
  const file = openSync(beside, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
  const directory = openSync(dirname(path), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
