/** What PERSISTENT RESERVE IN brought, in mpathpersist's fields and layout (multipath-tools 0.9.4): for scripts that read those. */
import {
  type FullStatus,
  formatTransportId,
  type MpathReserveInResponse,
  type RegisteredKeys,
  type ReservationCapabilities,
  type ReservationState,
  reservationTypes,
  type TransportId,
} from "../../src/index.ts";
import { typeText } from "../sg-persist/show.ts";

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;

function keysLines({ prGeneration, keys }: RegisteredKeys): string[] {
  const head = `  PR generation=${hex(prGeneration)}, \t${keys.length} registered reservation key`;
  if (keys.length === 0) return [`${head}.`];
  const follow = keys.length === 1 ? " follows:" : "s follow:";
  return [head + follow, ...keys.map((key) => `    ${hex(key)}`)];
}

function reservationLines(state: ReservationState): string[] {
  const head = `  PR generation=${hex(state.prGeneration)}, `;
  if (state.holder === "none") return [`${head}there is NO reservation held `];
  const key = state.holder === "one-nexus" ? state.key : 0n;
  const scope = state.scope === 0 ? "LU_SCOPE" : String(state.scope);
  return [
    `${head}Reservation follows:`,
    `   Key = ${hex(key)}`,
    `  scope = ${scope}, type = ${typeText(state.typeCode)}`,
  ];
}

/** The types in the order in which the mask has them. */
const maskOrder = [7, 6, 5, 3, 1, 8] as const;

function capabilitiesLines(found: ReservationCapabilities): string[] {
  const bit = (value: boolean): number => (value ? 1 : 0);
  const { types } = found;
  const codes = types?.map((type) => reservationTypes[type] as number);
  return [
    "Report capabilities response:",
    `  Compatible Reservation Handling(CRH): ${bit(found.compatibleReservationHandling)}`,
    `  Specify Initiator Ports Capable(SIP_C): ${bit(found.specifyInitiatorPorts)}`,
    `  All Target Ports Capable(ATP_C): ${bit(found.allTargetPorts)}`,
    `  Persist Through Power Loss Capable(PTPL_C): ${bit(found.persistThroughPowerLoss)}`,
    `  Type Mask Valid(TMV): ${bit(codes !== undefined)}`,
    `  Allow Commands: ${found.allowCommands}`,
    `  Persist Through Power Loss Active(PTPL_A): ${bit(found.persistThroughPowerLossActive)}`,
    ...(codes === undefined
      ? []
      : [
          "    Support indicated in Type mask:",
          ...maskOrder.map((code) => `      ${typeText(code)}: ${bit(codes.includes(code))}`),
        ]),
  ];
}

/** 8 bytes, two digits each. */
const eight = (value: bigint): string => (value.toString(16).padStart(16, "0").match(/../g) ?? []).join(" ");

function transportIdLines(id: TransportId): string[] {
  if (id.protocol === "iscsi") {
    const form = id.isid === undefined ? "name" : "world wide unique port id";
    return [`   iSCSI ${form}: ${formatTransportId(id)}`];
  }
  if (id.protocol === "fcp") return [`   FCP-2         ${eight(id.portName)}`];
  return id.protocol === "sas" ? [`   SAS         ${eight(id.address)}`] : [];
}

function fullStatusLines({ prGeneration, registrations }: FullStatus): string[] {
  return [
    `  PR generation=${hex(prGeneration)} `,
    ...registrations.flatMap((one) => [
      `   Key = ${hex(one.key)}`,
      ...(one.allTargetPorts
        ? ["      All target ports bit set"]
        : ["      All target ports bit clear", `      Relative port address: ${hex(one.relativeTargetPort)}`]),
      ...(one.holder
        ? [
            "      << Reservation holder >>",
            `      scope: ${(one.scope ?? 0) === 0 ? "LU_SCOPE, " : `${one.scope} `} type: ${typeText(one.typeCode ?? 0)}`,
          ]
        : ["      not reservation holder"]),
      ...transportIdLines(one.transportId),
    ]),
  ];
}

/** The lines for an answer. */
export function responseLines(response: MpathReserveInResponse): string[] {
  switch (response.serviceAction) {
    case 0:
      return keysLines(response.keys);
    case 1:
      return reservationLines(response.reservation);
    case 2:
      return capabilitiesLines(response.capabilities);
    case 3:
      return fullStatusLines(response.status);
  }
}
