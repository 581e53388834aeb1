/** What hosts may do to a unit, at random but from a seed: reservation commands, reads, writes, logouts, resets. */
import {
  type Command,
  commands,
  type ReservationType,
  reservationTypes,
  type ScsiRequest,
  type TransportId,
} from "../../../src/index.ts";
import type { Random } from "../../../transports/simulated/index.ts";
import { SA } from "../../simulated/lab.ts";
import { portText, type State } from "./state.ts";

/** One thing that one host does. */
export interface Step {
  readonly host: number;
  /** For people, and for the table of explained differences. */
  readonly name: string;
  readonly text: string;
  /** Absent: not a command. */
  readonly request?: ScsiRequest | undefined;
  /** What of the data must be the same; absent if nothing. */
  readonly read?: ((dataIn: Uint8Array) => unknown) | undefined;
  /** What a PERSISTENT RESERVE OUT was made of. */
  readonly out?: Out | undefined;
}

/** The fields of a PERSISTENT RESERVE OUT that rows of explained differences look at. */
export type Out = Parameters<typeof commands.uncheckedPersistentReserveOut>[0];

/** What the generator stands on. */
export interface World {
  readonly random: Random;
  /** The initiator ports of the hosts. */
  readonly ports: readonly TransportId[];
  /** What the unit said last. */
  readonly state: State;
}

const ownKeys = [0xa1n, 0xb1n, 0xc1n];
const typeCodes = Object.values(reservationTypes);
const BLOCK = 512;

/** A host's own key, as the unit has it: 0 if it is not registered. */
export const keyOf = ({ state, ports }: Pick<World, "state" | "ports">, host: number): bigint => {
  const port = portText(ports[host] as TransportId);
  return state.registrations.find((each) => each.port === port)?.key ?? 0n;
};

const shown = (value: unknown): string =>
  typeof value === "bigint"
    ? value.toString(16)
    : Array.isArray(value)
      ? `[${value.map(shownPort).join(" ")}]`
      : `${value}`;
const shownPort = (port: TransportId): string =>
  port.protocol === "iscsi" ? port.name.replace(/.*:/, "") : port.protocol;

/** A PERSISTENT RESERVE OUT. */
export function out(host: number, options: Out): Step {
  const { name, cdb, dataOut } = commands.uncheckedPersistentReserveOut(options);
  const fields = Object.entries(options).map(([field, value]) => `${field} ${shown(value)}`);
  return { host, name, text: `${name} ${fields.join(", ")}`, request: { cdb, dataOut, dataInLength: 0 }, out: options };
}

/** Any other command. */
export function command<Result>(host: number, made: Command<Result>, read?: (result: Result) => unknown): Step {
  const { name, cdb, dataOut, dataInLength } = made;
  return {
    host,
    name,
    text: name,
    request: { cdb, dataOut, dataInLength },
    read: read === undefined ? undefined : (dataIn) => read(made.read(dataIn)),
  };
}

function raw(host: number, name: string, cdb: readonly number[], dataInLength = 0): Step {
  return { host, name, text: name, request: { cdb: Uint8Array.from(cdb), dataInLength } };
}

const sorted = (keys: readonly bigint[]): bigint[] => [...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** READ KEYS and READ RESERVATION, and what of them must be the same. PRGENERATION is compared by what is counted. */
const readKeys = (host: number) =>
  command(host, commands.readKeys(), ({ keys, truncated }) => ({ keys: sorted(keys), truncated }));
const readReservation = (host: number) =>
  command(host, commands.readReservation(), ({ prGeneration: _, ...reservation }) => reservation);
const capabilities = (host: number) => command(host, commands.reportCapabilities(), (found) => found);
const readBlock = (host: number, lba: number, long: boolean) =>
  command(host, long ? commands.read16({ lba, blocks: 1 }) : commands.read10({ lba, blocks: 1 }), (data) =>
    Array.from(data.subarray(0, 4)),
  );
const writeBlock = (host: number, lba: number, value: number, long: boolean) => {
  const data = new Uint8Array(BLOCK).fill(value);
  return command(host, long ? commands.write16({ lba, data }) : commands.write10({ lba, data }));
};

type Maker = (host: number, world: World) => Step;

function rightKey(world: World, host: number, right = 0.85): bigint {
  const { random } = world;
  if (random.chance(right)) return keyOf(world, host);
  return random.pick([0n, ...ownKeys, 0xdn, 0xbadn]);
}

function newKey({ random }: World, host: number): bigint {
  const chance = random.below(100);
  if (chance < 60) return (ownKeys[host] as bigint) + BigInt(random.below(2));
  if (chance < 78) return 0n;
  return chance < 92 ? 0xdn : random.pick(ownKeys);
}

function typeCode({ random, state }: World, same: number): number {
  const holder = state.registrations.find((each) => each.holder);
  if (holder?.typeCode !== undefined && random.chance(same)) return holder.typeCode;
  return random.chance(0.04) ? random.pick([0, 2, 4, 9, 15]) : random.pick(typeCodes);
}

function victim(world: World, host: number): bigint {
  const { random, state } = world;
  const chance = random.below(100);
  if (chance < 70 && state.registrations.length > 0) return random.pick(state.registrations).key;
  return chance < 80 ? 0n : chance < 90 ? keyOf(world, host) : random.pick([...ownKeys, 0xbadn]);
}

const registering =
  (serviceAction: number): Maker =>
  (host, world) => {
    const { random, ports } = world;
    const options: Out = { serviceAction, key: rightKey(world, host), serviceActionKey: newKey(world, host) };
    return out(host, {
      ...options,
      ...(random.chance(0.1) ? { persistThroughPowerLoss: true } : {}),
      ...(random.chance(0.03) ? { allTargetPorts: true } : {}),
      ...(random.chance(0.06) ? { initiatorPorts: ports.filter(() => random.chance(0.4)) } : {}),
    });
  };

const reserving =
  (serviceAction: number, same: number): Maker =>
  (host, world) =>
    out(host, {
      serviceAction,
      key: rightKey(world, host),
      typeCode: typeCode(world, same),
      ...(world.random.chance(0.02) ? { scope: 1 } : {}),
    });

const preempting =
  (serviceAction: number): Maker =>
  (host, world) =>
    out(host, {
      serviceAction,
      key: rightKey(world, host),
      serviceActionKey: victim(world, host),
      typeCode: typeCode(world, 0.5),
    });

const moving: Maker = (host, world) => {
  const { random, ports } = world;
  return out(host, {
    serviceAction: SA.REGISTER_AND_MOVE,
    key: rightKey(world, host),
    serviceActionKey: newKey(world, host),
    initiatorPorts: [random.pick(ports)],
    relativeTargetPort: random.chance(0.95) ? 1 : 77,
    ...(random.chance(0.4) ? { unregister: true } : {}),
    ...(random.chance(0.1) ? { persistThroughPowerLoss: true } : {}),
  });
};

/** What hosts do, and how often. */
// biome-ignore format: a table
const kinds: readonly (readonly [weight: number, make: Maker])[] = [
  [150, registering(SA.REGISTER)],
  [60, registering(SA.REGISTER_AND_IGNORE)],
  [130, reserving(SA.RESERVE, 0.3)],
  [90, reserving(SA.RELEASE, 0.8)],
  [20, (host, world) => out(host, { serviceAction: SA.CLEAR, key: rightKey(world, host) })],
  [70, preempting(SA.PREEMPT)],
  [50, preempting(SA.PREEMPT_AND_ABORT)],
  [50, moving],
  [4, (host, { random }) => out(host, { serviceAction: 8 + random.below(24) })],
  [4, (host, world) => out(host, { serviceAction: world.random.below(7), key: keyOf(world, host), serviceActionKey: 1n, typeCode: 1, parameterListLength: world.random.pick([0, 8, 23, 25, 32]) })],
  [25, (host) => readKeys(host)],
  [25, (host) => readReservation(host)],
  [6, (host) => capabilities(host)],
  [4, (host, { random }) => raw(host, "PERSISTENT RESERVE IN", [0x5e, 4 + random.below(28), 0, 0, 0, 0, 0, 1, 0, 0], 256)],
  [80, (host, { random }) => readBlock(host, random.below(4), random.chance(0.3))],
  [90, (host, { random }) => writeBlock(host, random.below(4), random.below(256), random.chance(0.3))],
  [30, (host) => command(host, commands.testUnitReady())],
  [6, (host) => command(host, commands.requestSense(), ({ senseKey, asc, ascq }) => ({ senseKey, asc, ascq }))],
  [6, (host) => command(host, commands.inquiry())],
  [6, (host) => command(host, commands.reportLuns())],
  [6, (host) => command(host, commands.readCapacity10())],
  [6, (host) => raw(host, "MODE SENSE (6)", [0x1a, 0, 0x3f, 0, 255, 0], 255)],
  [6, (host) => raw(host, "SYNCHRONIZE CACHE (10)", [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  [6, (host) => raw(host, "VERIFY (10)", [0x2f, 0, 0, 0, 0, 0, 0, 0, 1, 0])],
  [8, (host, { random }) => command(host, random.chance(0.5) ? commands.reserve6() : commands.reserve10())],
  [14, (host, { random }) => command(host, random.chance(0.5) ? commands.release6() : commands.release10())],
  [12, (host) => ({ host, name: "logout", text: "logs out and in again" })],
  [8, (host) => ({ host, name: "reset", text: "LOGICAL UNIT RESET" })],
];
const total = kinds.reduce((sum, [weight]) => sum + weight, 0);

/** The next step of a sequence. */
export function nextStep(world: World): Step {
  const host = world.random.below(3);
  let at = world.random.below(total);
  for (const [weight, make] of kinds) {
    if (at < weight) return make(host, world);
    at -= weight;
  }
  throw new Error("The weights do not add up");
}

/** The type codes' names, where a step is to be the same for every type. */
export const types = reservationTypes satisfies Record<ReservationType, number>;
