/**
 * Captures iSCSI on loopback and has tshark's SCSI dissector read it. Fails, and does not skip, where tshark is missing or may not
 * capture.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** A field as tshark has it: its bytes, the bits of a narrower field alone, in hexadecimal. */
export type Dissected = ReadonlyMap<string, readonly string[]>;

/** One command, as tshark saw it: its CDB, and what was sent with it and answered. Each by the field's name. */
export interface Exchange {
  readonly cdb: Dissected;
  /** The parameter list, if there was one and its first bytes came in one PDU. */
  readonly dataOut: Dissected | undefined;
  readonly dataIn: Dissected | undefined;
}

/** A capture under way. */
export interface Capture {
  /** Ends it; resolves with every command in the order in which they were sent. */
  read(): Promise<Exchange[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

const attribute = (tag: string, name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "";

/** The fields of one dissected protocol; those that tshark makes up itself have no bytes and are left out. */
function dissected(proto: string): Dissected {
  const fields = new Map<string, string[]>();
  for (const [tag] of proto.matchAll(/<field [^>]*>/g)) {
    const [name, value] = [attribute(tag, "name"), attribute(tag, "value")];
    if (name === "" || value === "") continue;
    fields.set(name, [...(fields.get(name) ?? []), value.toLowerCase()]);
  }
  return fields;
}

/** The commands of a capture in PDML, tshark's own XML. */
function exchanges(pdml: string): Exchange[] {
  const found: { cdb: Dissected; dataOut: Dissected | undefined; dataIn: Dissected | undefined }[] = [];
  for (const [proto] of pdml.matchAll(/<proto name="scsi"[\s\S]*?<\/proto>/g)) {
    const title = attribute(proto, "showname");
    const last = found.at(-1);
    if (title.startsWith("SCSI CDB")) found.push({ cdb: dissected(proto), dataOut: undefined, dataIn: undefined });
    else if (last !== undefined && title.includes("Request Data")) last.dataOut ??= dissected(proto);
    else if (last !== undefined && title.includes("Response Data")) last.dataIn ??= dissected(proto);
  }
  return found;
}

/** Starts to capture what goes to and from one TCP port on loopback. */
export async function captureLoopback(port: number): Promise<Capture> {
  const folder = await mkdtemp(join(tmpdir(), "scsi-persist-capture-"));
  const file = join(folder, "capture.pcapng");
  const dumpcap = spawn("dumpcap", ["-p", "-i", "lo", "-f", `tcp port ${port}`, "-w", file], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  const ended = new Promise<void>((resolve) => dumpcap.on("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    dumpcap.on("error", reject);
    dumpcap.on("close", () => reject(new Error(`dumpcap does not capture on loopback: ${said}`)));
    dumpcap.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("File: ")) resolve();
    });
  });
  const stop = async (): Promise<void> => {
    dumpcap.kill("SIGINT");
    await ended;
  };
  return {
    async read() {
      // The kernel hands captured packets over in blocks, a few times a second.
      await sleep(700);
      await stop();
      const { stdout } = await promisify(execFile)(
        "tshark",
        ["-r", file, "-d", `tcp.port==${port},iscsi`, "-Y", "scsi", "-T", "pdml"],
        { maxBuffer: 2 ** 29 },
      );
      return exchanges(stdout);
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
