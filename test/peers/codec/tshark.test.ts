/**
 * Our initiator's sessions, captured on loopback and read by tshark: its SCSI dissector must see what the arguments said, and in
 * the answers what the library said. What it does not dissect is in COMPLIANCE.md, and is left out here by name.
 */
import { describe, expect, test } from "vitest";
import { isScsiError, type LogicalUnit, noRetries } from "../../../src/index.ts";
import { open } from "../../../transports/open.ts";
import { serve } from "../../../transports/serve.ts";
import { startTgtd } from "../tgt/tgtd.ts";
import { anyForm, everyForm, hex, type Meant, MOVE, randomKey, type Sent, transportIds, types } from "./every-form.ts";
import { captureLoopback, type Exchange } from "./tshark.ts";

const TARGET = "iqn.2026-01.test:captured";
/** REGISTER, CLEAR and REGISTER AND IGNORE EXISTING KEY have no use for SCOPE and TYPE, and tshark does not show them. */
const withoutType: readonly number[] = [0, 3, 6];
const first = (seen: Exchange["dataOut"], field: string): string | undefined => seen?.get(field)?.[0];
const flag = (value: boolean): string => (value ? "1" : "0");

/** What tshark must have seen of it. */
function expectSeen(seen: Exchange, meant: Meant): void {
  const typed = withoutType.includes(meant.serviceAction)
    ? {}
    : { scope: hex(meant.scope, 1), type: hex(meant.typeCode, 1) };
  const moves = meant.serviceAction === MOVE;
  const own = moves
    ? {
        unreg: flag(meant.unregister),
        relativeTargetPort: hex(meant.relativeTargetPort, 4),
        transportId: meant.initiatorPorts?.map((id) => transportIds.find(([one]) => one === id)?.[1]).join(""),
      }
    : { specIPt: flag(meant.initiatorPorts !== undefined), allTgPt: flag(meant.allTargetPorts) };
  const listLength =
    meant.initiatorPorts === undefined
      ? 24
      : (moves ? 24 : 28) +
        meant.initiatorPorts.reduce(
          (sum, id) => sum + (transportIds.find(([one]) => one === id)?.[1].length ?? 0) / 2,
          0,
        );
  const { cdb, dataOut } = seen;
  expect({
    operationCode: first(cdb, "scsi_sbc.opcode"),
    serviceAction: first(cdb, "scsi.persresvout.svcaction"),
    ...(typed.type === undefined
      ? {}
      : { scope: first(cdb, "scsi.persresv.scope"), type: first(cdb, "scsi.persresv.type") }),
    listLength: first(cdb, "scsi.cdb.paramlen16"),
    key: first(dataOut, "scsi.persresv.reskey"),
    serviceActionKey: first(dataOut, "scsi.persresv.sareskey"),
    aptpl: first(dataOut, "scsi.persresv.control.aptpl"),
    ...(moves
      ? {
          unreg: first(dataOut, "scsi.persresv.control.unreg"),
          relativeTargetPort: first(dataOut, "scsi.persresv.rel_tpi"),
          transportId: first(dataOut, "scsi.persresv.transportid"),
        }
      : {
          specIPt: first(dataOut, "scsi.persresv.control.spec_i_pt"),
          allTgPt: first(dataOut, "scsi.persresv.control.all_tg_pt"),
        }),
  }).toEqual({
    operationCode: "5f",
    serviceAction: hex(meant.serviceAction, 1),
    ...typed,
    listLength: hex(listLength, 8),
    key: hex(meant.key, 16),
    serviceActionKey: hex(meant.serviceActionKey, 16),
    aptpl: flag(meant.persistThroughPowerLoss),
    ...own,
  });
}

/** Sends them all; most are refused by the target, which is its business. */
async function send(unit: LogicalUnit, sent: readonly Sent[]): Promise<void> {
  for (const { command } of sent) {
    await unit.execute(command, { retry: noRetries }).catch((error: unknown) => {
      if (!isScsiError(error) || error.delivered !== "yes") throw error;
    });
  }
}

const isOut = ({ cdb }: Exchange): boolean => first(cdb, "scsi_sbc.opcode") === "5f";
const isIn = ({ cdb }: Exchange): boolean => first(cdb, "scsi_sbc.opcode") === "5e";

function expectAllSeen(exchanges: readonly Exchange[], sent: readonly Sent[]): void {
  const seen = exchanges.filter(isOut);
  expect(seen).toHaveLength(sent.length);
  for (const [index, { meant }] of sent.entries()) expectSeen(seen[index] as Exchange, meant);
}

describe("PERSISTENT RESERVE OUT, as tshark sees it", () => {
  test("every service action, type, flag and kind of TransportID, and 600 of any form, to our own target", async () => {
    const sent = [...everyForm(), ...Array.from({ length: 600 }, anyForm)];
    await using served = await serve({ portal: { port: 0 }, targets: [{ name: TARGET }] });
    await using capture = await captureLoopback(served.portals[0]?.port as number);
    {
      await using unit = await open(served.url(), { initiatorName: "iqn.2026-01.test:a" });
      await send(unit, sent);
    }
    expectAllSeen(await capture.read(), sent);
  });

  test("every service action, type, flag and kind of TransportID, to tgtd", async () => {
    const moves = ({ meant }: Sent): boolean => meant.serviceAction === MOVE;
    const all = everyForm();
    // REGISTER AND MOVE while nobody is registered: from a registered nexus without a reservation it ends tgtd.
    const sent = [...all.filter(moves), ...all.filter((one) => !moves(one))];
    await using tgtd = await startTgtd();
    await tgtd.createTarget(TARGET);
    await using capture = await captureLoopback(tgtd.port);
    {
      await using unit = await open(`iscsi://127.0.0.1:${tgtd.port}/${TARGET}/1`, {
        initiatorName: "iqn.2026-01.test:a",
      });
      await unit.testUnitReady();
      await send(unit, sent);
    }
    expectAllSeen(await capture.read(), sent);
  });
});

describe("PERSISTENT RESERVE IN, as tshark sees it", () => {
  test("READ KEYS of up to 300 keys", async () => {
    await using served = await serve({ portal: { port: 0 }, targets: [{ name: TARGET }] });
    await using capture = await captureLoopback(served.portals[0]?.port as number);
    const expected: bigint[][] = [];
    {
      await using unit = await open(served.url(), { initiatorName: "iqn.2026-01.test:a" });
      for (const others of [0, 1, 99, 200]) {
        const initiatorPorts = Array.from({ length: others }, (_, index) => ({
          protocol: "sas" as const,
          address: BigInt(others * 1000 + index),
        }));
        const newKey = randomKey() | 1n;
        await unit.registerAndIgnoreExistingKey({ newKey: 0n });
        await unit.register({ newKey, initiatorPorts });
        const { keys } = await unit.readKeys({ allocationLengthBytes: 8192 });
        expected.push([...keys]);
      }
    }
    const seen = (await capture.read()).filter(isIn);
    expect(seen.map(({ cdb }) => first(cdb, "scsi.persresvin.svcaction"))).toEqual(["0", "0", "0", "0"]);
    expect(seen.map(({ cdb }) => first(cdb, "scsi.cdb.alloclen16"))).toEqual(Array(4).fill("2000"));
    expect(seen.map(({ dataIn }) => dataIn?.get("scsi.spc.resv.key") ?? [])).toEqual(
      expected.map((keys) => keys.map((key) => hex(key, 16))),
    );
    expect(expected.at(-1)).toHaveLength(301);
    expect(seen.map(({ dataIn }) => first(dataIn, "scsi.persresvin.additional_length"))).toEqual(
      expected.map(({ length }) => hex(length * 8, 8)),
    );
  });

  test.each(["our own target", "tgtd"])(
    "READ RESERVATION of every type, REPORT CAPABILITIES, READ FULL STATUS: %s",
    async (which) => {
      await using tgtd = which === "tgtd" ? await startTgtd() : undefined;
      await tgtd?.createTarget(TARGET);
      await using served = tgtd ? undefined : await serve({ portal: { port: 0 }, targets: [{ name: TARGET }] });
      const port = tgtd?.port ?? (served?.portals[0]?.port as number);
      await using capture = await captureLoopback(port);
      const key = 0xfeed_face_0000_0001n;
      const generations: number[] = [];
      let status = 0;
      {
        const url = tgtd ? `iscsi://127.0.0.1:${port}/${TARGET}/1` : (served?.url() as string);
        await using unit = await open(url, { initiatorName: "iqn.2026-01.test:a" });
        await unit.testUnitReady();
        for (const [type] of types) {
          await unit.registerAndIgnoreExistingKey({ newKey: key });
          await unit.reserve({ key, type });
          const state = await unit.readReservation();
          expect(state.holder === "none" ? undefined : state.type).toBe(type);
          generations.push(state.prGeneration);
          await unit.release({ key, type });
        }
        await unit.reportCapabilities();
        status = await unit.readFullStatus({ allocationLengthBytes: 0x1234, retry: noRetries }).then(
          ({ prGeneration }) => prGeneration,
          () => -1,
        );
      }
      const seen = (await capture.read()).filter(isIn);
      const reservations = seen.filter(({ cdb }) => first(cdb, "scsi.persresvin.svcaction") === "1");
      expect(
        reservations.map(({ dataIn }) => ({
          generation: first(dataIn, "scsi.persresvin.generation_number"),
          key: first(dataIn, "scsi.spc.resv.key"),
          scope: first(dataIn, "scsi.persresv.scope"),
          type: first(dataIn, "scsi.persresv.type"),
        })),
      ).toEqual(
        types.map(([type, typeCode], index) => ({
          generation: hex(generations[index] as number, 8),
          key: hex(type.endsWith("all-registrants") ? 0 : key, 16),
          scope: "0",
          type: hex(typeCode, 1),
        })),
      );
      const [capabilities, fullStatus] = seen.slice(reservations.length) as [Exchange, Exchange];
      expect(first(capabilities.cdb, "scsi.persresvin.svcaction")).toBe("2");
      expect(first(fullStatus.cdb, "scsi.persresvin.svcaction")).toBe("3");
      expect(first(fullStatus.cdb, "scsi.cdb.alloclen16")).toBe("1234");
      // Of these two answers tshark reads a header and no more; that of REPORT CAPABILITIES as though it were READ KEYS'.
      if (status >= 0) expect(first(fullStatus.dataIn, "scsi.persresvin.generation_number")).toBe(hex(status, 8));
    },
  );
});
