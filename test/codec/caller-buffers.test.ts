/** The functions that write into the caller's buffers say what the commands say, and nothing beside. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commands, type KeysInto, readKeysInto, writePersistentReserveOut } from "../../src/index.ts";
import { encoders } from "../golden/encode.ts";
import { generation, key } from "./arbitraries.ts";

const fields = fc.record({
  serviceAction: fc.integer({ min: 0, max: 31 }).filter((code) => code !== 7),
  typeCode: fc.nat(15),
  key,
  serviceActionKey: key,
  persistThroughPowerLoss: fc.boolean(),
  allTargetPorts: fc.boolean(),
});

describe("writePersistentReserveOut", () => {
  it("writes what the unchecked command has, and leaves what lies behind it", () => {
    fc.assert(
      fc.property(fields, (each) => {
        const [cdb, list] = [new Uint8Array(12).fill(0xa5), new Uint8Array(26).fill(0xa5)];
        writePersistentReserveOut(cdb, list, each);
        const command = commands.uncheckedPersistentReserveOut(each);
        expect(cdb).toEqual(Uint8Array.of(...command.cdb, 0xa5, 0xa5));
        expect(list).toEqual(Uint8Array.of(...(command.dataOut as Uint8Array), 0xa5, 0xa5));
      }),
    );
  });

  const right = {
    serviceAction: 4,
    typeCode: 5,
    key: 1n,
    serviceActionKey: 2n,
    persistThroughPowerLoss: false,
    allTargetPorts: false,
  };
  it.each([
    ["REGISTER AND MOVE", { serviceAction: 7 }, RangeError],
    ["a service action of six bits", { serviceAction: 32 }, RangeError],
    ["half a service action", { serviceAction: 1.5 }, RangeError],
    ["a type of five bits", { typeCode: 16 }, RangeError],
    ["a negative key", { key: -1n }, RangeError],
    ["a key of 65 bits", { serviceActionKey: 1n << 64n }, RangeError],
    ["a key that is a number", { key: 1 as never }, TypeError],
  ] as const)("refuses %s and writes nothing", (_, wrong, error) => {
    const [cdb, list] = [new Uint8Array(10), new Uint8Array(24)];
    expect(() => writePersistentReserveOut(cdb, list, { ...right, ...wrong })).toThrow(error);
    expect([...cdb, ...list].every((byte) => byte === 0)).toBe(true);
  });

  it("refuses buffers that are too small, and what is no buffer", () => {
    expect(() => writePersistentReserveOut(new Uint8Array(9), new Uint8Array(24), right)).toThrow(RangeError);
    expect(() => writePersistentReserveOut(new Uint8Array(10), new Uint8Array(23), right)).toThrow(RangeError);
    expect(() => writePersistentReserveOut([] as never, new Uint8Array(24), right)).toThrow(TypeError);
  });
});

describe("readKeysInto", () => {
  const keysInto = (room: number): KeysInto => ({
    prGeneration: 7,
    count: 7,
    truncated: false,
    keys: new BigUint64Array(room),
  });

  it("reads what the command reads, as far as there is room", () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 60 }), generation, fc.nat(80), (keys, prGeneration, room) => {
        const bytes = (encoders.readKeys as (value: unknown) => Uint8Array)({ prGeneration, keys, truncated: false });
        const into = keysInto(room);
        expect(readKeysInto(bytes, into)).toBe(true);
        expect([...into.keys.subarray(0, into.count)]).toEqual(keys.slice(0, room));
        expect(into).toMatchObject({ prGeneration, count: Math.min(keys.length, room), truncated: keys.length > room });
      }),
    );
  });

  it("says that it was cut, and leaves the caller's object alone where there is no answer", () => {
    const cut = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0xab, 0xcd, 0, 0);
    const into = keysInto(4);
    expect(readKeysInto(cut, into)).toBe(true);
    expect(into).toMatchObject({ prGeneration: 1, count: 1, truncated: true });
    expect(into.keys[0]).toBe(0xabcdn);
    for (const bytes of [cut.subarray(0, 7), Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 9), new Uint8Array(2 ** 20)]) {
      const kept = keysInto(1);
      expect(readKeysInto(bytes, kept)).toBe(false);
      expect(kept).toEqual(keysInto(1));
    }
  });
});
