/**
 * What must be true of a logical unit whatever happens, checked at every command that it executes and at every event.
 * It sees bytes and who sent them, keeps its own books, and knows nothing of how the unit works.
 *
 * Clauses are those of SPC-4 revision 36f (T10/1731-D).
 */
import { BLOCK, isAllowed, OP, SA, STATUS, type View } from "./bytes.ts";
import { checkMove, checkRegister, checkReplaced } from "./registering.ts";

/** A command that the unit executed. */
export interface Executed {
  readonly id: string;
  readonly cdb: Uint8Array;
  readonly dataOut: Uint8Array;
  readonly status: number;
  readonly dataIn: Uint8Array;
  readonly sense: Uint8Array;
}

/** What an outsider sees; or that PERSISTENT RESERVE IN conflicts, or that the information is lost. */
export type Seen = View | "conflict" | "lost";

/** Keeps the books of one unit. Each function throws an Error that says which promise was broken. */
export interface Checker {
  executed(command: Executed, look: () => Seen): void;
  powerCycled(look: () => Seen): void;
  reset(look: () => Seen): void;
  nexusLost(id: string, look: () => Seen): void;
  informationLost(look: () => Seen): void;
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
  SA.registerAndMove,
]);
const concernsRegistrants = (type: number) => type !== 1 && type !== 3;
/** PERSISTENT RESERVATION INFORMATION LOST. */
const isLost = (sense: Uint8Array) => sense[12] === 0x44 && sense[13] === 0x01;

function same(a: View, b: View, generation = a.generation): boolean {
  if (b.generation !== generation || a.registrations.size !== b.registrations.size) return false;
  if (a.reservation?.type !== b.reservation?.type || a.reservation?.key !== b.reservation?.key) return false;
  for (const [id, { key, holds }] of a.registrations) {
    const other = b.registrations.get(id);
    if (other === undefined || other.key !== key || other.holds !== holds) return false;
  }
  return true;
}

/** Throws where a promise is broken. */
export function must(condition: boolean, promise: string): void {
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
  /** Who reserved the unit with RESERVE, if anybody. */
  let reservedBy: string | null = null;
  /** The information is lost, and has not been replaced. */
  let lost = false;
  const owed = new Map<string, Set<number>>(ids.map((id) => [id, new Set()]));
  /** Of nexuses that are registered by others too, and never say anything. */
  function owes(id: string): Set<number> {
    let waiting = owed.get(id);
    if (waiting === undefined) {
      waiting = new Set();
      owed.set(id, waiting);
    }
    return waiting;
  }
  const abortedCommands = new WeakSet<Uint8Array>();

  /** What is registered and reserved now. */
  function view(look: () => Seen): View {
    const seen = look();
    must((seen === "lost") === lost, lost ? "lost information is reported as lost" : "nothing was lost");
    if (lost) return { ...empty, generation: now.generation };
    must(
      (seen === "conflict") === (reservedBy !== null),
      "PERSISTENT RESERVE IN conflicts with RESERVE, and nothing else",
    );
    if (typeof seen !== "string") return seen;
    must(now.registrations.size === 0, "nobody is registered beside RESERVE");
    return now;
  }

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
    if (status !== STATUS.conflict && !isLost(sense)) {
      must(waiting.size === 0, `GOOD before the unit attention ${[...waiting].map((each) => each.toString(16))}`);
    }
    return "nothing";
  }

  function checkMedium({ id, cdb, dataOut, status, dataIn }: Executed): void {
    const writes = cdb[0] === OP.write;
    const allowed = reservedBy === null ? isAllowed(now, id, writes) : reservedBy === id;
    if (status === STATUS.conflict) must(!allowed, `a ${writes ? "WRITE" : "READ"} refused that the table allows`);
    if (status !== STATUS.good) return;
    must(allowed, `a ${writes ? "WRITE" : "READ"} accepted that the table forbids`);
    const lba = cdb[5] as number;
    if (writes) blocks.set(lba, dataOut[0] as number);
    else must(dataIn.length === BLOCK && dataIn.every((byte) => byte === (blocks.get(lba) ?? 0)), "a write was lost");
  }

  /** RESERVE and RELEASE: spc2r20 5.5.1; with registrations spc4r36f 5.13.3. */
  function checkReserve({ id, cdb, status }: Executed): void {
    const mine = now.registrations.get(id);
    const { reservation, registrations } = now;
    const excepted =
      reservation !== null &&
      mine !== undefined &&
      (mine.holds || (concernsRegistrants(reservation.type) && registrations.has(id)));
    const reserves = cdb[0] === OP.reserve6;
    const conflicts = registrations.size > 0 ? !excepted : reserves && reservedBy !== null && reservedBy !== id;
    must((status === STATUS.conflict) === conflicts, `${reserves ? "RESERVE" : "RELEASE"} conflicts when it has to`);
    if (status !== STATUS.good || registrations.size > 0) return;
    if (reserves) reservedBy = id;
    else if (reservedBy === id) reservedBy = null;
  }

  function checkReserveOut({ id, cdb, dataOut, status }: Executed, after: View): void {
    const before = now;
    if (reservedBy !== null) must(status === STATUS.conflict, "PERSISTENT RESERVE OUT conflicts with RESERVE");
    if (status !== STATUS.good) {
      must(same(before, after), "a command that failed changed something");
      return;
    }
    const action = (cdb[1] as number) & 0x1f;
    const type = (cdb[2] as number) & 0x0f;
    const view = new DataView(dataOut.buffer, dataOut.byteOffset, dataOut.byteLength);
    const [key, second] = [Number(view.getBigUint64(0)), Number(view.getBigUint64(8))];
    const mine = before.registrations.get(id);
    if (action === SA.replaceLost) {
      must(lost, "REPLACE LOST RESERVATION where something was lost");
      checkReplaced(id, second, type, after);
      aptpl = ((dataOut[20] as number) & 1) === 1;
      lost = false;
      return;
    }
    must(!lost, "nothing but REPLACE LOST RESERVATION while the information is lost");
    const expected = (before.generation + (counted.has(action) ? 1 : 0)) >>> 0;
    must(
      after.generation === expected,
      `PRGENERATION is ${after.generation} after service action ${action}, not ${expected}`,
    );
    if (action === SA.registerAndIgnore || action === SA.register) {
      checkRegister({ id, key: action === SA.register ? key : undefined, second, dataOut }, before, after);
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
    if (action === SA.registerAndMove) {
      checkMove({ id, second, dataOut }, before, after);
      aptpl = ((dataOut[17] as number) & 1) === 1;
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
      const { cdb, id, status, sense } = command;
      const operation = cdb[0];
      const replaces = operation === OP.reserveOut && ((cdb[1] as number) & 0x1f) === SA.replaceLost;
      must(isLost(sense) === (lost && !replaces), "PERSISTENT RESERVATION INFORMATION LOST where something is lost");
      if (isLost(sense)) return;
      if (operation === OP.read || operation === OP.write) checkMedium(command);
      if (operation === OP.testUnitReady) {
        const conflicts = reservedBy !== null && reservedBy !== id;
        must((status === STATUS.conflict) === conflicts, "TEST UNIT READY conflicts with RESERVE alone");
      }
      if (operation === OP.reserve6 || operation === OP.release6) checkReserve(command);
      if (operation !== OP.reserveOut) return;
      if (replaces && status === STATUS.good) {
        must(lost, "REPLACE LOST RESERVATION where something was lost");
        lost = false;
        const after = view(look);
        lost = true;
        checkReserveOut(command, after);
        now = after;
        checkHolder(after);
        return;
      }
      const after = view(look);
      checkHolder(after);
      checkReserveOut(command, after);
      now = after;
    },
    powerCycled(look) {
      reservedBy = null;
      if (lost) now = empty;
      const after = view(look);
      checkHolder(after);
      if (aptpl) must(same(now, after, 0), "APTPL: power loss forgot something");
      else must(same(empty, after), "without APTPL power loss forgets everything");
      now = after;
      for (const waiting of owed.values()) {
        waiting.clear();
        waiting.add(POWER_ON);
      }
    },
    reset(look) {
      reservedBy = null;
      must(same(now, view(look)), "a reset changes no registration and no reservation");
      for (const id of ids) owes(id).add(RESET);
    },
    nexusLost(id, look) {
      if (reservedBy === id) reservedBy = null;
      must(same(now, view(look)), "a lost nexus stays registered");
      owes(id).add(NEXUS_LOSS);
    },
    informationLost(look) {
      reservedBy = null;
      lost = true;
      now = { ...empty, generation: now.generation };
      must(look() === "lost", "lost information is reported as lost");
    },
    aborted: (cdb) => void abortedCommands.add(cdb),
  };
}
