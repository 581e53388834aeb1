/** The verbs that only ask. */
import { commands, isScsiError, lunNumber, type TransportId } from "../src/index.ts";
import type { ScsiUnit } from "../transports/sg/discovery.ts";
import { bytes, long, reservationJson, stateJson } from "./json.ts";
import { look } from "./look.ts";
import { type Cell, count, heading, table } from "./output.ts";
import { capabilitiesLines, inquiryLines, keysLines, reservationLines, stateLines } from "./show.ts";
import { question, type Verb, whoseRegistration } from "./verb.ts";

/** The answer, or undefined where the target does not have what was asked for. */
async function ifKnown<Result>(answer: Promise<Result>): Promise<Result | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isScsiError(error) && error.code === "ILLEGAL_REQUEST") return undefined;
    throw error;
  }
}

/** Every initiator port that this machine has. */
const portsOf = (units: readonly ScsiUnit[]): TransportId[] =>
  units.flatMap(({ paths }) => paths.flatMap(({ initiatorPort }) => initiatorPort ?? []));

export const keys: Verb = question({
  name: "keys",
  summary: "list the registered keys (READ KEYS)",
  about: [
    "One key for each registered I_T nexus. The same key stands several times if it is registered several times.",
  ],
  examples: [["keys sim:disk", "the keys registered with a simulated unit"]],
  commands: [commands.readKeys()],
  async ask(unit, { name, paint }) {
    const result = await unit.readKeys();
    return {
      result: { prGeneration: result.prGeneration, keys: result.keys.map(long), truncated: result.truncated },
      lines: [`Keys registered with ${name}`, "", ...keysLines(result, paint)],
    };
  },
});

export const reservation: Verb = question({
  name: "reservation",
  summary: "show who holds the reservation (READ RESERVATION)",
  about: ["Under an all-registrants type everybody who is registered holds it, and there is no one key to show."],
  examples: [["reservation iscsi://10.0.0.5/iqn.2026-01.com.example:disk/0", "of a LUN behind iSCSI"]],
  commands: [commands.readReservation()],
  async ask(unit, { name, paint }) {
    const result = await unit.readReservation();
    return {
      result: reservationJson(result),
      lines: [`Reservation of ${name}`, "", ...reservationLines(result, paint)],
    };
  },
});

export const capabilities: Verb = question({
  name: "capabilities",
  summary: "show what the unit supports (REPORT CAPABILITIES)",
  about: ["Types and options that the unit accepts. A unit that does not name its types may still accept all of them."],
  examples: [["capabilities --json sim:disk", "for a script"]],
  commands: [commands.reportCapabilities()],
  async ask(unit, { name, paint }) {
    const result = await unit.reportCapabilities();
    return {
      result: { ...result, types: result.types ?? null },
      lines: [`Persistent reservations on ${name}`, "", ...capabilitiesLines(result, paint)],
    };
  },
});

export const status: Verb = question({
  name: "status",
  summary: "show everything: reservation, keys, who is who",
  about: [
    "READ KEYS, READ RESERVATION and READ FULL STATUS as one picture, read again if it changed meanwhile. Where a target has no READ FULL STATUS, keys are all there is.",
    "The registration of the initiator that asks is marked as this host. Through a node of this machine its other ports are known too, and an iSCSI registration of its name by an ISID that no session has is marked as stale: the host is not registered by it any more.",
  ],
  examples: [
    ["status sim:disk", "everything about a simulated unit"],
    ["status --verbose iscsi://10.0.0.5/iqn.2026-01.com.example:disk/0", "and every command on the way"],
  ],
  commands: [commands.readKeys(), commands.readReservation(), commands.readFullStatus()],
  async ask(unit, { io, name, paint, width }) {
    const state = await look(unit);
    // Another session of this machine is one of its ports; what none of them is, is stale.
    const local = unit.name.startsWith("/");
    const whose = whoseRegistration(unit, local ? portsOf(await io.listDevices()) : undefined);
    return {
      result: stateJson(state, whose),
      lines: [`Status of ${name}`, "", ...stateLines(state, whose, paint, width)],
    };
  },
});

export const inquiry: Verb = question({
  name: "inquiry",
  summary: "show what kind of device it is (INQUIRY)",
  about: ["Standard data, serial number and identifiers. Two paths that report one identifier lead to one unit."],
  examples: [["inquiry sim:disk", "vendor, product, serial number, identifiers"]],
  commands: [commands.inquiry(), commands.unitSerialNumber(), commands.deviceIdentification()],
  async ask(unit, { name, paint }) {
    const data = await unit.inquiry();
    const serial = (await ifKnown(unit.unitSerialNumber()))?.serialNumber;
    const designators = (await ifKnown(unit.deviceIdentification()))?.designators;
    return {
      result: {
        ...data,
        serialNumber: serial ?? null,
        designators:
          designators?.map((one) => ({
            association: one.association,
            type: one.type,
            codeSet: one.codeSet,
            protocolIdentifier: one.protocolIdentifier ?? null,
            bytes: bytes(one.bytes),
          })) ?? null,
      },
      lines: [`Identity of ${name}`, "", ...inquiryLines(data, serial, designators ?? [], paint)],
    };
  },
});

export const luns: Verb = question({
  name: "luns",
  summary: "list the target's logical units (REPORT LUNS)",
  about: ["Asks LUN 0 if the URL names no LUN."],
  examples: [["luns iscsi://10.0.0.5/iqn.2026-01.com.example:disk", "all units behind a target"]],
  commands: [commands.reportLuns()],
  openOptions: { defaultLun: 0 },
  async ask(unit, { name, paint }) {
    const result = await unit.reportLuns();
    const rows = result.luns.map((lun): Cell[] => [["bold", String(lunNumber(lun) ?? "")], long(lun)]);
    return {
      result: {
        luns: result.luns.map((lun) => ({ number: lunNumber(lun) ?? null, lun: long(lun) })),
        truncated: result.truncated,
      },
      lines: [
        `${count(result.luns.length, "logical unit")} at the target of ${name}`,
        "",
        ...table([heading("LUN", "AS 64 BITS"), ...rows], paint),
        ...(result.truncated ? [`  ${paint("yellow", "There are more than could be listed.")}`] : []),
      ],
    };
  },
});

export const discover: Verb = {
  name: "discover",
  summary: "list the targets behind an iSCSI portal",
  about: ["Logs in for discovery and sends SendTargets; no SCSI command is sent."],
  examples: [["discover iscsi://10.0.0.5", "the targets that a portal offers to this host"]],
  takes: "portal",
  options: [],
  required: [],
  plan: () => ({ commands: [], effect: "It would ask the portal for its targets. No SCSI command is sent." }),
  async run({ io, url, openOptions, paint }) {
    const found = await io.discover(url, openOptions);
    const rows = found.flatMap(({ targetName, portals }): Cell[][] => {
      const where = portals.map(({ address, port, tpgt }) => {
        const host = address.includes(":") ? `[${address}]` : address;
        return `${host}:${port}${tpgt === undefined ? "" : `,${tpgt}`}`;
      });
      return [[["bold", targetName]], ...where.map((one): Cell[] => [`  ${one}`])];
    });
    return {
      result: {
        targets: found.map(({ targetName, portals }) => ({
          targetName,
          portals: portals.map(({ address, port, tpgt }) => ({ address, port, portalGroup: tpgt ?? null })),
        })),
      },
      lines: [count(found.length, "target"), "", ...table(rows, paint)],
    };
  },
};
