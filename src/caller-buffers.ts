/**
 * The hot paths without a single allocation, in buffers that the caller brings: for those who build or look at very many. What
 * commands/ does, without names, results and the checks of meaning; sense-numbers.ts does the same for sense data.
 */
import { checkBytes, checkKey } from "./check.ts";
import { PersistentReserveOut, Size } from "./core/generated/codes.ts";
import { ListRecord } from "./core/generated/records.ts";
import { cdb10Into, core, dataIn, dataSize, list24Into, longsInto, word } from "./core/index.ts";

/** What {@link writePersistentReserveOut} is told: the fields of CDB and basic parameter list. */
export interface PersistentReserveOutFields {
  /** SERVICE ACTION, 0 to 31, but not 7: REGISTER AND MOVE has another list. 9 to 31 are reserved. */
  serviceAction: number;
  /** TYPE, 0 to 15: the code, as `reservationTypes` has it, reserved ones included. */
  typeCode: number;
  /** RESERVATION KEY, 64 bits. */
  key: bigint;
  /** SERVICE ACTION RESERVATION KEY, 64 bits. */
  serviceActionKey: bigint;
  /** APTPL. */
  persistThroughPowerLoss: boolean;
  /** ALL_TG_PT. */
  allTargetPorts: boolean;
}

/**
 * PERSISTENT RESERVE OUT into the caller's buffers: the CDB into the first 10 bytes of one, the basic parameter list into the first 24
 * of the other (smr-j 3.14). Scope is the logical unit, SPEC_I_PT is 0. Whether the standard allows it is the caller's business: `commands` asks.
 *
 * @throws TypeError for buffers that are none; RangeError for buffers that are too small and for values that do not fit their field
 * @example
 * writePersistentReserveOut(cdb, list, { serviceAction: 4, typeCode: 5, key, serviceActionKey: victim, persistThroughPowerLoss: false, allTargetPorts: false });
 */
export function writePersistentReserveOut(cdb: Uint8Array, list: Uint8Array, fields: PersistentReserveOutFields): void {
  const { serviceAction, typeCode, key, serviceActionKey } = fields;
  checkBytes("cdb", cdb);
  checkBytes("list", list);
  if (cdb.length < Size.CDB_10 || list.length < Size.PERSISTENT_RESERVE_OUT_LIST)
    throw new RangeError(`cdb needs 10 bytes and list 24, got ${cdb.length} and ${list.length}`);
  if ((serviceAction & 0x1f) !== serviceAction || serviceAction === PersistentReserveOut.REGISTER_AND_MOVE)
    throw new RangeError(`serviceAction must be 0 to 31 and not 7, got ${serviceAction}`);
  if ((typeCode & 0xf) !== typeCode) throw new RangeError(`typeCode must be 0 to 15, got ${typeCode}`);
  checkKey("key", key);
  checkKey("serviceActionKey", serviceActionKey);
  const aptpl = fields.persistThroughPowerLoss ? 1 : 0;
  core.persistentReserveOut(
    serviceAction,
    0,
    typeCode,
    key,
    serviceActionKey,
    0,
    fields.allTargetPorts ? 1 : 0,
    aptpl,
    0,
  );
  cdb10Into(cdb);
  list24Into(list);
}

/** What {@link readKeysInto} writes; `keys` is the caller's, and as large as the caller likes. */
export interface KeysInto {
  /** PRGENERATION, 32 bits. */
  prGeneration: number;
  /** How many of `keys` count. */
  count: number;
  /** There are more than arrived, or more than `keys` had room for. */
  truncated: boolean;
  /** Where the keys are put, from its first place on. */
  readonly keys: BigUint64Array;
}

/**
 * The answer to READ KEYS (smr-j 3.13.2) into an object and an array that the caller keeps. Keys for which there is no room are
 * left out, and that is said by `truncated`.
 *
 * @returns false, and `into` as it was, for bytes that are no such answer
 * @example
 * const into = { prGeneration: 0, count: 0, truncated: false, keys: new BigUint64Array(1000) };
 * if (readKeysInto(dataIn, into)) use(into.keys.subarray(0, into.count));
 */
export function readKeysInto(bytes: Uint8Array, into: KeysInto): boolean {
  if (bytes.length > dataSize) return false;
  dataIn(bytes);
  if (core.decodeKeys(bytes.length) !== 0) return false;
  const count = word(ListRecord.COUNT);
  into.prGeneration = word(ListRecord.GENERATION);
  into.count = Math.min(count, into.keys.length);
  into.truncated = word(ListRecord.TRUNCATED) === 1 || into.count < count;
  longsInto(into.keys, into.count);
  return true;
}
