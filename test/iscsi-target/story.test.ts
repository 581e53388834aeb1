/** The reservation story and the transport contract, from our own initiator over a socket to our own target. */
import { createLogicalUnit } from "../../src/index.ts";
import { connectIscsi } from "../../transports/iscsi/index.ts";
import { serve } from "../../transports/serve.ts";
import { describeReservationStory } from "../reservation-story.ts";
import { describeTransport } from "../transport-contract.ts";

const TARGET = "iqn.2026-01.test:disk";

/** A server of its own, with two hosts logged in. */
async function twoSessions(digests: "none" | "crc32c" = "none") {
  const served = await serve({ portal: { port: 0 }, targets: [{ name: TARGET }], graceMs: 50 });
  const { host, port } = served.portals[0] as { host: string; port: number };
  const session = (name: string) =>
    connectIscsi({
      host,
      port,
      target: TARGET,
      initiatorName: `iqn.2026-01.test:host-${name}`,
      headerDigest: digests,
      dataDigest: digests,
    });
  const [a, b] = [await session("a"), await session("b")];
  return {
    served,
    a,
    b,
    async dispose() {
      await a[Symbol.asyncDispose]();
      await b[Symbol.asyncDispose]();
      await served[Symbol.asyncDispose]();
    },
  };
}

describeReservationStory("iSCSI to serve", async () => {
  const { a, b, dispose } = await twoSessions();
  return { a: createLogicalUnit(a.logicalUnit(0)), b: createLogicalUnit(b.logicalUnit(0)), dispose };
});

for (const digests of ["none", "crc32c"] as const) {
  describeTransport(`iSCSI to serve, digests ${digests}`, async () => {
    const { a, b, dispose } = await twoSessions(digests);
    return { transport: a.logicalUnit(0), second: b.logicalUnit(0), writable: true, dispose };
  });
}
