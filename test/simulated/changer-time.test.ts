/**
 * A changer whose robot takes its time, in virtual time: queued moves, a power cut between taking and putting down, reservations
 * that change hands meanwhile, and PREEMPT AND ABORT. Clauses are those of SPC-4 revision 36f.
 */
import { describe, expect, it } from "vitest";
import type { ScsiRequest, ScsiResponse } from "../../src/transport.ts";
import { createSimulatedTarget, createVirtualClock, type Library } from "../../transports/simulated/index.ts";
import {
  answerText,
  CONFLICT,
  GOOD,
  iqn,
  type Out,
  parameterList,
  reserveOutCdb,
  SA,
  TYPE,
  transportId,
} from "./lab.ts";

const MOVE_MS = 1000;
const HAND = 1;
const DRIVE = 500;
const SLOT = 1000;

const word = (value: number) => [value >>> 8, value & 0xff];
const moveCdb = (from: number, to: number) => Uint8Array.of(0xa5, 0, 0, 0, ...word(from), ...word(to), 0, 0, 0, 0);
const prevent = (on: 0 | 1) => Uint8Array.of(0x1e, 0, 0, 0, on, 0);
/** TAS in the Control mode page: MODE SELECT(6) with the page as it is and that bit. */
const tasOn = {
  cdb: Uint8Array.of(0x15, 0x10, 0, 0, 16, 0),
  dataOut: Uint8Array.of(0, 0, 0, 0, 0x0a, 10, 0, 0x10, 0, 0x40, 0, 0, 0xff, 0xff, 0, 0),
};

function setup(profile: "sl150" | "spc" = "sl150") {
  const clock = createVirtualClock();
  const target = createSimulatedTarget({ clock });
  const unit = target.unit(1, { type: "changer", moveMs: MOVE_MS, profile });
  const library = unit.server.library as Library;
  const host = (letter: string) => {
    const which = { initiatorPort: `${iqn(letter)},i,0x1` };
    const transport = unit.nexus(which);
    const execute = (cdb: Uint8Array, dataOut?: Uint8Array) => {
      const request: ScsiRequest = { cdb, dataOut, dataInLength: 0 };
      return transport.execute(request).then(answerText, (error) => `lost: ${error.code} ${error.delivered}`);
    };
    const out = (serviceAction: number, fields: Out = {}) => {
      const list = parameterList(serviceAction, fields);
      return execute(reserveOutCdb(serviceAction, fields, list.length), list);
    };
    return {
      which,
      execute,
      out,
      move: (from: number, to: number) => execute(moveCdb(from, to)),
      register: (newKey: bigint, aptpl = false) => out(SA.REGISTER, { newKey, aptpl }),
      reserve: (key: bigint, type: number) => out(SA.RESERVE, { key, type }),
    };
  };
  /** How each of these has ended by now; `...` if it has not. */
  const now = async (...pending: readonly Promise<string>[]) => {
    await clock.advance(0);
    const open = Promise.resolve("...");
    return Promise.all(pending.map((one) => Promise.race([one, open])));
  };
  const at = (address: number) => library.element(address)?.cartridge?.barcode ?? null;
  return { clock, target, unit, library, host, now, at };
}

describe("A robot that takes its time", () => {
  it("does one move after the other, and each puts down what it took", async () => {
    const { clock, host, now, at } = setup();
    const [a, b] = [host("a"), host("b")];
    const first = a.move(SLOT, SLOT + 4);
    const second = b.move(SLOT + 4, DRIVE);
    const third = a.move(SLOT + 1, SLOT + 4);
    expect(await now(first, second, third)).toEqual(["...", "...", "..."]);
    await clock.advance(MOVE_MS / 2);
    expect(at(HAND)).toBe("SIM001L6");
    await clock.advance(MOVE_MS / 2);
    expect(await now(first, second, third)).toEqual([GOOD, "...", "..."]);
    // The second could not have begun before the first had ended.
    await clock.advance(2 * MOVE_MS);
    expect(await now(first, second, third)).toEqual([GOOD, GOOD, GOOD]);
    expect([at(DRIVE), at(SLOT + 4)]).toEqual(["SIM001L6", "SIM002L6"]);
  });

  it("lets others be answered meanwhile", async () => {
    const { clock, host, now } = setup();
    const moving = host("a").move(SLOT, SLOT + 4);
    const ready = host("b").execute(new Uint8Array(6));
    expect(await now(moving, ready)).toEqual(["...", GOOD]);
    await clock.advance(MOVE_MS);
    expect(await moving).toBe(GOOD);
  });

  it("tells what it finds when it gets there", async () => {
    const { clock, library, host } = setup();
    const moving = host("a").move(SLOT, 10);
    await clock.advance(MOVE_MS * 0.75);
    library.openMailslot();
    await clock.advance(MOVE_MS);
    expect(await moving).toBe("5/3b/11");
    expect(library.hand.cartridge?.barcode).toBe("SIM001L6");
  });
});

describe("A power cut in the middle of a move", () => {
  it.each([
    ["with APTPL", true],
    ["without APTPL", false],
  ])("%s: the cartridge is in the hand, and who may bring it home depends on it", async (_name, aptpl) => {
    const { clock, target, host, now, at, unit } = setup();
    const [a, b] = [host("a"), host("b")];
    expect(await a.register(0xan, aptpl)).toBe(GOOD);
    expect(await a.reserve(0xan, TYPE.EA)).toBe(GOOD);
    const moving = a.move(SLOT, DRIVE);
    const queued = a.move(SLOT + 1, SLOT + 5);
    await clock.advance(MOVE_MS * 0.75);
    target.powerCycle();
    expect(await now(moving, queued)).toEqual(["lost: CONNECTION_LOST unknown", "lost: CONNECTION_LOST unknown"]);
    await clock.advance(10 * MOVE_MS);
    expect([at(SLOT), at(HAND), at(DRIVE), at(SLOT + 1)]).toEqual([null, "SIM001L6", null, "SIM002L6"]);

    expect(await a.execute(new Uint8Array(6))).toBe("6/29/01");
    expect(unit.server.snapshot().reservation).toEqual(aptpl ? { type: "exclusive-access", holder: 0 } : null);
    // POWER ON OCCURRED comes before the conflict.
    expect(await b.move(HAND, SLOT)).toBe("6/29/01");
    const byAnother = b.move(HAND, SLOT);
    await clock.advance(MOVE_MS);
    expect(await byAnother).toBe(aptpl ? CONFLICT : GOOD);
    const byHolder = a.move(HAND, SLOT);
    await clock.advance(MOVE_MS);
    expect(await byHolder).toBe(aptpl ? GOOD : "5/3b/0e");
    expect(at(SLOT)).toBe("SIM001L6");
  });

  it("before the robot has taken anything: it is where it was", async () => {
    const { clock, target, host, at } = setup();
    void host("a").move(SLOT, DRIVE);
    await clock.advance(MOVE_MS * 0.25);
    target.powerCycle();
    await clock.advance(10 * MOVE_MS);
    expect([at(SLOT), at(HAND)]).toEqual(["SIM001L6", null]);
  });
});

describe("REGISTER AND MOVE while moves of the holder are queued", () => {
  /** Type, UNREG, how the queued move ends. What has begun goes on in any case (5.13.1). */
  it.each([
    ["3h, the old holder stays registered", TYPE.EA, false, CONFLICT],
    ["3h, the old holder is unregistered", TYPE.EA, true, CONFLICT],
    ["6h, the old holder stays registered", TYPE.EARO, false, GOOD],
    ["6h, the old holder is unregistered", TYPE.EARO, true, CONFLICT],
  ])("%s", async (_name, type, unreg, queuedEnds) => {
    const { clock, host, now, at } = setup();
    const [a, b] = [host("a"), host("b")];
    await a.register(0xan);
    await a.reserve(0xan, type);
    const running = a.move(SLOT, SLOT + 4);
    const queued = a.move(SLOT + 1, SLOT + 5);
    await clock.advance(MOVE_MS / 4);
    const transportIds = [transportId(iqn("b"))];
    expect(await a.out(SA.REGISTER_AND_MOVE, { key: 0xan, newKey: 0xbn, unreg, transportIds })).toBe(GOOD);
    const byNewHolder = b.move(SLOT + 2, SLOT + 6);
    await clock.advance(MOVE_MS);
    expect(await now(running)).toEqual([GOOD]);
    await clock.advance(2 * MOVE_MS);
    expect(await now(queued, byNewHolder)).toEqual([queuedEnds, GOOD]);
    expect(at(SLOT + 5)).toBe(queuedEnds === GOOD ? "SIM002L6" : null);
    expect([at(SLOT + 4), at(SLOT + 6)]).toEqual(["SIM001L6", "SIM003L6"]);
  });

  it("8h cannot be moved: a conflict, and the queued move goes on", async () => {
    const { clock, host, now } = setup();
    const a = host("a");
    await a.register(0xan);
    await a.reserve(0xan, TYPE.EAAR);
    const queued = a.move(SLOT, SLOT + 4);
    const transportIds = [transportId(iqn("b"))];
    expect(await a.out(SA.REGISTER_AND_MOVE, { key: 0xan, newKey: 0xbn, transportIds })).toBe(CONFLICT);
    await clock.advance(MOVE_MS);
    expect(await now(queued)).toEqual([GOOD]);
  });
});

describe("PREEMPT AND ABORT", () => {
  const types = [TYPE.EA, TYPE.EARO, TYPE.EAAR];

  it.each(types)(
    "of type %d unlocks the mailslot, aborts the victim's moves, and leaves those of others",
    async (type) => {
      const { clock, library, host, now, at } = setup();
      const [a, b, c] = [host("a"), host("b"), host("c")];
      await a.register(0xan);
      await b.register(0xbn);
      await c.register(0xcn);
      await a.reserve(0xan, type);
      expect(await a.execute(prevent(1))).toBe(GOOD);
      expect(library.openMailslot()).toBe(false);
      const running = a.move(SLOT, DRIVE);
      const queued = a.move(SLOT + 1, SLOT + 5);
      const others = c.move(SLOT + 2, SLOT + 6);
      await clock.advance(MOVE_MS / 4);
      expect(await b.out(SA.PREEMPT_AND_ABORT, { key: 0xbn, newKey: 0xan, type })).toBe(GOOD);
      expect(library.openMailslot()).toBe(true);
      library.closeMailslot();
      await clock.advance(10 * MOVE_MS);
      // TAS is 0: nobody is told. Type 3h is b's alone now.
      expect(await now(running, queued)).toEqual(["...", "..."]);
      expect(await others).toBe(type === TYPE.EA ? CONFLICT : GOOD);
      expect([at(SLOT), at(SLOT + 1), at(DRIVE)]).toEqual(["SIM001L6", "SIM002L6", null]);
    },
  );

  it("with TAS the victims are told", async () => {
    const { clock, host, now } = setup();
    const [a, b] = [host("a"), host("b")];
    await a.register(0xan);
    await b.register(0xbn);
    expect(await b.execute(tasOn.cdb, tasOn.dataOut)).toBe(GOOD);
    expect(await a.execute(new Uint8Array(6))).toBe("6/2a/01");
    const moves = [a.move(SLOT, DRIVE), a.move(SLOT + 1, SLOT + 5)];
    await clock.advance(MOVE_MS / 4);
    expect(await b.out(SA.PREEMPT_AND_ABORT, { key: 0xbn, newKey: 0xan, type: TYPE.EA })).toBe(GOOD);
    expect(await now(...moves)).toEqual(["status 40", "status 40"]);
  });

  it("PREEMPT alone leaves the lock and the moves", async () => {
    const { clock, library, host, now } = setup();
    const [a, b] = [host("a"), host("b")];
    await a.register(0xan);
    await b.register(0xbn);
    await a.reserve(0xan, TYPE.EA);
    await a.execute(prevent(1));
    const running = a.move(SLOT, DRIVE);
    await clock.advance(MOVE_MS / 4);
    expect(await b.out(SA.PREEMPT, { key: 0xbn, newKey: 0xan, type: TYPE.EA })).toBe(GOOD);
    expect(library.openMailslot()).toBe(false);
    await clock.advance(MOVE_MS);
    expect(await now(running)).toEqual([GOOD]);
  });

  it("lets the robot go on with what the one who preempts has for it", async () => {
    const { clock, host, now } = setup();
    const [a, b] = [host("a"), host("b")];
    await a.register(0xan);
    await b.register(0xbn);
    await a.reserve(0xan, TYPE.EARO);
    void a.move(SLOT, DRIVE);
    const waiting = b.move(SLOT + 1, SLOT + 5);
    await clock.advance(MOVE_MS / 4);
    await b.out(SA.PREEMPT_AND_ABORT, { key: 0xbn, newKey: 0xan, type: TYPE.EARO });
    await clock.advance(MOVE_MS);
    expect(await now(waiting)).toEqual([GOOD]);
  });
});

it("PREEMPT AND ABORT leaves no sense data of the victim's (its contingent allegiance)", async () => {
  const { unit, host } = setup();
  const [a, b] = [host("a"), host("b")];
  await a.register(0xan);
  await b.register(0xbn);
  await a.reserve(0xan, TYPE.EA);
  expect(await a.move(SLOT + 7, DRIVE)).toBe("5/3b/0e");
  expect(await b.out(SA.PREEMPT_AND_ABORT, { key: 0xbn, newKey: 0xan, type: TYPE.EA })).toBe(GOOD);
  const requestSense = { cdb: Uint8Array.of(0x03, 0, 0, 0, 18, 0), dataInLength: 18 };
  const senses: string[] = [];
  for (let i = 0; i < 3; i++) {
    const { dataIn } = await unit.nexus(a.which).execute(requestSense);
    senses.push([(dataIn[2] as number) & 0x0f, dataIn[12], dataIn[13]].map((byte) => byte?.toString(16)).join("/"));
  }
  // What waits is REGISTRATIONS PREEMPTED; of the move that failed there is nothing.
  expect(senses).toEqual(["6/2a/5", "0/0/0", "0/0/0"]);
});

describe("What else ends a move", () => {
  it("a logical unit reset: all moves, without an answer", async () => {
    const { clock, target, host, now, at } = setup();
    const moves = [host("a").move(SLOT, DRIVE), host("b").move(SLOT + 1, SLOT + 5)];
    await clock.advance(MOVE_MS * 0.75);
    target.reset("logical-unit", 1);
    await clock.advance(10 * MOVE_MS);
    expect(await now(...moves)).toEqual(["lost: CONNECTION_LOST unknown", "lost: CONNECTION_LOST unknown"]);
    expect([at(HAND), at(SLOT + 1)]).toEqual(["SIM001L6", "SIM002L6"]);
  });

  it("the loss of its nexus: that nexus' moves alone", async () => {
    const { clock, unit, host, now } = setup();
    const [a, b] = [host("a"), host("b")];
    const moves = [a.move(SLOT, DRIVE), b.move(SLOT + 1, SLOT + 5)];
    await clock.advance(MOVE_MS * 0.25);
    unit.loseNexus(a.which);
    await clock.advance(10 * MOVE_MS);
    expect(await now(...moves)).toEqual(["lost: CONNECTION_LOST unknown", GOOD]);
  });

  it("a caller that gives up", async () => {
    const { clock, unit, at } = setup();
    const transport = unit.nexus({ initiatorPort: `${iqn("a")},i,0x1` });
    const signal = new AbortController();
    const moving = transport.execute({ cdb: moveCdb(SLOT, DRIVE), dataInLength: 0 }, { signal: signal.signal });
    const ended = moving.then(
      (answer: ScsiResponse) => answerText(answer),
      (error) => `${error.code} ${error.delivered}`,
    );
    await clock.advance(MOVE_MS * 0.25);
    signal.abort();
    expect(await ended).toBe("ABORTED unknown");
    await clock.advance(10 * MOVE_MS);
    expect(at(SLOT)).toBe("SIM001L6");
  });
});
