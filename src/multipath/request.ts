/**
 * PERSISTENT RESERVE OUT as a request: read back out of a command's bytes, so that a command made for one path can be done over many.
 *
 * What holds: a command that is not understood to the last field is no request, and is not spread over paths.
 */
import type { Command } from "../command.ts";
import type { RegisterAndMoveOptions, RegisterFlags } from "../commands/persistent-reserve-out.ts";
import { PersistentReserveOut, Size } from "../core/generated/codes.ts";
import { type ReservationType, reservationTypeName } from "../reservation.ts";
import { fieldsOf } from "../structures.ts";
import { decodeTransportId, encodeTransportId, type TransportId } from "../transport-id.ts";

/** What is asked for. */
export type MultipathRequest =
  | {
      readonly do: "register";
      readonly newKey: bigint;
      /** Undefined: whatever key there is. */
      readonly key: bigint | undefined;
      readonly flags: RegisterFlags;
    }
  | { readonly do: "reserve" | "release"; readonly key: bigint; readonly type: ReservationType }
  | { readonly do: "clear"; readonly key: bigint }
  | {
      readonly do: "preempt";
      readonly key: bigint;
      readonly victimKey: bigint;
      readonly type: ReservationType;
      readonly abort: boolean;
    }
  | { readonly do: "move"; readonly options: RegisterAndMoveOptions }
  | {
      readonly do: "replace-lost";
      readonly newKey: bigint;
      readonly type: ReservationType;
      readonly flags: Pick<RegisterFlags, "persistThroughPowerLoss">;
    };

function transportIds(list: Uint8Array, start: number): TransportId[] {
  const ids: TransportId[] = [];
  for (let at = start; at < list.length; ) {
    const id = decodeTransportId(list.subarray(at));
    ids.push(id);
    at += encodeTransportId(id).length;
  }
  return ids;
}

/**
 * The request that a command makes; undefined if it is no PERSISTENT RESERVE OUT that can be done over several paths: reserved service
 * actions, scopes and types.
 */
export function requestOf(command: Command<unknown>): MultipathRequest | undefined {
  const { cdb, dataOut = new Uint8Array(0), layout } = command;
  if (layout.cdb !== "PersistentReserveOutCdb" || layout.dataOut === undefined) return undefined;
  const fields = new Map(
    [...fieldsOf(layout.cdb, cdb), ...fieldsOf(layout.dataOut, dataOut)].map(({ name, value }) => [name, value]),
  );
  const number = (name: string): number => Number(fields.get(name) ?? 0n);
  const flag = (name: string): boolean | undefined => (number(name) === 1 ? true : undefined);
  const key = fields.get("RESERVATION KEY") ?? 0n;
  const newKey = fields.get("SERVICE ACTION RESERVATION KEY") ?? 0n;
  const type = reservationTypeName(number("TYPE"));
  const serviceAction = number("SERVICE ACTION");
  const persistThroughPowerLoss = flag("APTPL");
  if (number("SCOPE") !== 0) return undefined;
  switch (serviceAction) {
    case PersistentReserveOut.REGISTER:
    case PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY: {
      const ignores = serviceAction === PersistentReserveOut.REGISTER_AND_IGNORE_EXISTING_KEY;
      const flags: RegisterFlags = {
        persistThroughPowerLoss,
        allTargetPorts: flag("ALL_TG_PT"),
        initiatorPorts:
          flag("SPEC_I_PT") === true ? transportIds(dataOut, Size.SPECIFY_INITIATOR_PORTS_HEADER) : undefined,
      };
      return { do: "register", newKey, key: ignores ? undefined : key, flags };
    }
    case PersistentReserveOut.CLEAR:
      return { do: "clear", key };
    case PersistentReserveOut.REGISTER_AND_MOVE: {
      const [transportId] = transportIds(dataOut, Size.PERSISTENT_RESERVE_OUT_LIST);
      if (transportId === undefined) return undefined;
      const options: RegisterAndMoveOptions = {
        key,
        newKey,
        transportId,
        relativeTargetPort: number("RELATIVE TARGET PORT IDENTIFIER"),
        type,
        unregister: flag("UNREG"),
        persistThroughPowerLoss,
      };
      return { do: "move", options };
    }
    default:
  }
  if (type === undefined) return undefined;
  switch (serviceAction) {
    case PersistentReserveOut.RESERVE:
      return { do: "reserve", key, type };
    case PersistentReserveOut.RELEASE:
      return { do: "release", key, type };
    case PersistentReserveOut.PREEMPT:
    case PersistentReserveOut.PREEMPT_AND_ABORT:
      return {
        do: "preempt",
        key,
        victimKey: newKey,
        type,
        abort: serviceAction === PersistentReserveOut.PREEMPT_AND_ABORT,
      };
    case PersistentReserveOut.REPLACE_LOST_RESERVATION:
      return { do: "replace-lost", newKey, type, flags: { persistThroughPowerLoss } };
    default:
      return undefined;
  }
}
