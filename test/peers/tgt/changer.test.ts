/**
 * Our API with a real changer and tape drive of tgtd: inventory, moves and what it refuses. That a move has happened is seen in what
 * tgtadm shows of the drive, too. tgtd's changer has neither reservations nor a mailslot that can be locked (usr/smc.c).
 */

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Changer, createChanger } from "../../../src/changer/index.ts";
import { createLogicalUnit, type LogicalUnit } from "../../../src/index.ts";
import { openIscsi } from "../../../transports/iscsi/index.ts";
import { startTgtd, type Tgtd } from "./tgtd.ts";

const TARGET = "iqn.2026-01.test:library";
const [TAPE, CHANGER] = [1, 2];
let tgtd: Tgtd;
let unit: LogicalUnit;
let changer: Changer;

beforeAll(async () => {
  tgtd = await startTgtd();
  const tid = String(await tgtd.createTarget(TARGET, { count: 0 }));
  const labels = ["TAPE001", "TAPE002"];
  for (const label of labels) {
    const file = join(tgtd.directory, label);
    const words = ["--barcode", label, "--size", "10", "--type", "data", "--file", file];
    await promisify(execFile)("tgtimg", ["--op", "new", "--device-type", "tape", ...words]);
  }
  const home = tgtd.directory;
  await writeFile(join(home, "smc"), new Uint8Array(1024));
  const where = (lun: number) => ["--mode", "logicalunit", "--tid", tid, "--lun", String(lun)];
  const drive = ["-b", join(home, "TAPE001"), "--device-type=tape"];
  await tgtd.admin("--op", "new", ...where(TAPE), ...drive);
  await tgtd.admin("--op", "new", ...where(CHANGER), "-b", join(home, "smc"), "--device-type=changer");
  for (const parameters of [
    `media_home=${home}`,
    "element_type=1,start_address=1,quantity=1",
    "element_type=4,start_address=500,quantity=1",
    `element_type=4,address=500,tid=${tid},lun=${TAPE}`,
    "element_type=2,start_address=1000,quantity=5",
    "element_type=3,start_address=10,quantity=1",
    ...labels.map((label, index) => `element_type=2,address=${1000 + index},barcode=${label},sides=1`),
  ]) {
    await tgtd.admin("--op", "update", ...where(CHANGER), "--params", parameters);
  }
  unit = createLogicalUnit(
    await openIscsi({
      host: tgtd.host,
      port: tgtd.port,
      target: TARGET,
      lun: CHANGER,
      initiatorName: "iqn.2026-01.test:a",
    }),
  );
  changer = createChanger(unit);
});

afterAll(async () => {
  await unit?.[Symbol.asyncDispose]();
  await tgtd?.[Symbol.asyncDispose]();
});

/** What tgtadm shows of the tape drive. */
async function drive(): Promise<{ path: string | undefined; online: string | undefined }> {
  const shown = await tgtd.admin("--op", "show", "--mode", "target");
  const tape = shown.slice(shown.indexOf(`LUN: ${TAPE}\n`), shown.indexOf(`LUN: ${CHANGER}\n`));
  return {
    path: /Backing store path: \S*\/(\S+)/.exec(tape)?.[1],
    online: /Online: (\S+)/.exec(tape)?.[1],
  };
}

const lines = async (): Promise<string[]> =>
  (await changer.inventory()).elements.map(({ name, address, volumeTag }) => `${name} ${address} ${volumeTag ?? "-"}`);

describe("tgtd's changer", () => {
  test("is one, with the elements that it was given", async () => {
    expect(await unit.inquiry()).toMatchObject({ peripheralDeviceType: 8, product: "VIRTUAL-CHANGER" });
    expect(await changer.elementAddresses()).toEqual({
      "medium-transport": { first: 1, count: 1 },
      storage: { first: 1000, count: 5 },
      "import-export": { first: 10, count: 1 },
      "data-transfer": { first: 500, count: 1 },
    });
    expect(await lines()).toEqual([
      "robot 1 1 -",
      "slot 1 1000 TAPE001",
      "slot 2 1001 TAPE002",
      "slot 3 1002 -",
      "slot 4 1003 -",
      "slot 5 1004 -",
      "mailslot 1 10 -",
      "drive 1 500 -",
    ]);
  });

  test("brings a tape into the drive, and out again to the mailslot", async () => {
    const moved = await changer.move({ from: "slot 2", to: "drive" });
    expect(moved).toMatchObject({ volumeTag: "TAPE002", settledByLooking: false });
    expect(await drive()).toEqual({ path: "TAPE002", online: "Yes" });
    expect((await changer.inventory()).elements.at(-1)).toMatchObject({
      name: "drive 1",
      full: true,
      volumeTag: "TAPE002",
      source: 1001,
    });
    await changer.move({ from: "volume TAPE002", to: "mailslot" });
    expect((await drive()).online).toBe("No");
    expect(await lines()).toContain("mailslot 1 10 TAPE002");
    await changer.move({ from: 10, to: 1001 });
    expect(await lines()).toContain("slot 2 1001 TAPE002");
  });

  test("refuses what cannot be, and says why", async () => {
    await expect(changer.move({ from: "slot 5", to: "drive" })).rejects.toMatchObject({
      code: "ILLEGAL_REQUEST",
      sense: { asc: 0x3b, ascq: 0x0e },
    });
    await expect(changer.move({ from: "slot 1", to: "slot 2" })).rejects.toMatchObject({
      sense: { asc: 0x3b, ascq: 0x0d },
    });
    await expect(changer.move({ from: "slot 6", to: "drive" })).rejects.toThrow(RangeError);
    // It has no PREVENT ALLOW MEDIUM REMOVAL.
    await expect(changer.lockMailslot()).rejects.toMatchObject({ sense: { asc: 0x20 } });
  });
});
