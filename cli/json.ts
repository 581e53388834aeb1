/** The JSON documents: values that JSON has no form for, and the parts that every document has. The shape: JSON.md. */
import {
  type Attempt,
  formatTransportId,
  isScsiError,
  type Registrant,
  type Registration,
  type ReservationState,
  type ScsiError,
  type SenseData,
  statusName,
} from "../src/index.ts";
import { accountJson } from "./account.ts";
import { exitCodeOf } from "./exit-codes.ts";
import type { Output } from "./io.ts";
import type { State, Whose } from "./look.ts";

/** The version of the shape; a change that could break a reader raises it. */
export const SCHEMA = 1;

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A 64-bit value: `0x` and 16 digits. */
export const long = (value: bigint): string => `0x${value.toString(16).padStart(16, "0")}`;

/** Bytes: two digits each, nothing between. */
export const bytes = (value: Uint8Array): string =>
  Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** What every document has, whatever came of it. */
export interface Envelope {
  readonly verb: string | null;
  readonly unit: string | null;
  readonly attempts: readonly Attempt[];
}

/** Writes one document. `rest` is `ok` with `result` or `error`. */
export function printJson(
  output: Output,
  { verb, unit, attempts }: Envelope,
  rest: { readonly [name: string]: Json },
): void {
  const document = { "scsi-persist": SCHEMA, verb, unit, ...rest, attempts: attempts.map(attemptJson) };
  output.write(`${JSON.stringify(document, null, 2)}\n`);
}

const orNull = <Value extends Json>(value: Value | undefined): Value | null => value ?? null;

export function reservationJson(state: ReservationState): Json {
  const none = state.holder === "none";
  return {
    holder: state.holder,
    key: state.holder === "one-nexus" ? long(state.key) : null,
    type: none ? null : orNull(state.type),
    typeCode: none ? null : state.typeCode,
    scope: none ? null : state.scope,
    prGeneration: state.prGeneration,
    truncated: state.truncated,
  };
}

export function registrationJson(registration: Registration, registrant: Registrant | null): Json {
  return {
    key: long(registration.key),
    initiatorPort: formatTransportId(registration.transportId),
    thisHost: registrant === null ? null : registrant === "this-port",
    registrant,
    allTargetPorts: registration.allTargetPorts,
    relativeTargetPort: registration.allTargetPorts ? null : registration.relativeTargetPort,
    holder: registration.holder,
    type: orNull(registration.type),
  };
}

/** @param whose null where the transport does not know */
export function stateJson(state: State, whose: Whose): Json {
  return {
    prGeneration: state.keys.prGeneration,
    keys: state.keys.keys.map(long),
    truncated: state.keys.truncated,
    reservation: reservationJson(state.reservation),
    registrations: state.registrations?.map((one) => registrationJson(one, whose(one))) ?? null,
    consistent: state.consistent,
  };
}

function senseJson(sense: SenseData): Json {
  const { fieldPointer: pointer } = sense;
  return {
    key: sense.senseKey,
    keyName: sense.senseKeyName,
    asc: sense.asc,
    ascq: sense.ascq,
    text: orNull(sense.text),
    deferred: sense.deferred,
    information: sense.information === undefined ? null : long(sense.information),
    fieldPointer: pointer === undefined ? null : { in: pointer.in, byte: pointer.byte, bit: orNull(pointer.bit) },
    bytes: bytes(sense.bytes),
  };
}

export function attemptJson(attempt: Attempt): Json {
  return {
    command: attempt.command,
    delivered: attempt.delivered,
    status: orNull(attempt.status),
    statusName: attempt.status === undefined ? null : statusName(attempt.status),
    sense: attempt.sense === undefined ? null : senseJson(attempt.sense),
    code: orNull(attempt.code),
    durationMs: Math.round(attempt.durationMs * 1000) / 1000,
  };
}

function scsiErrorJson(error: ScsiError): { readonly [name: string]: Json } {
  const { field } = error;
  return {
    code: error.code,
    message: error.message,
    exitCode: exitCodeOf(error),
    command: orNull(error.command),
    status: orNull(error.status),
    statusName: error.status === undefined ? null : statusName(error.status),
    sense: error.sense === undefined ? null : senseJson(error.sense),
    field:
      field === undefined ? null : { name: orNull(field.name), in: field.in, byte: field.byte, bit: orNull(field.bit) },
    delivered: error.delivered,
    errno: orNull(error.errno),
    account: accountJson(error.account),
  };
}

/** An error, whoever made it. `code` is that of a ScsiError, or `USAGE`, `DEMO`, `INTERNAL`. */
export function errorJson(error: unknown, exitCode: number, code: string): { readonly [name: string]: Json } {
  if (isScsiError(error)) return scsiErrorJson(error);
  return {
    code,
    message: error instanceof Error ? error.message : String(error),
    exitCode,
    command: null,
    status: null,
    statusName: null,
    sense: null,
    field: null,
    delivered: "no",
    errno: null,
    account: null,
  };
}
