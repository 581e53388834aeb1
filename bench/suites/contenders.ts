/** Who is measured over a socket, on one runtime and pinned in one way: our initiator, libiscsi, bare sockets. */
import type { Tgtd } from "../../test/peers/tgt/tgtd.ts";
import type { BareJob, IscsiJob, Job, Operation, Sample } from "../jobs.ts";
import type { Contender } from "../measure.ts";
import type { BenchOptions, Runtime } from "../options.ts";
import { move, type Pin, type Programs, processorsOf, sampleOf, startPeer } from "../processes.ts";

/** What all contenders share. */
export interface Surroundings {
  readonly options: BenchOptions;
  readonly programs: Programs;
  /** The compiled client.ts. */
  readonly client: string;
  readonly tgtd: () => Promise<Tgtd>;
}

/** Registered with every unit of tgtd. */
export const KEYS = 8;
const HEADER = 48;

/** Targets of one tgtd: without digests, with both, and with the header's alone. */
export const targets = {
  plain: "iqn.2026-01.test:plain",
  both: "iqn.2026-01.test:both-digests",
  header: "iqn.2026-01.test:header-digest",
} as const;

export function contenders({ options, programs, client, tgtd }: Surroundings, runtime: Runtime, pin: Pin) {
  const { warmupMs, measureMs } = options;
  const times = { warmupMs, measureMs };
  const processors = () => processorsOf(pin);
  const child = (job: Job): Promise<Sample> =>
    sampleOf([...runtime.command, client, JSON.stringify(job)], processors().client);

  /** tgtd's port, once it has been moved to where it is to run. */
  async function tgtdPort(): Promise<number> {
    const { pid, port } = await tgtd();
    await move(pid, processors().peer);
    return port;
  }

  /** The port of a target.c of its own. */
  const idlePort = (): Promise<number> => startPeer(programs.target, [], processors().peer);

  function ours(
    port: () => Promise<number>,
    operation: IscsiJob["operation"],
    depth: number,
    digests: boolean,
  ): Contender["measure"] {
    const target = digests ? targets.both : targets.plain;
    return async () =>
      child({ kind: "iscsi", port: await port(), target, operation, depth, digests, keys: KEYS, ...times });
  }

  function libiscsi(
    port: () => Promise<number>,
    operation: Operation,
    depth: number,
    digest: boolean,
  ): Contender["measure"] {
    const target = digest ? targets.header : targets.plain;
    const numbers = [depth, warmupMs, measureMs, digest ? 1 : 0, KEYS].map(String);
    return async () =>
      sampleOf([programs.libiscsi, `127.0.0.1:${await port()}`, target, operation, ...numbers], processors().client);
  }

  /** The bare socket at a target, and then against as many bytes as the target has answered with. */
  function bare(port: () => Promise<number>, operation: BareJob["operation"], depth: number): Contender[] {
    const job = { kind: "bare", operation, depth, ...times } as const;
    let responseBytes = 0;
    return [
      {
        name: "bare socket, same target",
        async measure() {
          const sample = await child({ ...job, port: await port(), target: targets.plain });
          responseBytes = sample.responseBytes as number;
          return sample;
        },
      },
      {
        name: "bare socket, echo",
        async measure() {
          const echo = await startPeer(programs.echo, [HEADER, responseBytes], processors().peer);
          return child({ ...job, port: echo, responseBytes });
        },
      },
    ];
  }

  return { tgtdPort, idlePort, ours, libiscsi, bare };
}
