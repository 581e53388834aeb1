/** Results as lines for people. Wording and layout only; what a result means was decided in src/. */
import { designatorTypeName, deviceTypeName, reservationTypeMeanings, standardVersionName } from "../src/explain.ts";
import {
  type Designator,
  formatTransportId,
  type InquiryData,
  isAllRegistrants,
  type RegisteredKeys,
  type Registrant,
  type Registration,
  type ReservationCapabilities,
  type ReservationState,
  reservationTypeNames,
} from "../src/index.ts";
import type { State, Whose } from "./look.ts";
import { type Cell, count, foldingTable, heading, hexLine, keyText, type Paint, table } from "./output.ts";

function typeText(state: Exclude<ReservationState, { holder: "none" }>): string {
  return state.type ?? `unknown type ${state.typeCode.toString(16)}h`;
}

/** What stands in the line "Reservation". */
function reservationRows(state: ReservationState): Cell[][] {
  if (state.truncated) return [["Reservation", ["yellow", "there is one, but the target did not say which"]]];
  if (state.holder === "none") return [["Reservation", "none"]];
  const holder = state.holder === "all-registrants" ? "all registrants" : keyText(state.key);
  const scope: Cell[][] = state.scope === 0 ? [] : [["Scope", `${state.scope.toString(16)}h`]];
  const meaning: Cell[][] = state.type === undefined ? [] : [["", ["dim", reservationTypeMeanings[state.type]]]];
  return [["Reservation", ["bold", typeText(state)]], ...meaning, ["Held by", ["bold", holder]], ...scope];
}

export function reservationLines(state: ReservationState, paint: Paint): string[] {
  return table([...reservationRows(state), ["PRGENERATION", String(state.prGeneration)]], paint);
}

const MORE = "More are registered than the target could list.";

export function keysLines(keys: RegisteredKeys, paint: Paint): string[] {
  const listed = keys.keys.length === 0 ? [["none"]] : keys.keys.map((key): Cell[] => [["bold", keyText(key)]]);
  return [
    ...table(listed, paint),
    ...(keys.truncated ? [`  ${paint("yellow", MORE)}`] : []),
    "",
    `  ${count(keys.keys.length, "registration")}, PRGENERATION ${keys.prGeneration}`,
  ];
}

/** What stands beside a registration that is this machine's. */
const words: Readonly<Record<Registrant, Cell>> = {
  "this-port": ["cyan", "this host"],
  "this-host": ["cyan", "this host, another port"],
  stale: ["yellow", "this host once: stale ISID"],
  undecided: ["dim", "perhaps this host"],
  other: "",
};

function registrationRows(registrations: readonly Registration[], whose: Whose) {
  const known = registrations.some((one) => words[whose(one) ?? "other"] !== "");
  const head = ["KEY", "HOLDS", "PORT", ...(known ? [""] : []), "INITIATOR PORT"];
  const rows = registrations.map((one): Cell[] => [
    ["bold", keyText(one.key)],
    one.holder ? ["green", "yes"] : "",
    one.allTargetPorts ? "all" : String(one.relativeTargetPort),
    ...(known ? [words[whose(one) ?? "other"]] : []),
    formatTransportId(one.transportId),
  ]);
  return [heading(...head), ...rows];
}

/** Keys, reservation and who is who, as one picture. */
export function stateLines(state: State, whose: Whose, paint: Paint, width: number): string[] {
  const { keys, registrations } = state;
  const summary = table(
    [
      ...reservationRows(state.reservation),
      ["Registrations", keys.keys.length === 0 ? "none" : String(keys.keys.length)],
      ["PRGENERATION", String(keys.prGeneration)],
    ],
    paint,
  );
  const lines = [...summary];
  if (registrations !== undefined && registrations.length > 0) {
    lines.push("", ...foldingTable(registrationRows(registrations, whose), paint, width));
  } else if (registrations === undefined && keys.keys.length > 0) {
    lines.push(
      "",
      ...table(
        keys.keys.map((key): Cell[] => [["bold", keyText(key)]]),
        paint,
      ),
    );
    lines.push("", `  ${paint("dim", "This target does not tell who registered them.")}`);
  }
  if (keys.truncated) lines.push(`  ${paint("yellow", MORE)}`);
  if (!state.consistent) lines.push(`  ${paint("yellow", "It kept changing while it was read; look again.")}`);
  return lines;
}

export function capabilitiesLines(capabilities: ReservationCapabilities, paint: Paint): string[] {
  const flag = (name: string, field: string, has: boolean): Cell[] => [
    name,
    has ? ["green", "yes"] : "no",
    ["dim", field],
  ];
  const { types } = capabilities;
  return [
    ...table(
      [
        flag("Register several initiator ports at once", "SIP_C", capabilities.specifyInitiatorPorts),
        flag("Register through all target ports", "ATP_C", capabilities.allTargetPorts),
        flag("Can survive a loss of power", "PTPL_C", capabilities.persistThroughPowerLoss),
        flag("Would survive one now", "PTPL_A", capabilities.persistThroughPowerLossActive),
        flag("Replace a lost reservation", "RLR_C", capabilities.replaceLostReservation),
        flag("Old RESERVE and RELEASE go with it", "CRH", capabilities.compatibleReservationHandling),
        ["Commands allowed to others", String(capabilities.allowCommands), ["dim", "ALLOW COMMANDS"]],
      ],
      paint,
    ),
    "",
    "  Types",
    ...(types === undefined
      ? ["    the target does not say"]
      : table(
          reservationTypeNames.map((name) => [
            types.includes(name) ? ["green", "yes"] : "no",
            name,
            isAllRegistrants(name) ? ["dim", "every registrant holds"] : "",
          ]),
          paint,
          "    ",
        )),
  ];
}

function designatorText({ codeSet, bytes }: Designator): string {
  return codeSet === 1 ? hexLine(bytes).replaceAll(" ", "") : new TextDecoder().decode(bytes).replace(/[\0 ]+$/, "");
}

export function inquiryLines(
  data: InquiryData,
  serialNumber: string | undefined,
  designators: readonly Designator[],
  paint: Paint,
): string[] {
  const rows: Cell[][] = [
    ["Vendor", ["bold", data.vendor]],
    ["Product", ["bold", data.product]],
    ["Revision", data.revision],
    ["Device", deviceTypeName(data.peripheralDeviceType)],
    ["Standard", standardVersionName(data.version)],
    ["Serial number", serialNumber ?? "not told"],
    ...designators.map((one): Cell[] => [
      `Id of ${one.association.replace("-", " ")}`,
      `${designatorTypeName(one.type)}  ${designatorText(one)}`,
    ]),
  ];
  return table(rows, paint);
}
