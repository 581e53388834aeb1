/** The transport contract over iSCSI to tgtd. A stopped process is how tgtd stalls: it keeps the connection and answers nothing. */
import { afterAll, beforeAll } from "vitest";
import { connectIscsi, openIscsi } from "../../../transports/iscsi/index.ts";
import { describeTransport } from "../../transport-contract.ts";
import { startTgtd, type Tgtd } from "./tgtd.ts";

const target = "iqn.2026-01.test:contract";
let tgtd: Tgtd;

beforeAll(async () => {
  tgtd = await startTgtd();
  await tgtd.createTarget(target);
});

afterAll(async () => {
  await tgtd[Symbol.asyncDispose]();
});

const stall = (): void => {
  process.kill(tgtd.pid, "SIGSTOP");
};

const goOn = async (): Promise<void> => {
  process.kill(tgtd.pid, "SIGCONT");
};

describeTransport("iSCSI to tgtd, a session of its own", async () => {
  const open = (host: string) =>
    openIscsi({ host: tgtd.host, port: tgtd.port, target, lun: 1, initiatorName: `iqn.2026-01.test:${host}` });
  return {
    transport: await open("a"),
    second: await open("b"),
    writable: true,
    refusesOverflow: true,
    stall,
    dispose: goOn,
  };
});

describeTransport("iSCSI to tgtd with digests, one logical unit of a session", async () => {
  const digests = "iqn.2026-01.test:contract-digests";
  const session = (host: string) =>
    connectIscsi({ host: tgtd.host, port: tgtd.port, target: digests, initiatorName: `iqn.2026-01.test:${host}` });
  if (!(await tgtd.admin("--op", "show", "--mode", "target")).includes(digests)) {
    const id = await tgtd.createTarget(digests);
    await tgtd.setParameter(id, "HeaderDigest", "CRC32C");
    await tgtd.setParameter(id, "DataDigest", "CRC32C");
  }
  const [first, second] = [await session("a"), await session("b")];
  return {
    transport: first.logicalUnit(1),
    second: second.logicalUnit(1),
    writable: true,
    refusesOverflow: true,
    stall,
    dispose: async () => {
      await goOn();
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
});
