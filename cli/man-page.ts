/** The manual page, in man(7)'s macros, made from the tables that the help is made of. */
import { reservationTypeMeanings } from "../src/explain.ts";
import { reservationTypeNames, reservationTypes } from "../src/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { environment, units, usageLine } from "./help.ts";
import { allOptions, commonOptions, type Option, usageOf } from "./options.ts";
import { verbGroups } from "./verbs.ts";

/** Text as roff reads it: no escape, no request, a hyphen that can be copied. */
const plain = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("…", "...")
    .replaceAll("\n", " ")
    .replace(/^(?=[.'])/, "\\&");

const bold = (text: string): string => `\\fB${plain(text)}\\fP`;
const section = (name: string): string => `.SH ${plain(name.toUpperCase())}`;
const paragraphs = (texts: readonly string[]): string[] => texts.flatMap((text) => [".PP", plain(text)]);
const item = (name: string, text: string): string[] => [".TP", bold(name), plain(text)];
const code = (lines: readonly string[]): string[] => [".PP", ".RS 4", ".nf", ...lines.map(plain), ".fi", ".RE"];

const optionItem = (option: Option): string[] =>
  item(`${option.short === undefined ? "" : `-${option.short}, `}${usageOf(option)}`, option.help);

/**
 * The page's source.
 *
 * @param date when it was made, YYYY-MM-DD
 */
export function manPage(version: string, date: string): string {
  return [
    `.TH SCSI\\-PERSIST 1 "${date}" "scsi\\-persist ${plain(version)}" "User Commands"`,
    section("Name"),
    "scsi\\-persist \\- SCSI persistent reservations: ask, change, explain, test",
    section("Synopsis"),
    `${bold("scsi-persist")} \\fIVERB\\fP \\fIURL\\fP [\\fIOPTIONS\\fP]`,
    ".br",
    `${bold("scsi-persist help")} [\\fIVERB\\fP]`,
    section("Description"),
    plain(
      "Reads and changes the persistent reservations of SCSI units: disks, tapes and media changers of this machine, behind iSCSI, or simulated. What would be sent can be seen beforehand (--dry-run), what failed is explained.",
    ),
    section("URLs"),
    ...units.flatMap(([form, meaning]) => item(form, meaning)),
    ...verbGroups.flatMap(([group, verbs]) => [
      section(group),
      ...verbs.flatMap((verb) => [
        `.SS ${plain(verb.name)}`,
        plain(`${verb.summary}.`),
        ...code([usageLine(verb)]),
        ...paragraphs(verb.about),
        ...verb.options.flatMap((name) => optionItem(allOptions[name])),
        ...verb.examples.flatMap(([line, does]) => code([`# ${does}`, `scsi-persist ${line}`])),
      ]),
    ]),
    section("Options of every verb"),
    ...Object.values<Option>(commonOptions).flatMap(optionItem),
    section("Reservation types"),
    ...reservationTypeNames.flatMap((name) => item(`${reservationTypes[name]} ${name}`, reservationTypeMeanings[name])),
    section("Exit status"),
    ...[...exitCodes].sort((a, b) => a.exit - b.exit).flatMap(({ exit, meaning }) => item(String(exit), meaning)),
    section("Environment"),
    ...environment.flatMap(([name, meaning]) => item(name, meaning)),
    section("See also"),
    plain("sg_persist(8), mpathpersist(8), sg3_utils(8)"),
    "",
  ].join("\n");
}
