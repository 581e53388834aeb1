/**
 * What must be true of a logical unit whatever happens, checked at every command that it executes and at every event.
 * It sees bytes and who sent them, keeps its own books, and knows nothing of how the unit works.
 *
 * Clauses are those of SPC-4 revision 36f (T10/1731-D).
 */
import { BLOCK, isAllowed, OP, SA, STATUS, type View } from "./bytes.ts";

/** A command that the unit executed. */
export interface Executed {
  readonly id: string;
  readonly cdb: Uint8Array;
  readonly dataOut: Uint8Array;
  readonly status: number;
  readonly dataIn: Uint8Array;
  readonly sense: Uint8Array;
}

/** Keeps the books of one unit. Each function throws an Error that says which promise was broken. */
export interface Checker {
  executed(command: Executed, look: () => View): void;
  powerCycled(look: () => View): void;
  reset(look: () => View): void;
  nexusLost(id: string, look: () => View): void;
  /** Nobody is to see this command executed any more: PREEMPT AND ABORT has ended it. */
  aborted(cdb: Uint8Array): void;
}

const PREEMPTED_RESERVATIONS = 0x2a03;
const RELEASED = 0x2a04;
const PREEMPTED_REGISTRATIONS = 0x2a05;
const POWER_ON = 0x2901;
const RESET = 0x2903;
const NEXUS_LOSS = 0x2907;

const empty: View = { generation: 0, registrations: new Map(), reservation: null };
/** 6.15.2. */
const counted: ReadonlySet<number> = new Set([
  SA.register,
  SA.registerAndIgnore,
  SA.clear,
  SA.preempt,
  SA.preemptAndAbort,
]);
const concernsRegistrants = (type: number) => type !== 1 && type !== 3;

function same(a: View, b: View, generation = a.generation): boolean {
  if (b.generation !== generation || a.registrations.size !== b.registrations.size) return false;
  if (a.reservation?.type !== b.reservation?.type || a.reservation?.key !== b.reservation?.key) return false;
  for (const [id, { key, holds }] of a.registrations) {
    const other = b.registrations.get(id);
    if (other === undefined || other.key !== key || other.holds !== holds) return false;
  }
  return true;
}

function must(condition: boolean, promise: string): void {
  if (!condition) throw new Error(promise);
}

/**
 * @param ids everybody who talks to the unit
 * @param injected the unit attention conditions that faults make
 */
export function createChecker(ids: readonly string[], injected: readonly number[]): Checker {
  let now = empty;
  let aptpl = false;
  const blocks = new Map<number, number>();
  const owed = new Map<string, Set<number>>(ids.map((id) => [id, new Set()]));
  const owes = (id: string) => owed.get(id) as Set<number>;
  const abortedCommands = new WeakSet<Uint8Array>();

  /** The reservation has a holder that is registered (5.13.10). */
  function checkHolder({ registrations, reservation }: View): void {
    const holders = [...registrations.values()].filter(({ holds }) => holds);
    if (reservation === null) {
      must(holders.length === 0, "R_HOLDER without a reservation");
    } else if (reservation.type >= 7) {
      must(holders.length === registrations.size && holders.length > 0, "all registrants hold, and there are some");
      must(reservation.key === 0, "all registrants hold under key 0");
    } else {
      must(holders.length === 1, "one registered nexus holds the reservation");
      must(holders[0]?.key === reservation.key, "READ RESERVATION tells the holder's key");
    }
  }

  /** Attention conditions: nobody goes on untold, nobody is told of what did not happen (sam4r14 5.14). */
  function checkTold({ id, status, sense }: Executed): "told" | "nothing" {
    const waiting = owes(id);
    if (status === STATUS.checkCondition && sense[2] === 6) {
      const condition = ((sense[12] as number) << 8) | (sense[13] as number);
      const known = waiting.delete(condition) || injected.includes(condition);
      must(known, `a unit attention ${condition.toString(16)} without a reason`);
      return "told";
    }
    if (status !== STATUS.conflict) {
      must(waiting.size === 0, `GOOD before the unit attention ${[...waiting].map((each) => each.toString(16))}`);
    }
    return "nothing";
  }

  function checkMedium({ id, cdb, dataOut, status, dataIn }: Executed): void {
    const writes = cdb[0] === OP.write;
    const allowed = isAllowed(now, id, writes);
    if (status === STATUS.conflict) must(!allowed, `a ${writes ? "WRITE" : "READ"} refused that the table allows`);
    if (status !== STATUS.good) return;
    must(allowed, `a ${writes ? "WRITE" : "READ"} accepted that the table forbids`);
    const lba = cdb[5] as number;
    if (writes) blocks.set(lba, dataOut[0] as number);
    else must(dataIn.length === BLOCK && dataIn.every((byte) => byte === (blocks.get(lba) ?? 0)), "a write was lost");
  }

  function checkReserveOut({ id, cdb, dataOut, status }: Executed, after: View): void {
    const before = now;
    if (status !== STATUS.good) {
      must(same(before, after), "a command that failed changed something");
      return;
    }
    const action = (cdb[1] as number) & 0x1f;
    const type = (cdb[2] as number) & 0x0f;
    const view = new DataView(dataOut.buffer, dataOut.byteOffset, dataOut.byteLength);
    const [key, second] = [Number(view.getBigUint64(0)), Number(view.getBigUint64(8))];
    const mine = before.registrations.get(id);
    const expected = (before.generation + (counted.has(action) ? 1 : 0)) >>> 0;
    must(
      after.generation === expected,
      `PRGENERATION is ${after.generation} after service action ${action}, not ${expected}`,
    );
    if (action === SA.registerAndIgnore || action === SA.register) {
      if (action === SA.register) must(key === (mine?.key ?? 0), "REGISTER with a wrong key");
      must((after.registrations.get(id)?.key ?? 0) === second, "REGISTER registers the key");
      for (const [other, { key: its }] of before.registrations) {
        if (other !== id) must(after.registrations.get(other)?.key === its, "REGISTER leaves others as they are");
      }
      aptpl = ((dataOut[20] as number) & 1) === 1;
    } else {
      must(mine !== undefined && mine.key === key, "only a registered nexus with its own key");
    }
    if (action === SA.reserve) {
      must(after.reservation?.type === type, "RESERVE makes a reservation of the type");
      must(after.registrations.get(id)?.holds === true, "RESERVE makes the sender a holder");
      must(before.reservation === null || mine?.holds === true, "RESERVE takes nobody's reservation");
    }
    if (action === SA.release) {
      const ends = mine?.holds === true && before.reservation?.type === type;
      must((after.reservation === null) === (ends || before.reservation === null), "RELEASE is for holders");
    }
    if (action === SA.clear) must(after.registrations.size === 0 && after.reservation === null, "CLEAR leaves nothing");
    if (action === SA.preempt || action === SA.preemptAndAbort) checkPreempt(id, second, type, after);
    settle(id, action, before, after);
  }

  /** 5.13.11.2.4 table 72, 5.13.11.2.5. */
  function checkPreempt(id: string, victim: number, type: number, after: View): void {
    const before = now;
    const reserved = before.reservation;
    const replaces = reserved !== null && (reserved.type >= 7 ? victim === 0 : reserved.key === victim);
    for (const [other, { key }] of before.registrations) {
      const goes = (replaces && victim === 0) || key === victim;
      if (other === id) {
        if (replaces) must(after.registrations.has(id), "PREEMPT of the holder keeps the sender");
      } else {
        must(after.registrations.has(other) === !goes, "PREEMPT removes the victims, and nobody else");
      }
    }
    if (!replaces) return;
    must(after.reservation?.type === type, "PREEMPT of the holder makes a reservation of the type");
    must(after.registrations.get(id)?.holds === true, "PREEMPT of the holder makes the sender one");
  }

  /** Who is to be told of what (5.13.11.2). */
  function settle(sender: string, action: number, before: View, after: View): void {
    const others = (ids_: Iterable<string>, condition: number) => {
      for (const other of ids_) if (other !== sender) owes(other).add(condition);
    };
    const preempts = action === SA.preempt || action === SA.preemptAndAbort;
    if (action === SA.clear) {
      others(before.registrations.keys(), PREEMPTED_RESERVATIONS);
      return;
    }
    if (preempts) {
      others(
        [...before.registrations.keys()].filter((id) => !after.registrations.has(id)),
        PREEMPTED_REGISTRATIONS,
      );
      const changed =
        before.reservation !== null && after.reservation !== null && before.reservation.type !== after.reservation.type;
      if (changed) others(after.registrations.keys(), RELEASED);
      return;
    }
    const ended = before.reservation !== null && after.reservation === null;
    if (ended && concernsRegistrants(before.reservation.type)) others(after.registrations.keys(), RELEASED);
  }

  return {
    executed(command, look) {
      must(!abortedCommands.has(command.cdb), "a command was executed after PREEMPT AND ABORT had ended it");
      if (checkTold(command) === "told") return;
      const operation = command.cdb[0];
      if (operation === OP.read || operation === OP.write) checkMedium(command);
      if (operation !== OP.reserveOut) return;
      const after = look();
      checkHolder(after);
      checkReserveOut(command, after);
      now = after;
    },
    powerCycled(look) {
      const after = look();
      checkHolder(after);
      if (aptpl) must(same(now, after, 0), "APTPL: power loss forgot something");
      else must(same(empty, after), "without APTPL power loss forgets everything");
      now = after;
      for (const id of ids) {
        owes(id).clear();
        owes(id).add(POWER_ON);
      }
    },
    reset(look) {
      must(same(now, look()), "a reset changes no registration and no reservation");
      for (const id of ids) owes(id).add(RESET);
    },
    nexusLost(id, look) {
      must(same(now, look()), "a lost nexus stays registered");
      owes(id).add(NEXUS_LOSS);
    },
    aborted: (cdb) => void abortedCommands.add(cdb),
  };
}
