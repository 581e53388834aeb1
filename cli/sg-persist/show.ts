/** What PERSISTENT RESERVE IN brought, in sg_persist's words and layout (sg3_utils 1.46): for scripts that read those. */
import {
  type Command,
  type FullStatus,
  fieldsOf,
  formatTransportId,
  type RegisteredKeys,
  type ReservationState,
  type SenseData,
  type TransportId,
} from "../../src/index.ts";

/** The service actions of PERSISTENT RESERVE IN, as sg_persist calls them. */
export const namesIn: readonly string[] = ["Read keys", "Read reservation", "Report capabilities", "Read full status"];

/** Those of PERSISTENT RESERVE OUT. */
export const namesOut: readonly string[] = [
  "Register",
  "Reserve",
  "Release",
  "Clear",
  "Preempt",
  "Preempt and abort",
  "Register and ignore existing key",
  "register and move",
  "Replace lost reservation",
];

const typeNames: Readonly<Record<number, string>> = {
  1: "Write Exclusive",
  3: "Exclusive Access",
  5: "Write Exclusive, registrants only",
  6: "Exclusive Access, registrants only",
  7: "Write Exclusive, all registrants",
  8: "Exclusive Access, all registrants",
};

/** A type as sg3_utils and multipath-tools call it. */
export const typeText = (code: number): string =>
  typeNames[code] ?? `obsolete [${code < 10 ? code : `0x${code.toString(16)}`}]`;
const scopeText = (scope: number): string => (scope === 0 ? "scope: LU_SCOPE, " : `scope: ${scope} `);
const hex = (value: bigint | number): string => `0x${value.toString(16)}`;

/** Words that stay as T10 writes them. */
const abbreviations = new Set(["I_T", "SCSI", "LUN", "CDB", "ID", "FRU", "RAID", "SMC", "ECC", "TCP", "IP"]);

/** T10's capitals as sg3_utils writes them. */
const sentence = (text: string): string =>
  text
    .split(" ")
    .map((word) => (abbreviations.has(word) ? word : word.toLowerCase()))
    .join(" ")
    .replace(/^[a-z](?!_)/, (first) => first.toUpperCase());

/** Sense data as sg3_utils tells them, as far as key and code: what follows there is in `explain`. */
export function senseLines(
  out: boolean,
  { responseCode, deferred, senseKeyName, text, asc, ascq }: SenseData,
): string[] {
  const pair = (byte: number): string => byte.toString(16).padStart(2, "0");
  const format = `${responseCode >= 0x72 ? "Descriptor" : "Fixed"} format, ${deferred ? "<<<deferred>>>" : "current"}`;
  const key = senseKeyName.toLowerCase().replace(/\b[a-z]/g, (first) => first.toUpperCase());
  return [
    `Persistent reservation ${out ? "out" : "in"}:`,
    `${format}; Sense key: ${key}`,
    `Additional sense: ${text === undefined ? `ASC=${pair(asc)}, ASCQ=${pair(ascq)} (hex)` : sentence(text)}`,
  ];
}

/** Bytes in rows of 16, each after its place. */
export function dump(bytes: Uint8Array): string[] {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const pairs = Array.from(bytes.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, "0"));
    const halves = [pairs.slice(0, 8), pairs.slice(8)].filter((half) => half.length > 0).map((half) => half.join(" "));
    rows.push(` ${at.toString(16).padStart(2, "0")}     ${halves.join("  ")}`);
  }
  return rows;
}

function keysLines({ prGeneration, keys }: RegisteredKeys): string[] {
  const head = `  PR generation=${hex(prGeneration)}, `;
  if (keys.length === 0) return [`${head}there are NO registered reservation keys`];
  const many =
    keys.length === 1 ? "1 registered reservation key follows:" : `${keys.length} registered reservation keys follow:`;
  return [head + many, ...keys.map((key) => `    ${hex(key)}`)];
}

function reservationLines(state: ReservationState): string[] {
  const head = `  PR generation=${hex(state.prGeneration)}, `;
  if (state.holder === "none") return [`${head}there is NO reservation held`];
  const key = state.holder === "one-nexus" ? state.key : 0n;
  const what = `    ${scopeText(state.scope)} type: ${typeText(state.typeCode)}`;
  return [`${head}Reservation follows:`, `    Key=${hex(key)}`, what];
}

function transportIdLines(id: TransportId): string[] {
  const text = formatTransportId(id);
  const rest = text.slice(text.indexOf(",") + 1);
  const lead = "      Transport Id of initiator:";
  switch (id.protocol) {
    case "sas":
      return [lead, `        SAS address: ${hex(id.address)}`];
    case "iscsi":
      return [lead, `        iSCSI ${/,i,0x/.test(text) ? "world wide unique port id" : "name"}: ${text}`];
    case "fcp":
      return [
        lead,
        "        FCP-2 World Wide Name:",
        ...dump(Uint8Array.from(rest.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))),
      ];
    default:
      return [lead, `        ${text}`];
  }
}

function fullStatusLines({ prGeneration, registrations }: FullStatus): string[] {
  const head = `  PR generation=${hex(prGeneration)}`;
  if (registrations.length === 0) return [head, "  No full status descriptors"];
  return [
    head,
    ...registrations.flatMap((one) => [
      `    Key=${hex(one.key)}`,
      ...(one.allTargetPorts
        ? ["      All target ports bit set"]
        : ["      All target ports bit clear", `      Relative port address: ${hex(one.relativeTargetPort)}`]),
      ...(one.holder
        ? ["      << Reservation holder >>", `      ${scopeText(one.scope ?? 0)} type: ${typeText(one.typeCode ?? 0)}`]
        : ["      not reservation holder"]),
      ...transportIdLines(one.transportId),
    ]),
  ];
}

/** The types in the order in which the mask has them. */
const maskOrder = [
  [7, "WR_EX_AR"],
  [6, "EX_AC_RO"],
  [5, "WR_EX_RO"],
  [3, "EX_AC"],
  [1, "WR_EX"],
  [8, "EX_AC_AR"],
] as const;

function capabilitiesLines(data: Uint8Array): string[] {
  const fields = new Map(fieldsOf("ReportCapabilitiesData", data).map(({ name, value }) => [name, value]));
  const bit = (name: string): string => String(fields.get(name) ?? 0n);
  return [
    "Report capabilities response:",
    `  Replace Lost Reservation Capable(RLR_C): ${bit("RLR_C")}`,
    `  Compatible Reservation Handling(CRH): ${bit("CRH")}`,
    `  Specify Initiator Ports Capable(SIP_C): ${bit("SIP_C")}`,
    `  All Target Ports Capable(ATP_C): ${bit("ATP_C")}`,
    `  Persist Through Power Loss Capable(PTPL_C): ${bit("PTPL_C")}`,
    `  Type Mask Valid(TMV): ${bit("TMV")}`,
    `  Allow Commands: ${bit("ALLOW COMMANDS")}`,
    `  Persist Through Power Loss Active(PTPL_A): ${bit("PTPL_A")}`,
    ...(fields.get("TMV") === 1n
      ? [
          "    Support indicated in Type mask:",
          ...maskOrder.map(([code, name]) => `      ${typeText(code)}: ${bit(name)}`),
        ]
      : []),
  ];
}

/**
 * The lines for an answer.
 *
 * @param serviceAction 0 to 3
 * @param data the answer's bytes
 * @param hexTimes how often --hex was given
 */
export function answerLines(
  serviceAction: number,
  command: Command<unknown>,
  data: Uint8Array,
  hexTimes: number,
): string[] {
  const capabilities = serviceAction === 2;
  if (hexTimes > 1 || (hexTimes === 1 && capabilities)) return dump(data);
  if (hexTimes === 1) {
    const [generation, length] = [0, 4].map((at) => new DataView(data.buffer, data.byteOffset).getUint32(at)) as [
      number,
      number,
    ];
    return [`  PR generation=${hex(generation)}, Additional length=${length}`, ...dump(data.subarray(8))];
  }
  if (capabilities) return capabilitiesLines(data);
  const result = command.read(data);
  if (serviceAction === 0) return keysLines(result as RegisteredKeys);
  return serviceAction === 1 ? reservationLines(result as ReservationState) : fullStatusLines(result as FullStatus);
}
