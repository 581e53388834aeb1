/** The verb that makes the bytes of a command, without a device. */
import { type Command, commands } from "../src/index.ts";
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
const names = [...changes.map(({ name }) => name), ...Object.keys(plain)];

/** The options of the command's own verb, and nothing else. */
function checkOptions(
  verb: { readonly name: string; readonly options: Verb["options"]; readonly required: Verb["required"] },
  values: Values,
): void {
  const mine: readonly string[] = verb.options;
  for (const [name, option] of Object.entries(allOptions)) {
    if (values[name as keyof Values] === undefined || mine.includes(name) || !encode.options.includes(name as never))
      continue;
    if (name !== "raw") throw new UsageError(`${verb.name} has no option --${option.name}`, "encode");
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
  const build = Object.hasOwn(plain, name) ? plain[name] : undefined;
  if (build === undefined)
    throw new UsageError(
      `No such command: ${shown(name)}.${didYouMean(name, names)} Commands are ${names.join(", ")}`,
      "encode",
    );
  checkOptions({ name, options: [], required: [] }, values);
  return { command: build(), effect: "It only reads: it would change nothing." };
}

async function run({ url, values, paint }: Session): Promise<Report> {
  const { command, effect } = commandOf(url, values);
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
  ],
  examples: [
    ["encode keys", "the CDB of READ KEYS"],
    ["encode reserve --key 0xabc --type write-exclusive", "CDB and parameter list of RESERVE"],
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
  ],
  required: [],
  plan: () => ({ commands: [], effect: "It would make the bytes. No SCSI command is sent." }),
  run,
};
