/** An iSCSI path that is lost under a command: whether the command was executed or not, its fate is unknown to the one who sent it. */
import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LogicalUnit } from "../../src/index.ts";
import { rejection } from "../rejection.ts";
import { attentions, clean, connect, type Nexus, run, runtime, say, underway, unitAt, units } from "./units.ts";

const TARGET = "iqn.2026-11.lab:disk";
/** LIO tells the sessions of one initiator apart by their ISIDs; each interface has one. */
const INTERFACE = `lost-${runtime}`;
const KEY = 0x10570n;

/** Which way nothing goes through any more, though the connection stands. */
type Held = "nothing" | "commands" | "answers";

/** A way to the target that can be held up, and be cut off. */
async function createWay() {
  const sockets = new Set<Socket>();
  const state = { held: "nothing" as Held, answered: 0 };
  const server = createServer((initiator) => {
    const target = connectTcp(3260, "127.0.0.1");
    for (const socket of [initiator, target]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        for (const each of [initiator, target]) each.destroy();
      });
    }
    initiator.on("data", (bytes) => {
      if (state.held !== "commands") target.write(bytes);
    });
    target.on("data", (bytes) => {
      if (state.held !== "answers") initiator.write(bytes);
      else state.answered += bytes.length;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    state,
    port: (server.address() as AddressInfo).port,
    /** Drops the connection, and takes no other. */
    cut(): void {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Logs in through a portal, and finds the disk's nodes. */
async function login(port: number): Promise<Nexus> {
  const functions = join(import.meta.dirname, "../../test/lab/guest/units.sh");
  const words = `. "$0"; iscsi_login ${TARGET} host-c ${port} ${INTERFACE}`;
  const { stdout } = await promisify(execFile)("bash", ["-c", words, functions], { timeout: 60_000 });
  const address = stdout.trim();
  const device = `/sys/class/scsi_device/${address}/device`;
  const node = async (kind: string): Promise<string> => {
    await expect.poll(() => readdir(`${device}/${kind}`).catch(() => []), { timeout: 20_000 }).toHaveLength(1);
    return `/dev/${(await readdir(`${device}/${kind}`))[0]}`;
  };
  const nexus = { address, sg: await node("scsi_generic"), sd: await node("block") };
  await run("udevadm", "settle");
  return nexus;
}

/** Gives the kernel a second for the path to come back. */
async function hurry(): Promise<void> {
  for (const session of await readdir("/sys/class/iscsi_session")) {
    await writeFile(`/sys/class/iscsi_session/${session}/recovery_tmo`, "1");
  }
}

async function patient(): Promise<void> {
  for (const session of await readdir("/sys/class/iscsi_session")) {
    await writeFile(`/sys/class/iscsi_session/${session}/recovery_tmo`, "120");
  }
}

describe.each(["sg", "sd"] as const)("at an %s node", (kind) => {
  let way: Awaited<ReturnType<typeof createWay>>;
  let path: Nexus;
  let other: LogicalUnit;

  beforeEach(async () => {
    way = await createWay();
    path = await login(way.port);
    other = await unitAt(units.ISCSI_A.sg);
    await clean(other);
    return async () => {
      await clean(other);
      await other[Symbol.asyncDispose]();
    };
  }, 100_000);
  afterEach(async () => {
    way.cut();
    await run("iscsiadm", "-m", "node", "-T", TARGET, "-I", INTERFACE, "--logout");
    await run("iscsiadm", "-m", "node", "-T", TARGET, "-I", INTERFACE, "-o", "delete");
    await patient();
  }, 100_000);

  test.each([
    ["commands", []],
    ["answers", [KEY]],
  ] as const)(
    "the %s are held up, and the path is cut off",
    async (held, keys) => {
      const unit = await unitAt(path[kind]);
      await attentions(unit);
      await using second = await connect(path[kind]);
      await hurry();
      way.state.held = held;
      const call = rejection(unit.registerAndIgnoreExistingKey({ newKey: KEY }));
      if (held === "answers")
        await expect.poll(() => way.state.answered, { timeout: 20_000 }).toBeGreaterThanOrEqual(48);
      else await expect.poll(() => underway(path), { timeout: 20_000 }).toBe(1);
      way.cut();
      const error = await call;
      say(`a path lost under REGISTER, the ${held} held up: ${error.message}`);
      expect(error.code).toMatch(/^CONNECTION_|^LOST_ANSWER$/);
      expect(error.delivered).toBe("unknown");
      expect((await other.readKeys()).keys).toEqual(keys);

      // The path is gone for good: nothing claims that it was executed, and nobody waits for ever.
      const later = await rejection(second.execute({ cdb: new Uint8Array(6), dataInLength: 0 }, { timeoutMs: 30_000 }));
      expect(later.code).toMatch(/^CONNECTION_/);
      expect(later.delivered).not.toBe("yes");
      if (kind === "sd") expect((await rejection(connect(path.sd))).message).toMatch(/ENXIO.* offline/);
      await unit[Symbol.asyncDispose]();
    },
    100_000,
  );
});
