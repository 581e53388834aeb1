/**
 * REGISTER and REGISTER AND IGNORE EXISTING KEY: tables 67, 68 and 69 of spc4r36f 5.13.7, 5.13.11.2.3, 6.16.1 and
 * 6.16.3. What is expected is typed from there.
 */
import { describe, expect, it } from "vitest";
import {
  attentionsOf,
  CONFLICT,
  createLab,
  GOOD,
  iqn,
  parameterList,
  RELEASED,
  reserveOutCdb,
  SA,
  TYPE,
  transportId,
  types,
} from "./lab.ts";

describe("REGISTER, table 67", () => {
  it.each([
    // registered key, RESERVATION KEY, SERVICE ACTION RESERVATION KEY, SPEC_I_PT, answer, keys afterwards
    [null, 0n, 0n, false, GOOD, []],
    [null, 0n, 0n, true, GOOD, []],
    [null, 0n, 0xbn, false, GOOD, [0xbn]],
    [null, 0n, 0xbn, true, GOOD, [0xbn, 0xbn]],
    [null, 1n, 0n, false, CONFLICT, []],
    [null, 1n, 0n, true, CONFLICT, []],
    [null, 1n, 0xbn, false, CONFLICT, []],
    [null, 1n, 0xbn, true, CONFLICT, []],
    [0xan, 0n, 0xbn, false, CONFLICT, [0xan]],
    [0xan, 0n, 0n, false, CONFLICT, [0xan]],
    [0xan, 1n, 0n, true, CONFLICT, [0xan]],
    [0xan, 1n, 0xbn, false, CONFLICT, [0xan]],
    [0xan, 0xan, 0n, false, GOOD, []],
    [0xan, 0xan, 0n, true, "5/26/00 list 20.3", [0xan]],
    [0xan, 0xan, 0xbn, false, GOOD, [0xbn]],
    [0xan, 0xan, 0xan, false, GOOD, [0xan]],
    [0xan, 0xan, 0xbn, true, "5/26/00 list 20.3", [0xan]],
  ])("registered %s, key %s, new key %s, SPEC_I_PT %s: %s", (registered, key, newKey, specIPt, answer, keys) => {
    const lab = createLab();
    const a = lab.nexus("a");
    if (registered !== null) lab.register(a, registered);
    const { generation } = lab.shown();
    const transportIds = specIPt ? [transportId(iqn("b"))] : [];
    expect(lab.out(a, SA.REGISTER, { key, newKey, specIPt, transportIds })).toBe(answer);
    expect(lab.shown()).toEqual({
      generation: answer === GOOD ? generation + 1 : generation,
      keys,
      reservation: null,
    });
  });

  it("gives each nexus a key of its own, in order of registration", () => {
    const lab = createLab();
    const [a, b, c] = [lab.nexus("a"), lab.nexus("b"), lab.nexus("c")];
    lab.register(a, 1n);
    lab.register(b, 2n);
    lab.register(c, 1n);
    expect(lab.out(a, SA.REGISTER, { key: 1n, newKey: 0xffff_ffff_ffff_ffffn })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 4, keys: [0xffff_ffff_ffff_ffffn, 2n, 1n], reservation: null });
    expect(lab.out(b, SA.REGISTER, { key: 1n, newKey: 3n })).toBe(CONFLICT);
    expect(lab.out(b, SA.REGISTER, { key: 2n })).toBe(GOOD);
    expect(lab.fullStatus()).toEqual(["a 1 18446744073709551615", "c 1 1"]);
  });

  it("tells the same initiator port at two target ports apart", () => {
    const lab = createLab({ targetPorts: [1, 2] });
    lab.register(lab.nexus("a", 1), 1n);
    lab.register(lab.nexus("a", 2), 2n);
    lab.reserve(lab.nexus("a", 1), 1n, TYPE.EA);
    expect(lab.out(lab.nexus("a", 2), SA.RESERVE, { key: 2n, type: TYPE.EA })).toBe(CONFLICT);
    expect(lab.fullStatus()).toEqual(["a 1 1 * 3", "a 2 2"]);
  });

  it("tells two ports of the same initiator apart by their ISIDs", () => {
    const lab = createLab();
    const one = lab.server.nexus({ protocol: "iscsi", name: iqn("a"), isid: 1n });
    const two = lab.server.nexus({ protocol: "iscsi", name: iqn("a"), isid: 2n });
    const none = lab.server.nexus({ protocol: "iscsi", name: iqn("a") });
    lab.register(one, 1n);
    for (const other of [two, none]) expect(lab.out(other, SA.CLEAR, { key: 1n })).toBe(CONFLICT);
    expect(lab.server.nexus({ protocol: "iscsi", name: iqn("A").toUpperCase().replace("IQN", "iqn"), isid: 1n })).toBe(
      one,
    );
  });
});

describe("REGISTER AND IGNORE EXISTING KEY, table 68", () => {
  it.each([
    [null, 0n, GOOD, []],
    [null, 0xbn, GOOD, [0xbn]],
    [0xan, 0n, GOOD, []],
    [0xan, 0xbn, GOOD, [0xbn]],
  ])("registered %s, new key %s: %s, whatever RESERVATION KEY says", (registered, newKey, answer, keys) => {
    for (const key of [0n, 0xan, 0x77n]) {
      const lab = createLab();
      const a = lab.nexus("a");
      if (registered !== null) lab.register(a, registered);
      const { generation } = lab.shown();
      expect(lab.out(a, SA.REGISTER_AND_IGNORE, { key, newKey })).toBe(answer);
      expect(lab.shown()).toEqual({ generation: generation + 1, keys, reservation: null });
    }
  });

  it("refuses SPEC_I_PT at its bit (table 69 note a)", () => {
    const lab = createLab();
    for (const transportIds of [[], [transportId(iqn("b"))]]) {
      const out = { newKey: 1n, specIPt: true, transportIds };
      expect(lab.out(lab.nexus("a"), SA.REGISTER_AND_IGNORE, out)).toBe("5/26/00 list 20.3");
    }
    expect(lab.shown()).toEqual({ generation: 0, keys: [], reservation: null });
  });
});

describe("A registration of whatever kind", () => {
  it.each(types)("changes nothing about a reservation of type %i", (type) => {
    const lab = createLab();
    const [a, b] = [lab.nexus("a"), lab.nexus("b")];
    lab.register(a, 1n);
    lab.reserve(a, 1n, type);
    const before = lab.shown().reservation;
    lab.register(b, 2n);
    expect(lab.shown().reservation).toBe(before);
    expect(lab.out(a, SA.REGISTER, { key: 1n, newKey: 9n })).toBe(GOOD);
    // The holder's new key, or 0 for all registrants.
    expect(lab.shown()).toEqual({
      generation: 3,
      keys: [9n, 2n],
      reservation: `${before?.startsWith("0") ? 0 : 9} ${type}`,
    });
    expect([attentionsOf(a), attentionsOf(b)]).toEqual([[], []]);
  });

  it("ignores SCOPE and TYPE", () => {
    const lab = createLab();
    expect(lab.out(lab.nexus("a"), SA.REGISTER, { newKey: 1n, scope: 0xf, type: 0xf })).toBe(GOOD);
    expect(lab.out(lab.nexus("b"), SA.REGISTER_AND_IGNORE, { newKey: 2n, scope: 2, type: 0 })).toBe(GOOD);
    expect(lab.shown().keys).toEqual([1n, 2n]);
  });
});

describe("Unregistering the holder, 5.13.11.2.3", () => {
  // type; is the reservation gone?; what the others find
  it.each([
    [TYPE.WE, true, []],
    [TYPE.EA, true, []],
    [TYPE.WERO, true, [RELEASED]],
    [TYPE.EARO, true, [RELEASED]],
    [TYPE.WEAR, false, []],
    [TYPE.EAAR, false, []],
  ])("of type %i: released %s, the others find %j", (type, released, found) => {
    for (const serviceAction of [SA.REGISTER, SA.REGISTER_AND_IGNORE]) {
      const lab = createLab();
      const [a, b, c, stranger] = [lab.nexus("a"), lab.nexus("b"), lab.nexus("c"), lab.nexus("s")];
      lab.register(a, 1n);
      lab.register(b, 2n);
      lab.register(c, 3n);
      lab.reserve(a, 1n, type);
      expect(lab.out(a, serviceAction, { key: 1n })).toBe(GOOD);
      expect(lab.shown()).toEqual({ generation: 4, keys: [2n, 3n], reservation: released ? null : `0 ${type}` });
      expect([a, b, c, stranger].map(attentionsOf)).toEqual([[], found, found, []]);
    }
  });

  it.each([TYPE.WEAR, TYPE.EAAR])("of type %i releases only with the last registrant", (type) => {
    const lab = createLab();
    const [a, b] = [lab.nexus("a"), lab.nexus("b")];
    lab.register(a, 1n);
    lab.register(b, 2n);
    lab.reserve(a, 1n, type);
    expect(lab.out(a, SA.REGISTER, { key: 1n })).toBe(GOOD);
    expect(lab.shown().reservation).toBe(`0 ${type}`);
    expect(lab.out(b, SA.REGISTER, { key: 2n })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 4, keys: [], reservation: null });
    expect([a, b].map(attentionsOf)).toEqual([[], []]);
  });

  it.each(types)("of type %i is not what happens when another registrant goes", (type) => {
    const lab = createLab();
    const [a, b] = [lab.nexus("a"), lab.nexus("b")];
    lab.register(a, 1n);
    lab.register(b, 2n);
    lab.reserve(a, 1n, type);
    const { reservation } = lab.shown();
    expect(lab.out(b, SA.REGISTER, { key: 2n })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 3, keys: [1n], reservation });
    expect([a, b].map(attentionsOf)).toEqual([[], []]);
  });
});

describe("ALL_TG_PT, 6.16.3 and table 69", () => {
  const ports = { targetPorts: [1, 2, 7] };

  it("registers through every target port, and takes all away again", () => {
    const lab = createLab(ports);
    const a2 = lab.nexus("a", 2);
    expect(lab.out(a2, SA.REGISTER, { newKey: 5n, allTgPt: true })).toBe(GOOD);
    expect(lab.fullStatus().sort()).toEqual(["a 1 5", "a 2 5", "a 7 5"]);
    expect(lab.shown().generation).toBe(1);
    expect(lab.out(lab.nexus("a", 7), SA.REGISTER, { key: 5n, newKey: 6n, allTgPt: true })).toBe(GOOD);
    expect(lab.fullStatus().sort()).toEqual(["a 1 6", "a 2 6", "a 7 6"]);
    expect(lab.out(a2, SA.REGISTER, { key: 6n, allTgPt: true })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 3, keys: [], reservation: null });
  });

  it("is for the one target port without the bit", () => {
    const lab = createLab(ports);
    lab.register(lab.nexus("a", 2), 5n);
    expect(lab.fullStatus()).toEqual(["a 2 5"]);
  });

  it("conflicts if any of the ports would, and then changes none", () => {
    const lab = createLab(ports);
    lab.register(lab.nexus("a", 7), 9n);
    expect(lab.out(lab.nexus("a", 1), SA.REGISTER, { newKey: 5n, allTgPt: true })).toBe(CONFLICT);
    expect(lab.fullStatus()).toEqual(["a 7 9"]);
    expect(lab.shown().generation).toBe(1);
    expect(lab.out(lab.nexus("a", 1), SA.REGISTER_AND_IGNORE, { newKey: 5n, allTgPt: true })).toBe(GOOD);
    expect(lab.fullStatus().sort()).toEqual(["a 1 5", "a 2 5", "a 7 5"]);
  });

  it("unregistering everywhere releases what one of the ports held", () => {
    const lab = createLab(ports);
    const [a1, a2, b] = [lab.nexus("a", 1), lab.nexus("a", 2), lab.nexus("b", 1)];
    lab.register(a1, 5n, { allTgPt: true });
    lab.register(b, 2n);
    lab.reserve(a2, 5n, TYPE.WERO);
    expect(lab.out(a1, SA.REGISTER, { key: 5n, allTgPt: true })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 3, keys: [2n], reservation: null });
    expect([a1, a2, b].map(attentionsOf)).toEqual([[], [], [RELEASED]]);
  });

  it("is refused at its bit by a unit without it, and ignored by other service actions", () => {
    const lab = createLab({ ...ports, allTargetPorts: false });
    const a = lab.nexus("a", 1);
    for (const serviceAction of [SA.REGISTER, SA.REGISTER_AND_IGNORE]) {
      expect(lab.out(a, serviceAction, { newKey: 5n, allTgPt: true })).toBe("5/26/00 list 20.2");
    }
    lab.register(a, 5n);
    expect(lab.out(a, SA.RESERVE, { key: 5n, type: TYPE.WE, allTgPt: true })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 1, keys: [5n], reservation: "5 1" });
  });
});

describe("SPEC_I_PT, 6.16.3 and table 67 note b", () => {
  it("registers the sender and everyone named", () => {
    const lab = createLab();
    const transportIds = [transportId(iqn("b")), transportId(iqn("a-much-longer-name"), 77)];
    expect(lab.out(lab.nexus("a"), SA.REGISTER, { newKey: 5n, specIPt: true, transportIds })).toBe(GOOD);
    expect(lab.fullStatus()).toEqual(["a 1 5", "b 1 5", "a-much-longer-name 1 5"]);
    expect(lab.shown().generation).toBe(1);
    // The one named is registered indeed.
    expect(lab.out(lab.nexus("b"), SA.RESERVE, { key: 5n, type: TYPE.EA })).toBe(GOOD);
  });

  it("takes other protocols' TransportIDs", () => {
    const lab = createLab();
    const sas = Uint8Array.of(0x06, 0, 0, 0, 0x50, 0, 0xc5, 0, 0, 0, 0, 1, ...new Array(12).fill(0));
    const out = { newKey: 5n, specIPt: true, transportIds: [sas] };
    expect(lab.out(lab.nexus("a"), SA.REGISTER, out)).toBe(GOOD);
    const named = lab.server.nexus({ protocol: "sas", address: 0x5000c50000000001n });
    expect(lab.out(named, SA.CLEAR, { key: 5n })).toBe(GOOD);
  });

  it("registers nobody if anyone named is registered, and points at him", () => {
    const lab = createLab();
    lab.register(lab.nexus("c"), 3n);
    const transportIds = [transportId(iqn("b")), transportId(iqn("c"))];
    const at = 28 + (transportIds[0] as Uint8Array).length;
    expect(lab.out(lab.nexus("a"), SA.REGISTER, { newKey: 5n, specIPt: true, transportIds })).toBe(
      `5/26/00 list ${at}`,
    );
    expect(lab.shown()).toEqual({ generation: 1, keys: [3n], reservation: null });
  });

  it("registers nobody if there is not room for all", () => {
    const lab = createLab({ maximumRegistrations: 3 });
    lab.register(lab.nexus("z"), 1n);
    const transportIds = [transportId(iqn("b")), transportId(iqn("c"))];
    const out = { newKey: 5n, specIPt: true, transportIds };
    expect(lab.out(lab.nexus("a"), SA.REGISTER, out)).toBe("5/55/04");
    expect(lab.shown()).toEqual({ generation: 1, keys: [1n], reservation: null });
    expect(lab.out(lab.nexus("a"), SA.REGISTER, { ...out, transportIds: transportIds.slice(1) })).toBe(GOOD);
    expect(lab.fullStatus()).toEqual(["z 1 1", "a 1 5", "c 1 5"]);
  });

  it("takes the sender's own name, and a name that stands twice, for one", () => {
    const lab = createLab({ maximumRegistrations: 2 });
    const transportIds = [transportId(iqn("a")), transportId(iqn("b")), transportId(iqn("b"))];
    expect(lab.out(lab.nexus("a"), SA.REGISTER, { newKey: 5n, specIPt: true, transportIds })).toBe(GOOD);
    expect(lab.fullStatus()).toEqual(["a 1 5", "b 1 5"]);
  });

  it("multiplies with ALL_TG_PT", () => {
    const lab = createLab({ targetPorts: [1, 2] });
    const out = { newKey: 5n, specIPt: true, allTgPt: true, transportIds: [transportId(iqn("b"))] };
    expect(lab.out(lab.nexus("a", 2), SA.REGISTER, out)).toBe(GOOD);
    expect(lab.fullStatus().sort()).toEqual(["a 1 5", "a 2 5", "b 1 5", "b 2 5"]);
  });

  it("without names is a registration of the sender", () => {
    const lab = createLab();
    expect(lab.out(lab.nexus("a"), SA.REGISTER, { newKey: 5n, specIPt: true })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 1, keys: [5n], reservation: null });
  });

  it.each([
    ["announces more than there is", { announced: 100 }, "5/1a/00"],
    ["announces less than there is", { announced: 0 }, "5/1a/00"],
    ["ends before its length field", { listLength: 27 }, "5/1a/00"],
    ["is only as long as a list without names", { listLength: 24 }, "5/1a/00"],
  ])("a list that %s is refused, and registers nobody", (_what, change, answer) => {
    const lab = createLab();
    const out = { newKey: 5n, specIPt: true, transportIds: [transportId(iqn("b"))], ...change };
    expect(lab.out(lab.nexus("a"), SA.REGISTER, out)).toBe(answer);
    expect(lab.shown()).toEqual({ generation: 0, keys: [], reservation: null });
  });

  it.each([
    ["is cut", transportId(iqn("b")).subarray(0, 20), "5/26/00 list 24"],
    [
      "has a length that is no multiple of four",
      Uint8Array.of(0x05, 0, 0, 21, ...new Array(20).fill(0x61), 0),
      "5/26/00 list 28",
    ],
    ["is shorter than 24 bytes", Uint8Array.of(0x05, 0, 0, 16, 0x61, ...new Array(15).fill(0)), "5/26/00 list 28"],
    ["has a name with a space in it", transportId("iqn.2026-01.com.example:a b"), "5/26/00 list 28"],
  ])("a TransportID that %s is refused, and registers nobody", (_what, id, answer) => {
    const lab = createLab();
    expect(lab.out(lab.nexus("a"), SA.REGISTER, { newKey: 5n, specIPt: true, transportIds: [id] })).toBe(answer);
    expect(lab.shown()).toEqual({ generation: 0, keys: [], reservation: null });
  });

  it("is refused at its bit by a unit without it, and by every other service action", () => {
    const without = createLab({ specifyInitiatorPorts: false });
    const out = { newKey: 5n, specIPt: true, transportIds: [transportId(iqn("b"))] };
    expect(without.out(without.nexus("a"), SA.REGISTER, out)).toBe("5/26/00 list 20.3");

    for (const serviceAction of [SA.RESERVE, SA.RELEASE, SA.CLEAR, SA.PREEMPT, SA.PREEMPT_AND_ABORT]) {
      const lab = createLab();
      const a = lab.nexus("a");
      lab.register(a, 1n);
      const refused = { key: 1n, newKey: 1n, type: TYPE.WE, specIPt: true };
      expect(lab.out(a, serviceAction, refused)).toBe("5/26/00 list 20.3");
      expect(lab.shown()).toEqual({ generation: 1, keys: [1n], reservation: null });
    }
  });
});

describe("Resources, 6.16.1", () => {
  it("are counted in nexuses, and one that is registered already needs no more", () => {
    const lab = createLab({ maximumRegistrations: 2, targetPorts: [1, 2] });
    const [a, b, c] = [lab.nexus("a"), lab.nexus("b"), lab.nexus("c")];
    lab.register(a, 1n);
    expect(lab.out(b, SA.REGISTER_AND_IGNORE, { newKey: 2n })).toBe(GOOD);
    expect(lab.out(c, SA.REGISTER, { newKey: 3n })).toBe("5/55/04");
    expect(lab.out(c, SA.REGISTER_AND_IGNORE, { newKey: 3n })).toBe("5/55/04");
    expect(lab.out(a, SA.REGISTER_AND_IGNORE, { newKey: 3n, allTgPt: true })).toBe("5/55/04");
    expect(lab.shown()).toEqual({ generation: 2, keys: [1n, 2n], reservation: null });
    expect(lab.out(a, SA.REGISTER, { key: 1n, newKey: 4n })).toBe(GOOD);
    expect(lab.out(b, SA.REGISTER, { key: 2n })).toBe(GOOD);
    expect(lab.out(c, SA.REGISTER, { newKey: 3n })).toBe(GOOD);
    expect(lab.shown()).toEqual({ generation: 5, keys: [4n, 3n], reservation: null });
  });
});

describe("PARAMETER LIST LENGTH, 6.16.1", () => {
  it.each([0, 1, 23, 25, 32])("of %i is an error for every service action that takes 24", (listLength) => {
    for (const serviceAction of Object.values(SA)) {
      if (serviceAction === SA.REGISTER_AND_MOVE && listLength > 24) continue;
      const lab = createLab();
      const a = lab.nexus("a");
      lab.register(a, 1n);
      if (serviceAction === SA.REGISTER_AND_MOVE) lab.reserve(a, 1n, TYPE.WE);
      const list = new Uint8Array(listLength);
      list.set(parameterList(SA.REGISTER, { key: 1n, newKey: 2n }).subarray(0, listLength));
      const cdb = reserveOutCdb(serviceAction, { type: TYPE.WE }, listLength);
      expect([serviceAction, lab.send(a, cdb, list)]).toEqual([serviceAction, "5/1a/00"]);
      expect(lab.shown().generation).toBe(1);
    }
  });

  it("says how much of the data counts; the rest is not looked at", () => {
    const lab = createLab();
    const list = new Uint8Array(64).fill(0xff);
    list.set(parameterList(SA.REGISTER, { newKey: 7n }));
    expect(lab.send(lab.nexus("a"), reserveOutCdb(SA.REGISTER, {}, 24), list)).toBe(GOOD);
    expect(lab.shown().keys).toEqual([7n]);
  });

  it("beyond what was sent, or beyond what can be processed, is an error", () => {
    const lab = createLab();
    const list = parameterList(SA.REGISTER, { newKey: 7n });
    expect(lab.send(lab.nexus("a"), reserveOutCdb(SA.REGISTER, {}, 24), list.subarray(0, 23))).toBe("5/1a/00");
    const names = parameterList(SA.REGISTER, { newKey: 7n, specIPt: true });
    expect(lab.send(lab.nexus("a"), reserveOutCdb(SA.REGISTER, {}, 52), names)).toBe("5/1a/00");
    const huge = new Uint8Array(300_000);
    huge.set(parameterList(SA.REGISTER, { newKey: 7n, specIPt: true, announced: 300_000 - 28 }));
    expect(lab.send(lab.nexus("a"), reserveOutCdb(SA.REGISTER, {}, huge.length), huge)).toBe("5/1a/00");
    expect(lab.shown().keys).toEqual([]);
  });
});
