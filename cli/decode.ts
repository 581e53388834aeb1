/** The verb that reads bytes, of whatever kind, without a device. */

import { formatTransportId, type TransportId } from "../src/index.ts";
import { decodeHex } from "./bytes.ts";
import { bytes as hexText, type Json, long } from "./json.ts";
import { type Kind, kinds } from "./kinds.ts";
import { didYouMean } from "./nearest.ts";
import { type Cell, count, hexDump, table, wrap } from "./output.ts";
import { shown, UsageError } from "./values.ts";
import type { Report, Session, Verb } from "./verb.ts";

/** Any value of the library as JSON: bytes and 64-bit values are text, what is not there is null, TransportIDs are text. */
export function anyJson(value: unknown): Json {
  if (typeof value === "bigint") return long(value);
  if (value instanceof Uint8Array) return hexText(value);
  if (Array.isArray(value)) return value.map(anyJson);
  if (typeof value !== "object" || value === null) return (value ?? null) as Json;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === "transportId" && typeof one === "object" ? formatTransportId(one as TransportId) : anyJson(one),
    ]),
  );
}

/** A value as rows, one for each thing that it says; what is null says nothing. */
function rows(value: Json, name: string): Cell[][] {
  if (value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one, index) => rows(one as Json, `${name} ${index + 1}`));
  if (typeof value === "object") {
    return Object.entries(value).flatMap(([part, one]) => rows(one, name === "" ? part : `${name} ${part}`));
  }
  return [[["dim", name], typeof value === "boolean" ? (value ? "yes" : "no") : String(value)]];
}

/** The kind that is named, or the first that the bytes fit. */
function kindOf(name: string | undefined, bytes: Uint8Array): Kind {
  const names = kinds.map((kind) => kind.name);
  const found = name === undefined ? kinds.find((kind) => kind.fits(bytes)) : kinds.find((kind) => kind.name === name);
  if (found !== undefined) return found;
  throw name === undefined
    ? new UsageError(`What are these ${count(bytes.length, "byte")}? Name it: --as ${names.join(", ")}`, "decode")
    : new UsageError(
        `--as: no such kind: ${shown(name)}.${didYouMean(name, names)} Kinds are ${names.join(", ")}`,
        "decode",
      );
}

function decodeBytes(kind: Kind, bytes: Uint8Array): ReturnType<Kind["decode"]> {
  try {
    return kind.decode(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`These ${count(bytes.length, "byte")} are no ${kind.name}: ${error.message}`, "decode");
  }
}

async function run({ io, url, values, paint, width }: Session): Promise<Report> {
  const bytes = await decodeHex(url, io);
  const kind = kindOf(values.as, bytes);
  const { value, says } = decodeBytes(kind, bytes);
  const json = anyJson(value);
  const paragraph = says === undefined ? [] : ["", ...wrap(says, Math.min(width, 80))];
  return {
    result: { kind: kind.name, guessed: values.as === undefined, says: says ?? null, value: json },
    lines: [
      `${paint("bold", kind.about)}, ${count(bytes.length, "byte")}${values.as === undefined ? ", as it seems" : ""}`,
      ...hexDump(bytes),
      ...paragraph,
      "",
      ...table(rows(json, ""), paint),
    ],
  };
}

export const decode: Verb = {
  name: "decode",
  summary: "read bytes: sense data, CDBs, answers, parameter lists",
  about: [
    "Needs no device. BYTES are hexadecimal digits, with or without spaces, or the name of a file that holds them, as digits or as they are; without BYTES they are read from standard input.",
    `What they are is guessed, or named by --as: ${kinds.map(({ name }) => name).join(", ")}.`,
  ],
  examples: [
    ["decode 70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cb 00 02", "sense data, as a kernel log has them"],
    ["decode --as keys 0000000100000008000000000000abc0", "an answer to READ KEYS"],
    ["decode 5f0105000000000018 00", "a CDB"],
  ],
  takes: "bytes",
  options: ["as"],
  required: [],
  plan: () => ({ commands: [], effect: "It would read the bytes. No SCSI command is sent." }),
  run,
};
