/** What is refused, and how: no PERSISTENT RESERVE, partitions, other users, no rights, devices that are offline or gone. */
import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exitCodeOf } from "../../cli/exit-codes.ts";
import { rejection } from "../rejection.ts";
import { child } from "./child.ts";
import { sgPersistOut } from "./sg-persist.ts";
import { attentions, connect, mapping, run, runtime, slowDown, unitAt, units } from "./units.ts";

const testUnitReady = { cdb: new Uint8Array(6), dataInLength: 0 };

test("a disk without PERSISTENT RESERVE says so, as it does to sg_persist", async () => {
  for (const node of [units.DEBUG.sg, units.DEBUG.sd]) {
    await using unit = await unitAt(node);
    await attentions(unit);
    const error = await rejection(unit.readKeys());
    expect(error).toMatchObject({ code: "ILLEGAL_REQUEST", delivered: "yes", sense: { asc: 0x20, ascq: 0 } });
    expect(exitCodeOf(error)).toBe(9);
    expect(exitCodeOf(await rejection(unit.register({ newKey: 1n })))).toBe(
      await sgPersistOut(units.DEBUG, ["--register", "--param-sark=1"]),
    );
  }
});

describe("a partition", () => {
  beforeEach(async () => {
    // One partition, from block 64 on, 4096 blocks.
    const table = new Uint8Array(512);
    table.set([0, 0, 0, 0, 0x83, 0, 0, 0, 64, 0, 0, 0, 0, 16, 0, 0], 446);
    table.set([0x55, 0xaa], 510);
    await writeFile(units.DEBUG.sd, table, { flag: "r+" });
    await run("blockdev", "--rereadpt", units.DEBUG.sd);
    return async () => {
      await writeFile(units.DEBUG.sd, new Uint8Array(512), { flag: "r+" });
      await run("blockdev", "--rereadpt", units.DEBUG.sd);
    };
  });

  test("is refused, and the disk is named", async () => {
    const error = await rejection(connect(`${units.DEBUG.sd}1`));
    expect(error).toMatchObject({ code: "UNSUITABLE_DEVICE", delivered: "no" });
    expect(error.message).toContain(`it is a partition of ${units.DEBUG.sd}`);
  });
});

test("a node that somebody else holds alone is busy", async () => {
  const holder = spawn("perl", [
    "-e",
    "use Fcntl; sysopen F, shift, O_RDWR | O_EXCL or die; syswrite STDOUT, 1; sleep",
    units.DEBUG.sg,
  ]);
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  const error = await rejection(connect(units.DEBUG.sg)).finally(() => holder.kill());
  expect(error).toMatchObject({ code: "CONNECTION_FAILED", delivered: "no" });
  expect(error.message).toContain("EBUSY");
  await new Promise((resolve) => holder.once("exit", resolve));
});

test("a node without a device", async () => {
  await run("mknod", "/dev/sg-nothing", "c", "21", "250");
  const error = await rejection(connect("/dev/sg-nothing"));
  expect(error).toMatchObject({ code: "TARGET_NOT_FOUND", delivered: "no" });
  expect(error.message).toMatch(/ENXIO|ENODEV/);
});

test("a block device that is no SCSI device", async () => {
  await run("modprobe", "loop");
  await using transport = await connect("/dev/loop0");
  const error = await rejection(transport.execute(testUnitReady));
  expect(error).toMatchObject({ code: "UNSUITABLE_DEVICE", delivered: "no" });
});

describe("a mapping", () => {
  const nothing = "lab-nothing";
  const part = "lab-part";
  beforeEach(async () => {
    await run("dmsetup", "create", nothing, "--table", "0 2048 zero");
    // As kpartx does it.
    await run("dmsetup", "create", part, "-u", `part1-${part}`, "--table", `0 1024 linear ${mapping} 64`);
    return async () => {
      for (const each of [nothing, part]) await run("dmsetup", "remove", "--retry", each);
    };
  });

  test("over nothing that takes SCSI commands", async () => {
    await using transport = await connect(`/dev/mapper/${nothing}`);
    const error = await rejection(transport.execute(testUnitReady));
    expect(error).toMatchObject({ code: "UNSUITABLE_DEVICE", delivered: "no" });
    expect(error.message).toContain("not every mapping leads to SCSI devices");
  });

  test("that is a partition of another is refused, and that one is named", async () => {
    const error = await rejection(connect(`/dev/mapper/${part}`));
    expect(error).toMatchObject({ code: "UNSUITABLE_DEVICE", delivered: "no" });
    expect(error.message).toContain(`it is a partition of ${mapping}`);
  });
});

describe("an unprivileged user", () => {
  const NOBODY = 65534;
  type Answer = Partial<Record<"open" | "in" | "out", { code: string; delivered?: string; message?: string }>>;
  const both = async (node: string, access: string): Promise<Answer> =>
    (await child<Answer>("both", [node, access], NOBODY)).answer;

  test("who may not open the node is told to ask the group", async () => {
    await run("chmod", "600", units.A1.sg);
    const { open } = await both(units.A1.sg, "as-needed");
    expect(open).toMatchObject({ code: "PERMISSION_DENIED", delivered: "no" });
    expect(open?.message).toContain("EACCES");
  });

  test("who may open an sg node is refused the opcode on a file for reading, and not on one for writing", async () => {
    await run("chmod", "666", units.A1.sg);
    const asNeeded = await both(units.A1.sg, "as-needed");
    expect(asNeeded.in).toMatchObject({ code: "PERMISSION_DENIED", delivered: "no" });
    expect(asNeeded.in?.message).toContain('access "read-write"');
    expect(asNeeded.out?.code).toBe("done");
    expect(await both(units.A1.sg, "read-write")).toEqual({ in: { code: "done" }, out: { code: "done" } });
    await run("chmod", "600", units.A1.sg);
  });

  test("who may open a disk node is refused both opcodes, and told of the sg node", async () => {
    await run("chmod", "666", units.A1.sd);
    for (const access of ["as-needed", "read-write"]) {
      const { in: reading, out } = await both(units.A1.sd, access);
      for (const refusal of [reading, out]) {
        expect(refusal).toMatchObject({ code: "PERMISSION_DENIED", delivered: "no" });
        expect(refusal?.message).toContain(`or use ${units.A1.sg} with access "read-write"`);
      }
    }
    await run("chmod", "600", units.A1.sd);
  });
});

test("without koffi Node.js says which package is missing", async ({ skip }) => {
  if (runtime !== "node") return skip("this runtime has a door of its own");
  await run("cp", "-r", "build/lab/dist", "/tmp/dist");
  const script = `import("/tmp/dist/sg-node.js").then(({ openSg }) => openSg("${units.A1.sg}")).catch(({ code, message }) => console.log(code, message))`;
  const { stdout } = await run("env", "-C", "/tmp", process.execPath, "-e", script);
  expect(stdout).toBe(
    "CONNECTION_FAILED Devices are reached through the package koffi, which is not installed: npm install koffi\n",
  );
});

describe("a device that goes away", () => {
  const driver = "/sys/bus/pseudo/drivers/scsi_debug";
  const debugDevices = async (): Promise<string[]> => {
    const found = [];
    for (const address of await readdir("/sys/class/scsi_device")) {
      const model = await readFile(`/sys/class/scsi_device/${address}/device/model`, "utf8").catch(() => "");
      if (model.startsWith("scsi_debug")) found.push(address);
    }
    return found;
  };
  let device: string;
  let nodes: { sg: string; sd: string };

  beforeEach(async () => {
    const before = await debugDevices();
    await writeFile(`${driver}/add_host`, "1");
    await expect.poll(async () => (await debugDevices()).length, { timeout: 20_000 }).toBe(before.length + 1);
    const address = (await debugDevices()).find((each) => !before.includes(each)) as string;
    device = `/sys/class/scsi_device/${address}/device`;
    const node = async (kind: string): Promise<string> => {
      await expect.poll(() => readdir(`${device}/${kind}`).catch(() => []), { timeout: 20_000 }).toHaveLength(1);
      return `/dev/${(await readdir(`${device}/${kind}`))[0]}`;
    };
    nodes = { sg: await node("scsi_generic"), sd: await node("block") };
    await run("udevadm", "settle");
  });
  afterEach(async () => {
    await slowDown(0);
    await writeFile(`${driver}/add_host`, "-1");
  });

  test.each(["sg", "sd"] as const)(
    "offline, at an %s node: no connection, and no claim that it was executed",
    async (kind) => {
      await using transport = await connect(nodes[kind]);
      await transport.execute(testUnitReady);
      await writeFile(`${device}/state`, "offline\n");
      const error = await rejection(transport.execute(testUnitReady, { timeoutMs: 30_000 }));
      expect(["CONNECTION_FAILED", "CONNECTION_LOST"]).toContain(error.code);
      expect(error.delivered).not.toBe("yes");
      await writeFile(`${device}/state`, "running\n");
      expect((await transport.execute(testUnitReady)).status).toBe(0);
    },
  );

  test.each(["sg", "sd"] as const)("deleted between two commands, at an %s node", async (kind) => {
    await using transport = await connect(nodes[kind]);
    await transport.execute(testUnitReady);
    await writeFile(`${device}/delete`, "1");
    const error = await rejection(transport.execute(testUnitReady, { timeoutMs: 30_000 }));
    expect(error.code).toMatch(/^CONNECTION_/);
    expect(error.delivered).not.toBe("yes");
    expect(error.message).toMatch(/ENODEV|ENXIO|DID_NO_CONNECT/);
  });

  test.each(["sg", "sd"] as const)(
    "deleted under a command, at an %s node: the command's fate is unknown",
    async (kind) => {
      const transport = await connect(nodes[kind]);
      await transport.execute(testUnitReady);
      await slowDown(2);
      const call = transport.execute(testUnitReady, { timeoutMs: 60_000 }).then(
        ({ status }) => ({ status }),
        (error: unknown) => ({ error }),
      );
      await new Promise((resolve) => setTimeout(resolve, 700));
      const removal = run("sh", "-c", `echo 1 >${device}/delete`);
      const outcome = await call;
      // Either the kernel lets it end, or it says that the device is gone.
      if ("error" in outcome) {
        expect(outcome.error).toMatchObject({ code: "CONNECTION_LOST", delivered: "unknown" });
      } else {
        expect(outcome.status).toBe(0);
      }
      await removal;
      await transport[Symbol.asyncDispose]();
    },
  );
});
