/** Runs every golden case, in both directions where there are two. README.md says what a case is. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as tables from "../../src/core/generated/fields.ts";
import { CommandRecord, ParameterListRecord } from "../../src/core/generated/records.ts";
import { cdbIn, core, crc32c, dataIn, dataWindow, long, word } from "../../src/core/index.ts";
import {
  type Command,
  commands,
  decodeSense,
  decodeTransportId,
  encodeTransportId,
  type Field,
  fieldsOf,
  formatTransportId,
  parseTransportId,
  type SenseData,
  type StructureName,
} from "../../src/index.ts";
import { encoders, sense as encodeSense } from "./encode.ts";
import { type Case, hexBytes, type Kind, parseCases } from "./markdown.ts";

const folder = new URL(".", import.meta.url);
const cases = readdirSync(folder)
  .filter((file) => file.endsWith(".md") && file !== "README.md")
  .sort()
  .flatMap((file) => parseCases(file, readFileSync(new URL(file, folder), "utf8")));

/** JavaScript in a case, with the commands in scope. */
function evaluate(text: string): unknown {
  return new Function(...Object.keys(commands), `"use strict"; return (${text}\n);`)(...Object.values(commands));
}

const bytesOf = (golden: Case, kind: Kind): Uint8Array => hexBytes(golden.blocks.get(kind) as string);
const callOf = (golden: Case): Command<unknown> => evaluate(golden.blocks.get("call") as string) as Command<unknown>;
const resultOf = (golden: Case): never => evaluate(golden.blocks.get("result") as string) as never;
const commandName = (golden: Case): string => /^\w+/.exec(golden.blocks.get("call") as string)?.[0] as string;

/** The bytes that a field table is about. */
function tableBytes(golden: Case, structure: string): Uint8Array {
  const first = (...wanted: Kind[]): Uint8Array => {
    const kind = wanted.find((each) => golden.blocks.has(each));
    if (kind === undefined) throw new Error(`no bytes for ${structure}`);
    return bytesOf(golden, kind);
  };
  return structure.endsWith("Cdb") ? first("cdb") : first("data-in", "data-out", "sense", "transport-id");
}

/** The fields that a table must name. */
const namedFields = (fields: readonly Field[]): Map<string, bigint> =>
  new Map(fields.filter(({ value }) => value !== 0n).map(({ name, value }) => [name, value]));

/** Which slot of the device server's record each field of a CDB must arrive in. */
const cdbSlots: Readonly<Record<string, number>> = {
  "OPERATION CODE": CommandRecord.OPERATION_CODE,
  "SERVICE ACTION": CommandRecord.SERVICE_ACTION,
  SCOPE: CommandRecord.SCOPE,
  TYPE: CommandRecord.TYPE,
  "ALLOCATION LENGTH": CommandRecord.LENGTH,
  "PARAMETER LIST LENGTH": CommandRecord.LENGTH,
  "TRANSFER LENGTH": CommandRecord.LENGTH,
  EVPD: CommandRecord.FLAG,
  DESC: CommandRecord.FLAG,
  "PAGE CODE": CommandRecord.PAGE,
  "SELECT REPORT": CommandRecord.PAGE,
  "LOGICAL BLOCK ADDRESS": CommandRecord.LBA_U64,
};

/** Fields of a CDB that no device server here looks at. */
const unread = new Set(["DPO", "FUA", "REPORTING OPTIONS", "REQUESTED OPERATION CODE", "REQUESTED SERVICE ACTION"]);

const listSlots: Readonly<Record<string, number>> = {
  "RESERVATION KEY": ParameterListRecord.RESERVATION_KEY_U64,
  "SERVICE ACTION RESERVATION KEY": ParameterListRecord.SERVICE_ACTION_RESERVATION_KEY_U64,
  SPEC_I_PT: ParameterListRecord.SPEC_I_PT,
  ALL_TG_PT: ParameterListRecord.ALL_TG_PT,
  APTPL: ParameterListRecord.APTPL,
  UNREG: ParameterListRecord.UNREG,
  "RELATIVE TARGET PORT IDENTIFIER": ParameterListRecord.RELATIVE_TARGET_PORT,
  "TRANSPORTID PARAMETER DATA LENGTH": ParameterListRecord.TRANSPORTIDS_LENGTH,
};

/** Every slot of a record holds what the table says, and 0 where the table has nothing. */
function expectRecord(
  slots: Readonly<Record<string, number>>,
  longSlots: readonly number[],
  values: ReadonlyMap<string, bigint>,
): void {
  for (const name of values.keys()) if (!unread.has(name)) expect(Object.keys(slots)).toContain(name);
  const expected = new Map<number, bigint>();
  for (const [name, slot] of Object.entries(slots))
    expected.set(slot, (expected.get(slot) ?? 0n) + (values.get(name) ?? 0n));
  for (const [slot, value] of expected) {
    expect(longSlots.includes(slot) ? long(slot) : BigInt(word(slot)), `slot ${slot}`).toBe(value);
  }
}

function runCommand(golden: Case): void {
  const command = callOf(golden);
  expect(command.cdb).toEqual(bytesOf(golden, "cdb"));
  const list = golden.blocks.has("data-out") ? bytesOf(golden, "data-out") : undefined;
  expect(command.dataOut).toEqual(list);

  // And the device server's side of it.
  const cdbTable = golden.tables.find(({ structure }) => structure.endsWith("Cdb"));
  if (cdbTable === undefined) throw new Error("a command needs a table of its CDB");
  expect(cdbTable.structure).toBe(command.layout.cdb);
  cdbIn(command.cdb);
  expect(core.decodeCommand(command.cdb.length)).toBe(0);
  expect(word(CommandRecord.CDB_LENGTH)).toBe(command.cdb.length);
  expectRecord(cdbSlots, [CommandRecord.LBA_U64], cdbTable.values);
  if (list === undefined || command.layout.dataOut === undefined) return;

  const listTable = golden.tables.find(({ structure }) => structure === command.layout.dataOut);
  if (listTable === undefined)
    throw new Error(`a command with a parameter list needs a table of ${command.layout.dataOut}`);
  dataIn(list);
  expect(core.decodeParameterList(Number(cdbTable.values.get("SERVICE ACTION") ?? 0n), list.length)).toBe(0);
  const keySlots = [ParameterListRecord.RESERVATION_KEY_U64, ParameterListRecord.SERVICE_ACTION_RESERVATION_KEY_U64];
  expectRecord(listSlots, keySlots, listTable.values);
}

function runResponse(golden: Case): void {
  const command = callOf(golden);
  const bytes = bytesOf(golden, "data-in");
  if (golden.blocks.has("cdb")) expect(command.cdb).toEqual(bytesOf(golden, "cdb"));
  if (golden.rejected !== undefined) {
    expect(() => command.read(bytes)).toThrow(expect.objectContaining({ code: "MALFORMED_RESPONSE" }));
    return;
  }
  expect(command.read(bytes)).toStrictEqual(resultOf(golden));
  if (golden.decodeOnly !== undefined) return;
  dataWindow.fill(0xa5);
  expect((encoders[commandName(golden)] as (value: never) => Uint8Array)(resultOf(golden))).toEqual(bytes);
}

/** Descriptors as a case names them: without their bytes, which must be those of the sense data, one after the other. */
function descriptorsOf(bytes: Uint8Array, named: readonly object[]): object[] {
  let at = 8;
  return named.map((one) => {
    const from = at;
    at += 2 + (bytes[at + 1] as number);
    return { ...one, bytes: bytes.slice(from, at) };
  });
}

const silent = { deferred: false, filemark: false, endOfMedium: false, incorrectLength: false, truncated: false };

function runSense(golden: Case): void {
  const bytes = bytesOf(golden, "sense");
  if (golden.rejected !== undefined) {
    expect(decodeSense(bytes)).toBeUndefined();
    return;
  }
  const { descriptors, ...result } = resultOf(golden) as SenseData;
  const decoded = decodeSense(bytes) as SenseData;
  // What the 23 bits are is told by the field that the sense key makes of them.
  const { senseKeySpecific, responseCode } = decoded;
  expect(responseCode).toBe((bytes[0] as number) & 0x7f);
  expect(decoded).toEqual({
    ...silent,
    ...result,
    responseCode,
    senseKeySpecific,
    descriptors: descriptors === undefined ? decoded.descriptors : descriptorsOf(bytes, descriptors),
    bytes,
  });
  if (golden.decodeOnly !== undefined) return;
  dataWindow.fill(0xa5);
  expect(encodeSense(resultOf(golden))).toEqual(bytes);
}

function runTransportId(golden: Case): void {
  const bytes = bytesOf(golden, "transport-id");
  if (golden.rejected !== undefined) {
    expect(() => decodeTransportId(bytes)).toThrow(RangeError);
    return;
  }
  const text = golden.blocks.get("text") as string;
  expect(decodeTransportId(bytes)).toStrictEqual(resultOf(golden));
  dataWindow.fill(0xa5);
  expect(encodeTransportId(resultOf(golden))).toEqual(bytes);
  expect(formatTransportId(resultOf(golden))).toBe(text);
  expect(parseTransportId(text)).toStrictEqual(resultOf(golden));
}

function runCrc(golden: Case): void {
  const bytes = bytesOf(golden, "bytes");
  const expected = Number.parseInt(golden.blocks.get("crc32c") as string, 16);
  expect(crc32c(bytes)).toBe(expected);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(expected);
  }
}

const structures = new Map<string, Readonly<Record<string, number>>>(Object.entries(tables));

/** A structure without a command of its own: each field reads as the table says, and can be put where it stands. */
function runStructure(golden: Case): void {
  for (const { structure, offset } of golden.tables) {
    const bytes = tableBytes(golden, structure).subarray(offset);
    const isCdb = structure.endsWith("Cdb");
    dataWindow.fill(0xa5, 0, bytes.length);
    if (isCdb) cdbIn(bytes);
    for (const { name, byte, bit, width, value } of fieldsOf(structure as StructureName, bytes)) {
      const row = (byte << 16) | (bit << 8) | width;
      const rows = Object.values(structures.get(structure) as Readonly<Record<string, number>>);
      if (!rows.includes(row)) throw new Error(`${structure} has no ${name}`);
      if (isCdb) expect(BigInt.asUintN(64, core.cdbLongField(row)), name).toBe(value);
      core.putDataLongField(0, row, value);
      expect(BigInt.asUintN(64, core.dataLongField(0, row)), name).toBe(value);
      const [first, last] = [row >>> 16, (row >>> 16) + ((7 - ((row >>> 8) & 0xff) + (row & 0xff) + 7) >>> 3)];
      if ((row & 0xff) % 8 === 0 && ((row >>> 8) & 0xff) === 7) {
        expect([...dataWindow.subarray(first, last)], name).toEqual([...bytes.subarray(first, last)]);
      }
    }
  }
}

/** Which blocks make which kind of case. */
const shapes: readonly { needs: readonly Kind[]; may: readonly Kind[]; run: (golden: Case) => void }[] = [
  { needs: ["cdb"], may: [], run: runStructure },
  { needs: ["data-in"], may: [], run: runStructure },
  { needs: ["data-out"], may: [], run: runStructure },
  { needs: ["call", "data-in", "result"], may: ["cdb"], run: runResponse },
  { needs: ["call", "data-in"], may: ["cdb"], run: runResponse },
  { needs: ["call", "cdb"], may: ["data-out"], run: runCommand },
  { needs: ["sense", "result"], may: [], run: runSense },
  { needs: ["sense"], may: [], run: runSense },
  { needs: ["transport-id", "result", "text"], may: [], run: runTransportId },
  { needs: ["transport-id"], may: [], run: runTransportId },
  { needs: ["bytes", "crc32c"], may: [], run: runCrc },
];

function shapeOf(golden: Case): (golden: Case) => void {
  const has = [...golden.blocks.keys()];
  const shape = shapes.find(
    ({ needs, may }) =>
      needs.every((kind) => has.includes(kind)) && has.every((kind) => needs.includes(kind) || may.includes(kind)),
  );
  if (shape === undefined) throw new Error(`no kind of case has the blocks ${has.join(", ")}`);
  const readsSomething = ![runCommand, runCrc, runStructure].includes(shape.run);
  if (readsSomething && golden.blocks.has("result") === (golden.rejected !== undefined)) {
    throw new Error("a case needs either a result or a reason for which it is rejected");
  }
  return shape.run;
}

describe.each([...new Set(cases.map(({ file }) => file))])("%s", (file) => {
  for (const golden of cases.filter((each) => each.file === file)) {
    it(golden.name, () => {
      shapeOf(golden)(golden);
      for (const { structure, offset, values } of golden.tables) {
        expect(Object.keys(tables)).toContain(structure);
        const bytes = tableBytes(golden, structure).subarray(offset);
        expect(namedFields(fieldsOf(structure as StructureName, bytes)), structure).toEqual(values);
      }
    });
  }
});

describe("the golden cases", () => {
  it("are as many as they were", () => {
    const counts: Record<string, number> = {};
    for (const { file } of cases) counts[file] = (counts[file] ?? 0) + 1;
    expect(counts).toEqual({
      "basic-commands.md": 7,
      "crc32c.md": 7,
      "device-server-commands.md": 22,
      "device-server-data.md": 20,
      "discovery.md": 14,
      "inquiry.md": 21,
      "maintenance-in.md": 9,
      "persistent-reserve-in-limits.md": 21,
      "persistent-reserve-in.md": 24,
      "persistent-reserve-out.md": 20,
      "sense.md": 25,
      "transfers.md": 5,
      "transport-ids.md": 13,
    });
  });

  it("have names of their own", () => {
    const names = cases.map(({ file, name }) => `${file} ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it("call every command, and give every structure a table of fields", () => {
    const called = new Set(cases.filter(({ blocks }) => blocks.has("cdb") && blocks.has("call")).map(commandName));
    expect([...called].sort()).toEqual(Object.keys(commands).sort());
    const tabled = new Set(cases.flatMap((golden) => golden.tables.map(({ structure }) => structure)));
    expect([...tabled].sort()).toEqual(Object.keys(tables).sort());
  });

  it("that are not understood are failures", () => {
    const parse = (text: string) => () => parseCases("x.md", `# X\n\n## A case\n\n${text}`);
    expect(parse("```call\nreadKeys()\n```")).toThrow("no source");
    expect(parse("Source: somewhere\n\n```cbd\n5e\n```")).toThrow("no such kind of block");
    expect(parse("Source: somewhere\n\n```cdb\n5e")).toThrow("does not end");
    expect(parse("Source: somewhere\n\nSomething else.")).toThrow("not understood");
    expect(parse("Source: somewhere\n\n| FieldsOf x | value |\n|---|---|")).toThrow("not a table of fields");
    expect(() => hexBytes("5e 0g")).toThrow("not hexadecimal pairs");
    const [odd] = parse("Source: somewhere\n\n```cdb\n5e\n```\n\n```sense\n70\n```")() as [Case];
    expect(() => shapeOf(odd)).toThrow("no kind of case");
  });
});
