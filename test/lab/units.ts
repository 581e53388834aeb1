/** The units of the lab's guest, as guest/suites.sh has built and exported them, and ways to them. Only in the guest. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import {
  createLogicalUnit,
  isScsiError,
  type LogicalUnit,
  noRetries,
  type SenseData,
  type Transport,
} from "../../src/index.ts";
import { openSg } from "../../transports/sg/index.ts";

/** One I_T nexus: its SCSI address and its nodes. */
export interface Nexus {
  /** host:channel:target:lun. */
  readonly address: string;
  readonly sg: string;
  readonly sd: string;
}

const names = [
  "A1",
  "A2",
  "B",
  "TWIN_A1",
  "TWIN_A2",
  "TWIN_B",
  "ISCSI_A",
  "ISCSI_B",
  "ISCSI_C",
  "MULTI_1",
  "MULTI_2",
  "DEBUG",
] as const;

function variable(name: string): string {
  const value = process.env[`LAB_${name}`];
  if (!value) throw new Error(`LAB_${name} is not set: these tests run in the lab's guest, see test/lab/run.sh`);
  return value;
}

const nexus = (name: string): Nexus => ({
  address: variable(name),
  sg: variable(`${name}_SG`),
  sd: variable(`${name}_SD`),
});

/** What runs the tests. */
export const runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

/** The nexuses by name. */
export const units = Object.fromEntries(names.map((name) => [name, nexus(name)])) as Readonly<
  Record<(typeof names)[number], Nexus>
>;

/** Two nexuses to a disk that may be lost. */
export const doomed = [nexus(`DOOMED_${runtime}`), nexus(`DOOMED_OTHER_${runtime}`)] as const;

/** The multipath mapping over MULTI_1 and MULTI_2. */
export const mapping = variable("MULTIPATH");

/** An NVMe namespace, which no SCSI command reaches. */
export const namespace = variable("NVME");

/** A transport to a node. */
export const connect = (node: string): Promise<Transport> => openSg(node);

/** A logical unit that repeats nothing. */
export const unitAt = async (node: string): Promise<LogicalUnit> =>
  createLogicalUnit(await connect(node), { retry: noRetries });

/** Takes every pending unit attention off a nexus, and says which there were. */
export async function attentions(unit: LogicalUnit): Promise<SenseData[]> {
  const found: SenseData[] = [];
  for (;;) {
    try {
      await unit.testUnitReady({ retry: noRetries });
      return found;
    } catch (error) {
      if (!isScsiError(error) || error.code !== "UNIT_ATTENTION" || error.sense === undefined) throw error;
      found.push(error.sense);
    }
  }
}

/** Removes every registration of a disk, and the unit attentions that come of it on these nexuses. */
export async function clean(...nexuses: LogicalUnit[]): Promise<void> {
  for (const unit of nexuses) await attentions(unit);
  const [first] = nexuses as [LogicalUnit];
  await first.registerAndIgnoreExistingKey({ newKey: 0xc1ean });
  await first.clear({ key: 0xc1ean });
  for (const unit of nexuses) await attentions(unit);
}

/** What a program answers. */
export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program; it need not succeed. */
export const run = (program: string, ...args: string[]): Promise<Ran> =>
  new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ exit: (error?.code as number | undefined) ?? 0, stdout, stderr });
    });
  });

/** Makes the scsi_debug disk take so long for each command, in seconds; 0 is at once. */
export async function slowDown(seconds: number): Promise<void> {
  const parameters = "/sys/bus/pseudo/drivers/scsi_debug";
  // In jiffies; Debian's kernels have 250 a second.
  await writeFile(`${parameters}/delay`, String(Math.round(seconds * 250)));
}

/** Holds a forwarder's connection up, ISCSI_C's unless named: nothing arrives and nothing is answered until it is let go again. */
export const holdUp = (forwarder = "FORWARDER"): void => void process.kill(Number(variable(forwarder)), "SIGSTOP");

/** Lets a forwarder's connection go, ISCSI_C's unless named. */
export const letGo = (forwarder = "FORWARDER"): void => void process.kill(Number(variable(forwarder)), "SIGCONT");

/** How many commands the kernel has under way on a nexus. */
export const underway = async ({ address }: Nexus): Promise<number> =>
  Number(await readFile(`/sys/class/scsi_device/${address}/device/device_busy`, "utf8"));

/** Says a figure that is measured and not judged. */
export const say = (text: string): void => console.log(`lab: ${runtime}: ${text}`);
