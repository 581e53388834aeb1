/** From an answer to a result or an error: every status, every sense key, and what the error knows. */
import { describe, expect, it } from "vitest";
import { scsiErrorCodes } from "../../src/explain.ts";
import {
  commands,
  createLogicalUnit,
  isScsiError,
  noRetries,
  ScsiError,
  type ScsiErrorCode,
  type ScsiResponse,
  transportError,
} from "../../src/index.ts";
import { rejection } from "../rejection.ts";
import { bytes, check, checkWith, good, hangs, lost, scripted, status } from "./scripted.ts";

const once = { retry: noRetries };
const errorOf = (response: ScsiResponse): Promise<ScsiError> =>
  rejection(createLogicalUnit(scripted([response]), once).testUnitReady());

describe("a status", () => {
  const statuses: readonly [number, string, ScsiErrorCode][] = [
    [0x04, "CONDITION MET", "UNEXPECTED_STATUS"],
    [0x08, "BUSY", "BUSY"],
    [0x18, "RESERVATION CONFLICT", "RESERVATION_CONFLICT"],
    [0x28, "TASK SET FULL", "TASK_SET_FULL"],
    [0x30, "ACA ACTIVE", "ACA_ACTIVE"],
    [0x40, "TASK ABORTED", "TASK_ABORTED"],
  ];
  const known = new Map(statuses.map(([code, name, errorCode]) => [code, { name, errorCode }]));

  it("of every value but GOOD and CHECK CONDITION has a code and is named in the message", async () => {
    for (let code = 1; code < 256; code++) {
      if (code === 0x02) continue;
      const error = await errorOf(status(code));
      const { name, errorCode } = known.get(code) ?? {
        name: `status ${code.toString(16).padStart(2, "0")}h`,
        errorCode: "UNEXPECTED_STATUS",
      };
      expect(error).toMatchObject({ code: errorCode, status: code, delivered: "yes", sense: undefined });
      expect(error.message).toBe(`Cannot TEST UNIT READY: the target answered ${name}`);
    }
  });

  it("GOOD is a result, even with sense data beside it", async () => {
    const response = { ...good(), sense: check(5, 0x24, 0).sense };
    await expect(createLogicalUnit(scripted([response])).testUnitReady()).resolves.toBeUndefined();
  });
});

describe("CHECK CONDITION", () => {
  const keys: readonly [number, ScsiErrorCode | "success"][] = [
    [0x0, "NO_SENSE"],
    [0x1, "success"],
    [0x2, "NOT_READY"],
    [0x3, "MEDIUM_ERROR"],
    [0x4, "HARDWARE_ERROR"],
    [0x5, "ILLEGAL_REQUEST"],
    [0x6, "UNIT_ATTENTION"],
    [0x7, "DATA_PROTECT"],
    [0x8, "BLANK_CHECK"],
    [0x9, "VENDOR_SPECIFIC"],
    [0xa, "COPY_ABORTED"],
    [0xb, "ABORTED_COMMAND"],
    [0xc, "UNEXPECTED_STATUS"],
    [0xd, "VOLUME_OVERFLOW"],
    [0xe, "MISCOMPARE"],
    [0xf, "success"],
  ];

  it.each(keys)("with sense key %i is %s", async (senseKey, code) => {
    const unit = createLogicalUnit(scripted([check(senseKey, 0, 0)]), once);
    if (code === "success") await expect(unit.testUnitReady()).resolves.toBeUndefined();
    else expect(await rejection(unit.testUnitReady())).toMatchObject({ code, status: 2, sense: { senseKey } });
  });

  it.each(keys)("with sense key %i, deferred, is a failure: the command was not executed", async (senseKey, code) => {
    const error = await errorOf(check(senseKey, 0, 0, { deferred: true }));
    expect(error).toMatchObject({
      code: code === "success" ? "UNEXPECTED_STATUS" : code,
      sense: { senseKey, deferred: true },
    });
    expect(error.message).toContain("deferred: about an earlier command");
  });

  it("with RECOVERED ERROR gives the data that came with it", async () => {
    const unit = createLogicalUnit(scripted([checkWith("700001000000000a00000000170000000000", "00003fff00000200")]));
    expect(await unit.readCapacity10()).toEqual({ blocks: 16384n, blockLengthBytes: 512 });
  });

  it("with RECOVERED ERROR notes the sense data in its attempt", async () => {
    const unit = createLogicalUnit(scripted([check(1, 0x17, 0)]));
    const { attempts } = await unit.perform(commands.testUnitReady());
    expect(attempts).toMatchObject([{ status: 2, code: undefined, sense: { senseKey: 1, asc: 0x17 } }]);
  });

  it.each([
    ["no sense data", ""],
    ["sense data of an unknown form", "7f0005000000000a0000000024000000 0000"],
    ["sense data of an unknown form", "7000"],
  ])("with %s is MALFORMED_SENSE", async (what, sense) => {
    const error = await errorOf(checkWith(sense));
    expect(error).toMatchObject({ code: "MALFORMED_SENSE", status: 2, sense: undefined, field: undefined });
    expect(error.message).toBe(`Cannot TEST UNIT READY: the target answered CHECK CONDITION with ${what}`);
  });

  it("says what sense data mean, in the standard's words", async () => {
    expect((await errorOf(check(5, 0x25, 0))).message).toBe(
      "Cannot TEST UNIT READY: the target answered ILLEGAL REQUEST, LOGICAL UNIT NOT SUPPORTED (25h/00h)",
    );
  });

  it("with a code that nobody has assigned gives its numbers", async () => {
    expect((await errorOf(check(5, 0x9a, 0xbc))).message).toContain("ILLEGAL REQUEST (9Ah/BCh)");
  });
});

describe("a field pointer", () => {
  const pointer = (skv: string) => checkWith(`700005000000000a00000000240000${skv}`);
  const list = (skv: string) => checkWith(`700005000000000a00000000260000${skv}`);
  const reserve = { key: 1n, type: "write-exclusive" } as const;

  it.each([
    ["TYPE (CDB byte 2, bit 3)", pointer("cb0002"), { in: "cdb", byte: 2, bit: 3, name: "TYPE" }],
    ["SCOPE (CDB byte 2, bit 7)", pointer("cf0002"), { in: "cdb", byte: 2, bit: 7, name: "SCOPE" }],
    ["SERVICE ACTION (CDB byte 1)", pointer("c00001"), { in: "cdb", byte: 1, bit: undefined, name: "SERVICE ACTION" }],
    ["SCOPE or TYPE (CDB byte 2)", pointer("c00002"), { in: "cdb", byte: 2, name: "SCOPE or TYPE" }],
    ["PARAMETER LIST LENGTH (CDB byte 5)", pointer("c00005"), { name: "PARAMETER LIST LENGTH" }],
    ["APTPL (parameter list byte 20, bit 0)", list("880014"), { in: "data-out", byte: 20, bit: 0, name: "APTPL" }],
    ["RESERVATION KEY (parameter list byte 0)", list("800000"), { in: "data-out", name: "RESERVATION KEY" }],
    ["CDB byte 3", pointer("c00003"), { byte: 3, name: undefined }],
    ["CDB byte 65535", pointer("c0ffff"), { byte: 65535, name: undefined }],
  ])("is named: %s", async (text, response, field) => {
    const error = await rejection(createLogicalUnit(scripted([response]), once).reserve(reserve));
    expect(error.field).toMatchObject(field);
    expect(error.message).toMatch(new RegExp(`; the field meant is ${text.replace(/[()]/g, "\\$&")}$`));
  });

  it("into a parameter list that the command does not have has no name", async () => {
    const error = await errorOf(list("800014"));
    expect(error.field).toMatchObject({ in: "data-out", byte: 20, name: undefined });
  });

  it("is that of the parameter list's own form", async () => {
    const unit = createLogicalUnit(scripted([list("890011")]), once);
    const transportId = { protocol: "sas", address: 1n } as const;
    const error = await rejection(unit.registerAndMove({ key: 1n, newKey: 2n, transportId, relativeTargetPort: 1 }));
    expect(error.field?.name).toBe("UNREG");
  });

  it("is absent where the sense data have none", async () => {
    const error = await errorOf(check(5, 0x24, 0));
    expect(error.field).toBeUndefined();
    expect(error.message).not.toContain("field meant");
  });
});

describe("an answer that cannot be right", () => {
  it("is MALFORMED_RESPONSE, and says what was expected and what came", async () => {
    const unit = createLogicalUnit(scripted([good("0000000100")]));
    const error = await rejection(unit.readKeys());
    expect(error).toMatchObject({ code: "MALFORMED_RESPONSE", command: "READ KEYS", status: 0, delivered: "yes" });
    expect(error.message).toMatch(/^Cannot read the answer to READ KEYS: expected .*, got 5 bytes: 00 00 00 01 00$/);
    expect(error.attempts).toHaveLength(1);
  });

  it("is not asked for again", async () => {
    const transport = scripted([good("0000000100")]);
    await rejection(createLogicalUnit(transport).readKeys());
    expect(transport.sent).toHaveLength(1);
  });

  it("of a READ is one of another length", async () => {
    const unit = createLogicalUnit(scripted([good("00".repeat(511))]));
    expect((await rejection(unit.read10({ lba: 0, blocks: 1 }))).code).toBe("MALFORMED_RESPONSE");
  });
});

describe("a transport's error", () => {
  it.each([
    ["CONNECTION_FAILED", "no"],
    ["LOGIN_FAILED", "no"],
    ["AUTHENTICATION_FAILED", "no"],
    ["TARGET_NOT_FOUND", "no"],
    ["CONNECTION_LOST", "unknown"],
    ["PROTOCOL_ERROR", "unknown"],
    ["TIMEOUT", "unknown"],
    ["ABORTED", "unknown"],
    ["CLOSED", "no"],
  ] as const)("%s keeps its code, and gets the command, the unit and the attempts", async (code, delivered) => {
    const cause = new Error("the reason");
    const unit = createLogicalUnit(scripted([transportError(code, delivered, "the wire is cut", cause)]), once);
    const error = await rejection(unit.testUnitReady());
    expect(error).toMatchObject({
      code,
      delivered,
      command: "TEST UNIT READY",
      unit: "scripted://unit",
      status: undefined,
      cause,
      attempts: [{ code, delivered, command: "TEST UNIT READY", status: undefined }],
    });
    expect(error.message).toBe("Cannot TEST UNIT READY: the wire is cut");
  });

  it("of another class is passed on untouched", async () => {
    const bug = new Error("a bug in the transport");
    await expect(createLogicalUnit(scripted([bug])).testUnitReady()).rejects.toBe(bug);
  });
});

describe("an argument that cannot be sent", () => {
  it("rejects, and nothing is sent", async () => {
    const transport = scripted([good()]);
    const unit = createLogicalUnit(transport);
    await expect(unit.reserve({ key: 0n, type: "write-exclusive" })).rejects.toThrow(RangeError);
    await expect(unit.register(undefined as never)).rejects.toThrow(TypeError);
    expect(transport.sent).toHaveLength(0);
  });

  it.each([0, -1, Number.NaN, "100"])("is a time of %s", async (time) => {
    const transport = scripted([good()]);
    const unit = createLogicalUnit(transport);
    await expect(unit.testUnitReady({ timeoutMs: time as number })).rejects.toThrow(/^timeoutMs/);
    await expect(unit.testUnitReady({ deadlineMs: time as number })).rejects.toThrow(/^deadlineMs/);
    expect(() => createLogicalUnit(transport, { timeoutMs: time as number })).toThrow(RangeError);
    expect(transport.sent).toHaveLength(0);
  });
});

describe("a ScsiError", () => {
  it("is known by isScsiError, also one of another copy of the library", () => {
    const error = new ScsiError("message", { code: "BUSY" });
    expect(isScsiError(error)).toBe(true);
    const copy = Object.defineProperty(new Error("message"), Symbol.for("scsi-persist.ScsiError"), { value: true });
    expect(isScsiError(copy)).toBe(true);
    expect(copy).not.toBeInstanceOf(ScsiError);
  });

  it.each([[new Error("BUSY")], [{ code: "BUSY" }], ["BUSY"], [null], [undefined], [5]])("is not %o", (value) => {
    expect(isScsiError(value)).toBe(false);
  });

  it("has a name, a cause and defaults", () => {
    const cause = new Error("why");
    const error = new ScsiError("message", { code: "BUSY", cause });
    expect(error).toMatchObject({ name: "ScsiError", message: "message", cause, delivered: "yes", attempts: [] });
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe("ScsiError: message");
    expect("cause" in new ScsiError("message", { code: "BUSY" })).toBe(false);
  });

  it("does not show its brand when it is printed", () => {
    expect(Object.getOwnPropertySymbols(new ScsiError("m", { code: "BUSY" }))).toHaveLength(1);
    expect(Object.keys(new ScsiError("m", { code: "BUSY" }))).not.toContain("brand");
    expect(
      Object.getOwnPropertyDescriptor(new ScsiError("m", { code: "BUSY" }), Symbol.for("scsi-persist.ScsiError")),
    ).toMatchObject({ enumerable: false });
  });

  it("has a code of a list in which every one is explained", () => {
    for (const [code, meaning] of Object.entries(scsiErrorCodes)) {
      expect(code).toMatch(/^[A-Z_]+$/);
      expect(meaning.length).toBeGreaterThan(10);
    }
  });
});

describe("a logical unit", () => {
  it("has the transport's name and the transport, and disposes it", async () => {
    const transport = scripted([good()]);
    {
      await using unit = createLogicalUnit(transport);
      expect(unit.name).toBe("scripted://unit");
      expect(unit.transport).toBe(transport);
      expect(transport.disposed()).toBe(0);
    }
    expect(transport.disposed()).toBe(1);
  });

  it("has a method for every command, and sends what the command is", async () => {
    const transport = scripted([good()]);
    const unit = createLogicalUnit(transport);
    for (const name of Object.keys(commands)) expect(unit[name as "testUnitReady"]).toBeTypeOf("function");
    const command = commands.reserve({ key: 0xabcn, type: "exclusive-access" });
    await unit.execute(command);
    await unit.reserve({ key: 0xabcn, type: "exclusive-access" });
    for (const { request } of transport.sent) {
      expect(request).toMatchObject({ cdb: command.cdb, dataOut: command.dataOut, dataInLength: 0 });
    }
  });

  it("sends a command again and again, and always the same", async () => {
    const transport = scripted([good()]);
    const unit = createLogicalUnit(transport);
    const command = commands.register({ newKey: 5n });
    await unit.execute(command);
    commands.register({ newKey: 6n });
    await unit.execute(command);
    expect(transport.sent[1]?.request).toEqual(transport.sent[0]?.request);
  });

  it("resets through the transport", async () => {
    const resets: unknown[] = [];
    const transport = scripted([good()], {
      async reset(scope, options) {
        resets.push([scope, options]);
      },
    });
    const unit = createLogicalUnit(transport);
    const { signal } = new AbortController();
    await unit.reset("logical-unit", { signal, timeoutMs: 7 });
    await unit.reset("bus");
    expect(resets).toEqual([
      ["logical-unit", { signal, timeoutMs: 7 }],
      ["bus", { signal: undefined, timeoutMs: 20_000 }],
    ]);
  });

  it("cannot reset where the transport cannot", async () => {
    const error = await rejection(createLogicalUnit(scripted([good()])).reset("target"));
    expect(error).toMatchObject({ code: "TASK_MANAGEMENT_FAILED", delivered: "no", unit: "scripted://unit" });
    expect(error.message).toBe("Cannot reset the target: scripted://unit has no task management");
  });
});

describe("a signal", () => {
  it("that has fired before: the transport gets it, and its ABORTED is passed on", async () => {
    const reason = new Error("never mind");
    const error = await rejection(
      createLogicalUnit(scripted([hangs])).testUnitReady({ signal: AbortSignal.abort(reason) }),
    );
    expect(error).toMatchObject({ code: "ABORTED", command: "TEST UNIT READY", cause: reason });
  });

  it("that fires while a command is under way ends it", async () => {
    const controller = new AbortController();
    const transport = scripted([hangs]);
    const promise = rejection(createLogicalUnit(transport).testUnitReady({ signal: controller.signal }));
    controller.abort();
    expect((await promise).code).toBe("ABORTED");
    expect(transport.sent).toHaveLength(1);
  });

  it("of a command that changes state leaves the answer unknown, and nobody looks", async () => {
    const controller = new AbortController();
    const transport = scripted([hangs]);
    const promise = rejection(createLogicalUnit(transport).clear({ key: 1n, signal: controller.signal }));
    controller.abort();
    expect(await promise).toMatchObject({ code: "ABORTED", delivered: "unknown" });
    expect(transport.sent).toHaveLength(1);
  });

  const slow = { maxAttempts: 9, backoffMs: 60_000, maxBackoffMs: 60_000, decide: () => "after-pause" as const };

  it("that fires in the pause between two attempts ends the pause", async () => {
    const controller = new AbortController();
    const transport = scripted([status(0x08)]);
    const unit = createLogicalUnit(transport, { retry: slow, deadlineMs: 600_000, signal: controller.signal });
    const promise = rejection(unit.testUnitReady());
    await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort(new Error("never mind"));
    const error = await promise;
    expect(error).toMatchObject({
      code: "ABORTED",
      delivered: "no",
      command: "TEST UNIT READY",
      unit: "scripted://unit",
    });
    expect((error.cause as Error).message).toBe("never mind");
    expect(error.attempts).toMatchObject([{ code: "BUSY" }]);
    expect(transport.sent).toHaveLength(1);
  });

  it("that fires as an attempt ends, before the pause, ends the pause too", async () => {
    const controller = new AbortController();
    const unit = createLogicalUnit(scripted([status(0x08)]), { retry: slow, deadlineMs: 600_000 });
    const observer = (): void => controller.abort();
    const error = await rejection(unit.testUnitReady({ signal: controller.signal, observer }));
    expect(error).toMatchObject({ code: "ABORTED", delivered: "no" });
  });
});

describe("bytes that a transport lends", () => {
  it("are not needed once the result is there", async () => {
    const response = good("000000010000000811223344556677 88");
    const { keys } = await createLogicalUnit(scripted([response])).readKeys();
    response.dataIn.fill(0);
    expect(keys).toEqual([0x1122334455667788n]);
    expect(bytes("0102")).toEqual(Uint8Array.of(1, 2));
    expect(lost().code).toBe("CONNECTION_LOST");
  });
});

describe("an error that nobody caught", () => {
  it("is printed with what is known, and with nothing else", async () => {
    const error = await errorOf(status(0x18));
    expect(Object.values(error)).not.toContain(undefined);
    expect(error).toMatchObject({ code: "RESERVATION_CONFLICT", status: 0x18, unit: "scripted://unit" });
    expect([error.sense, error.evidence, error.account]).toEqual([undefined, undefined, undefined]);
  });
});
