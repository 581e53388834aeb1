/** Multihost disk control against tgtd, over iSCSI; resets are task management. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessStatus, createLogicalUnit, createMultihostDisk, inKeys } from "../../../src/index.ts";
import { connectIscsi } from "../../../transports/iscsi/index.ts";
import { describeMultihost } from "../../multihost-story.ts";
import { startTgtd, type Tgtd } from "./tgtd.ts";

let tgtd: Tgtd;

beforeAll(async () => {
  tgtd = await startTgtd();
});

afterAll(async () => {
  await tgtd[Symbol.asyncDispose]();
});

// COMPLIANCE.md, tgt 1.0.85.
describeMultihost(
  "iSCSI to tgtd",
  async () => {
    const target = "iqn.2026-01.test:multihost";
    await tgtd.createTarget(target);
    const session = (host: string) =>
      connectIscsi({ host: tgtd.host, port: tgtd.port, target, initiatorName: `iqn.2026-01.test:host-${host}` });
    const sessions = [await session("a"), await session("b"), await session("c")] as const;
    const [a, b, c] = sessions;
    return {
      a: createLogicalUnit(a.logicalUnit(1)),
      b: createLogicalUnit(b.logicalUnit(1)),
      c: createLogicalUnit(c.logicalUnit(1)),
      async dispose() {
        for (const each of sessions) await each[Symbol.asyncDispose]();
      },
    };
  },
  { noPreemptAndAbort: true },
);

test("EIO: status of a unit that is not there; ENOTSUP: its keys", async () => {
  const target = "iqn.2026-01.test:missing";
  await tgtd.createTarget(target);
  await using session = await connectIscsi({ host: tgtd.host, port: tgtd.port, target });
  const disk = createMultihostDisk(createLogicalUnit(session.logicalUnit(9)));
  await expect(accessStatus(disk)).rejects.toMatchObject({ errno: "EIO", sense: { asc: 0x25 } });
  await expect(inKeys(disk, { listSize: 1 })).rejects.toMatchObject({ errno: "ENOTSUP", sense: { asc: 0x25 } });
});
