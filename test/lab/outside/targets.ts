/** The two targets: LIO in the guest, at the port that run.sh says; and ours, served here over iSCSI too, with the same names and units. */

import type { TransportId } from "../../../src/index.ts";
import { deriveIsid } from "../../../transports/iscsi/index.ts";
import { type ServedTargets, serve } from "../../../transports/serve.ts";
import { initiatorNameOf, openSessions, type Sessions } from "./side.ts";

/** Where LIO is. With LAB_PORT=self a second target of ours takes its place: to try the comparison itself. */
async function theirPort(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const port = process.env.LAB_PORT;
  if (!port) throw new Error("LAB_PORT is not set: these suites run by LAB_OUTSIDE=1 test/lab/run.sh");
  if (port !== "self") return { port: Number(port), close: async () => {} };
  const served = await start();
  return { port: portOf(served), close: () => served.close() };
}

const LANES = 8;
const MANY = 32;
const sizeBytes = 2 ** 20;

const start = (): Promise<ServedTargets> =>
  serve({
    portal: { port: 0 },
    targets: [
      ...Array.from({ length: LANES }, (_, lane) => ({ name: `iqn.2026-11.lab:lane-${lane}`, units: [{ sizeBytes }] })),
      { name: "iqn.2026-11.lab:many", units: Array.from({ length: MANY }, () => ({ sizeBytes })) },
    ],
  });

const portOf = ({ portals }: ServedTargets): number => portals[0]?.port as number;

/** Both targets. */
export interface Targets {
  /** Every host's sessions with one target of each side. */
  open(target: string, hosts: readonly string[]): Promise<{ readonly ours: Sessions; readonly theirs: Sessions }>;
  close(): Promise<void>;
}

/** How many targets with one unit, and how many units the one target with many, there are. */
export const counts = { lanes: LANES, many: MANY } as const;

/** The initiator port of a host, as READ FULL STATUS has it. */
export const portOfHost = (host: string): TransportId => {
  const name = initiatorNameOf(host);
  return { protocol: "iscsi", name, isid: deriveIsid(name) };
};

export async function openTargets(): Promise<Targets> {
  const served = await start();
  const their = await theirPort();
  return {
    async open(target, hosts) {
      const [ours, theirs] = await Promise.all([
        openSessions("serve", portOf(served), target, hosts),
        openSessions("LIO", their.port, target, hosts),
      ]);
      return { ours, theirs };
    },
    async close() {
      await served.close();
      await their.close();
    },
  };
}
