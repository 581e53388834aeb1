/**
 * PERSISTENT RESERVE OUT as the standard forbids it, for those who test what a target makes of it: reserved types and scopes,
 * keys of 0 where none may be, a parameter list length that cannot be. Everything else in this library refuses to build these.
 */
import { checkBytes, checkFlag, checkInteger, checkKey } from "../check.ts";
import type { Command } from "../command.ts";
import { PersistentReserveOut, Size } from "../core/generated/codes.ts";
import { PersistentReserveOutCdb } from "../core/generated/fields.ts";
import { cdbOut, core, dataOut, dataSize } from "../core/index.ts";
import { persistentReserveOutNames } from "../reservation.ts";
import { checkTransportId, putTransportId, type TransportId } from "../transport-id.ts";

/** Arguments of {@link uncheckedPersistentReserveOut}. Whatever is absent is 0. */
export interface UncheckedPersistentReserveOutOptions {
  /** SERVICE ACTION, 0 to 31; 9 to 31 are reserved. */
  readonly serviceAction: number;
  /** SCOPE, 0 to 15; 0 is the logical unit. */
  readonly scope?: number | undefined;
  /** TYPE, 0 to 15: the code, reserved ones included. */
  readonly typeCode?: number | undefined;
  /** RESERVATION KEY. */
  readonly key?: bigint | undefined;
  /** SERVICE ACTION RESERVATION KEY. */
  readonly serviceActionKey?: bigint | undefined;
  /** APTPL. */
  readonly persistThroughPowerLoss?: boolean | undefined;
  /** ALL_TG_PT. */
  readonly allTargetPorts?: boolean | undefined;
  /** SPEC_I_PT with these TransportIDs; with REGISTER AND MOVE its one TransportID, of which there may be none or several. */
  readonly initiatorPorts?: readonly TransportId[] | undefined;
  /** UNREG, with REGISTER AND MOVE. */
  readonly unregister?: boolean | undefined;
  /** RELATIVE TARGET PORT IDENTIFIER, with REGISTER AND MOVE; 0 to 65535. */
  readonly relativeTargetPort?: number | undefined;
  /** The whole parameter list in the place of all the fields above that stand in it. */
  readonly parameterList?: Uint8Array | undefined;
  /**
   * PARAMETER LIST LENGTH, 0 to 2^32 - 1, in the place of the list's own. As many bytes are sent: the list is cut, or filled
   * up with zeros to at most 262144 bytes.
   */
  readonly parameterListLength?: number | undefined;
}

/** Puts the TransportIDs into the data window from `offset`; returns how many bytes they have. */
function putTransportIds(ids: readonly TransportId[], offset: number): number {
  let length = 0;
  for (const id of ids) length += putTransportId(id, offset + length);
  return length;
}

function checkTransportIds(ids: readonly TransportId[] | undefined): readonly TransportId[] | undefined {
  if (ids !== undefined && !Array.isArray(ids)) throw new TypeError("initiatorPorts must be an array of TransportIds");
  return ids?.map((id, index) => checkTransportId(id, `initiatorPorts[${index}]`));
}

/** Builds CDB and list in the core; returns the list's length. */
function build(options: UncheckedPersistentReserveOutOptions): number {
  const serviceAction = checkInteger("serviceAction", options.serviceAction, 0, 0x1f);
  const scope = checkInteger("scope", options.scope ?? 0, 0, 0xf);
  const type = checkInteger("typeCode", options.typeCode ?? 0, 0, 0xf);
  const key = checkKey("key", options.key ?? 0n);
  const serviceActionKey = checkKey("serviceActionKey", options.serviceActionKey ?? 0n);
  const persist = checkFlag("persistThroughPowerLoss", options.persistThroughPowerLoss) ? 1 : 0;
  const port = checkInteger("relativeTargetPort", options.relativeTargetPort ?? 0, 0, 0xffff);
  const unregister = checkFlag("unregister", options.unregister) ? 1 : 0;
  const allTargetPorts = checkFlag("allTargetPorts", options.allTargetPorts) ? 1 : 0;
  const ids = checkTransportIds(options.initiatorPorts);
  if (serviceAction === PersistentReserveOut.REGISTER_AND_MOVE) {
    const length = putTransportIds(ids ?? [], Size.PERSISTENT_RESERVE_OUT_LIST);
    core.registerAndMove(scope, type, key, serviceActionKey, port, unregister, persist, length);
    return Size.PERSISTENT_RESERVE_OUT_LIST + length;
  }
  const specified = ids === undefined ? 0 : 1;
  const length = putTransportIds(ids ?? [], Size.SPECIFY_INITIATOR_PORTS_HEADER);
  core.persistentReserveOut(
    serviceAction,
    scope,
    type,
    key,
    serviceActionKey,
    specified,
    allTargetPorts,
    persist,
    length,
  );
  return specified === 1 ? Size.SPECIFY_INITIATOR_PORTS_HEADER + length : Size.PERSISTENT_RESERVE_OUT_LIST;
}

/** The list as it is sent: cut or filled up to the length that the CDB says. */
function sized(list: Uint8Array, length: number): Uint8Array {
  if (length <= list.length) return list.slice(0, length);
  const filled = new Uint8Array(Math.max(list.length, Math.min(length, dataSize)));
  filled.set(list);
  return filled;
}

/**
 * PERSISTENT RESERVE OUT with any value in any field, whether the standard allows it or not (smr-j 3.14). Only for testing a
 * target: what comes of it is the target's business, and a lost answer cannot be settled by looking.
 *
 * @throws TypeError or RangeError for values that do not fit their field at all
 * @example
 * // REGISTER AND MOVE with a key of 0, and RESERVE with a reserved type, 23 bytes long
 * uncheckedPersistentReserveOut({ serviceAction: 7, key: 0xabcn, serviceActionKey: 0n });
 * uncheckedPersistentReserveOut({ serviceAction: 1, typeCode: 15, key: 0xabcn, parameterListLength: 23 });
 */
export function uncheckedPersistentReserveOut(options: UncheckedPersistentReserveOutOptions): Command<void> {
  const { parameterList, parameterListLength } = options;
  if (parameterList !== undefined) checkBytes("parameterList", parameterList);
  if (parameterListLength !== undefined) checkInteger("parameterListLength", parameterListLength, 0, 0xffff_ffff);
  const built = build(options);
  const cdb = cdbOut(Size.CDB_10);
  const own = parameterList ?? dataOut(built);
  const length = parameterListLength ?? own.length;
  new DataView(cdb.buffer).setUint32(PersistentReserveOutCdb.PARAMETER_LIST_LENGTH >>> 16, length);
  const moves = options.serviceAction === PersistentReserveOut.REGISTER_AND_MOVE;
  const specified = options.initiatorPorts !== undefined;
  return {
    name: persistentReserveOutNames[options.serviceAction] ?? "PERSISTENT RESERVE OUT",
    cdb,
    dataOut: sized(own, length),
    dataInLength: 0,
    effect: "reservation",
    layout: {
      cdb: "PersistentReserveOutCdb",
      dataOut: moves ? "RegisterAndMoveList" : specified ? "SpecifyInitiatorPortsList" : "PersistentReserveOutList",
    },
    read: () => undefined,
  };
}
