/** What is encoded is what is decoded, for every pair that has both: answers, parameter lists, CDBs, TransportIDs, sense data. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CommandRecord, ParameterListRecord } from "../../src/core/generated/records.ts";
import { cdbIn, core, dataIn, dataWindow, long, word } from "../../src/core/index.ts";
import {
  type Command,
  commands,
  decodeSense,
  decodeTransportId,
  encodeTransportId,
  formatTransportId,
  parseTransportId,
  type Registration,
  reservationTypeName,
  reservationTypes,
  sameTransportId,
  type TransportId,
} from "../../src/index.ts";
import { encoders, sense as encodeSense } from "../golden/encode.ts";
import { generation, iscsiName, key, nonZeroKey, port, reservationType, transportId, typeCode } from "./arbitraries.ts";

const RUNS = { numRuns: 2000 };
const flag = fc.boolean();
const nibble = fc.nat(15);

/** Encodes a value, with whatever was in the window before, and reads it with the command. */
function thereAndBack(name: string, command: Command<unknown>, value: unknown): unknown {
  dataWindow.fill(0xa5, 0, 4096);
  return command.read((encoders[name] as (value: unknown) => Uint8Array)(value));
}

const registration: fc.Arbitrary<Registration> = fc
  .record({ key, transportId, allTargetPorts: flag, relativeTargetPort: port, holder: flag, typeCode, scope: nibble })
  .map(({ typeCode, scope, ...common }) =>
    common.holder ? { ...common, type: reservationTypeName(typeCode), typeCode, scope } : common,
  );

describe("what a device server encodes, a command reads", () => {
  const pairs: readonly { name: string; command: Command<unknown>; value: fc.Arbitrary<unknown> }[] = [
    {
      name: "readKeys",
      command: commands.readKeys(),
      value: fc.record({
        prGeneration: generation,
        keys: fc.array(key, { maxLength: 60 }),
        truncated: fc.constant(false),
      }),
    },
    {
      name: "readReservation",
      command: commands.readReservation(),
      value: fc.oneof(
        fc.record({ holder: fc.constant("none"), prGeneration: generation, truncated: fc.constant(false) }),
        fc.record({ prGeneration: generation, key, typeCode: nibble, scope: nibble }).map(({ key, ...rest }) => {
          const type = reservationTypeName(rest.typeCode);
          return rest.typeCode === 7 || rest.typeCode === 8
            ? { ...rest, holder: "all-registrants", type, truncated: false }
            : { ...rest, holder: "one-nexus", key, type, truncated: false };
        }),
      ),
    },
    {
      name: "reportCapabilities",
      command: commands.reportCapabilities(),
      value: fc.record({
        replaceLostReservation: flag,
        compatibleReservationHandling: flag,
        specifyInitiatorPorts: flag,
        allTargetPorts: flag,
        persistThroughPowerLoss: flag,
        persistThroughPowerLossActive: flag,
        allowCommands: fc.nat(7),
        types: fc.option(fc.subarray(Object.keys(reservationTypes)), { nil: undefined }),
      }),
    },
    {
      name: "readFullStatus",
      command: commands.readFullStatus(),
      value: fc.record({
        prGeneration: generation,
        registrations: fc.array(registration, { maxLength: 5 }),
        truncated: fc.constant(false),
      }),
    },
    {
      name: "reportLuns",
      command: commands.reportLuns(),
      value: fc.record({ luns: fc.array(key, { maxLength: 60 }), truncated: fc.constant(false) }),
    },
    {
      name: "deviceIdentification",
      command: commands.deviceIdentification(),
      value: fc.record({
        designators: fc.array(
          fc.record({
            association: fc.constantFrom("logical-unit", "target-port", "target-device", "reserved"),
            type: nibble,
            codeSet: nibble,
            protocolIdentifier: fc.option(nibble, { nil: undefined }),
            bytes: fc.uint8Array({ maxLength: 60 }),
          }),
          { maxLength: 6 },
        ),
        truncated: fc.constant(false),
      }),
    },
    {
      name: "supportedVpdPages",
      command: commands.supportedVpdPages(),
      value: fc.record({
        pages: fc.uint8Array({ maxLength: 255 }).map((pages) => [...pages]),
        truncated: fc.constant(false),
      }),
    },
  ];

  for (const { name, command, value } of pairs) {
    it(name, () => {
      fc.assert(
        fc.property(value, (each) => {
          expect(thereAndBack(name, command, each)).toEqual(each);
        }),
        RUNS,
      );
    });
  }

  it("readCapacity10 and readCapacity16", () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 2n ** 32n),
        fc.bigInt(1n, 2n ** 64n - 1n),
        fc.nat(0xffff_ffff),
        (small, large, length) => {
          const ten = { blocks: small, blockLengthBytes: length };
          expect(thereAndBack("readCapacity10", commands.readCapacity10(), ten)).toEqual(ten);
          const sixteen = { blocks: large, blockLengthBytes: length };
          expect(thereAndBack("readCapacity16", commands.readCapacity16(), sixteen)).toMatchObject(sixteen);
        },
      ),
      RUNS,
    );
  });

  it("inquiry and unitSerialNumber, whose text has no spaces at its ends", () => {
    const text = (maxLength: number) =>
      fc.string({ unit: fc.constantFrom(..."ABCxyz019-_. "), maxLength }).map((each) => each.trim());
    fc.assert(
      fc.property(fc.nat(7), fc.nat(31), flag, fc.nat(255), text(8), text(16), text(4), (...values) => {
        const [peripheralQualifier, peripheralDeviceType, removable, version, vendor, product, revision] = values;
        const value = { peripheralQualifier, peripheralDeviceType, removable, version, vendor, product, revision };
        expect(thereAndBack("inquiry", commands.inquiry(), value)).toMatchObject(value);
        const number = { serialNumber: product, truncated: false };
        expect(thereAndBack("unitSerialNumber", commands.unitSerialNumber(), number)).toEqual(number);
      }),
      RUNS,
    );
  });

  it("sense data of fixed format", () => {
    const value = fc.record({
      senseKey: nibble,
      asc: fc.nat(255),
      ascq: fc.nat(255),
      information: fc.option(fc.bigInt(0n, 2n ** 32n - 1n), { nil: undefined }),
      fieldPointer: fc.option(
        fc.record({
          in: fc.constantFrom("cdb", "data-out"),
          byte: port,
          bit: fc.option(fc.nat(7), { nil: undefined }),
        }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(value, (each) => {
        dataWindow.fill(0xa5, 0, 64);
        const decoded = decodeSense(encodeSense(each as never));
        const fieldPointer = each.senseKey === 5 ? each.fieldPointer : undefined;
        expect(decoded).toMatchObject({ ...each, fieldPointer, deferred: false, truncated: false });
      }),
      RUNS,
    );
  });

  it("INFORMATION of more than 32 bits is left out of fixed format, not cut", () => {
    core.encodeSense(3, 0x11, 0);
    core.encodeInformation(0x1_0000_0000n);
    expect(decodeSense(dataWindow.slice(0, 18))?.information).toBeUndefined();
  });
});

describe("a TransportID", () => {
  it("is the same after its bytes and after its text", () => {
    fc.assert(
      fc.property(transportId, (id) => {
        const bytes = encodeTransportId(id);
        expect(decodeTransportId(bytes)).toEqual(id);
        expect(encodeTransportId(decodeTransportId(bytes))).toEqual(bytes);
        expect(parseTransportId(formatTransportId(id))).toEqual(id);
        expect(bytes.length % 4).toBe(0);
        expect(bytes.length).toBeGreaterThanOrEqual(24);
      }),
      RUNS,
    );
  });

  it("of iSCSI ends in a NUL at least, and its padding is NULs", () => {
    fc.assert(
      fc.property(iscsiName, (name) => {
        dataWindow.fill(0xa5, 0, 512);
        const bytes = encodeTransportId({ protocol: "iscsi", name });
        const length = new TextEncoder().encode(name).length;
        expect(bytes.length).toBeGreaterThan(4 + length);
        expect(bytes.subarray(4 + length).every((byte) => byte === 0)).toBe(true);
        expect(bytes.length).toBeLessThan(Math.max(4 + length + 5, 25));
      }),
      RUNS,
    );
  });

  it("is the same as itself in capitals, and as no other", () => {
    fc.assert(
      fc.property(transportId, transportId, (a, b) => {
        expect(sameTransportId(a, a)).toBe(true);
        if (formatTransportId(a).toLowerCase() !== formatTransportId(b).toLowerCase()) {
          expect(sameTransportId(a, b)).toBe(false);
        }
      }),
      RUNS,
    );
    const lower: TransportId = { protocol: "iscsi", name: "iqn.2026-01.com.example:a", isid: 1n };
    expect(sameTransportId(lower, { ...lower, name: "IQN.2026-01.COM.EXAMPLE:A" })).toBe(true);
    expect(sameTransportId(lower, { protocol: "iscsi", name: lower.name })).toBe(false);
  });
});

const persist = { persistThroughPowerLoss: flag, allTargetPorts: flag };
const initiatorPorts = fc.option(fc.array(transportId, { maxLength: 4 }), { nil: undefined });

/** Every command of PERSISTENT RESERVE OUT, with arguments of every kind. */
const persistentReserveOut = fc.oneof(
  fc
    .record({ key, newKey: key, ...persist, initiatorPorts })
    .map((each) => ({ each, command: commands.register(each) })),
  fc
    .record({ newKey: key, ...persist, initiatorPorts })
    .map((each) => ({ each, command: commands.registerAndIgnoreExistingKey(each) })),
  fc.record({ key: nonZeroKey, type: reservationType }).map((each) => ({ each, command: commands.reserve(each) })),
  fc.record({ key: nonZeroKey, type: reservationType }).map((each) => ({ each, command: commands.release(each) })),
  fc.record({ key: nonZeroKey }).map((each) => ({ each, command: commands.clear(each) })),
  fc
    .record({ key: nonZeroKey, victimKey: key, type: reservationType })
    .map((each) => ({ each, command: commands.preempt(each) })),
  fc
    .record({ key: nonZeroKey, victimKey: key, type: reservationType })
    .map((each) => ({ each, command: commands.preemptAndAbort(each) })),
  fc
    .record({
      key: nonZeroKey,
      newKey: nonZeroKey,
      transportId,
      relativeTargetPort: fc.integer({ min: 1, max: 0xffff }),
      type: fc.option(reservationType, { nil: undefined }),
      unregister: flag,
      persistThroughPowerLoss: flag,
    })
    .map((each) => ({ each, command: commands.registerAndMove(each) })),
  fc
    .record({ newKey: nonZeroKey, type: reservationType, persistThroughPowerLoss: flag })
    .map((each) => ({ each, command: commands.replaceLostReservation(each) })),
) as fc.Arbitrary<{ each: Record<string, unknown>; command: Command<void> }>;

const serviceActions: Readonly<Record<string, number>> = {
  REGISTER: 0,
  RESERVE: 1,
  RELEASE: 2,
  CLEAR: 3,
  PREEMPT: 4,
  "PREEMPT AND ABORT": 5,
  "REGISTER AND IGNORE EXISTING KEY": 6,
  "REGISTER AND MOVE": 7,
  "REPLACE LOST RESERVATION": 8,
};

/** The TransportIDs of a parameter list, one after the other. */
function transportIds(list: Uint8Array, offset: number, length: number): TransportId[] {
  const ids: TransportId[] = [];
  for (let at = offset; at < offset + length; ) {
    const id = decodeTransportId(list.subarray(at, offset + length));
    ids.push(id);
    at += encodeTransportId(id).length;
  }
  return ids;
}

describe("what a command builds, a device server takes apart", () => {
  it("PERSISTENT RESERVE OUT, CDB and parameter list", () => {
    fc.assert(
      fc.property(persistentReserveOut, ({ each, command }) => {
        const list = command.dataOut as Uint8Array;
        cdbIn(command.cdb);
        expect(core.decodeCommand(command.cdb.length)).toBe(0);
        const serviceAction = word(CommandRecord.SERVICE_ACTION);
        expect(word(CommandRecord.OPERATION_CODE)).toBe(0x5f);
        expect(serviceAction).toBe(serviceActions[command.name]);
        expect(word(CommandRecord.SCOPE)).toBe(0);
        expect(word(CommandRecord.TYPE)).toBe(
          each.type === undefined ? 0 : reservationTypes[each.type as keyof typeof reservationTypes],
        );
        expect(word(CommandRecord.LENGTH)).toBe(list.length);

        dataIn(list);
        dataWindow.fill(0xa5, list.length, list.length + 64);
        expect(core.decodeParameterList(serviceAction, list.length)).toBe(0);
        expect(long(ParameterListRecord.RESERVATION_KEY_U64)).toBe(each.key ?? 0n);
        expect(long(ParameterListRecord.SERVICE_ACTION_RESERVATION_KEY_U64)).toBe(each.newKey ?? each.victimKey ?? 0n);
        expect(word(ParameterListRecord.SPEC_I_PT)).toBe(each.initiatorPorts === undefined ? 0 : 1);
        expect(word(ParameterListRecord.ALL_TG_PT)).toBe(each.allTargetPorts === true ? 1 : 0);
        expect(word(ParameterListRecord.APTPL)).toBe(each.persistThroughPowerLoss === true ? 1 : 0);
        expect(word(ParameterListRecord.UNREG)).toBe(each.unregister === true ? 1 : 0);
        expect(word(ParameterListRecord.RELATIVE_TARGET_PORT)).toBe(each.relativeTargetPort ?? 0);
        const offset = word(ParameterListRecord.TRANSPORTIDS_OFFSET);
        const length = word(ParameterListRecord.TRANSPORTIDS_LENGTH);
        const sent = each.transportId === undefined ? (each.initiatorPorts ?? []) : [each.transportId];
        expect(transportIds(list, offset, length)).toEqual(sent);
      }),
      RUNS,
    );
  });

  it("a parameter list that is a byte too short or too long is malformed", () => {
    fc.assert(
      fc.property(persistentReserveOut, ({ command }) => {
        const list = command.dataOut as Uint8Array;
        dataIn(list);
        const serviceAction = serviceActions[command.name] as number;
        expect(core.decodeParameterList(serviceAction, list.length - 1)).toBe(-1);
        expect(core.decodeParameterList(serviceAction, list.length + 1)).toBe(-1);
      }),
      RUNS,
    );
  });

  it("READ and WRITE", () => {
    const blocks = fc.nat(0xffff);
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), blocks, flag, flag, (lba, blocks, dpo, fua) => {
        const options = { disablePageOut: dpo, forceUnitAccess: fua };
        const short = lba & 0xffff_ffffn;
        const data = new Uint8Array(blocks & 0xff);
        const built: [Command<unknown>, number, bigint, number][] = [
          [commands.read10({ lba: short, blocks, ...options }), 0x28, short, blocks],
          [commands.read16({ lba, blocks: blocks * 0x1_0000, ...options }), 0x88, lba, blocks * 0x1_0000],
          [commands.write10({ lba: short, data, blockLengthBytes: 1, ...options }), 0x2a, short, data.length],
          [commands.write16({ lba, data, blockLengthBytes: 1, ...options }), 0x8a, lba, data.length],
        ];
        for (const [command, operationCode, expectedLba, length] of built) {
          cdbIn(command.cdb);
          expect(core.decodeCommand(command.cdb.length)).toBe(0);
          expect(word(CommandRecord.OPERATION_CODE)).toBe(operationCode);
          expect(long(CommandRecord.LBA_U64)).toBe(expectedLba);
          expect(word(CommandRecord.LENGTH)).toBe(length);
          expect((command.cdb[1] as number) & 0x18).toBe((dpo ? 0x10 : 0) | (fua ? 0x08 : 0));
        }
      }),
      RUNS,
    );
  });

  it("the other commands", () => {
    const allocation = fc.integer({ min: 16, max: 0xffff });
    fc.assert(
      fc.property(allocation, fc.nat(255), flag, (allocationLengthBytes, selectReport, descriptorFormat) => {
        const options = { allocationLengthBytes };
        const small = 18 + (allocationLengthBytes % 235);
        const built: [Command<unknown>, Record<string, number>][] = [
          [commands.readKeys(options), { OPERATION_CODE: 0x5e, SERVICE_ACTION: 0 }],
          [commands.readReservation(options), { OPERATION_CODE: 0x5e, SERVICE_ACTION: 1 }],
          [commands.reportCapabilities(options), { OPERATION_CODE: 0x5e, SERVICE_ACTION: 2 }],
          [commands.readFullStatus(options), { OPERATION_CODE: 0x5e, SERVICE_ACTION: 3 }],
          [commands.inquiry(options), { OPERATION_CODE: 0x12, FLAG: 0 }],
          [commands.supportedVpdPages(options), { OPERATION_CODE: 0x12, FLAG: 1, PAGE: 0 }],
          [commands.unitSerialNumber(options), { OPERATION_CODE: 0x12, FLAG: 1, PAGE: 0x80 }],
          [commands.deviceIdentification(options), { OPERATION_CODE: 0x12, FLAG: 1, PAGE: 0x83 }],
          [commands.readCapacity16(options), { OPERATION_CODE: 0x9e, SERVICE_ACTION: 0x10 }],
          [commands.reportLuns({ selectReport, ...options }), { OPERATION_CODE: 0xa0, PAGE: selectReport }],
          [
            commands.requestSense({ descriptorFormat, allocationLengthBytes: small }),
            { OPERATION_CODE: 0x03, FLAG: descriptorFormat ? 1 : 0, LENGTH: small },
          ],
          [commands.readCapacity10(), { OPERATION_CODE: 0x25, LENGTH: 0 }],
          [commands.testUnitReady(), { OPERATION_CODE: 0x00, LENGTH: 0 }],
          [commands.reserve6(), { OPERATION_CODE: 0x16, LENGTH: 0 }],
          [commands.release6(), { OPERATION_CODE: 0x17, LENGTH: 0 }],
          [commands.reserve10(), { OPERATION_CODE: 0x56, FLAG: 0, LENGTH: 0 }],
          [commands.release10(), { OPERATION_CODE: 0x57, FLAG: 0, LENGTH: 0 }],
        ];
        for (const [command, expected] of built) {
          cdbIn(command.cdb);
          expect(core.decodeCommand(command.cdb.length)).toBe(0);
          for (const [slot, value] of Object.entries({ LENGTH: allocationLengthBytes, ...expected })) {
            expect(word(CommandRecord[slot as "LENGTH"]), `${command.name} ${slot}`).toBe(value);
          }
        }
      }),
      RUNS,
    );
  });
});
