/** The way back: from what a command reads to the bytes that a device server would have sent. */

import { core, dataIn, dataOut, dataWindow, longsIn } from "../../src/core/index.ts";
import {
  type Capacity,
  type Designator,
  encodeTransportId,
  type FullStatus,
  type InquiryData,
  type LogicalUnitList,
  type RegisteredKeys,
  type ReservationCapabilities,
  type ReservationState,
  reservationTypes,
  type SenseData,
} from "../../src/index.ts";

const flagBits = {
  replaceLostReservation: 0x8000,
  compatibleReservationHandling: 0x1000,
  specifyInitiatorPorts: 0x0800,
  allTargetPorts: 0x0400,
  persistThroughPowerLoss: 0x0100,
  persistThroughPowerLossActive: 0x0001,
} as const;

/** Which bit of bytes 4 and 5 stands for a type, by its code: smr-j 3.13.4 table 85. */
const typeBits: Readonly<Record<number, number>> = { 1: 0x0200, 3: 0x0800, 5: 0x2000, 6: 0x4000, 7: 0x8000, 8: 0x0001 };

function keys({ prGeneration, keys }: RegisteredKeys): Uint8Array {
  longsIn(keys);
  return dataOut(core.encodeKeys(prGeneration, keys.length));
}

function reservation(state: ReservationState): Uint8Array {
  const held = state.holder !== "none";
  return dataOut(
    core.encodeReservation(
      state.prGeneration,
      held ? 1 : 0,
      state.holder === "one-nexus" ? state.key : 0n,
      held ? state.scope : 0,
      held ? state.typeCode : 0,
    ),
  );
}

function capabilities(value: ReservationCapabilities): Uint8Array {
  let flags = value.allowCommands << 4;
  for (const [name, bit] of Object.entries(flagBits)) if (value[name as keyof typeof flagBits]) flags |= bit;
  if (value.types !== undefined) flags |= 0x0080;
  const mask = (value.types ?? []).reduce((bits, type) => bits | (typeBits[reservationTypes[type]] as number), 0);
  return dataOut(core.encodeCapabilities(flags, mask));
}

/** READ FULL STATUS, descriptor by descriptor. */
export function fullStatus(status: FullStatus): Uint8Array {
  const ids = status.registrations.map(({ transportId }) => encodeTransportId(transportId));
  let at = 8;
  for (const [index, registration] of status.registrations.entries()) {
    const id = ids[index] as Uint8Array;
    dataWindow.set(id, at + 24);
    at = core.encodeFullStatusDescriptor(
      at,
      registration.key,
      registration.allTargetPorts ? 1 : 0,
      registration.holder ? 1 : 0,
      registration.scope ?? 0,
      registration.typeCode ?? 0,
      registration.relativeTargetPort,
      id.length,
    );
  }
  return dataOut(core.encodeFullStatusHeader(status.prGeneration, at));
}

function inquiry(value: InquiryData): Uint8Array {
  const length = core.encodeInquiry(
    value.peripheralQualifier,
    value.peripheralDeviceType,
    value.removable ? 1 : 0,
    value.version,
  );
  const bytes = dataOut(length);
  const text = value.vendor.padEnd(8) + value.product.padEnd(16) + value.revision.padEnd(4);
  bytes.set(new TextEncoder().encode(text), 8);
  return bytes;
}

function vpdPage(pageCode: number, contents: Uint8Array): Uint8Array {
  dataIn(contents);
  dataWindow.copyWithin(4, 0, contents.length);
  return dataOut(core.encodeVpdHeader(0, 0, pageCode, contents.length));
}

const associations = ["logical-unit", "target-port", "target-device", "reserved"];

function designators(list: readonly Designator[]): Uint8Array {
  let at = 4;
  for (const { association, type, codeSet, protocolIdentifier, bytes } of list) {
    const number = associations.indexOf(association);
    at = core.encodeDesignatorHeader(at, codeSet, protocolIdentifier ?? -1, number, type, bytes.length);
    dataWindow.set(bytes, at);
    at += bytes.length;
  }
  return dataOut(core.encodeVpdHeader(0, 0, 0x83, at - 4));
}

function luns({ luns }: LogicalUnitList): Uint8Array {
  longsIn(luns);
  return dataOut(core.encodeLuns(luns.length));
}

/** An encoder for each command that reads something; by the command's name in `commands`. */
export const encoders: Readonly<Record<string, (value: never) => Uint8Array>> = {
  readKeys: keys,
  readReservation: reservation,
  reportCapabilities: capabilities,
  readFullStatus: fullStatus,
  inquiry,
  supportedVpdPages: ({ pages }: { pages: readonly number[] }) => vpdPage(0x00, Uint8Array.from(pages)),
  unitSerialNumber: ({ serialNumber }: { serialNumber: string }) =>
    vpdPage(0x80, new TextEncoder().encode(serialNumber)),
  deviceIdentification: ({ designators: list }: { designators: readonly Designator[] }) => designators(list),
  reportLuns: luns,
  readCapacity10: ({ blocks, blockLengthBytes }: Capacity) =>
    dataOut(core.encodeCapacity10(Number(blocks - 1n), blockLengthBytes)),
  readCapacity16: ({ blocks, blockLengthBytes }: Capacity) =>
    dataOut(core.encodeCapacity16(blocks - 1n, blockLengthBytes)),
};

/** Sense data of fixed format. */
export function sense(value: SenseData): Uint8Array {
  const length = core.encodeSense(value.senseKey, value.asc, value.ascq);
  if (value.information !== undefined) core.encodeInformation(value.information);
  const pointer = value.fieldPointer;
  if (pointer !== undefined) core.encodeFieldPointer(pointer.in === "cdb" ? 1 : 0, pointer.byte, pointer.bit ?? -1);
  return dataOut(length);
}
