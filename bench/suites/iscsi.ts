/** Rows with a real target: our initiator, libiscsi and a bare socket against the same tgtd, and the bare socket against echo.c. */
import { createLogicalUnit } from "../../src/index.ts";
import { startTgtd } from "../../test/peers/tgt/tgtd.ts";
import { connectIscsi } from "../../transports/iscsi/index.ts";
import type { Job, Operation, Sample } from "../jobs.ts";
import type { Contender, Row } from "../measure.ts";
import type { BenchOptions } from "../options.ts";
import { move, type Pin, type Programs, pinText, processorsOf, sampleOf, startEcho } from "../processes.ts";

export const groups = {
  plain: "iSCSI, no digests",
  digests: "iSCSI, digests",
  login: "iSCSI, login and logout",
} as const;

const KEYS = 8;
const DEPTHS = [1, 32] as const;
const HEADER = 48;

/** Targets of one tgtd: without digests, with both, and with the header's alone. */
const targets = {
  plain: "iqn.2026-01.test:plain",
  both: "iqn.2026-01.test:both-digests",
  header: "iqn.2026-01.test:header-digest",
} as const;

const operations: readonly { name: string; operation: Exclude<Operation, "login">; bytes?: number }[] = [
  { name: `READ KEYS, ${KEYS} keys`, operation: "keys" },
  { name: "TEST UNIT READY", operation: "tur" },
  { name: "READ (10), 4 KiB", operation: "read:4096", bytes: 4096 },
  { name: "READ (10), 64 KiB", operation: "read:65536", bytes: 65536 },
];

/** A tgtd with the targets above, eight keys registered on each disk. */
export async function startTarget() {
  const tgtd = await startTgtd();
  for (const name of Object.values(targets)) await tgtd.createTarget(name);
  for (const [target, digests] of [
    [2, ["HeaderDigest", "DataDigest"]],
    [3, ["HeaderDigest"]],
  ] as const) {
    for (const digest of digests) await tgtd.setParameter(target, digest, "CRC32C");
  }
  for (const target of Object.values(targets)) {
    for (let n = 1; n <= KEYS; n++) {
      await using session = await connectIscsi({
        host: tgtd.host,
        port: tgtd.port,
        target,
        initiatorName: `iqn.2026-01.test:key-${n}`,
        headerDigest: "prefer-crc32c",
        dataDigest: "prefer-crc32c",
      });
      await createLogicalUnit(session.logicalUnit(1)).register({ newKey: BigInt(n) });
    }
  }
  return tgtd;
}

type Tgtd = Awaited<ReturnType<typeof startTarget>>;

/** The rows of this file. */
export function iscsiRows(
  options: BenchOptions,
  programs: Programs,
  client: string,
  target: () => Promise<Tgtd>,
): Row[] {
  const times = { warmupMs: options.warmupMs, measureMs: options.measureMs };
  const rows: Row[] = [];

  for (const runtime of options.runtimes) {
    const child = (job: Job, processors: string | undefined): Promise<Sample> =>
      sampleOf([...runtime.command, client, JSON.stringify(job)], processors);

    /** A contender that needs the target, which is moved to where it is to run. */
    const contender = (
      name: string,
      pin: Pin,
      measure: (port: number, processors: string | undefined) => Promise<Sample>,
    ): Contender => ({
      name,
      async measure() {
        const tgtd = await target();
        const processors = processorsOf(pin);
        await move(tgtd.pid, processors.peer);
        return measure(tgtd.port, processors.client);
      },
    });

    const ours = (name: string, pin: Pin, operation: Operation, depth: number, digests: boolean): Contender =>
      contender(name, pin, (port, processors) => {
        const to = digests ? targets.both : targets.plain;
        return child({ kind: "iscsi", port, target: to, operation, depth, digests, keys: KEYS, ...times }, processors);
      });

    const libiscsi = (name: string, pin: Pin, operation: Operation, depth: number, digest: boolean): Contender =>
      contender(name, pin, (port, processors) => {
        const to = digest ? targets.header : targets.plain;
        const numbers = [depth, times.warmupMs, times.measureMs, digest ? 1 : 0, KEYS].map(String);
        const [first, ...more] = numbers;
        return sampleOf([programs.libiscsi, `127.0.0.1:${port}`, to, operation, first as string, ...more], processors);
      });

    for (const pin of options.pins) {
      const where = `${pinText[pin]}, ${runtime.name}`;
      for (const { name, operation, bytes } of operations) {
        for (const depth of DEPTHS) {
          const full = `${name}, depth ${depth}, ${where}`;
          let responseBytes = 0;
          const bare = contender("bare socket, same target", pin, async (port, processors) => {
            const sample = await child(
              { kind: "bare", port, operation, depth, target: targets.plain, ...times },
              processors,
            );
            responseBytes = sample.responseBytes as number;
            return sample;
          });
          const echo: Contender = {
            name: "bare socket, echo",
            async measure() {
              const processors = processorsOf(pin);
              const port = await startEcho(programs, HEADER, responseBytes, processors.peer);
              return child({ kind: "bare", port, operation, depth, responseBytes, ...times }, processors.client);
            },
          };
          rows.push({
            group: groups.plain,
            name: full,
            unit: "rate",
            bytes,
            contenders: [
              ours("scsi-persist", pin, operation, depth, false),
              libiscsi("libiscsi", pin, operation, depth, false),
              bare,
              echo,
            ],
          });
          rows.push({
            group: groups.digests,
            name: full,
            unit: "rate",
            bytes,
            contenders: [
              ours("scsi-persist, both digests", pin, operation, depth, true),
              libiscsi("libiscsi, header digest alone", pin, operation, depth, true),
              ours("scsi-persist, no digest", pin, operation, depth, false),
            ],
          });
        }
      }
      rows.push({
        group: groups.login,
        name: where,
        unit: "rate",
        contenders: [ours("scsi-persist", pin, "login", 1, false), libiscsi("libiscsi", pin, "login", 1, false)],
      });
    }
  }
  return rows;
}
