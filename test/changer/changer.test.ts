/** Inventory, moves and the mailslot's lock, through the API, on a simulated changer that two hosts share. */
import { describe, expect, it } from "vitest";
import { type Changer, createChanger, findElement, nameElements, parseElement } from "../../src/changer/index.ts";
import {
  createLogicalUnit,
  createMultipathUnit,
  type ReservationType,
  type Transport,
  transportError,
} from "../../src/index.ts";
import {
  createLibrary,
  createSimulatedTarget,
  createVirtualClock,
  type Library,
  type LibraryOptions,
} from "../../transports/simulated/index.ts";
import { rejection } from "../rejection.ts";

const iqn = (letter: string) => `iqn.2026-01.com.example:${letter},i,0x1`;

function world(options: LibraryOptions = {}) {
  const target = createSimulatedTarget();
  const library: Library = createLibrary(options);
  const simulated = target.unit(1, { type: "changer", profile: "sl150", library });
  const sent: string[] = [];
  /** A host; `tamper` stands between it and the target. */
  const host = (letter: string, tamper: (transport: Transport) => Transport = (transport) => transport) => {
    const unit = createLogicalUnit(tamper(simulated.nexus({ initiatorPort: iqn(letter) })));
    unit.observe(({ command }) => sent.push(command));
    return { unit, changer: createChanger(unit) };
  };
  const at = (address: number) => library.element(address)?.cartridge?.barcode ?? null;
  return { target, simulated, library, host, at, sent };
}

describe("The inventory", () => {
  it("names every element, with its volume tag", async () => {
    const { host } = world();
    const { elements, truncated, currentData } = await host("a").changer.inventory();
    expect([truncated, currentData]).toEqual([false, true]);
    expect(elements.map(({ name, address, volumeTag }) => `${name} ${address} ${volumeTag ?? "-"}`)).toEqual([
      "robot 1 1 -",
      "slot 1 1000 SIM001L6",
      "slot 2 1001 SIM002L6",
      "slot 3 1002 SIM003L6",
      "slot 4 1003 SIM004L6",
      ...[5, 6, 7, 8].map((number) => `slot ${number} ${999 + number} -`),
      "mailslot 1 10 -",
      "drive 1 500 -",
    ]);
  });

  it("of more than the first question has room for is asked for again", async () => {
    const { host, sent } = world({ slots: 200, cartridges: 200 });
    const { elements, truncated } = await host("a").changer.inventory();
    expect([elements.length, truncated]).toEqual([203, false]);
    expect(sent).toEqual(["READ ELEMENT STATUS", "READ ELEMENT STATUS"]);
  });

  it("is there under every type of reservation, for everybody: nothing moves for it", async () => {
    const { host } = world();
    const [a, b] = [host("a"), host("b")];
    await a.unit.register({ newKey: 0xan });
    await a.unit.reserve({ key: 0xan, type: "exclusive-access" });
    expect((await b.changer.inventory()).elements).toHaveLength(11);
  });

  it("of a device without CURDATA is asked plainly, and then a reservation forbids it", async () => {
    const { host } = world();
    const without = (transport: Transport): Transport => ({
      ...transport,
      execute: (request, options) =>
        request.cdb[0] === 0xb8 && request.cdb[6] !== 0
          ? // INVALID FIELD IN CDB, byte 6.
            Promise.resolve({
              status: 2,
              dataIn: new Uint8Array(0),
              sense: Uint8Array.of(0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0xc0, 0, 6),
              residual: 0,
            })
          : transport.execute(request, options),
    });
    const [a, b] = [host("a"), host("b", without)];
    expect(await b.changer.inventory()).toMatchObject({ currentData: false, truncated: false });
    await a.unit.register({ newKey: 0xan });
    await a.unit.reserve({ key: 0xan, type: "exclusive-access" });
    expect((await rejection(b.changer.inventory())).code).toBe("RESERVATION_CONFLICT");
  });

  it("element addresses, by type", async () => {
    expect(await world({ drives: 2 }).host("a").changer.elementAddresses()).toEqual({
      "medium-transport": { first: 1, count: 1 },
      storage: { first: 1000, count: 8 },
      "import-export": { first: 10, count: 1 },
      "data-transfer": { first: 500, count: 2 },
    });
  });
});

describe("Names of elements", () => {
  it.each([
    ["slot 3", { type: "storage", number: 3 }],
    ["Slot3", { type: "storage", number: 3 }],
    ["drive:1", { type: "data-transfer", number: 1 }],
    ["mailslot", { type: "import-export", number: undefined }],
    ["robot", { type: "medium-transport", number: undefined }],
    ["volume SIM001L6", { volumeTag: "SIM001L6" }],
    [1000, { address: 1000 }],
    ["0x3e8", { address: 1000 }],
    ["0", { address: 0 }],
  ])("%s", (reference, parsed) => {
    expect(parseElement(reference)).toEqual(parsed);
  });

  it.each(["", "slot -1", "shelf 3", "65536", "-1", "1.5", "volume", "slot 3 4", "0x10000", "NaN"])(
    "not %j",
    (text) => {
      expect(() => parseElement(text)).toThrow(/^An element is slot N, drive N/);
    },
  );

  it("that are nowhere, or in several places, are refused with what there is", async () => {
    const { host, sent } = world({ drives: 2, mailslots: 0 });
    const { changer } = host("a");
    const { elements } = await changer.inventory();
    expect(findElement(elements, "drive 2").address).toBe(501);
    expect(findElement(elements, "volume SIM003L6").name).toBe("slot 3");
    for (const [reference, message] of [
      ["drive", '"drive" is one of 2: say drive 1 to drive 2'],
      ["slot 9", 'This changer has slot 1 to 8, and no "slot 9"'],
      ["mailslot", 'This changer has no mailslot, and so no "mailslot"'],
      ["volume X", 'No element has the volume "X"'],
      [7, "No element has the address 7"],
    ] as const) {
      await expect(changer.move({ from: "slot 1", to: reference })).rejects.toThrow(new RangeError(message));
    }
    expect(sent).not.toContain("MOVE MEDIUM");
    const twice = nameElements([...elements, { ...elements[1]!, address: 9 }]);
    expect(() => findElement(twice, "volume SIM001L6")).toThrow('Several elements have the volume "SIM001L6": slot');
    await expect(changer.move({ from: {} as never, to: 1 })).rejects.toThrow(TypeError);
  });
});

describe("A move", () => {
  it("by names, by addresses, by volume", async () => {
    const { host, at } = world();
    const { changer } = host("a");
    const moved = await changer.move({ from: "slot 1", to: "drive 1" });
    expect(moved).toMatchObject({ volumeTag: "SIM001L6", settledByLooking: false, from: { address: 1000 } });
    expect(at(500)).toBe("SIM001L6");
    await changer.move({ from: 500, to: 10, transport: "robot" });
    expect(at(10)).toBe("SIM001L6");
    await changer.move({ from: "volume SIM001L6", to: "slot 8" });
    expect(at(1007)).toBe("SIM001L6");
  });

  it("from nothing, or onto something, says why not", async () => {
    const { changer } = world().host("a");
    const empty = await rejection(changer.move({ from: "slot 5", to: "drive" }));
    expect([empty.code, empty.sense?.asc, empty.sense?.ascq]).toEqual(["ILLEGAL_REQUEST", 0x3b, 0x0e]);
    expect((await rejection(changer.move({ from: "slot 1", to: "slot 2" }))).message).toContain(
      "DESTINATION ELEMENT FULL",
    );
  });

  it("whose answer is lost is settled by looking, and sent once", async () => {
    const { host, sent, at } = world();
    const losing = (transport: Transport): Transport => ({
      ...transport,
      async execute(request, options) {
        const answer = await transport.execute(request, options);
        if (request.cdb[0] === 0xa5) throw transportError("CONNECTION_LOST", "unknown", "the connection was lost");
        return answer;
      },
    });
    const moved = await host("a", losing).changer.move({ from: "slot 1", to: "drive" });
    expect(moved).toMatchObject({ settledByLooking: true, volumeTag: "SIM001L6" });
    expect(at(500)).toBe("SIM001L6");
    expect(sent.filter((name) => name === "MOVE MEDIUM")).toHaveLength(1);
  });

  it.each([
    ["never arrived", 0, "the medium is still in slot 1"],
    ["ended half-way", 1, "the medium is in the robot's hand (robot 1)"],
  ])("whose command %s is not repeated: it says where the medium is", async (_name, steps, where) => {
    const { host, library, sent } = world();
    const losing = (transport: Transport): Transport => ({
      ...transport,
      async execute(request, options) {
        if (request.cdb[0] !== 0xa5) return transport.execute(request, options);
        const [slot, hand] = [library.element(1000), library.element(1)];
        if (steps === 1 && slot !== undefined && hand !== undefined) {
          hand.cartridge = slot.cartridge;
          slot.cartridge = null;
        }
        throw transportError("TIMEOUT", "unknown", "no answer in time");
      },
    });
    const error = await rejection(host("a", losing).changer.move({ from: "slot 1", to: "drive" }));
    expect(error).toMatchObject({ code: "LOST_ANSWER", delivered: "unknown", command: "MOVE MEDIUM" });
    expect(error.message).toContain(where);
    expect(sent.filter((name) => name === "MOVE MEDIUM")).toHaveLength(1);
  });

  it("is not sent if reservations were taken away meanwhile, nor after a reset of which this host has not heard", async () => {
    const { host, sent, at, target } = world();
    const [a, b] = [host("a"), host("b")];
    await a.unit.register({ newKey: 0xan });
    await b.unit.register({ newKey: 0xbn });
    await a.unit.reserve({ key: 0xan, type: "exclusive-access" });
    await a.changer.inventory();
    await b.unit.preempt({ key: 0xbn, victimKey: 0xan, type: "exclusive-access" });
    await b.unit.clear({ key: 0xbn });
    // Nothing forbids the move any more; but this host counted on a reservation that it has not.
    const preempted = await rejection(a.changer.move({ from: "slot 1", to: "drive" }));
    expect(preempted).toMatchObject({ code: "UNIT_ATTENTION", delivered: "no", command: "MOVE MEDIUM" });
    expect(preempted.message).toContain("Nothing was executed; look at the reservation, then decide");
    target.powerCycle();
    const fresh = host("c");
    const again = host("d");
    await again.changer.inventory();
    target.powerCycle();
    expect((await rejection(again.changer.move({ from: "slot 1", to: "drive" }))).sense?.asc).toBe(0x29);
    expect(sent).not.toContain("MOVE MEDIUM");
    // Who has never asked had nothing to lose.
    expect((await fresh.changer.move({ from: "slot 1", to: "drive" })).unitAttentions.length).toBeGreaterThan(0);
    expect(at(500)).toBe("SIM001L6");
  });

  it.each([
    ["with APTPL only the holder brings it home", true],
    ["without APTPL whoever comes first does", false],
  ])("that a power cut ends half-way says where the medium is: %s", async (_name, aptpl) => {
    const clock = createVirtualClock();
    const target = createSimulatedTarget({ clock });
    const simulated = target.unit(1, { type: "changer", profile: "sl150", moveMs: 1000 });
    const host = (letter: string) => {
      const unit = createLogicalUnit(simulated.nexus({ initiatorPort: iqn(letter) }));
      return { unit, changer: createChanger(unit) };
    };
    const [a, b] = [host("a"), host("b")];
    await a.unit.register({ newKey: 0xan, persistThroughPowerLoss: aptpl });
    await a.unit.reserve({ key: 0xan, type: "exclusive-access" });
    const moving = rejection(a.changer.move({ from: "slot 1", to: "drive" }));
    // The look before takes no time, but turns of the event loop.
    for (let turn = 0; turn < 20; turn++) await clock.advance(0);
    await clock.advance(750);
    target.powerCycle();
    const lost = await moving;
    expect(lost).toMatchObject({ code: "LOST_ANSWER", delivered: "unknown" });
    expect(lost.message).toContain("the medium is in the robot's hand (robot 1)");
    const home = async (changer: Changer) => {
      const done = changer.move({ from: "robot", to: "slot 1" }).then(
        () => "done",
        (error) => error.code,
      );
      for (let turn = 0; turn < 20; turn++) await clock.advance(0);
      await clock.advance(1000);
      return done;
    };
    expect(await home(b.changer)).toBe(aptpl ? "RESERVATION_CONFLICT" : "done");
    expect(await home(a.changer)).toBe(aptpl ? "done" : "ILLEGAL_REQUEST");
    expect(simulated.server.library?.element(1000)?.cartridge?.barcode).toBe("SIM001L6");
  });

  it("that is given up is ABORTED, and not settled", async () => {
    const { changer } = world().host("a");
    const error = await rejection(changer.move({ from: "slot 1", to: "drive", signal: AbortSignal.abort() }));
    expect(error.code).toBe("ABORTED");
  });
});

const wrongHosts: readonly (readonly [ReservationType, boolean, string])[] = [
  ["exclusive-access", false, "This host is not registered. Of a changer: only the holder may move media"],
  [
    "exclusive-access",
    true,
    "This host is registered with key 0xb and does not hold it. Of a changer: only the holder",
  ],
  ["exclusive-access-registrants-only", false, "Of a changer: only registered hosts may move media"],
  ["exclusive-access-all-registrants", false, "Of a changer: only registered hosts may move media"],
];

describe("The wrong host", () => {
  it.each(wrongHosts)(
    "under %s, registered: %s, is told who holds and what to do",
    async (type, registers, because) => {
      const { host, at } = world();
      const [a, b] = [host("a"), host("b")];
      await a.unit.register({ newKey: 0xan });
      if (registers) await b.unit.register({ newKey: 0xbn });
      await a.unit.reserve({ key: 0xan, type });
      for (const refused of [b.changer.move({ from: "slot 1", to: "drive" }), b.changer.lockMailslot()]) {
        expect((await rejection(refused)).code).toBe("RESERVATION_CONFLICT");
      }
      await b.changer.unlockMailslot();
      const why = await b.changer.explainConflict();
      expect(why.reason).toBe("reservation-forbids");
      expect(why.because).toContain(because);
      expect(why.reservation).toMatchObject({ type });
      expect(why.registrants).toEqual(registers ? ["other", "this-port"] : ["other"]);
      const does = registers
        ? ["ask-the-holder", "preempt"]
        : type === "exclusive-access"
          ? ["ask-the-holder"]
          : ["register"];
      expect(why.remedies.map((remedy) => remedy.do)).toEqual(does);
      expect(at(1000)).toBe("SIM001L6");
      await a.changer.move({ from: "slot 1", to: "drive" });
    },
  );

  it("under RESERVE(6) is told that not even asking is allowed", async () => {
    const { host } = world();
    const [a, b] = [host("a"), host("b")];
    await a.unit.reserve6();
    expect((await rejection(b.changer.move({ from: "slot 1", to: "drive" }))).code).toBe("RESERVATION_CONFLICT");
    expect(await b.changer.explainConflict()).toMatchObject({ reason: "legacy-reservation", reservation: undefined });
  });
});

describe("The mailslot", () => {
  it("is unlocked through every path of a host: whichever has locked it", async () => {
    const { host, library } = world();
    const [first, second] = [host("a"), host("b")];
    const both = createChanger(
      createMultipathUnit([
        { name: "first", unit: first.unit },
        { name: "second", unit: second.unit },
      ]),
    );
    await second.changer.lockMailslot();
    await both.lockMailslot();
    expect(library.openMailslot()).toBe(false);
    await both.unlockMailslot();
    expect(library.openMailslot()).toBe(true);
  });

  it("is unlocked through paths that have a unit attention to tell first", async () => {
    const { host, library } = world();
    const [first, second] = [host("a"), host("b")];
    await first.unit.register({ newKey: 0xan });
    await second.unit.register({ newKey: 0xbn });
    await second.changer.lockMailslot();
    await first.unit.clear({ key: 0xan });
    const both = createChanger(
      createMultipathUnit([
        { name: "first", unit: first.unit },
        { name: "second", unit: second.unit },
      ]),
    );
    await both.unlockMailslot();
    expect(library.openMailslot()).toBe(true);
  });

  it("opens when nobody locks it, and PREEMPT AND ABORT ends the victim's lock", async () => {
    const { host, library } = world();
    const [a, b] = [host("a"), host("b")];
    await a.unit.register({ newKey: 0xan });
    await b.unit.register({ newKey: 0xbn });
    await a.changer.lockMailslot();
    await b.changer.lockMailslot();
    expect(library.openMailslot()).toBe(false);
    await b.changer.unlockMailslot();
    expect(library.openMailslot()).toBe(false);
    await b.unit.reserve({ key: 0xbn, type: "exclusive-access" });
    await b.unit.preemptAndAbort({ key: 0xbn, victimKey: 0xan, type: "exclusive-access" });
    expect(library.openMailslot()).toBe(true);
    expect((await rejection(a.changer.lockMailslot())).code).toBe("UNIT_ATTENTION");
  });
});
