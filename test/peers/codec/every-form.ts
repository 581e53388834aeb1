/** Every form of PERSISTENT RESERVE OUT, each with what it was meant to say: what the captures send. */
import {
  type Command,
  commands,
  type ReservationType,
  reservationTypes,
  type TransportId,
} from "../../../src/index.ts";
import { randomNumbers } from "./sgutils.ts";

const random = randomNumbers(20261121);
export const hex = (value: bigint | number, width: number): string => value.toString(16).padStart(width, "0");
export const randomKey = (): bigint => {
  const low = [0n, 1n, 0xffff_ffff_ffff_ffffn][random(8)];
  return low ?? (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32));
};

/** What a PERSISTENT RESERVE OUT was meant to say; the argument of an unchecked command says nothing else. */
export interface Meant {
  readonly serviceAction: number;
  readonly scope: number;
  readonly typeCode: number;
  readonly key: bigint;
  readonly serviceActionKey: bigint;
  readonly persistThroughPowerLoss: boolean;
  readonly allTargetPorts: boolean;
  readonly unregister: boolean;
  readonly relativeTargetPort: number;
  readonly initiatorPorts: readonly TransportId[] | undefined;
}
const nothing: Meant = {
  serviceAction: 0,
  scope: 0,
  typeCode: 0,
  key: 0n,
  serviceActionKey: 0n,
  persistThroughPowerLoss: false,
  allTargetPorts: false,
  unregister: false,
  relativeTargetPort: 0,
  initiatorPorts: undefined,
};

/** TransportIDs of every protocol, and their bytes as spc4r36f 7.6.4 draws them, written by hand. */
export const transportIds: readonly (readonly [TransportId, string])[] = [
  [{ protocol: "fcp", portName: 0x2100_000e_1e12_3456n }, `00${"00".repeat(7)}2100000e1e123456${"00".repeat(8)}`],
  [{ protocol: "spi", scsiAddress: 7, relativeTargetPort: 0x102 }, `0100000700000102${"00".repeat(16)}`],
  [{ protocol: "sbp", eui64: 0x0011_2233_4455_6677n }, `03${"00".repeat(7)}0011223344556677${"00".repeat(8)}`],
  [
    { protocol: "srp", portIdentifier: 0x1122_3344_5566_7788_99aa_bbcc_ddee_ff01n },
    `04${"00".repeat(7)}112233445566778899aabbccddeeff01`,
  ],
  [{ protocol: "sas", address: 0x5000_c500_1234_5678n }, `060000005000c50012345678${"00".repeat(12)}`],
  [{ protocol: "sop", routingId: 0x1f08 }, `0a001f08${"00".repeat(20)}`],
  [
    { protocol: "iscsi", name: "iqn.2026-01.a:b" },
    `05000014${Buffer.from("iqn.2026-01.a:b").toString("hex")}${"00".repeat(5)}`,
  ],
  [
    { protocol: "iscsi", name: "iqn.2026-01.test:b", isid: 0x8000_0000_0001n },
    `45000024${Buffer.from("iqn.2026-01.test:b,i,0x800000000001").toString("hex")}00`,
  ],
];
/** REGISTER AND MOVE. */
export const MOVE = 7;
const ports = transportIds.map(([id]) => id);

/** One command, and what it was meant to say. */
export interface Sent {
  readonly command: Command<void>;
  readonly meant: Meant;
}
export const types = Object.entries(reservationTypes) as [ReservationType, number][];

/** Every service action as the library builds it, with every type, flag and kind of TransportID. */
export function everyForm(): Sent[] {
  const sent: Sent[] = [];
  const add = (command: Command<void>, meant: Partial<Meant>): void => {
    sent.push({ command, meant: { ...nothing, ...meant } });
  };
  for (const persistThroughPowerLoss of [false, true]) {
    for (const allTargetPorts of [false, true]) {
      for (const initiatorPorts of [undefined, [], ...ports.map((id) => [id]), ports]) {
        const flags = { persistThroughPowerLoss, allTargetPorts, initiatorPorts };
        const [key, newKey] = [randomKey(), randomKey()];
        add(commands.register({ key, newKey, ...flags }), {
          ...flags,
          serviceAction: 0,
          key,
          serviceActionKey: newKey,
        });
        add(commands.registerAndIgnoreExistingKey({ newKey, ...flags }), {
          ...flags,
          serviceAction: 6,
          serviceActionKey: newKey,
        });
      }
    }
    for (const unregister of [false, true]) {
      for (const transportId of ports) {
        const [key, newKey, relativeTargetPort] = [randomKey() | 1n, randomKey() | 1n, 1 + random(0xffff)];
        const flags = { unregister, persistThroughPowerLoss, relativeTargetPort };
        const [type, typeCode] = types[random(types.length)] as [ReservationType, number];
        add(commands.registerAndMove({ key, newKey, transportId, type, ...flags }), {
          ...flags,
          serviceAction: MOVE,
          typeCode,
          key,
          serviceActionKey: newKey,
          initiatorPorts: [transportId],
        });
      }
    }
  }
  for (const [type, typeCode] of types) {
    const [key, other] = [randomKey() | 1n, randomKey() | 1n];
    const twoKeys = { key, serviceActionKey: other, typeCode };
    add(commands.reserve({ key, type }), { serviceAction: 1, key, typeCode });
    add(commands.release({ key, type }), { serviceAction: 2, key, typeCode });
    add(commands.clear({ key }), { serviceAction: 3, key });
    add(commands.preempt({ key, victimKey: other, type }), { serviceAction: 4, ...twoKeys });
    add(commands.preemptAndAbort({ key, victimKey: other, type }), { serviceAction: 5, ...twoKeys });
    add(commands.replaceLostReservation({ newKey: other, type }), {
      serviceAction: 8,
      serviceActionKey: other,
      typeCode,
    });
  }
  return sent;
}

/** Anything in any field, whether the standard allows it or not. */
export function anyForm(): Sent {
  const serviceAction = random(32);
  const moves = serviceAction === MOVE;
  const meant: Meant = {
    serviceAction,
    scope: random(16),
    typeCode: random(16),
    key: randomKey(),
    serviceActionKey: randomKey(),
    persistThroughPowerLoss: random(2) === 1,
    allTargetPorts: !moves && random(2) === 1,
    unregister: moves && random(2) === 1,
    relativeTargetPort: moves ? random(0x10000) : 0,
    initiatorPorts: moves
      ? [ports[random(ports.length)] as TransportId]
      : random(3) === 0
        ? ports.slice(random(ports.length))
        : undefined,
  };
  return { command: commands.uncheckedPersistentReserveOut(meant), meant };
}
