/** The transport contract over real nodes: LIO through tcm_loop and iSCSI, scsi_debug; generic, disk and bsg nodes. */
import { describeTransport } from "../transport-contract.ts";
import { connect, holdUp, letGo, units } from "./units.ts";

for (const [name, one, other] of [
  ["an sg node, LIO through tcm_loop", units.A1.sg, units.B.sg],
  ["a disk node, LIO through tcm_loop", units.A1.sd, units.B.sd],
  ["a disk node, LIO through open-iscsi", units.ISCSI_A.sd, units.ISCSI_B.sd],
  ["a bsg node, LIO through tcm_loop", `/dev/bsg/${units.A1.address}`, units.B.sg],
] as const) {
  describeTransport(name, async () => ({
    transport: await connect(one),
    second: await connect(other),
    writable: true,
    // COMPLIANCE.md, LIO of Linux 6.1.
    refusesOverflow: name.endsWith("tcm_loop") ? "unless-empty" : false,
    async dispose() {},
  }));
}

/** Nothing is answered for a second. */
function stall(): void {
  holdUp();
  setTimeout(letGo, 1000);
}

for (const [name, node] of [
  ["an sg node, LIO through a connection that can be held up", units.ISCSI_C.sg],
  ["a disk node, LIO through a connection that can be held up", units.ISCSI_C.sd],
  ["an sg node, scsi_debug", units.DEBUG.sg],
  ["a disk node, scsi_debug", units.DEBUG.sd],
] as const) {
  describeTransport(name, async () => ({
    transport: await connect(node),
    writable: true,
    ...(node === units.ISCSI_C.sg || node === units.ISCSI_C.sd ? { stall } : {}),
    async dispose() {},
  }));
}
