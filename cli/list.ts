/** `list`: the SCSI devices of this machine, as the kernel knows them. Prints; what is found is discovery's. */
import { formatTransportId } from "../src/index.ts";
import type { ScsiPath, ScsiUnit } from "../transports/sg/discovery.ts";
import type { Json } from "./json.ts";
import { type Cell, count, type Paint, table } from "./output.ts";
import type { Verb } from "./verb.ts";

const scales = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A size for people: at most three digits before the unit. */
function sizeText(bytes: number): string {
  let scale = 0;
  let rest = bytes;
  for (; rest >= 1000 && scale < scales.length - 1; scale++) rest /= 1024;
  return `${Number.isInteger(rest) ? rest : rest.toFixed(1)} ${scales[scale]}`;
}

const initiatorText = ({ initiatorPort }: ScsiPath): string | null =>
  initiatorPort === undefined ? null : formatTransportId(initiatorPort);

/** What it is, then a row for each path. */
function unitLines(
  { type, identity, vendor, model, revision, sizeBytes, multipath, paths }: ScsiUnit,
  paint: Paint,
): string[] {
  const size = sizeBytes === undefined ? "" : `, ${sizeText(sizeBytes)}`;
  const mapping = multipath === undefined ? "" : `, ${multipath.node}`;
  const what = `${type}, ${[vendor, model, revision].filter((word) => word !== "").join(" ")}${size}${mapping}`;
  const rows = paths.map((path): Cell[] => {
    const { address, nodes, state = "running", protocol, targetPort } = path;
    const ports = [initiatorText(path), targetPort].filter((port) => port !== null && port !== undefined).join(" to ");
    const where = `${protocol}${ports === "" ? "" : `, ${ports}`}`;
    return [address, nodes.node ?? "", nodes.sg ?? "", state === "running" ? state : ["yellow", state], where];
  });
  return [...table([[["bold", identity ?? "(no identity)"], what]], paint), ...table(rows, paint, "    ")];
}

function unitJson({ identity, sizeBytes, multipath, paths, ...unit }: ScsiUnit): Json {
  return {
    ...unit,
    identity: identity ?? null,
    sizeBytes: sizeBytes ?? null,
    multipath: multipath === undefined ? null : { ...multipath },
    paths: paths.map((path) => ({
      address: path.address,
      state: path.state ?? null,
      node: path.nodes.node ?? null,
      sg: path.nodes.sg ?? null,
      bsg: path.nodes.bsg ?? null,
      protocol: path.protocol,
      initiatorPort: initiatorText(path),
      targetPort: path.targetPort ?? null,
    })),
  };
}

/** What to do on a machine without a device. */
const nothing: readonly string[] = [
  "",
  "  The kernel knows no SCSI disk, tape or changer here: /sys/class/scsi_device is",
  "  empty or not there. To try without one: scsi-persist demo, scsi-persist serve",
];

export const list: Verb = {
  name: "list",
  summary: "list the SCSI disks, tapes and changers of this machine",
  about: [
    "Read from sysfs, without any rights; nothing is sent to any device. Paths that lead to one unit stand together, each with its nodes and, where the kernel tells, with this machine's port and the target's. Every node can be given where a URL can; so can the identity.",
  ],
  examples: [
    ["list", "what there is"],
    ["list --json", "for a script, with everything that is known"],
  ],
  takes: "none",
  options: [],
  required: [],
  plan: () => ({ commands: [], effect: "It would read sysfs. No SCSI command is sent." }),
  async run({ io, paint }) {
    const units = await io.listDevices();
    return {
      result: { units: units.map(unitJson) },
      lines: [
        count(units.length, "unit"),
        ...(units.length > 0 ? [] : nothing),
        ...units.flatMap((unit) => ["", ...unitLines(unit, paint)]),
      ],
    };
  },
};
