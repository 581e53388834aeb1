/** The options, one row each: what it is called, what it takes, what it means. Reading argv is arguments.ts's. */
import type { ElementReference } from "../src/changer/index.ts";
import type { ReservationType, TransportId } from "../src/index.ts";
import type { ProfileChoice } from "../src/profiles/apply.ts";
import type { PortalOptions } from "../transports/serve.ts";
import { readInterval, readOneOf, readWhole } from "./mhd-values.ts";
import {
  readCredentials,
  readPortal,
  readProfile,
  readProfileChoice,
  readUnit,
  type UnitValue,
} from "./serve-values.ts";
import {
  type FieldValue,
  readElement,
  readField,
  readKey,
  readPort,
  readText,
  readTime,
  readTransportId,
  readType,
} from "./values.ts";

/** A user name and its secret. */
type Credentials = ReturnType<typeof readCredentials>;

/** Every option's value by property; absent where the option was not given. */
export interface Values {
  readonly key?: bigint;
  readonly newKey?: bigint;
  readonly victimKey?: bigint;
  readonly type?: ReservationType;
  readonly ignore?: boolean;
  readonly persist?: boolean;
  readonly allTargetPorts?: boolean;
  readonly initiatorPorts?: readonly TransportId[];
  readonly transportId?: TransportId;
  readonly relativeTargetPort?: number;
  readonly unregister?: boolean;
  readonly abort?: boolean;
  readonly fast?: boolean;
  readonly listSize?: number;
  readonly scope?: number;
  readonly minimumOwnershipDelay?: number;
  readonly maximumOwnershipDelay?: number;
  readonly answerWithin?: number;
  readonly onSilence?: "report" | "loss";
  readonly onLoss?: "exit" | "kill" | "term" | "panic";
  readonly reinstate?: boolean;
  readonly as?: string;
  readonly raw?: boolean;
  readonly fields?: readonly FieldValue[];
  readonly portals?: readonly PortalOptions[];
  readonly targets?: readonly string[];
  readonly units?: readonly UnitValue[];
  readonly profile?: ProfileChoice;
  readonly force?: boolean;
  readonly chap?: readonly Credentials[];
  readonly mutualChap?: Credentials;
  readonly aptplFile?: string;
  readonly interval?: number;
  readonly rounds?: number;
  readonly html?: boolean;
  readonly from?: ElementReference;
  readonly to?: ElementReference;
  readonly robot?: ElementReference;
  readonly hold?: number;
  readonly faults?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly verbose?: boolean;
  readonly timeout?: number;
  readonly deadline?: number;
  readonly noRetry?: boolean;
  readonly initiator?: string;
  readonly help?: boolean;
  readonly version?: boolean;
}

/** One option. */
export interface Option {
  /** Without the dashes. */
  readonly name: string;
  readonly short?: string;
  /** Another name for the same. */
  readonly alias?: string;
  /** What stands for its value in the help. Absent: a flag. */
  readonly value?: string;
  /** May be given several times. */
  readonly many?: boolean;
  /** Makes the value of the text; throws RangeError. Only of options with a value. */
  read?(text: string): unknown;
  /** Another reader for verbs that mean something else by a bare number. */
  readonly readFor?: Readonly<Record<string, (text: string) => unknown>>;
  readonly help: string;
}

/** Options of single verbs. */
export const verbOptions = {
  key: { name: "key", value: "KEY", read: readKey, help: "the key under which this host is registered" },
  newKey: { name: "new-key", value: "KEY", read: readKey, help: "the key to register; 0x0 unregisters" },
  victimKey: { name: "victim-key", value: "KEY", read: readKey, help: "the key whose registrations are to go" },
  type: { name: "type", value: "TYPE", read: readType, help: "the reservation's type, by name or code (see below)" },
  ignore: { name: "ignore", help: "whatever key this host has now (REGISTER AND IGNORE EXISTING KEY)" },
  persist: { name: "persist", alias: "aptpl", help: "survive a loss of power (APTPL)" },
  allTargetPorts: { name: "all-target-ports", help: "through all target ports of the device (ALL_TG_PT)" },
  initiatorPorts: {
    name: "initiator-port",
    value: "ID",
    many: true,
    read: readTransportId,
    help: "register this initiator port too (SPEC_I_PT); may be given several times",
  },
  transportId: {
    name: "transport-id",
    value: "ID",
    read: readTransportId,
    help: "the initiator port that shall hold: iqn.…,i,0xISID, sas,…, fcp,… or hex,…",
  },
  relativeTargetPort: {
    name: "relative-target-port",
    value: "N",
    read: readPort,
    help: "the target port through which it shall hold, 1 to 65535",
  },
  unregister: { name: "unregister", help: "unregister this host at the same time (UNREG)" },
  abort: { name: "abort", help: "abort the victims' commands too (PREEMPT AND ABORT)" },
  listSize: { name: "list-size", value: "N", read: readWhole, help: "room for so many entries (1024)" },
  scope: { name: "scope", value: "N", read: readWhole, help: "the scope as a number; 0 is the logical unit" },
  minimumOwnershipDelay: {
    name: "min-ownership-delay",
    value: "TIME",
    read: readTime,
    help: "so long the reservation must stand (6s)",
  },
  maximumOwnershipDelay: {
    name: "max-ownership-delay",
    value: "TIME",
    read: readTime,
    help: "after so long it is given up (30s)",
  },
  answerWithin: {
    name: "answer-within",
    value: "TIME",
    read: readTime,
    help: "a probe must have its verdict so soon (twice the interval, at least 2s)",
  },
  onSilence: {
    name: "on-silence",
    value: "report|loss",
    read: readOneOf("report", "loss"),
    help: "what a disk means that gives no answer in time (report)",
  },
  onLoss: {
    name: "on-loss",
    value: "exit|kill|term|panic",
    read: readOneOf("exit", "kill", "term", "panic"),
    help: "what to do then: end, send the command SIGKILL or SIGTERM first, panic this machine (kill)",
  },
  reinstate: { name: "reinstate", help: "make again what a reset or a loss of power has ended" },
  as: { name: "as", value: "KIND", read: readText, help: "what the bytes are" },
  raw: { name: "raw", help: "the bytes themselves, for a file or another program" },
  fields: {
    name: "set",
    value: "FIELD=VALUE",
    many: true,
    read: readField,
    help: "put this into a field, whatever the standard says; may be given several times",
  },
  fast: { name: "fast", help: "do not pause between the steps" },
  portals: {
    name: "portal",
    value: "HOST:PORT",
    many: true,
    read: readPortal,
    help: "listen there (127.0.0.1:3260); port 0 is any that is free; may be given several times",
  },
  targets: {
    name: "target",
    value: "NAME",
    many: true,
    read: readText,
    help: "a target's iSCSI name; may be given several times",
  },
  units: {
    name: "unit",
    value: "UNIT",
    many: true,
    read: readUnit,
    help: "a logical unit (size=64MiB); may be given several times",
  },
  chap: {
    name: "chap",
    value: "USER%PASSWORD",
    many: true,
    read: readCredentials,
    help: "who may log in; may be given several times",
  },
  mutualChap: {
    name: "mutual-chap",
    value: "USER%PASSWORD",
    read: readCredentials,
    help: "what the target proves to initiators that ask",
  },
  profile: {
    name: "profile",
    value: "NAME",
    read: readProfileChoice,
    readFor: { serve: readProfile },
    help: "what kind of device the unit is, or the served ones are: sl150, lio … (auto: as INQUIRY says)",
  },
  force: { name: "force", help: "send it even if that kind of device does not take it" },
  faults: { name: "faults", value: "FILE", read: readText, help: "have the failures in this file happen (see below)" },
  aptplFile: {
    name: "aptpl-file",
    value: "FILE",
    read: readText,
    help: "keep reservations that are to survive a loss of power (APTPL) in this file",
  },
  interval: {
    name: "interval",
    value: "TIME",
    read: readTime,
    readFor: { "mhd failfast": readInterval },
    help: "how long from one look to the next (2s); of mhd failfast in milliseconds (1000)",
  },
  rounds: { name: "rounds", value: "N", read: readPort, help: "look so many times, and end" },
  html: { name: "html", help: "as a page that needs nothing else, on standard output" },
  from: { name: "from", value: "ELEMENT", read: readElement, help: "where the medium is: slot3, drive1, an address …" },
  to: { name: "to", value: "ELEMENT", read: readElement, help: "where it shall be" },
  robot: {
    name: "robot",
    value: "ELEMENT",
    read: readElement,
    help: "which robot shall move it (the changer's choice)",
  },
  hold: { name: "hold", value: "TIME", read: readTime, help: "keep it so long, then unlock" },
} as const satisfies Partial<Record<keyof Values, Option>>;

/** Options of every verb. */
export const commonOptions = {
  json: { name: "json", help: "one JSON document on standard output" },
  dryRun: { name: "dry-run", help: "show what would be sent, byte by byte; connect to nothing" },
  verbose: { name: "verbose", short: "v", help: "show every command and its answer on standard error" },
  timeout: { name: "timeout", value: "TIME", read: readTime, help: "for one delivery, e.g. 5, 2.5s, 500ms (20s)" },
  deadline: { name: "deadline", value: "TIME", read: readTime, help: "for one command with its repetitions (60s)" },
  noRetry: { name: "no-retry", help: "send every command once, whatever happens" },
  initiator: { name: "initiator", value: "NAME", read: readText, help: "be this initiator (an iSCSI name)" },
  help: { name: "help", short: "h", help: "show this" },
  version: { name: "version", help: "show the version" },
} as const satisfies Partial<Record<keyof Values, Option>>;

export type VerbOptionName = keyof typeof verbOptions;

/** All of them by property. */
export const allOptions: Readonly<Record<keyof Values, Option>> = { ...verbOptions, ...commonOptions };

/** `--key KEY`. */
export function usageOf(option: Option): string {
  return `--${option.name}${option.value === undefined ? "" : ` ${option.value}`}`;
}
