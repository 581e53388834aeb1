/** Every command refuses what cannot be sent, with an error that names the argument, before it has built anything. */
import { describe, expect, it } from "vitest";
import { cdbWindow, dataWindow } from "../../src/core/index.ts";
import { commands } from "../../src/index.ts";

type Build = (options: unknown) => unknown;
const builders = commands as unknown as Readonly<Record<string, Build>>;

/** What is wrong for a kind of argument, and with which error. */
const wrong = {
  key: [
    [1, TypeError],
    ["0xabc", TypeError],
    [null, TypeError],
    [-1n, RangeError],
    [2n ** 64n, RangeError],
  ],
  requiredKey: [[undefined, TypeError]],
  zeroKey: [[0n, RangeError]],
  type: [
    ["write exclusive", RangeError],
    ["", RangeError],
    [5, TypeError],
    [undefined, TypeError],
    [null, TypeError],
  ],
  optionalType: [
    ["write exclusive", RangeError],
    [5, TypeError],
  ],
  flag: [
    [1, TypeError],
    ["true", TypeError],
    [null, TypeError],
  ],
  ports: [
    ["iqn.2026-01.com.example:a", TypeError],
    [{ protocol: "sas", address: 1n }, TypeError],
    [[{ protocol: "smoke" }], TypeError],
    [[undefined], TypeError],
    [[{ protocol: "iscsi", name: "" }], TypeError],
    [[{ protocol: "iscsi", name: "iqn.2026-01.com.example:a b" }], RangeError],
    [[{ protocol: "iscsi", name: "iqn.2026-01.com.example:a,b" }], RangeError],
    [[{ protocol: "iscsi", name: `iqn.${"ä".repeat(110)}` }], RangeError],
    [[{ protocol: "iscsi", name: "iqn.2026-01.com.example:a", isid: 2n ** 48n }], RangeError],
    [[{ protocol: "sas", address: 2n ** 64n }], RangeError],
    [[{ protocol: "sas", address: 5 }], TypeError],
    [[{ protocol: "opaque", protocolIdentifier: 2, bytes: new Uint8Array(20) }], RangeError],
    [[{ protocol: "opaque", protocolIdentifier: 16, bytes: new Uint8Array(24) }], RangeError],
  ],
  port: [
    [undefined, TypeError],
    ["iqn.2026-01.com.example:a", TypeError],
    [{ protocol: "sas", address: -1n }, RangeError],
  ],
  long: [
    [undefined, TypeError],
    ["0", TypeError],
    [1.5, TypeError],
    [2 ** 53, TypeError],
    [-1, RangeError],
    [-1n, RangeError],
    [2n ** 64n, RangeError],
  ],
  bytes: [
    [undefined, TypeError],
    ["data", TypeError],
    [[0, 0], TypeError],
    [new Uint8Array(513), RangeError],
  ],
} as const satisfies Record<string, readonly (readonly [unknown, typeof TypeError | typeof RangeError])[]>;

type Wrong = readonly (readonly [unknown, typeof TypeError | typeof RangeError])[];

/** Numbers outside of bounds, and what is no whole number. */
const outside = (least: number, most: number): Wrong => [
  [least - 1, RangeError],
  [most + 1, RangeError],
  [least + 0.5, TypeError],
  [Number.NaN, TypeError],
  [Number.POSITIVE_INFINITY, TypeError],
  [String(least), TypeError],
  [BigInt(least), TypeError],
];

const requiredKey: Wrong = [...wrong.key, ...wrong.requiredKey];
const nonZeroKey: Wrong = [...requiredKey, ...wrong.zeroKey];
const registerFlags = { persistThroughPowerLoss: wrong.flag, allTargetPorts: wrong.flag, initiatorPorts: wrong.ports };
const sas = { protocol: "sas", address: 1n };
const transfer = {
  lba: wrong.long,
  blockLengthBytes: outside(1, 0xffff_ffff),
  disablePageOut: wrong.flag,
  forceUnitAccess: wrong.flag,
};

/** For every command: arguments that are right, and for each argument what is wrong. */
const table: Readonly<Record<string, { right: Record<string, unknown>; wrong: Readonly<Record<string, Wrong>> }>> = {
  testUnitReady: { right: {}, wrong: {} },
  reserve6: { right: {}, wrong: {} },
  release6: { right: {}, wrong: {} },
  reserve10: { right: {}, wrong: {} },
  release10: { right: {}, wrong: {} },
  readCapacity10: { right: {}, wrong: {} },
  requestSense: { right: {}, wrong: { descriptorFormat: wrong.flag, allocationLengthBytes: outside(18, 252) } },
  inquiry: { right: {}, wrong: { allocationLengthBytes: outside(5, 0xffff) } },
  supportedVpdPages: { right: {}, wrong: { allocationLengthBytes: outside(4, 0xffff) } },
  unitSerialNumber: { right: {}, wrong: { allocationLengthBytes: outside(4, 0xffff) } },
  deviceIdentification: { right: {}, wrong: { allocationLengthBytes: outside(4, 0xffff) } },
  reportLuns: { right: {}, wrong: { selectReport: outside(0, 255), allocationLengthBytes: outside(16, 0x4_0000) } },
  readCapacity16: { right: {}, wrong: { allocationLengthBytes: outside(12, 0xffff) } },
  readKeys: { right: {}, wrong: { allocationLengthBytes: outside(8, 0xffff) } },
  readReservation: { right: {}, wrong: { allocationLengthBytes: outside(8, 0xffff) } },
  reportCapabilities: { right: {}, wrong: { allocationLengthBytes: outside(8, 0xffff) } },
  readFullStatus: { right: {}, wrong: { allocationLengthBytes: outside(8, 0xffff) } },
  register: {
    right: { newKey: 1n },
    wrong: { key: wrong.key.filter(([value]) => value !== null), newKey: requiredKey, ...registerFlags },
  },
  registerAndIgnoreExistingKey: { right: { newKey: 1n }, wrong: { newKey: requiredKey, ...registerFlags } },
  reserve: { right: { key: 1n, type: "write-exclusive" }, wrong: { key: nonZeroKey, type: wrong.type } },
  release: { right: { key: 1n, type: "write-exclusive" }, wrong: { key: nonZeroKey, type: wrong.type } },
  clear: { right: { key: 1n }, wrong: { key: nonZeroKey } },
  preempt: {
    right: { key: 1n, victimKey: 2n, type: "write-exclusive" },
    wrong: { key: nonZeroKey, victimKey: requiredKey, type: wrong.type },
  },
  preemptAndAbort: {
    right: { key: 1n, victimKey: 2n, type: "write-exclusive" },
    wrong: { key: nonZeroKey, victimKey: requiredKey, type: wrong.type },
  },
  registerAndMove: {
    right: { key: 1n, newKey: 2n, transportId: sas, relativeTargetPort: 1 },
    wrong: {
      key: nonZeroKey,
      newKey: nonZeroKey,
      transportId: wrong.port,
      relativeTargetPort: outside(1, 0xffff),
      type: wrong.optionalType,
      unregister: wrong.flag,
      persistThroughPowerLoss: wrong.flag,
    },
  },
  uncheckedPersistentReserveOut: {
    right: { serviceAction: 1 },
    wrong: {
      ...registerFlags,
      serviceAction: outside(0, 0x1f),
      scope: outside(0, 0xf),
      typeCode: outside(0, 0xf),
      key: wrong.key.filter(([value]) => value !== null),
      serviceActionKey: wrong.key.filter(([value]) => value !== null),
      unregister: wrong.flag,
      relativeTargetPort: outside(0, 0xffff),
      parameterList: wrong.bytes.filter(([value]) => value !== undefined && (value as Uint8Array)?.length !== 513),
      parameterListLength: outside(0, 0xffff_ffff),
    },
  },
  reportTargetPortGroups: { right: {}, wrong: { allocationLengthBytes: outside(4, 0x4_0000) } },
  reportSupportedOperationCodes: { right: {}, wrong: { allocationLengthBytes: outside(4, 0x4_0000) } },
  reportSupportedOperationCode: {
    right: { operationCode: 0x5f },
    wrong: { operationCode: outside(0, 0xff), serviceAction: outside(0, 0xffff) },
  },
  replaceLostReservation: {
    right: { newKey: 1n, type: "write-exclusive" },
    wrong: { newKey: nonZeroKey, type: wrong.type, persistThroughPowerLoss: wrong.flag },
  },
  read10: {
    right: { lba: 0, blocks: 1 },
    wrong: { ...transfer, blocks: outside(0, 0xffff), lba: [...wrong.long, [2n ** 32n, RangeError]] },
  },
  read16: { right: { lba: 0, blocks: 1 }, wrong: { ...transfer, blocks: outside(0, 0xffff_ffff) } },
  write10: {
    right: { lba: 0, data: new Uint8Array(512) },
    wrong: { ...transfer, data: wrong.bytes, lba: [...wrong.long, [2n ** 32n, RangeError]] },
  },
  write16: { right: { lba: 0, data: new Uint8Array(512) }, wrong: { ...transfer, data: wrong.bytes } },
};

/** A value as a test's name can have it. */
const shown = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}n` : each)).slice(0, 70)
    : typeof value === "bigint"
      ? `${value}n`
      : (JSON.stringify(value) ?? String(value));

describe("the table", () => {
  it("has every command", () => {
    expect(Object.keys(table).sort()).toEqual(Object.keys(commands).sort());
  });
});

describe.each(Object.entries(table))("%s", (name, { right, wrong }) => {
  const build = builders[name] as Build;

  it("builds a command from what is right", () => {
    expect(build(right)).toMatchObject({ name: expect.any(String), cdb: expect.any(Uint8Array) });
  });

  for (const [argument, values] of Object.entries(wrong)) {
    for (const [value, kind] of values) {
      it(`refuses ${argument}: ${shown(value)} with a ${kind.name} that names it`, () => {
        cdbWindow.fill(0xa5);
        dataWindow.fill(0xa5, 0, 64);
        let thrown: unknown;
        try {
          build({ ...right, [argument]: value });
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBeInstanceOf(kind);
        expect((thrown as Error).message).toMatch(new RegExp(`^${argument}\\b`));
        expect(cdbWindow.every((byte) => byte === 0xa5)).toBe(true);
        expect(dataWindow.subarray(0, 64).every((byte) => byte === 0xa5)).toBe(true);
      });
    }
  }

  if (Object.keys(right).length > 0) {
    it.each([[undefined], [null], ["abc"], [5]])("refuses %s in place of its arguments", (value) => {
      expect(() => build(value)).toThrow(TypeError);
    });
  }
});

describe("the bounds themselves", () => {
  it.each([
    ["readKeys", { allocationLengthBytes: 8 }],
    ["readKeys", { allocationLengthBytes: 0xffff }],
    ["inquiry", { allocationLengthBytes: 5 }],
    ["requestSense", { allocationLengthBytes: 18 }],
    ["requestSense", { allocationLengthBytes: 252 }],
    ["reportLuns", { allocationLengthBytes: 16, selectReport: 255 }],
    ["reportLuns", { allocationLengthBytes: 0x4_0000 }],
    ["register", { key: 0n, newKey: 0n }],
    ["register", { key: 2n ** 64n - 1n, newKey: 2n ** 64n - 1n }],
    ["register", { newKey: 1n, initiatorPorts: [] }],
    ["preempt", { key: 1n, victimKey: 0n, type: "exclusive-access-all-registrants" }],
    ["registerAndMove", { key: 1n, newKey: 1n, transportId: sas, relativeTargetPort: 0xffff }],
    ["read10", { lba: 2n ** 32n - 1n, blocks: 0xffff }],
    ["read16", { lba: 2n ** 64n - 1n, blocks: 0 }],
    ["write10", { lba: 0, data: new Uint8Array(0) }],
  ])("%s takes %o", (name, options) => {
    expect((builders[name] as Build)(options)).toMatchObject({ cdb: expect.any(Uint8Array) });
  });

  it("a read of more bytes than can be counted is refused", () => {
    expect(() => commands.read16({ lba: 0, blocks: 0xffff_ffff, blockLengthBytes: 0xffff_ffff })).toThrow(RangeError);
  });

  it("TransportIDs that no parameter list has room for are refused", () => {
    const initiatorPorts = Array.from({ length: 11_000 }, () => ({ protocol: "sas" as const, address: 1n }));
    expect(() => commands.register({ newKey: 1n, initiatorPorts })).toThrow(RangeError);
  });

  it("two values that look alike are told apart: a key of 0 is absent, not false", () => {
    expect(commands.register({ newKey: 1n }).dataOut).toEqual(commands.register({ key: 0n, newKey: 1n }).dataOut);
  });
});
