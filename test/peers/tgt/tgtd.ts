/**
 * A real tgtd for tests: started on a free loopback port with a control socket and a directory of its own, and stopped
 * for certain.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A tgtd under way. */
export interface Tgtd {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly directory: string;
  readonly pid: number;
  /** Runs tgtadm with these arguments for iSCSI; resolves with what it prints. */
  admin(...args: string[]): Promise<string>;
  /** Creates a target that accepts every initiator, with disks as LUNs 1, 2, …; returns its number. */
  createTarget(name: string, disks?: { count?: number; sizeBytes?: number }): Promise<number>;
  /** Sets a negotiated parameter of a target, e.g. `InitialR2T` to `Yes`. */
  setParameter(target: number, name: string, value: string): Promise<void>;
  /** Creates an account and binds it to a target; outgoing: the target's own credentials for mutual CHAP. */
  addAccount(target: number, user: string, password: string, outgoing?: boolean): Promise<void>;
  /** Stops tgtd for certain and removes its directory. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts tgtd. Fails, and does not skip, where it is not installed: package `tgt`. */
export async function startTgtd(): Promise<Tgtd> {
  const directory = await mkdtemp(join(tmpdir(), "scsi-persist-tgtd-"));
  const port = await freePort();
  const environment = { ...process.env, TGT_IPC_SOCKET: join(directory, "tgtd.sock") };
  let output = "";
  const daemon = spawn("tgtd", ["-f", "--iscsi", `portal=127.0.0.1:${port}`], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const collect = (chunk: Uint8Array): void => {
    output = (output + Buffer.from(chunk).toString()).slice(-4000);
  };
  daemon.stdout.on("data", collect);
  daemon.stderr.on("data", collect);
  let failure: Error | undefined;
  daemon.on("error", (error) => {
    failure = error;
  });
  const targets: number[] = [];
  const disks: string[] = [];
  const kill = (): void => {
    daemon.kill("SIGKILL");
  };
  process.once("exit", kill);

  async function admin(...args: string[]): Promise<string> {
    const { stdout } = await run("tgtadm", ["--lld", "iscsi", ...args], { env: environment });
    return stdout;
  }

  const tgtd: Tgtd = {
    host: "127.0.0.1",
    port,
    directory,
    pid: daemon.pid ?? 0,
    admin,
    async createTarget(name, { count = 1, sizeBytes = 16 * 1024 * 1024 } = {}) {
      const id = targets.length + 1;
      targets.push(id);
      await admin("--op", "new", "--mode", "target", "--tid", String(id), "-T", name);
      for (let lun = 1; lun <= count; lun++) {
        const path = join(directory, `disk-${disks.length}.img`);
        disks.push(path);
        const file = await open(path, "w");
        await file.truncate(sizeBytes);
        await file.close();
        await admin("--op", "new", "--mode", "logicalunit", "--tid", String(id), "--lun", String(lun), "-b", path);
      }
      await admin("--op", "bind", "--mode", "target", "--tid", String(id), "-I", "ALL");
      return id;
    },
    async setParameter(target, name, value) {
      await admin("--op", "update", "--mode", "target", "--tid", String(target), "--name", name, "--value", value);
    },
    async addAccount(target, user, password, outgoing = false) {
      await admin("--op", "new", "--mode", "account", "--user", user, "--password", password);
      const direction = outgoing ? ["--outgoing"] : [];
      await admin("--op", "bind", "--mode", "account", "--tid", String(target), "--user", user, ...direction);
    },
    async [Symbol.asyncDispose]() {
      for (const id of targets) {
        await admin("--op", "delete", "--mode", "target", "--tid", String(id), "--force").catch(() => {});
      }
      await admin("--op", "delete", "--mode", "system").catch(() => {});
      await gone(daemon);
      process.removeListener("exit", kill);
      await rm(directory, { recursive: true, force: true });
    },
  };

  try {
    for (let tries = 0; ; tries++) {
      if (failure !== undefined) throw failure;
      if (daemon.exitCode !== null || tries === 200) throw new Error("it does not listen");
      if (await listens(port)) break;
      await sleep(25);
    }
    await admin("--op", "show", "--mode", "system");
    return tgtd;
  } catch (cause) {
    await tgtd[Symbol.asyncDispose]();
    throw new Error(`Cannot start tgtd (Debian package tgt) on port ${port}: ${String(cause)}\n${output}`, { cause });
  }
}

async function gone(daemon: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 80; tries++) {
    if (daemon.exitCode !== null || daemon.signalCode !== null || daemon.pid === undefined) return;
    await sleep(25);
  }
  daemon.kill("SIGKILL");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
