/**
 * Disks that several hosts share (mhd(7I), "Shared Multihost Disks"): its calls as functions. A veneer over persistent
 * reservations, with the manual's lists, in which the caller says how much room there is, and its errno values.
 */
import { checkInteger } from "../check.ts";
import type { Command } from "../command.ts";
import * as commands from "../commands/index.ts";
import { PersistentReserveOutCdb } from "../core/generated/fields.ts";
import type { ExecuteOptions } from "../logical-unit.ts";
import { type ReservationType, reservationTypeName, reservationTypes } from "../reservation.ts";
import { fieldsOf, type StructureName } from "../structures.ts";
import { type MultihostDisk, refuseMixing } from "./disk.ts";
import { withErrno } from "./failing.ts";

/** A list as the manual has it: the caller's room, the number that exist, and as many as fit. */
export interface RoomyList<Entry> {
  /** PRGENERATION. */
  readonly generation: number;
  /** The room, in entries, as the caller gave it. */
  readonly listSize: number;
  /** How many exist. More than `listSize`: ask again with more room. */
  readonly listLength: number;
  /** The smaller of the two numbers. */
  readonly list: readonly Entry[];
}

/** One reservation (`mhioc_resv_desc_t`). */
export interface ReservationDescriptor {
  /** The holder's key; 0 under an all-registrants type, where every registered host holds. */
  readonly key: bigint;
  /** Undefined for a code that no standard names. */
  readonly type: ReservationType | undefined;
  /** TYPE as its code, 0 to 15. */
  readonly typeCode: number;
  /** 0: the logical unit. */
  readonly scope: number;
  /** Obsolete since SPC-2: 0. */
  readonly scopeSpecificAddress: number;
}

/** What any of these takes besides. */
export type SharedOptions = Pick<ExecuteOptions, "signal" | "timeoutMs" | "deadlineMs" | "retry" | "observer">;

const HEADER_BYTES = 8;
const KEY_BYTES = 8;
const DESCRIPTOR_BYTES = 16;
/** ALLOCATION LENGTH has 16 bits. */
const MOST_BYTES = 0xffff;

/** ADDITIONAL LENGTH, or another field by its name; 0 where the answer ends before it. */
const valueIn = (structure: StructureName, bytes: Uint8Array, field: string): bigint =>
  fieldsOf(structure, bytes).find(({ name }) => name === field)?.value ?? 0n;

/** Asks with exactly the room that the caller has, once. */
const withRoom = <Result, Entry>(
  command: Command<Result>,
  structure: StructureName,
  entryBytes: number,
  listSize: number,
  list: (result: Result, bytes: Uint8Array) => readonly Entry[],
): Command<RoomyList<Entry>> => ({
  ...command,
  again: () => undefined,
  read(bytes) {
    const result = command.read(bytes);
    const exists = Math.floor(Number(valueIn(structure, bytes, "ADDITIONAL LENGTH")) / entryBytes);
    return {
      generation: Number(valueIn(structure, bytes, "PRGENERATION")),
      listSize,
      listLength: exists,
      list: exists === 0 ? [] : list(result, bytes).slice(0, listSize),
    };
  },
});

const room = (listSize: number, entryBytes: number): number =>
  Math.min(HEADER_BYTES + checkInteger("listSize", listSize, 0, 0xffff_ffff) * entryBytes, MOST_BYTES);

/** READ KEYS with room for so many. */
export const keysCommand = (listSize: number): Command<RoomyList<bigint>> =>
  withRoom(
    commands.readKeys({ allocationLengthBytes: room(listSize, KEY_BYTES) }),
    "ReadKeysData",
    KEY_BYTES,
    listSize,
    ({ keys }) => keys,
  );

/**
 * The registered keys (MHIOCGRP_INKEYS). The recommended way to find out whether a disk supports persistent reservations.
 *
 * @param listSize how many keys the caller has room for, 0 to 2^32 - 1; one command carries at most 8190
 * @throws ScsiError with `errno`: ENOTSUP if the disk has no persistent reservations, EACCES if another host has it by RESERVE, EIO
 * @example
 * const { list, listLength } = await inKeys(disk, { listSize: 16 });
 */
export async function inKeys(
  disk: MultihostDisk,
  { listSize, ...options }: SharedOptions & { readonly listSize: number },
): Promise<RoomyList<bigint>> {
  const command = keysCommand(listSize);
  return withErrno(() => disk.unit.execute(command, options));
}

/** One descriptor is all that there can be (smr-j 3.13.3). */
function descriptors(bytes: Uint8Array): ReservationDescriptor[] {
  if (bytes.length < HEADER_BYTES + DESCRIPTOR_BYTES) return [];
  const value = (field: string): bigint => valueIn("ReadReservationData", bytes, field);
  const typeCode = Number(value("TYPE"));
  return [
    {
      key: value("RESERVATION KEY"),
      type: reservationTypeName(typeCode),
      typeCode,
      scope: Number(value("SCOPE")),
      scopeSpecificAddress: 0,
    },
  ];
}

/** READ RESERVATION with room for so many. */
export const reservationsCommand = (listSize: number): Command<RoomyList<ReservationDescriptor>> =>
  withRoom(
    commands.readReservation({ allocationLengthBytes: room(listSize, DESCRIPTOR_BYTES) }),
    "ReadReservationData",
    DESCRIPTOR_BYTES,
    listSize,
    (_state, bytes) => descriptors(bytes),
  );

/**
 * The reservations (MHIOCGRP_INRESV): none or one, as the standard is today.
 *
 * @param listSize how many the caller has room for
 * @throws as {@link inKeys}
 */
export async function inReservations(
  disk: MultihostDisk,
  { listSize, ...options }: SharedOptions & { readonly listSize: number },
): Promise<RoomyList<ReservationDescriptor>> {
  const command = reservationsCommand(listSize);
  return withErrno(() => disk.unit.execute(command, options));
}

/** Sends one PERSISTENT RESERVE OUT, unless this host uses the other family; then notes what is true. */
async function out(
  disk: MultihostDisk,
  command: Command<void>,
  options: SharedOptions,
  note: () => void = () => undefined,
): Promise<void> {
  await withErrno(async () => {
    refuseMixing(disk, "shared", command.name);
    await disk.unit.execute(command, options);
    note();
  });
}

/** Arguments of {@link registerHost} (`mhioc_register_t`). */
export interface RegisterHostOptions extends SharedOptions {
  /** The key that the disk may have for this host; 0n if the host is not registered. */
  readonly oldKey: bigint;
  /** The key to register; 0n unregisters. */
  readonly newKey: bigint;
  /** Registrations and reservations are to survive a loss of power. Recommended: true. */
  readonly aptpl: boolean;
}

function registeredAs(disk: MultihostDisk, key: bigint, persistThroughPowerLoss: boolean): void {
  const type = disk.shared?.type;
  disk.shared = key === 0n ? undefined : { key, persistThroughPowerLoss, type };
}

/**
 * Registers this host, changes its key, or unregisters it (MHIOCGRP_REGISTER).
 *
 * @throws ScsiError with `errno`: EACCES if `oldKey` is not this host's, ENOTSUP, EIO, EPERM
 */
export async function registerHost(disk: MultihostDisk, options: RegisterHostOptions): Promise<void> {
  const { oldKey, newKey, aptpl, ...rest } = options;
  const command = commands.register({ key: oldKey, newKey, persistThroughPowerLoss: aptpl });
  await out(disk, command, rest, () => registeredAs(disk, newKey, aptpl));
}

/**
 * Registers this host whatever key the disk has for it (MHIOCGRP_REGISTERANDIGNOREKEY).
 *
 * @throws ScsiError with `errno`: ENOTSUP, EIO, EPERM
 */
export async function registerHostAndIgnoreKey(
  disk: MultihostDisk,
  options: Omit<RegisterHostOptions, "oldKey">,
): Promise<void> {
  const { newKey, aptpl, ...rest } = options;
  const command = commands.registerAndIgnoreExistingKey({ newKey, persistThroughPowerLoss: aptpl });
  await out(disk, command, rest, () => registeredAs(disk, newKey, aptpl));
}

/** A reservation that is asked for (`mhioc_resv_desc_t`): this host's key, the type, the scope. */
export interface ReservationWanted {
  /** The key under which this host is registered. */
  readonly key: bigint;
  /** What others may still do. */
  readonly type: ReservationType;
  /** 0: the logical unit, the only one that is not obsolete; 0 to 15, and it is sent as given. Default 0. */
  readonly scope?: number | undefined;
}

/** A command that asks for a reservation, with the scope that is wanted in its CDB. */
export function scoped(command: Command<void>, { scope = 0, type }: Omit<ReservationWanted, "key">): Command<void> {
  checkInteger("scope", scope, 0, 0xf);
  if (scope === 0) return command;
  const cdb = command.cdb.slice();
  // SCOPE and TYPE share a byte: the row says which.
  cdb[PersistentReserveOutCdb.SCOPE >>> 16] = scope * 16 + reservationTypes[type];
  return { ...command, cdb };
}

function reserved(disk: MultihostDisk, { key, type }: ReservationWanted): void {
  disk.shared = { key, persistThroughPowerLoss: disk.shared?.persistThroughPowerLoss ?? false, type };
}

/**
 * Reserves (MHIOCGRP_RESERVE).
 *
 * @throws ScsiError with `errno`: EACCES if another host holds or the key is wrong, ENOTSUP, EIO, EPERM
 */
export async function reserveShared(disk: MultihostDisk, options: ReservationWanted & SharedOptions): Promise<void> {
  const command = scoped(commands.reserve(options), options);
  await out(disk, command, options, () => reserved(disk, options));
}

/** Arguments of {@link preemptShared} and {@link preemptAndAbortShared} (`mhioc_preemptandabort_t`). */
export interface PreemptSharedOptions extends SharedOptions {
  /** The pre-empter's key, and the reservation that it asks for. */
  readonly reservation: ReservationWanted;
  /** The key of the host that is to lose its registration. */
  readonly victimKey: bigint;
}

/** Does the caller hold afterwards? Only looking tells; what was registered stays so. */
async function preempting(
  disk: MultihostDisk,
  build: typeof commands.preempt,
  options: PreemptSharedOptions,
): Promise<void> {
  const { reservation, victimKey, ...rest } = options;
  const { key, type } = reservation;
  const command = scoped(build({ key, victimKey, type }), reservation);
  await out(disk, command, rest, () => {
    const known = disk.shared;
    disk.shared = { key, persistThroughPowerLoss: known?.persistThroughPowerLoss ?? false, type: known?.type };
  });
}

/**
 * Unregisters another host, takes its reservation over and aborts its commands (MHIOCGRP_PREEMPTANDABORT).
 *
 * @throws ScsiError with `errno`: EACCES on a conflict, ENOTSUP, EIO, EPERM
 */
export const preemptAndAbortShared = (disk: MultihostDisk, options: PreemptSharedOptions): Promise<void> =>
  preempting(disk, commands.preemptAndAbort, options);

/**
 * As {@link preemptAndAbortShared} without the abort (MHIOCGRP_PREEMPT, which the manual says is not implemented).
 *
 * @throws as {@link preemptAndAbortShared}
 */
export const preemptShared = (disk: MultihostDisk, options: PreemptSharedOptions): Promise<void> =>
  preempting(disk, commands.preempt, options);

/**
 * Removes all registrations and reservations (MHIOCGRP_CLEAR).
 *
 * @throws ScsiError with `errno`: EACCES if the host is not registered with this key, ENOTSUP, EIO, EPERM
 */
export async function clearShared(
  disk: MultihostDisk,
  options: SharedOptions & { readonly key: bigint },
): Promise<void> {
  const { key, ...rest } = options;
  await out(disk, commands.clear({ key }), rest, () => {
    disk.shared = undefined;
  });
}
