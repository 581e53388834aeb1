/**
 * What registering must have done: REGISTER with its options, REGISTER AND MOVE, REPLACE LOST RESERVATION. Part of the checker:
 * it sees bytes and what READ FULL STATUS said before and after, and nothing of how the unit works.
 *
 * Clauses are those of SPC-4 revision 36f (T10/1731-D).
 */
import { nexusId, type View } from "./bytes.ts";
import { must } from "./checker.ts";
import { TARGET_PORTS } from "./script.ts";

interface Registering {
  /** TransportID's bytes and target port of the sender. */
  readonly id: string;
  /** The reservation key where it counts. */
  readonly key?: number | undefined;
  readonly second: number;
  readonly dataOut: Uint8Array;
}

const SPEC_I_PT = 8;
const ALL_TG_PT = 4;
const UNREG = 2;

const initiatorOf = (id: string): string => id.slice(0, id.lastIndexOf("/"));
const portOf = (id: string): number => Number(id.slice(id.lastIndexOf("/") + 1));
const latin1 = new TextDecoder("latin1");

/** Initiator ports that follow in a list. */
function named(dataOut: Uint8Array, at: number): string[] {
  const initiators: string[] = [];
  for (let from = at; from < dataOut.length; ) {
    const length = 4 + (((dataOut[from + 2] as number) << 8) | (dataOut[from + 3] as number));
    initiators.push(latin1.decode(dataOut.subarray(from, from + length)));
    from += length;
  }
  return initiators;
}

/** REGISTER and REGISTER AND IGNORE EXISTING KEY that ended in GOOD (5.13.7, 6.16.3). */
export function checkRegister({ id, key, second, dataOut }: Registering, before: View, after: View): void {
  const options = dataOut[20] as number;
  const ports = (options & ALL_TG_PT) !== 0 ? TARGET_PORTS : [portOf(id)];
  const through = (initiator: string) => ports.map((port) => `${initiator}/${port}`);
  const own = through(initiatorOf(id));
  for (const each of own) {
    if (key !== undefined) must(key === (before.registrations.get(each)?.key ?? 0), "REGISTER with a wrong key");
    must((after.registrations.get(each)?.key ?? 0) === second, "REGISTER registers the key");
  }
  const others = (options & SPEC_I_PT) !== 0 ? named(dataOut, 28).flatMap(through) : [];
  if (others.length > 0) must(!before.registrations.has(id), "SPEC_I_PT is for those who are not registered");
  for (const other of others) {
    const itself = own.includes(other);
    must(itself || !before.registrations.has(other), "SPEC_I_PT names nobody who is registered");
    must(after.registrations.get(other)?.key === second, "SPEC_I_PT registers everybody whom it names");
  }
  const touched = new Set([...own, ...others]);
  for (const [other, { key: its }] of before.registrations) {
    if (!touched.has(other)) must(after.registrations.get(other)?.key === its, "REGISTER leaves others as they are");
  }
  for (const other of after.registrations.keys()) {
    must(touched.has(other) || before.registrations.has(other), "REGISTER registers nobody else");
  }
}

/** REGISTER AND MOVE that ended in GOOD (5.13.8 table 70, 6.16.4). */
export function checkMove({ id, second, dataOut }: Registering, before: View, after: View): void {
  const view = new DataView(dataOut.buffer, dataOut.byteOffset, dataOut.byteLength);
  const to = nexusId(dataOut.subarray(24), view.getUint16(18));
  const unregisters = ((dataOut[17] as number) & UNREG) !== 0;
  must(before.reservation !== null && before.reservation.type < 7, "REGISTER AND MOVE moves what one nexus holds");
  must(before.registrations.get(id)?.holds === true, "REGISTER AND MOVE is for the holder");
  must(initiatorOf(to) !== initiatorOf(id), "REGISTER AND MOVE moves to another initiator port");
  const moved = after.registrations.get(to);
  must(moved?.key === second && moved.holds, "REGISTER AND MOVE makes the named nexus the holder, under the new key");
  must(after.reservation?.type === before.reservation?.type, "REGISTER AND MOVE leaves the type");
  must(after.registrations.has(id) !== unregisters, "UNREG unregisters the sender, and nothing else does");
  for (const [other, { key }] of before.registrations) {
    if (other !== id && other !== to)
      must(after.registrations.get(other)?.key === key, "REGISTER AND MOVE leaves others");
  }
}

/** REPLACE LOST RESERVATION that ended in GOOD (5.13.11.3). */
export function checkReplaced(id: string, second: number, type: number, after: View): void {
  must(after.registrations.size === 1, "REPLACE LOST RESERVATION leaves one registration");
  must(after.registrations.get(id)?.key === second, "REPLACE LOST RESERVATION registers the sender");
  must(after.reservation?.type === type, "REPLACE LOST RESERVATION makes the reservation");
  must(after.generation === 0, "REPLACE LOST RESERVATION sets PRGENERATION to 0");
}
