/**
 * `serve`: simulated units behind an iSCSI target, until it is interrupted. Parses and prints; what is served and how is
 * transports/serve.ts's.
 */
import { formatTransportId, ScsiError } from "../src/index.ts";
import { profileNames } from "../src/profiles/index.ts";
import type {
  checkServeFaults as CheckFaults,
  ReservationChange,
  ServedTargets,
  ServeEvent,
  ServeOptions,
  ServeTargetOptions,
} from "../transports/serve.ts";
import { readFaultFile } from "./fault-file.ts";
import type { Io } from "./io.ts";
import type { Json } from "./json.ts";
import type { Values } from "./options.ts";
import { keyText, wrap } from "./output.ts";
import { UsageError } from "./values.ts";
import type { Session, Verb } from "./verb.ts";

/** As transports/serve.ts has them, which is loaded only when something is served. */
const faultKinds =
  "lose-request, lose-answer, transport-error, delay (ms), delay-answer (ms), busy, task-set-full, aca-active, unit-attention (condition), truncate (bytes), wrong-residual (by), drop-path, scsi-event (condition), announce (event, seconds), reset (scope) and power-cut";
const DEFAULT_TARGET = "iqn.2026-01.io.github.scsi-persist:disk";

/** Who: the initiator port as TransportIDs are written. */
const portText = (name: string, isid: bigint): string => formatTransportId({ protocol: "iscsi", name, isid });

/** The reservation as it is, in a few words. */
function reservationText({ registrations, reservation, persistsThroughPowerLoss }: ReservationChange): string {
  const keys = registrations.map(({ initiatorPort, key }) => `${key} (${initiatorPort})`);
  const registered = keys.length === 0 ? "nobody is registered" : `registered: ${keys.join(", ")}`;
  const holder = reservation === null ? undefined : reservation.holder;
  const held =
    reservation === null
      ? "no reservation"
      : `${reservation.type}, held by ${holder === null || holder === undefined ? "all registrants" : (registrations[holder]?.key ?? "?")}`;
  return `${registered}; ${held}${persistsThroughPowerLoss ? "; survives a loss of power" : ""}`;
}

const byteText = (byte: number): string => byte.toString(16).padStart(2, "0").toUpperCase();

/** A failure: its kind, and what else it says. */
function faultText({ fault }: Extract<ServeEvent, { readonly type: "fault" }>): string {
  const { kind, ...more } = fault;
  const said = Object.entries(more).map(([name, value]) =>
    name === "condition" ? `${byteText(value >> 8)}/${byteText(value & 0xff)}` : `${name} ${value}`,
  );
  return [kind, ...said].join(" ");
}

/** One event as one line for people. */
export function eventLine(event: ServeEvent): string {
  switch (event.type) {
    case "login": {
      const { target = "discovery", initiator, isid, address } = event.session;
      return `login      ${portText(initiator, isid)} from ${address} to ${target} (authentication: ${event.authentication})`;
    }
    case "login-failed":
      return `refused    ${event.initiator ?? "somebody"} from ${event.address}: ${event.why}`;
    case "connection-refused":
      return `refused    ${event.address}: ${event.why}`;
    case "session-ended":
      return `${event.end === "logout" ? "logout     " : "ended      "}${portText(event.session.initiator, event.session.isid)}: ${event.why}`;
    case "task-management":
      return `task       ${event.function}${event.lun === undefined ? "" : ` LUN ${event.lun}`} by ${event.session.initiator}: ${event.response}`;
    case "rejected":
      return `rejected   ${event.pdu} of ${event.session.initiator}: ${event.why}`;
    case "reservation":
      return `reserve    ${event.action} by ${event.initiatorPort} on LUN ${event.lun}: ${reservationText(event.now)}`;
    case "reset":
      return `reset      LUN ${event.lun} of ${event.target}`;
    case "power-cycle":
      return `power      LUN ${event.lun} of ${event.target} lost power, and has it again`;
    case "file-failed":
      return `failed     ${event.file} of LUN ${event.lun} of ${event.target}: ${event.why}`;
    case "fault":
      return `fault      ${faultText(event)} on LUN ${event.lun} of ${event.target}: command ${event.command}, operation code ${byteText(event.operationCode)}, by ${event.initiatorPort}`;
  }
}

/** One event as JSON: ISIDs as text. */
const eventJson = (event: ServeEvent): Json =>
  JSON.parse(JSON.stringify(event, (_name, value) => (typeof value === "bigint" ? keyText(value) : value)));

/** What initiators send cannot steer a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const harmless = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");

/** Each target with the units that name it, or with one of its own; units that name none are the first target's. */
function targetsOf({
  targets = [DEFAULT_TARGET],
  units,
  chap = [],
  mutualChap,
  profile: asked,
}: Values): ServeTargetOptions[] {
  if (mutualChap !== undefined && chap.length === 0) throw new UsageError("--mutual-chap needs --chap", "serve");
  // What is served has no INQUIRY data to go by: its reader takes no "auto".
  const profile = asked === "auto" ? undefined : asked;
  const same = (name: string, other: string) => name.toLowerCase() === other.toLowerCase();
  const [first = DEFAULT_TARGET] = targets;
  for (const { target = first } of units ?? []) {
    if (targets.some((name) => same(name, target))) continue;
    throw new UsageError(`A unit is to be of ${target}, and no --target names it`, "serve");
  }
  return targets.map((name) => {
    const own = units?.flatMap(({ target = first, ...unit }) => (same(target, name) ? [{ profile, ...unit }] : []));
    return {
      name,
      units: own === undefined || own.length === 0 ? [{ profile }] : own,
      ...(chap.length === 0 ? {} : { chap: { users: chap, target: mutualChap } }),
    };
  });
}

async function optionsOf(
  { values, io }: Session,
  check: typeof CheckFaults,
  observer: (event: ServeEvent) => void,
): Promise<ServeOptions> {
  const { portals = [], chap = [], aptplFile, faults } = values;
  const targets = targetsOf(values);
  const open = portals.filter(({ host = "127.0.0.1" }) => !/^(127\.|::1$|localhost$)/.test(host));
  if (open.length > 0 && chap.length === 0) {
    io.stderr.write(
      "scsi-persist: whoever reaches this port can read and write everything; --chap asks for a secret\n",
    );
  }
  return {
    ...(portals.length === 0 ? {} : { portals }),
    targets,
    aptplFile,
    faults: faults === undefined ? undefined : readFaultFile(faults, await textOf(faults, io), check),
    observer,
  };
}

async function textOf(file: string, io: Io): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await io.read(file));
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${(error as Error).message}`, "serve");
  }
}

/** Resolves when the user interrupts. */
const interrupted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });

export const serve: Verb = {
  name: "serve",
  summary: "serve simulated units over iSCSI until interrupted",
  about: [
    "Any initiator can log in: open-iscsi, libiscsi, QEMU, this program. The units keep persistent reservations as the standard has them. A line tells of each login, logout, reset, planned failure and change of a reservation; with --json each is a JSON document on a line of its own.",
    "Only this machine can connect unless --portal says otherwise. A portal with ,tag=2 is of another portal group, and so another target port of the units. Ctrl-C asks initiators to log out, and ends it.",
    `--unit takes size=64MiB, file=PATH (keeps what is written), block-size=4096, lun=1, target=NAME (where there are several), profile=NAME, removable and thin, with commas between them. Profiles are ${profileNames.join(", ")}.`,
    "--unit type=changer is a media changer, with slots=8, mailslots=1, drives=1, cartridges=4 and move-time=2s; each --unit type=tape after it is one of its drives: a cartridge that the changer loads is in the tape unit.",
    `--faults takes a JSON file: {"seed": 1, "rules": [{"fault": {"kind": "busy"}, "operationCodes": ["0x5f"], "probability": 0.1}]}. Kinds are ${faultKinds}. A rule may say too when and to whom: at, times, fromMs, untilMs, serviceActions, nexus, target, lun. JSON.md tells all.`,
  ],
  examples: [
    ["serve", "one unit of 64 MiB in memory, on port 3260 of this machine"],
    ["serve --unit size=1GiB,file=disk.img --aptpl-file reservations.json", "that outlives the program"],
    ["serve --unit type=tape --unit type=changer,profile=sl150,slots=20", "a tape drive and the library around it"],
    ["serve --portal [::1]:0 --chap alice%a-long-secret", "on a free port, with a secret"],
    ["serve --profile lio --faults faults.json", "answers as LIO does, and what the file says goes wrong"],
  ],
  takes: "none",
  options: ["portals", "targets", "units", "profile", "faults", "chap", "mutualChap", "aptplFile"],
  required: [],
  plan(values) {
    targetsOf(values);
    return { commands: [], effect: "It would listen for initiators, and serve units to them." };
  },
  async run(session) {
    const { io, values, openOptions } = session;
    const { checkServeFaults, serve: start } = await import("../transports/serve.ts");
    // Hundreds of logins a second would else do little but write: what happens within this time goes out in one write.
    const WRITE_AFTER_MS = 10;
    let unwritten = "";
    const write = (): void => {
      const text = unwritten;
      unwritten = "";
      if (text !== "") io.stdout.write(text);
    };
    const say = (line: string, json: Json): void => {
      if (unwritten === "") setTimeout(write, WRITE_AFTER_MS);
      unwritten += `${values.json === true ? JSON.stringify(json) : harmless(line)}\n`;
    };
    let served: ServedTargets;
    try {
      served = await start(
        await optionsOf(session, checkServeFaults, (event) =>
          values.json === true ? say("", eventJson(event)) : say(eventLine(event), null),
        ),
      );
    } catch (error) {
      if (error instanceof UsageError || !(error instanceof Error)) throw error;
      if (error instanceof TypeError || error instanceof RangeError) throw new UsageError(error.message, "serve");
      throw new ScsiError(`Cannot serve: ${error.message}`, { code: "CONNECTION_FAILED", cause: error });
    }
    const urls = served.units().flatMap((unit) => unit.urls);
    for (const url of urls) say(`serving    ${url}`, { type: "serving", url });
    await interrupted(openOptions.signal);
    await served.close();
    write();
    return {
      streamed: true,
      result: { urls },
      lines: wrap("Stopped: all sessions have ended."),
    };
  },
};
