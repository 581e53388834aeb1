/** What has happened between two looks at a unit, as events: pure. Several changes between two looks are told by what is left of them. */
import { formatTransportId, type Registration, type ReservationState } from "../src/index.ts";
import { type Json, long } from "./json.ts";
import type { State } from "./look.ts";
import { keyText } from "./output.ts";

/** One thing that has happened. */
export interface StateEvent {
  readonly type: "registered" | "unregistered" | "reserved" | "released" | "holder" | "type" | "generation";
  /** In words. */
  readonly text: string;
  readonly json: { readonly [name: string]: Json };
}

/** A registration by everything that tells it from others. */
const identity = (one: Registration): string =>
  `${one.key} ${formatTransportId(one.transportId)} ${one.allTargetPorts ? "all" : one.relativeTargetPort}`;

/** What is in the first list and not in the second; things may be there several times. */
function without<Thing>(these: readonly Thing[], those: readonly Thing[], name: (thing: Thing) => string): Thing[] {
  const rest = those.map(name);
  return these.filter((thing) => {
    const at = rest.indexOf(name(thing));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

const registrationEvent = (type: "registered" | "unregistered", key: bigint, port: string | null): StateEvent => ({
  type,
  text: `${type} ${keyText(key)}${port === null ? "" : ` ${port}`}`,
  json: { key: long(key), initiatorPort: port },
});

function registrationEvents(before: State, after: State): StateEvent[] {
  const [old, now] = [before.registrations, after.registrations];
  if (old === undefined || now === undefined) {
    const name = (key: bigint): string => String(key);
    return [
      ...without(before.keys.keys, after.keys.keys, name).map((key) => registrationEvent("unregistered", key, null)),
      ...without(after.keys.keys, before.keys.keys, name).map((key) => registrationEvent("registered", key, null)),
    ];
  }
  const event = (type: "registered" | "unregistered") => (one: Registration) =>
    registrationEvent(type, one.key, formatTransportId(one.transportId));
  return [
    ...without(old, now, identity).map(event("unregistered")),
    ...without(now, old, identity).map(event("registered")),
  ];
}

/** The key of the holder, `all registrants`, or null. */
const holderOf = (state: ReservationState): string | null =>
  state.holder === "none" ? null : state.holder === "one-nexus" ? keyText(state.key) : "all registrants";

const typeOf = (state: ReservationState): string =>
  state.holder === "none" ? "none" : (state.type ?? `type ${state.typeCode.toString(16)}h`);

function reservationEvents(before: ReservationState, after: ReservationState): StateEvent[] {
  const [from, to] = [holderOf(before), holderOf(after)];
  const json = { holder: to, type: to === null ? null : typeOf(after) };
  if (from === null && to === null) return [];
  if (to === null)
    return [{ type: "released", text: `released by ${from}, was ${typeOf(before)}`, json: { ...json, before: from } }];
  if (from === null) return [{ type: "reserved", text: `reserved by ${to}, ${typeOf(after)}`, json }];
  return [
    ...(from === to
      ? []
      : [{ type: "holder", text: `holder ${from} to ${to}`, json: { ...json, before: from } } as const]),
    ...(typeOf(before) === typeOf(after)
      ? []
      : [
          {
            type: "type",
            text: `type ${typeOf(before)} to ${typeOf(after)}`,
            json: { ...json, before: typeOf(before) },
          } as const,
        ]),
  ];
}

/** What has happened from one look to the next, in the order in which it is best read. */
export function eventsBetween(before: State, after: State): StateEvent[] {
  const events = [...registrationEvents(before, after), ...reservationEvents(before.reservation, after.reservation)];
  const [from, to] = [before.keys.prGeneration, after.keys.prGeneration];
  if (from === to) return events;
  return [
    ...events,
    { type: "generation", text: `PRGENERATION ${from} to ${to}`, json: { before: from, prGeneration: to } },
  ];
}
