/**
 * A changer's session, captured on loopback and read by tshark's SMC dissector: it must see in our CDBs what the arguments said, and
 * in the simulated library's answers what our own decoder read from them.
 */
import { expect, test } from "vitest";
import { createChanger, elementTypes, type NamedElement } from "../../../src/changer/index.ts";
import { open } from "../../../transports/open.ts";
import { serve } from "../../../transports/serve.ts";
import { createCartridge, type Library } from "../../../transports/simulated/index.ts";
import { captureLoopback, type Dissected } from "./tshark.ts";

const TARGET = "iqn.2026-01.test:captured-library";
const number = (value: string | undefined): number => Number.parseInt(value ?? "x", 16);
/** Every value of a field, as numbers. */
const all = (fields: Dissected | undefined, name: string): number[] =>
  (fields?.get(`scsi_smc.${name}`) ?? []).map((value) => number(value));
const one = (fields: Dissected | undefined, name: string): number | undefined => all(fields, name)[0];
const textOf = (hex: string): string => Buffer.from(hex, "hex").toString("latin1").replaceAll("\0", " ").trim();

const flags = (elements: readonly NamedElement[], pick: (element: NamedElement) => boolean): number[] =>
  elements.map((element) => Number(pick(element)));

test("tshark reads commands and answers as we do", { timeout: 40_000 }, async () => {
  await using served = await serve({
    portal: { port: 0 },
    targets: [{ name: TARGET, units: [{ type: "tape" }, { type: "changer", profile: "sl150", mailslots: 2 }] }],
  });
  const library = served.unit(TARGET, 1)?.library as Library;
  library.openMailslot();
  library.insert(createCartridge("CLN001L6"));
  library.closeMailslot();
  const { port } = served.portals[0] ?? { port: 0 };
  await using capture = await captureLoopback(port);
  await using unit = await open(`iscsi://127.0.0.1:${port}/${TARGET}/1`);
  // From INQUIRY data tshark knows that this is a changer.
  await unit.inquiry();
  const changer = createChanger(unit);
  await changer.move({ from: "slot 1", to: "drive", transport: "robot" });
  const { elements } = await changer.inventory();
  const addresses = await changer.elementAddresses();
  await changer.lockMailslot();
  const seen = await capture.read();
  const codes = seen.map(({ cdb }) => one(cdb, "opcode"));
  const of = (code: number) => seen.filter((_, index) => codes[index] === code);

  const [move] = of(0xa5);
  expect([one(move?.cdb, "mta"), one(move?.cdb, "sa"), one(move?.cdb, "da")]).toEqual([1, 1000, 500]);

  const status = of(0xb8).at(-1);
  expect({
    voltag: one(status?.cdb, "voltag"),
    start: one(status?.cdb, "starting_element_address"),
    count: one(status?.cdb, "number_of_elements"),
    curdata: one(status?.cdb, "curdata"),
    dvcid: one(status?.cdb, "dvcid"),
    room: one(status?.cdb, "allocation_length"),
  }).toEqual({ voltag: 1, start: 0, count: 0xffff, curdata: 1, dvcid: 1, room: 4096 });

  const data = status?.dataIn;
  expect(one(data, "number_of_elements_available")).toBe(elements.length);
  expect(one(data, "first_element_address_reported")).toBe(1);
  expect(all(data, "element_type_code")).toEqual(Object.values(elementTypes));
  expect(all(data, "ea")).toEqual(elements.map(({ address }) => address));
  expect(all(data, "full")).toEqual(flags(elements, ({ full }) => full));
  expect(all(data, "except")).toEqual(flags(elements, ({ exception }) => exception !== undefined));
  expect(all(data, "svalid")).toEqual(flags(elements, ({ source }) => source !== undefined));
  const beyondRobot = elements.filter(({ type }) => type !== "medium-transport");
  expect(all(data, "access")).toEqual(flags(beyondRobot, ({ accessible }) => accessible));
  const mailslots = elements.filter(({ type }) => type === "import-export");
  expect(all(data, "impexp")).toEqual(flags(mailslots, ({ byOperator }) => byOperator));
  expect(all(data, "inenab")).toEqual(flags(mailslots, ({ importEnabled }) => importEnabled));
  expect(all(data, "exenab")).toEqual(flags(mailslots, ({ exportEnabled }) => exportEnabled));
  expect((data?.get("scsi_smc.primary_vol_tag_id") ?? []).map(textOf)).toEqual(
    elements.map(({ volumeTag }) => volumeTag ?? ""),
  );
  expect(elements.filter(({ byOperator }) => byOperator).map(({ volumeTag }) => volumeTag)).toEqual(["CLN001L6"]);
  const [drive] = elements.filter(({ type }) => type === "data-transfer");
  expect(drive).toMatchObject({ volumeTag: "SIM001L6", source: 1000 });
  expect((data?.get("scsi_smc.identifier") ?? []).map(textOf).filter((text) => text !== "")).toEqual([
    drive?.identifier,
  ]);

  const mode = of(0x1a)[0]?.dataIn;
  const page = (name: string): number => number(mode?.get(`scsi.mode.smc.${name}`)?.[0]);
  expect({
    "medium-transport": {
      first: page("first_medium_transport_element_address"),
      count: page("number_of_medium_transport_elements"),
    },
    storage: { first: page("first_storage_element_address"), count: page("number_of_storage_elements") },
    "import-export": {
      first: page("first_import_export_element_address"),
      count: page("number_of_import_export_elements"),
    },
    "data-transfer": {
      first: page("first_data_transfer_element_address"),
      count: page("number_of_data_transfer_elements"),
    },
  }).toEqual(addresses);
});
