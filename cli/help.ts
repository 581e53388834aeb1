/** The help: of the whole, and of each verb. At most 80 columns. */
import { reservationTypeMeanings } from "../src/explain.ts";
import { reservationTypeNames, reservationTypes } from "../src/index.ts";
import { families } from "./arguments.ts";
import { exitCodes } from "./exit-codes.ts";
import { allOptions, commonOptions, type Option, usageOf } from "./options.ts";
import { type Paint, table, wrap } from "./output.ts";
import type { Verb } from "./verb.ts";
import { verbGroups } from "./verbs.ts";

const WIDTH = 80;
/** What leads to a unit. */
export const units: readonly (readonly [form: string, meaning: string])[] = [
  ["/dev/sda, /dev/sg0 …", "a device of this machine"],
  ["/dev/mapper/mpatha", "a multipath map"],
  ["iscsi://[user[%password]@]host[:port]/target/lun", "a LUN behind iSCSI"],
  ["sim:name[/lun][?initiator=name]", "a simulated unit"],
];

/** What is read from the environment. */
export const environment: readonly (readonly [name: string, meaning: string])[] = [
  ["SCSI_PERSIST_INITIATOR", "the initiator's iSCSI name"],
  ["LIBISCSI_CHAP_USERNAME", "and LIBISCSI_CHAP_PASSWORD: credentials, where the URL has none"],
  ["NO_COLOR, FORCE_COLOR", "colour never, colour always"],
];

const nouns = {
  unit: " URL…",
  units: " URL…",
  portal: " PORTAL-URL",
  bytes: " [BYTES]",
  command: " COMMAND",
  shell: " SHELL",
  none: "",
} as const;

/** Two columns, the second wrapped under itself. */
function columns(rows: readonly (readonly [left: string, right: string])[], paint: Paint): string[] {
  const left = Math.max(...rows.map(([text]) => text.length));
  return rows.flatMap(([name, text]) => {
    const [first = "", ...more] = wrap(text, WIDTH - left - 4);
    return [
      ...table([[["bold", name.padEnd(left)], first]], paint),
      ...more.map((line) => " ".repeat(left + 4) + line),
    ];
  });
}

const optionRow = (option: Option): readonly [string, string] => {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  const alias = option.alias === undefined ? "" : `, --${option.alias}`;
  return [`${short}${usageOf(option)}${alias}`, option.help];
};

function exitCodeLines(paint: Paint): string[] {
  const rows = [...exitCodes].sort((a, b) => a.exit - b.exit);
  return table(
    rows.map(({ exit, meaning }) => [["bold", String(exit).padStart(3)], meaning]),
    paint,
  );
}

/** The types by code and name, with what they mean. */
function typeLines(paint: Paint): string[] {
  return columns(
    reservationTypeNames.map((name) => [`${reservationTypes[name]} ${name}`, reservationTypeMeanings[name]] as const),
    paint,
  );
}

const title = (text: string, paint: Paint): string[] => ["", paint("bold", text)];

/** The help of the whole program. */
export function generalHelp(paint: Paint): string[] {
  return [
    "scsi-persist: SCSI persistent reservations",
    "",
    "Usage: scsi-persist VERB URL [options]",
    "       scsi-persist help VERB",
    ...verbGroups.flatMap(([name, verbs]) => [
      ...title(name, paint),
      ...columns(
        verbs.map((verb) => [verb.name, verb.summary] as const),
        paint,
      ),
    ]),
    ...title("URLs", paint),
    ...table(units, paint),
    "  Several URLs are paths to one unit, and used as one: every verb but those of",
    "  mhd takes them. --dry-run shows which path would get what, and why.",
    "  A simulated unit exists while the program runs: each command meets a new one.",
    ...title("Options of every verb", paint),
    ...columns(Object.values(commonOptions).map(optionRow), paint),
    ...title("Reservation types", paint),
    ...typeLines(paint),
    ...title("Environment", paint),
    ...columns(environment, paint),
    ...title("Exit codes", paint),
    ...exitCodeLines(paint),
    ...title("Try", paint),
    "  scsi-persist demo",
  ];
}

/** The help of verbs that have their first word in common. */
export function familyHelp(family: string, paint: Paint): string[] {
  const members = verbGroups.flatMap(([, verbs]) => verbs.filter(({ name }) => name.startsWith(`${family} `)));
  return [
    `scsi-persist ${family}: ${families[family]}`,
    "",
    `Usage: scsi-persist ${family} VERB URL [options]`,
    `       scsi-persist help ${family} VERB`,
    ...title("Verbs", paint),
    ...columns(
      members.map(({ name, summary }) => [name, summary] as const),
      paint,
    ),
    ...title("Exit codes", paint),
    ...exitCodeLines(paint),
  ];
}

/** A verb with all its options, on one line. */
export function usageLine(verb: Verb): string {
  const required = verb.required.map((name) => usageOf(allOptions[name]));
  const optional = verb.options.filter((name) => !verb.required.includes(name));
  const optionals = optional.map(
    (name) => `[${usageOf(allOptions[name])}]${allOptions[name].many === true ? "…" : ""}`,
  );
  if (verb.guards === true) optionals.push("[-- COMMAND [ARGUMENT…]]");
  const noun = verb.singlePath === undefined ? nouns[verb.takes] : " URL";
  return [`scsi-persist ${verb.name}${noun}`, ...required, ...optionals].join(" ");
}

/** Breaks a usage line or an example between options, never between an option and its value. */
function commandLines(line: string, first: string, next: string): string[] {
  const lines: string[] = [];
  let current = first;
  for (const part of line.split(/ (?=\[?--)/)) {
    const wider = current === first || current === next ? current + part : `${current} ${part}`;
    if (wider.length > WIDTH - 2 && current !== first && current !== next) {
      lines.push(`${current} \\`);
      current = next + part;
    } else current = wider;
  }
  return [...lines, current];
}

/** The help of one verb. */
export function verbHelp(verb: Verb, paint: Paint): string[] {
  const types = verb.options.includes("type");
  const own = verb.options.map((name) => optionRow(allOptions[name]));
  return [
    `scsi-persist ${verb.name}: ${verb.summary}`,
    "",
    ...commandLines(usageLine(verb), "Usage: ", "         "),
    ...verb.about.flatMap((paragraph) => ["", ...wrap(paragraph, WIDTH)]),
    ...(own.length === 0 ? [] : [...title("Options", paint), ...columns(own, paint)]),
    ...(types ? [...title("Types", paint), ...typeLines(paint)] : []),
    ...title("Options of every verb", paint),
    ...columns(Object.values(commonOptions).map(optionRow), paint),
    ...title("Examples", paint),
    ...verb.examples.flatMap(([line, does]) => [
      `  ${paint("dim", `# ${does}`)}`,
      ...commandLines(`scsi-persist ${line}`, "  ", "      ").map((part) => paint("cyan", part)),
    ]),
    "",
    "Exit codes: scsi-persist help",
  ];
}
