/** Rows without a network: the codec alone beside libiscsi's and plain JavaScript, units within the process, SG_IO without a device. */
import type { CodecCase, CodecMaker, Job } from "../jobs.ts";
import type { Contender, Row } from "../measure.ts";
import { type BenchOptions, type Runtime, runtimeSuffix } from "../options.ts";
import { type Programs, sampleOf } from "../processes.ts";

export const groups = {
  native: "Codec, beside libiscsi",
  own: "Codec, what libiscsi does not have",
  instant: "LogicalUnit in the process, over a unit that answers at once",
  simulated: "The simulated unit in the process",
  sg: "SG_IO, beside a loop in C",
} as const;

/** The codec needs less time to settle than a network. */
const CODEC_PART = 0.4;

const codecs: readonly { name: string; what: CodecCase; native: boolean; bytes?: number }[] = [
  { name: "PREEMPT: CDB and list", what: "pr-out", native: true },
  { name: "READ KEYS: CDB, answer with 8 keys", what: "keys-8", native: true },
  { name: "READ KEYS: CDB, answer with 64 keys", what: "keys-64", native: true },
  { name: "READ KEYS: CDB, answer with 1000 keys", what: "keys-1000", native: true },
  { name: "Sense data, fixed, field pointer", what: "sense", native: true },
  { name: "READ FULL STATUS: CDB, answer with 1000 mixed TransportIDs", what: "full-status-1000", native: false },
  { name: "CRC32C of 48 bytes", what: "crc32c-48", native: false },
  { name: "CRC32C of 8 KiB", what: "crc32c-8192", native: false },
  { name: "CRC32C of 1 MiB", what: "crc32c-1048576", native: false },
];

const makers: readonly { name: string; maker: CodecMaker }[] = [
  { name: "public API", maker: "api" },
  { name: "caller's buffers", maker: "buffers" },
  { name: "core alone", maker: "core" },
  { name: "plain JavaScript", maker: "plain" },
];

export function codecRows(options: BenchOptions, programs: Programs, client: string): Row[] {
  const measureMs = options.measureMs * CODEC_PART;
  const measured = (runtime: Runtime, what: CodecCase, { name, maker }: (typeof makers)[number]): Contender => ({
    name,
    measure: () => {
      const job: Job = { kind: "codec", what, maker, measureMs };
      return sampleOf([...runtime.command, client, JSON.stringify(job)], undefined);
    },
  });
  return options.runtimes.flatMap((runtime) =>
    codecs.map(({ name, what, native, bytes }) => ({
      group: native ? groups.native : groups.own,
      name: `${name}${runtimeSuffix(options, runtime)}`,
      unit: "time" as const,
      bytes,
      contenders: [
        // What libiscsi has is what is worth the caller's buffers.
        ...makers.filter(({ maker }) => native || maker !== "buffers").map((maker) => measured(runtime, what, maker)),
        ...(native
          ? [
              {
                name: "libiscsi",
                measure: () => sampleOf([programs.codec, what, String(measureMs)], undefined),
              },
            ]
          : []),
      ],
    })),
  );
}

const inProcess = [
  { what: "read-keys", name: "READ KEYS, 8 keys" },
  { what: "reserve", name: "RESERVE" },
  { what: "cycle", name: "REGISTER, RESERVE, RELEASE, REGISTER" },
] as const;
const ways = [
  { through: "logical-unit", name: "LogicalUnit" },
  { through: "transport", name: "transport alone" },
  { through: "server", name: "device server alone" },
] as const;

export function unitRows(options: BenchOptions, client: string): Row[] {
  const times = { warmupMs: options.warmupMs, measureMs: options.measureMs * CODEC_PART };
  return options.runtimes.flatMap((runtime) =>
    (["instant", "simulated"] as const).flatMap((unit) =>
      inProcess.map(({ what, name }) => ({
        group: groups[unit],
        name: `${name}${runtimeSuffix(options, runtime)}`,
        unit: "rate" as const,
        contenders: ways
          .filter(({ through }) => through !== "server" || unit === "simulated")
          .map(({ through, name }) => ({
            name,
            measure: () => {
              const job: Job = { kind: "unit", unit, what, through, ...times };
              return sampleOf([...runtime.command, client, JSON.stringify(job)], undefined);
            },
          })),
      })),
    ),
  );
}

/** What a device takes for INQUIRY, in microseconds: nothing, a fast one, a slower one. */
const callTimes = [0, 25, 100];

export function sgRows(options: BenchOptions, programs: Programs, client: string): Row[] {
  const { warmupMs, measureMs } = options;
  return options.runtimes.flatMap((runtime) =>
    callTimes.map((microseconds) => {
      const takes = ["env", `CALL_US=${microseconds}`];
      const ours = (name: string, depth: number): Contender => ({
        name,
        measure: () => {
          const job: Job = { kind: "sg", library: programs.sgLibc, depth, warmupMs, measureMs };
          return sampleOf([...takes, ...runtime.command, client, JSON.stringify(job)], undefined);
        },
      });
      return {
        group: groups.sg,
        name: `INQUIRY that takes ${microseconds} µs${runtimeSuffix(options, runtime)}`,
        unit: "rate" as const,
        contenders: [
          ours("ours", 1),
          ours("ours, eight at a time", 8),
          {
            name: "loop in C",
            measure: () => sampleOf([...takes, programs.sgLoop, "/dev/fake", String(measureMs)], undefined),
          },
        ],
      };
    }),
  );
}
