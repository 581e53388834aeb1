/** The reservation story against tgtd, over iSCSI. */
import { afterAll, beforeAll } from "vitest";
import { createLogicalUnit } from "../../../src/index.ts";
import { connectIscsi } from "../../../transports/iscsi/index.ts";
import { describeReservationStory, type TwoHosts } from "../../reservation-story.ts";
import { startTgtd, type Tgtd } from "./tgtd.ts";

let tgtd: Tgtd;

beforeAll(async () => {
  tgtd = await startTgtd();
});

afterAll(async () => {
  await tgtd[Symbol.asyncDispose]();
});

let targets = 0;

/** A target of its own for each test: tgtd keeps the registrations of initiators that have gone. */
async function twoHosts(): Promise<TwoHosts> {
  targets++;
  const target = `iqn.2026-01.test:story-${targets}`;
  await tgtd.createTarget(target);
  const session = (host: string) =>
    connectIscsi({ host: tgtd.host, port: tgtd.port, target, initiatorName: `iqn.2026-01.test:host-${host}` });
  const [first, second] = [await session("a"), await session("b")];
  return {
    a: createLogicalUnit(first.logicalUnit(1)),
    b: createLogicalUnit(second.logicalUnit(1)),
    async dispose() {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
}

// COMPLIANCE.md, tgt 1.0.85.
describeReservationStory("iSCSI to tgtd", twoHosts, {
  preemptedQualifier: 0x03,
  noFullStatus: true,
  noPreemptAndAbort: true,
  reserveIgnoresKey: true,
});
