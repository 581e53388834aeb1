/**
 * `serve`: simulated units behind an iSCSI target, until it is interrupted. Parses and prints; what is served and how is
 * transports/serve.ts's.
 */
import { formatTransportId, ScsiError } from "../src/index.ts";
import type { ReservationChange, ServedTargets, ServeEvent, ServeOptions } from "../transports/serve.ts";
import type { Json } from "./json.ts";
import { keyText, wrap } from "./output.ts";
import { UsageError } from "./values.ts";
import type { Session, Verb } from "./verb.ts";

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
  }
}

/** One event as JSON: ISIDs as text. */
const eventJson = (event: ServeEvent): Json =>
  JSON.parse(JSON.stringify(event, (_name, value) => (typeof value === "bigint" ? keyText(value) : value)));

/** What initiators send cannot steer a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const harmless = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");

function optionsOf({ values, io }: Session, observer: (event: ServeEvent) => void): ServeOptions {
  const { portals = [], target = DEFAULT_TARGET, units, chap = [], mutualChap, aptplFile } = values;
  if (mutualChap !== undefined && chap.length === 0) throw new UsageError("--mutual-chap needs --chap", "serve");
  const open = portals.filter(({ host = "127.0.0.1" }) => !/^(127\.|::1$|localhost$)/.test(host));
  if (open.length > 0 && chap.length === 0) {
    io.stderr.write(
      "scsi-persist: whoever reaches this port can read and write everything; --chap asks for a secret\n",
    );
  }
  return {
    ...(portals.length === 0 ? {} : { portals }),
    targets: [{ name: target, units, ...(chap.length === 0 ? {} : { chap: { users: chap, target: mutualChap } }) }],
    aptplFile,
    observer,
  };
}

/** Resolves when the user interrupts. */
const interrupted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });

const urlsOf = (served: ServedTargets, { values }: Session): string[] => {
  const taken = new Set<number>();
  return (values.units ?? [{}]).map(({ lun }) => {
    let free = 0;
    while (taken.has(free)) free++;
    taken.add(lun ?? free);
    return served.url(undefined, lun ?? free);
  });
};

export const serve: Verb = {
  name: "serve",
  summary: "serve simulated units over iSCSI until interrupted",
  about: [
    "Any initiator can log in: open-iscsi, libiscsi, QEMU, this program. The units keep persistent reservations as the standard has them. A line tells of each login, logout, reset and change of a reservation; with --json each is a JSON document on a line of its own.",
    "Only this machine can connect unless --portal says otherwise. Ctrl-C asks initiators to log out, and ends it.",
    "--unit takes size=64MiB, file=PATH (keeps what is written), block-size=4096, lun=1, removable and thin, with commas between them.",
  ],
  examples: [
    ["serve", "one unit of 64 MiB in memory, on port 3260 of this machine"],
    ["serve --unit size=1GiB,file=disk.img --aptpl-file reservations.json", "that outlives the program"],
    ["serve --portal [::1]:0 --chap alice%a-long-secret", "on a free port, with a secret"],
  ],
  takes: "none",
  options: ["portals", "target", "units", "chap", "mutualChap", "aptplFile"],
  required: [],
  plan: () => ({ commands: [], effect: "It would listen for initiators, and serve units to them." }),
  async run(session) {
    const { io, values, openOptions } = session;
    const { serve: start } = await import("../transports/serve.ts");
    const say = (line: string, json: Json): void => {
      io.stdout.write(`${values.json === true ? JSON.stringify(json) : harmless(line)}\n`);
    };
    let served: ServedTargets;
    try {
      served = await start(optionsOf(session, (event) => say(eventLine(event), eventJson(event))));
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError || error instanceof UsageError) throw error;
      if (!(error instanceof Error)) throw error;
      throw new ScsiError(`Cannot serve: ${error.message}`, { code: "CONNECTION_FAILED", cause: error });
    }
    const urls = urlsOf(served, session);
    for (const url of urls) say(`serving    ${url}`, { type: "serving", url });
    await interrupted(openOptions.signal);
    await served.close();
    return {
      streamed: true,
      result: { urls },
      lines: wrap("Stopped: all sessions have ended."),
    };
  },
};
