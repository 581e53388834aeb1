/**
 * Every sequence of up to four commands of two initiators over a small alphabet, judged from outside: the oracle sees
 * only what PERSISTENT RESERVE IN answers, and knows of the rules only what is written here.
 */
import { describe, expect, it } from "vitest";
import type { Nexus } from "../../transports/simulated/index.ts";
import { attentionsOf, createLab, parameterList, reserveInCdb, reserveOutCdb, SA, TYPE } from "./lab.ts";

const GOOD = 0x00;
const RESERVATION_CONFLICT = 0x18;
const LONGEST = 4;

/** What READ FULL STATUS and READ RESERVATION show. */
interface View {
  readonly generation: number;
  /** Registered letters with their keys. */
  readonly keys: ReadonlyMap<string, bigint>;
  readonly holders: readonly string[];
  /** 0 without a reservation. */
  readonly type: number;
  readonly reservedKey: bigint;
}

interface Step {
  readonly text: string;
  readonly letter: "a" | "b";
  readonly serviceAction: number;
  readonly cdb: (view: View) => Uint8Array;
  readonly list: Uint8Array;
}

const keyOf = { a: 1n, b: 2n } as const;

const alphabet: readonly Step[] = (["a", "b"] as const).flatMap((letter) => {
  const key = keyOf[letter];
  const other = keyOf[letter === "a" ? "b" : "a"];
  const step = (text: string, serviceAction: number, out: object, type: number | "current" = 0): Step => {
    const list = parameterList(serviceAction, { key, ...out });
    return {
      text: `${letter}: ${text}`,
      letter,
      serviceAction,
      list,
      cdb: (view) => reserveOutCdb(serviceAction, { type: type === "current" ? view.type : type }, list.length),
    };
  };
  return [
    step("register", SA.REGISTER_AND_IGNORE, { newKey: key }),
    step("unregister", SA.REGISTER, { newKey: 0n }),
    step("reserve EA", SA.RESERVE, {}, TYPE.EA),
    step("reserve WERO", SA.RESERVE, {}, TYPE.WERO),
    step("reserve WEAR", SA.RESERVE, {}, TYPE.WEAR),
    step("release", SA.RELEASE, {}, "current"),
    step("clear", SA.CLEAR, {}),
    step("preempt the other to WE", SA.PREEMPT, { newKey: other }, TYPE.WE),
    step("preempt itself to EARO", SA.PREEMPT_AND_ABORT, { newKey: key }, TYPE.EARO),
    step("preempt everybody to EAAR", SA.PREEMPT, { newKey: 0n }, TYPE.EAAR),
  ];
});

/** The service actions that PRGENERATION counts (spc4r36f 6.15.2). */
const counted: readonly number[] = [SA.REGISTER, SA.REGISTER_AND_IGNORE, SA.CLEAR, SA.PREEMPT, SA.PREEMPT_AND_ABORT];
const registrantsOnly: readonly number[] = [TYPE.WERO, TYPE.EARO, TYPE.WEAR, TYPE.EAAR];
const readable: readonly number[] = [TYPE.WE, TYPE.WERO, TYPE.WEAR];

/**
 * Written without a look at the access table: holders may, registrants may under registrants types, nobody else may
 * write.
 */
function mayWrite({ keys, holders, type }: View, letter: string): boolean {
  return type === 0 || holders.includes(letter) || (registrantsOnly.includes(type) && keys.has(letter));
}
const mayRead = (view: View, letter: string): boolean => readable.includes(view.type) || mayWrite(view, letter);

/** Everything but PRGENERATION. */
const written = ({ keys, holders, type }: View): string => `${[...keys].join(" ")}|${type}|${holders.join(" ")}`;

const READ = Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const WRITE = Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0);

describe("Every sequence of commands of two initiators", () => {
  it(`up to ${LONGEST} commands long keeps what must be kept`, () => {
    const { server, nexus } = createLab();
    const stranger = nexus("s");
    const nexuses: Readonly<Record<"a" | "b" | "s", Nexus>> = { a: nexus("a"), b: nexus("b"), s: stranger };
    const readStatus = reserveInCdb(3);
    const readReservation = reserveInCdb(1);
    const observer = nexus("observer");

    function look(): View {
      const bytes = server.execute(observer, readStatus).dataIn;
      const status = new DataView(bytes.buffer, bytes.byteOffset);
      const end = 8 + status.getUint32(4);
      const keys = new Map<string, bigint>();
      const holders: string[] = [];
      for (let at = 8; at < end; at += 24 + status.getUint32(at + 20)) {
        // iqn.2026-01.com.example:X,i,0x…: the letter stands in one place.
        const letter = String.fromCharCode(status.getUint8(at + 28 + 24));
        keys.set(letter, status.getBigUint64(at));
        if (status.getUint8(at + 12) & 1) holders.push(letter);
      }
      const held = server.execute(observer, readReservation).dataIn;
      const reservation = new DataView(held.buffer, held.byteOffset);
      const exists = reservation.getUint32(4) !== 0;
      return {
        generation: status.getUint32(0),
        keys,
        holders,
        type: exists ? reservation.getUint8(21) : 0,
        reservedKey: exists ? reservation.getBigUint64(8) : 0n,
      };
    }

    /** What must hold of every state, or undefined. */
    function broken(view: View): string | undefined {
      const everybody = view.type === TYPE.WEAR || view.type === TYPE.EAAR;
      const holders = view.type === 0 ? 0 : everybody ? view.keys.size : 1;
      if (view.holders.length !== holders) return `${view.holders.length} holders instead of ${holders}`;
      if (view.type !== 0 && view.keys.size === 0) return "a reservation that nobody can hold";
      const key = view.type === 0 || everybody ? 0n : view.keys.get(view.holders[0] as string);
      if (view.reservedKey !== key) return `reservation key ${view.reservedKey} instead of ${key}`;
      for (const [letter, sender] of Object.entries(nexuses)) {
        sender.attentions.length = 0;
        const read = server.execute(sender, READ).status;
        const write = server.execute(sender, WRITE).status;
        if (read !== (mayRead(view, letter) ? GOOD : RESERVATION_CONFLICT)) return `${letter} READ: ${read}`;
        if (write !== (mayWrite(view, letter) ? GOOD : RESERVATION_CONFLICT)) return `${letter} WRITE: ${write}`;
      }
      return undefined;
    }

    /** What must hold of a step from one state to the next, or undefined. */
    function wrong(step: Step, status: number, before: View, after: View): string | undefined {
      const changed = written(before) !== written(after);
      if (status !== GOOD && changed) return `status ${status}, and yet something changed`;
      const counts = status === GOOD && counted.includes(step.serviceAction);
      if (after.generation !== before.generation + (counts ? 1 : 0)) return `PRGENERATION ${after.generation}`;
      if (attentionsOf(nexuses[step.letter]).length > 0) return "the sender is told";
      if (attentionsOf(stranger).length > 0) return "a stranger is told";
      const other = step.letter === "a" ? "b" : "a";
      const told = attentionsOf(nexuses[other]).join(" ");
      const lostKey = before.keys.has(other) && !after.keys.has(other);
      const lostReservation =
        registrantsOnly.includes(before.type) && before.type !== after.type && after.keys.has(other);
      const due = lostKey ? (step.serviceAction === SA.CLEAR ? "2a/03" : "2a/05") : "";
      if (lostKey && told !== due) return `lost its key, and is told "${told}"`;
      if (!lostKey && lostReservation && told !== "2a/04") return `lost the reservation, and is told "${told}"`;
      return undefined;
    }

    let sequences = 0;
    const failures: string[] = [];
    function explore(path: readonly string[], before: View): void {
      if (path.length === LONGEST || failures.length > 0) return;
      const snapshot = server.snapshot();
      for (const step of alphabet) {
        // The two initiators are alike: a's first command stands for b's.
        if (path.length === 0 && step.letter === "b") continue;
        server.restore(snapshot);
        for (const each of Object.values(nexuses)) each.attentions.length = 0;
        const { status } = server.execute(nexuses[step.letter], step.cdb(before), step.list);
        sequences++;
        const after = look();
        const here = [...path, step.text];
        const reason = wrong(step, status, before, after) ?? broken(after);
        if (reason !== undefined) failures.push(`${here.join("; ")}: ${reason}`);
        explore(here, after);
      }
    }
    explore([], look());
    expect(failures).toEqual([]);
    expect(sequences).toBe(10 * (1 + 20 + 20 ** 2 + 20 ** 3));
  });
});
