/** The verb that makes the bytes of a command, without a device. */
import { layoutRows, setField } from "../src/explain.ts";
import { type Command, commands, fieldsOf, type StructureName } from "../src/index.ts";
import { clear, move, preempt, register, release, replaceLost, reserve } from "./changes.ts";
import { dryRunJson, dryRunLines } from "./dry-run.ts";
import { didYouMean } from "./nearest.ts";
import { allOptions, usageOf, type Values } from "./options.ts";
import { hexLine } from "./output.ts";
import { shown, UsageError } from "./values.ts";
import type { Report, Session, Verb } from "./verb.ts";

/** Commands without arguments, by name. */
const plain: Readonly<Record<string, () => Command<unknown>>> = {
  keys: () => commands.readKeys(),
  reservation: () => commands.readReservation(),
  capabilities: () => commands.reportCapabilities(),
  "full-status": () => commands.readFullStatus(),
  inquiry: () => commands.inquiry(),
  "vpd-pages": () => commands.supportedVpdPages(),
  "serial-number": () => commands.unitSerialNumber(),
  "device-id": () => commands.deviceIdentification(),
  luns: () => commands.reportLuns(),
  "request-sense": () => commands.requestSense(),
  "test-unit-ready": () => commands.testUnitReady(),
  "read-capacity-10": () => commands.readCapacity10(),
  "read-capacity-16": () => commands.readCapacity16(),
  "target-port-groups": () => commands.reportTargetPortGroups(),
  "supported-commands": () => commands.reportSupportedOperationCodes(),
  "reserve-6": () => commands.reserve6(),
  "release-6": () => commands.release6(),
  "reserve-10": () => commands.reserve10(),
  "release-10": () => commands.release10(),
};

/** Commands with options: those of the verbs of the same name. */
const changes: readonly Verb[] = [register, reserve, release, preempt, clear, move, replaceLost];

/** `READ (10)` as `read-10`. */
const nameOf = (standard: string): string => standard.toLowerCase().replaceAll(/[()]/g, "").replaceAll(" ", "-");

/** Commands that are made of their fields alone, by name: those that no function makes. */
const bare = new Map(layoutRows.map((row) => [nameOf(row.name), row]));

const names = [
  ...new Set([
    ...changes.map(({ name }) => name),
    ...Object.keys(plain),
    ...[...bare]
      .filter(([, { name }]) => !Object.values(plain).some((build) => build().name === name))
      .map(([name]) => name),
  ]),
];

/** Bytes of a CDB, by the group that its operation code is in (its three leftmost bits). */
const cdbLengths: readonly number[] = [6, 10, 10, 0, 16, 12, 0, 0];

function bareCommand(name: string): Command<unknown> | undefined {
  const row = bare.get(name);
  if (row === undefined) return undefined;
  let cdb: Uint8Array = new Uint8Array(cdbLengths[row.operationCode >>> 5] as number);
  cdb[0] = row.operationCode;
  if (row.serviceAction !== undefined) cdb = setField(row.cdb, cdb, "SERVICE ACTION", BigInt(row.serviceAction));
  const reads = /^(READ|REPORT|GET|MODE SENSE|VERIFY|PRE-FETCH)/.test(row.name);
  return {
    name: row.name,
    cdb,
    dataInLength: 0,
    effect: reads ? "none" : "medium",
    layout: { cdb: row.cdb },
    read: () => undefined,
  };
}

/** A field's name as it is compared: on a command line hyphens are easier than spaces. */
const plainName = (name: string): string => name.toLowerCase().replaceAll(/[_ ]/g, "-");

/** The command with fields of its CDB or its parameter list changed. */
function withFields(command: Command<unknown>, fields: NonNullable<Values["fields"]>): Command<unknown> {
  const { layout } = command;
  let { cdb, dataOut } = command;
  const inCdb = fieldsOf(layout.cdb, cdb).map(({ name }) => name);
  const inList =
    layout.dataOut === undefined || dataOut === undefined
      ? []
      : fieldsOf(layout.dataOut, dataOut).map(({ name }) => name);
  const meant = (names: readonly string[], field: string) => names.find((name) => plainName(name) === plainName(field));
  for (const { field, value } of fields) {
    const [ofList, ofCdb] = [meant(inList, field), meant(inCdb, field)];
    try {
      if (ofList !== undefined)
        dataOut = setField(layout.dataOut as StructureName, dataOut as Uint8Array, ofList, value);
      else if (ofCdb !== undefined) cdb = setField(layout.cdb, cdb, ofCdb, value);
      else {
        const names = [...inCdb, ...inList].map(plainName);
        const perhaps = didYouMean(plainName(field), names);
        throw new RangeError(`${command.name} has no field ${shown(field)}.${perhaps} Fields are ${names.join(", ")}`);
      }
    } catch (error) {
      throw error instanceof RangeError ? new UsageError(`--set: ${error.message}`, "encode") : error;
    }
  }
  return { ...command, cdb, dataOut };
}

/** The options of the command's own verb, and nothing else. */
function checkOptions(
  verb: { readonly name: string; readonly options: Verb["options"]; readonly required: Verb["required"] },
  values: Values,
): void {
  const mine: readonly string[] = verb.options;
  for (const [name, option] of Object.entries(allOptions)) {
    if (values[name as keyof Values] === undefined || mine.includes(name) || !encode.options.includes(name as never))
      continue;
    if (name !== "raw" && name !== "fields")
      throw new UsageError(`${verb.name} has no option --${option.name}`, "encode");
  }
  const missing = verb.required.filter((name) => values[name] === undefined);
  if (missing.length > 0)
    throw new UsageError(
      `${verb.name} needs ${missing.map((name) => usageOf(allOptions[name])).join(" and ")}`,
      "encode",
    );
}

function commandOf(name: string, values: Values): { readonly command: Command<unknown>; readonly effect: string } {
  const change = changes.find((verb) => verb.name === name);
  if (change !== undefined) {
    checkOptions(change, values);
    const { commands: made, effect } = change.plan(values);
    return { command: made[0] as Command<unknown>, effect };
  }
  const command = Object.hasOwn(plain, name) ? plain[name]?.() : bareCommand(name);
  if (command === undefined)
    throw new UsageError(
      `No such command: ${shown(name)}.${didYouMean(name, names)} Commands are ${names.join(", ")}`,
      "encode",
    );
  checkOptions({ name, options: [], required: [] }, values);
  const effect =
    command.effect === "none" ? "It only reads: it would change nothing." : "What it changes is for its fields to say.";
  return { command, effect };
}

async function run({ url, values, paint }: Session): Promise<Report> {
  const { command: made, effect } = commandOf(url, values);
  const command = withFields(made, values.fields ?? []);
  const list = command.dataOut ?? new Uint8Array(0);
  const raw = Uint8Array.of(...command.cdb, ...list);
  const [described] = (dryRunJson([command], effect) as { commands: [Report["result"]] }).commands;
  return {
    result: described,
    lines: [
      hexLine(command.cdb),
      ...(list.length === 0 ? [] : [hexLine(list)]),
      ...(values.verbose === true ? dryRunLines(null, [command], effect, paint).slice(1) : []),
    ],
    ...(values.raw === true ? { raw } : {}),
  };
}

export const encode: Verb = {
  name: "encode",
  summary: "make the bytes of a command: CDB and parameter list",
  about: [
    "Needs no device. One line of hexadecimal digits for the CDB, and one for the parameter list where there is one; with --verbose every field, with --raw the bytes themselves, the list right behind the CDB.",
    `Commands are ${names.join(", ")}. The first seven take the options of the verbs of the same name.`,
    "With --set any field has any value that fits it, whatever the standard says: a reserved type, a key of 0, a length that cannot be. The names of the fields are those that --verbose shows, with hyphens for spaces if you like.",
  ],
  examples: [
    ["encode keys", "the CDB of READ KEYS"],
    ["encode reserve --key 0xabc --type write-exclusive", "CDB and parameter list of RESERVE"],
    ["encode read-10 --set logical-block-address=0x800 --set transfer-length=8", "any command, field by field"],
    ["encode reserve --key 0xabc --type 5 --set TYPE=15", "what the standard forbids, to test a target"],
    ["encode register --new-key 0xabc --initiator-port sas,5000c50012345678 --json", "with every field, as JSON"],
  ],
  takes: "command",
  options: [
    "key",
    "newKey",
    "victimKey",
    "type",
    "ignore",
    "persist",
    "allTargetPorts",
    "initiatorPorts",
    "transportId",
    "relativeTargetPort",
    "unregister",
    "abort",
    "raw",
    "fields",
  ],
  required: [],
  plan: () => ({ commands: [], effect: "It would make the bytes. No SCSI command is sent." }),
  run,
};
