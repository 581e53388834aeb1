/** Rows with a real target: our initiator, libiscsi and bare sockets against tgtd, and with digests also against target.c. */
import { createLogicalUnit } from "../../src/index.ts";
import { startTgtd, type Tgtd } from "../../test/peers/tgt/tgtd.ts";
import { connectIscsi } from "../../transports/iscsi/index.ts";
import type { BareJob } from "../jobs.ts";
import type { Row } from "../measure.ts";
import { runtimeSuffix } from "../options.ts";
import { pinText } from "../processes.ts";
import { contenders, KEYS, type Surroundings, targets } from "./contenders.ts";

export const groups = {
  plain: "iSCSI, tgtd",
  digests: "iSCSI, tgtd, digests",
  idle: "iSCSI, idle target",
  ready: "iSCSI, idle target, digests",
  login: "iSCSI, tgtd, login and logout",
} as const;

const DEPTHS = [1, 32] as const;

const operations: readonly { name: string; operation: BareJob["operation"]; bytes?: number }[] = [
  { name: `READ KEYS, ${KEYS} keys`, operation: "keys" },
  { name: "TEST UNIT READY", operation: "tur" },
  { name: "READ (10), 4 KiB", operation: "read:4096", bytes: 4096 },
  { name: "READ (10), 64 KiB", operation: "read:65536", bytes: 65536 },
];

/** A tgtd with its targets, eight keys registered with each unit. */
export async function startTarget(): Promise<Tgtd> {
  const tgtd = await startTgtd();
  for (const name of Object.values(targets)) await tgtd.createTarget(name);
  for (const [target, digests] of [
    [2, ["HeaderDigest", "DataDigest"]],
    [3, ["HeaderDigest"]],
  ] as const) {
    for (const digest of digests) await tgtd.setParameter(target, digest, "CRC32C");
  }
  for (const target of Object.values(targets)) await registerKeys(tgtd.host, tgtd.port, target);
  return tgtd;
}

/** Registers eight initiators with LUN 1. */
export async function registerKeys(host: string, port: number, target: string): Promise<void> {
  for (let n = 1; n <= KEYS; n++) {
    await using session = await connectIscsi({
      host,
      port,
      target,
      initiatorName: `iqn.2026-01.test:key-${n}`,
      headerDigest: "prefer-crc32c",
      dataDigest: "prefer-crc32c",
    });
    await createLogicalUnit(session.logicalUnit(1)).register({ newKey: BigInt(n) });
  }
}

/** The rows of this file. */
export function iscsiRows(surroundings: Surroundings): Row[] {
  const { options } = surroundings;
  const rows: Row[] = [];
  for (const runtime of options.runtimes) {
    for (const pin of options.pins) {
      const where = `${pinText[pin]}${runtimeSuffix(options, runtime)}`;
      const { tgtdPort, idlePort, ours, libiscsi, bare } = contenders(surroundings, runtime, pin);
      for (const { name, operation, bytes } of operations) {
        for (const depth of DEPTHS) {
          const row = { name: `${name}, depth ${depth}, ${where}`, unit: "rate", bytes } as const;
          const plain = (port: () => Promise<number>) => [
            { name: "scsi-persist", measure: ours(port, operation, depth, false) },
            { name: "libiscsi", measure: libiscsi(port, operation, depth, false) },
            ...bare(port, operation, depth),
          ];
          const digests = (port: () => Promise<number>) => [
            { name: "scsi-persist, both digests", measure: ours(port, operation, depth, true) },
            { name: "libiscsi, header digest alone", measure: libiscsi(port, operation, depth, true) },
            { name: "scsi-persist, no digest", measure: ours(port, operation, depth, false) },
          ];
          rows.push({ ...row, group: groups.plain, contenders: plain(tgtdPort) });
          if (operation !== "tur") rows.push({ ...row, group: groups.digests, contenders: digests(tgtdPort) });
          if (operation !== "read:4096") rows.push({ ...row, group: groups.idle, contenders: plain(idlePort) });
          if (bytes !== undefined) rows.push({ ...row, group: groups.ready, contenders: digests(idlePort) });
        }
      }
      rows.push({
        group: groups.login,
        name: where,
        unit: "rate",
        contenders: [
          { name: "scsi-persist", measure: ours(tgtdPort, "login", 1, false) },
          { name: "libiscsi", measure: libiscsi(tgtdPort, "login", 1, false) },
        ],
      });
    }
  }
  return rows;
}
