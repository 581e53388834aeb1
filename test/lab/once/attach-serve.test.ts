/**
 * Linux attaches what `serve` serves: open-iscsi from two initiator names, a file system, every verb of sg_persist, and mpathpersist
 * over both sessions. The kernel finds nothing to complain about.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { readings, sgPersistIn, sgPersistOut } from "../sg-persist.ts";
import { type Nexus, run } from "../units.ts";

const variable = (name: string): string => {
  const value = process.env[`LAB_${name}`];
  if (!value) throw new Error(`LAB_${name} is not set: once/attach-serve.sh does it, in the lab's guest`);
  return value;
};
const nexus = (name: string): Nexus => ({
  address: variable(name),
  sg: variable(`${name}_SG`),
  sd: variable(`${name}_SD`),
});

const d = nexus("SERVED_D");
const e = nexus("SERVED_E");
const shared = { d: nexus("SHARED_D"), e: nexus("SHARED_E") };

/** Runs a program that must succeed. */
async function must(program: string, ...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await run(program, ...args);
  expect(`${program} ${exit} ${exit === 0 ? "" : stdout + stderr}`).toBe(`${program} 0 `);
  return stdout;
}

/** Takes the unit attention conditions off a host. */
async function settle(...nexuses: readonly Nexus[]): Promise<void> {
  for (const { sg } of nexuses) await run("sg_turs", "--number=3", sg);
}

const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("a file system on a served unit", () => {
  const folder = "/run/served";
  const content = randomBytes(6 * 2 ** 20);

  test("is made, mounted, written to, synced, unmounted and found whole", async () => {
    await must("mkfs.ext4", "-q", "-F", d.sd);
    await mkdir(folder, { recursive: true });
    await must("mount", "-t", "ext4", d.sd, folder);
    await writeFile(`${folder}/content`, content);
    await mkdir(`${folder}/deep/er`, { recursive: true });
    await writeFile(`${folder}/deep/er/text`, "served");
    await must("sync");
    await must("umount", folder);
    await must("fsck.ext4", "-f", "-n", d.sd);
  });

  test("is the same through the other host's session, with nothing of it in that host's cache", async () => {
    await must("blockdev", "--flushbufs", e.sd);
    await must("mount", "-t", "ext4", "-o", "ro", e.sd, folder);
    expect(sum(await readFile(`${folder}/content`))).toBe(sum(content));
    expect(await readFile(`${folder}/deep/er/text`, "utf8")).toBe("served");
    await must("umount", folder);
  });
});

describe("symmetric access", () => {
  test("sg_rtpg finds one group with one port, active/optimized", async () => {
    const shown = await must("sg_rtpg", "--decode", d.sg);
    expect(shown).toMatch(/target port group id : 0x1\b/);
    expect(shown).toMatch(/active\/optimized/);
    expect(shown.match(/Relative target port ids?:\s+0x01/g)).toHaveLength(1);
  });

  test.each([
    ["host-d", d],
    ["host-e", e],
  ])("the kernel's ALUA handler has attached the unit for %s", async (_host, { address }) => {
    const attribute = async (name: string) =>
      (await readFile(`/sys/class/scsi_device/${address}/device/${name}`, "utf8")).trim();
    expect(await attribute("dh_state")).toBe("alua");
    expect(await attribute("access_state")).toBe("active/optimized");
    expect(await attribute("preferred_path")).toBe("0");
  });
});

describe("EXTENDED COPY as sg3_utils sends it", () => {
  const COUNT = 6000;
  /** What a unit holds from a block on, read through SG_IO: past the kernel's cache. */
  async function blocksOf(host: Nexus, skip: number): Promise<string> {
    await must("sg_dd", `if=${host.sg}`, "of=/run/served.blocks", "bs=512", `skip=${skip}`, `count=${COUNT}`);
    return sum(await readFile("/run/served.blocks"));
  }

  test("sg_copy_results reads the operating parameters, and knows the descriptors", async () => {
    const shown = await must("sg_copy_results", "--params", d.sg);
    expect(shown).toContain("Supports no list identifier (SNLID): yes");
    expect(shown).toContain("Maximum segment length: 4194304 bytes");
    expect(shown).toContain("Segment descriptor 0x02: Copy from block device to block device");
    expect(shown).toContain("Target descriptor 0xe4: Identification descriptor");
  });

  test("sg_vpd reads the Third-party Copy page", async () => {
    const shown = await must("sg_vpd", "--page=0x8f", d.sg);
    expect(shown).toContain("Extended copy(LID1)");
    expect(shown).toContain("Receive copy failure details(LID1)");
    expect(shown).toContain("Maximum CSCD descriptor count: 16");
  });

  test.each<[name: string, from: Nexus, to: Nexus, seek: number, more: string[]]>([
    ["within a unit", d, d, 100_000, []],
    ["to another unit, which is asked for it", d, shared.d, 20_000, []],
    ["to another unit, asked of the source", d, shared.d, 10_000, ["--on_src"]],
  ])("sg_xcopy copies %s", async (_name, from, to, seek, more) => {
    const copied = await run("sg_xcopy", `if=${from.sg}`, `of=${to.sg}`, `count=${COUNT}`, `seek=${seek}`, ...more);
    expect(copied.exit, copied.stdout + copied.stderr).toBe(0);
    expect(copied.stdout + copied.stderr).toContain(`${COUNT} blocks, 1 command`);
    expect(await blocksOf(to, seek)).toBe(await blocksOf(from, 0));
  });

  test("sg_copy_results says how the last one went", async () => {
    const shown = await must("sg_copy_results", "--status", "--list_id=1", d.sg);
    expect(shown).toContain("Operation completed without errors");
  });
});

describe("sg_persist from two initiator names", () => {
  const D = "--param-rk=d1";
  const E = "--param-rk=e1";
  const moved = "iqn.2026-11.lab:host-e";

  // In this order. Exit codes are sg3_utils': 0 good, 5 illegal request, 6 unit attention, 24 reservation conflict.
  test.each<[host: "d" | "e", exit: number, args: string[]]>([
    ["d", 0, ["--register", "--param-sark=d1"]],
    ["d", 24, ["--register", "--param-sark=d2"]],
    ["e", 0, ["--register-ignore", "--param-sark=e1"]],
    ["d", 0, ["--reserve", D, "--prout-type=5"]],
    ["e", 24, ["--reserve", E, "--prout-type=5"]],
    ["d", 5, ["--release", D, "--prout-type=6"]],
    ["d", 0, ["--release", D, "--prout-type=5"]],
    // The other host was told that the reservation was released.
    ["e", 6, ["--reserve", E, "--prout-type=3"]],
    ["e", 0, ["--reserve", E, "--prout-type=3"]],
    ["d", 0, ["--preempt", D, "--param-sark=e1", "--prout-type=1"]],
    ["e", 6, ["--register", "--param-sark=e1"]],
    ["e", 0, ["--register", "--param-sark=e1"]],
    ["e", 0, ["--preempt-abort", E, "--param-sark=d1", "--prout-type=8"]],
    ["d", 6, ["--register", "--param-sark=d1"]],
    ["d", 0, ["--register", "--param-sark=d1", "--param-aptpl"]],
    ["d", 5, ["--replace-lost", "--param-sark=d1", "--prout-type=1"]],
    ["e", 0, ["--clear", E]],
    ["d", 6, ["--register", "--param-sark=d1"]],
    ["d", 0, ["--register", "--param-sark=d1"]],
    ["d", 0, ["--reserve", D, "--prout-type=1"]],
  ])("host-%s: %i for %j", async (host, exit, args) => {
    expect(await sgPersistOut(host === "d" ? d : e, args)).toBe(exit);
  });

  test("REGISTER AND MOVE to the other host, whom READ FULL STATUS names", async () => {
    const status = await must("sg_persist", "--no-inquiry", "--read-full-status", d.sg);
    expect(status).toContain("iqn.2026-11.lab:host-d");
    // The ISID that open-iscsi has chosen for the other host, as its own registration shows it.
    expect(await sgPersistOut(e, ["--register", "--param-sark=e1"])).toBe(0);
    const full = await must("sg_persist", "--no-inquiry", "--read-full-status", e.sg);
    const isid = /host-e[\s\S]*?,i,0x([0-9a-f]{12})/.exec(full)?.[1];
    expect(full).toContain(moved);
    expect(isid).toMatch(/^[0-9a-f]{12}$/);
    const to = [`--transport-id=${moved},i,0x${isid}`, "--relative-target-port=1", "--unreg"];
    expect(await sgPersistOut(d, ["--register-move", "--param-rk=d1", "--param-sark=e2", ...to])).toBe(0);
    const after = await must("sg_persist", "--no-inquiry", "--read-full-status", e.sg);
    expect(after).toMatch(/Key=0xe2[\s\S]*Reservation holder/);
    expect(after).not.toContain("host-d");
  });

  test.each(readings)("%s is the same bytes through both sessions", async (reading) => {
    await settle(d, e);
    expect(await sgPersistIn(d, reading)).toEqual(await sgPersistIn(e, reading));
  });

  test("and the end: nobody is registered", async () => {
    expect(await sgPersistOut(e, ["--clear", "--param-rk=e2"])).toBe(0);
    await settle(d, e);
    expect(await must("sg_persist", "--no-inquiry", "--read-keys", d.sg)).toContain(
      "there are NO registered reservation keys",
    );
  });
});

describe("mpathpersist over both sessions", () => {
  const mapping = "/dev/mapper/served";
  const mpath = (...args: string[]) => run("mpathpersist", ...args, mapping);

  test("multipathd finds one unit with two paths, by its VPD page 83h", async () => {
    await settle(shared.d, shared.e);
    const [one, other] = await Promise.all(
      [shared.d, shared.e].map(({ sg }) => must("/lib/udev/scsi_id", "--whitelisted", "--page=0x83", sg)),
    );
    const wwid = one?.trim() as string;
    expect(wwid).toMatch(/^3[0-9a-f]{16,32}$/);
    expect(other?.trim()).toBe(wwid);
    const before = await readFile("/etc/multipath.conf", "utf8");
    await writeFile(
      "/etc/multipath.conf",
      `${before.replace("blacklist_exceptions {", `blacklist_exceptions {\n  wwid "${wwid}"`)}
multipaths {
  multipath {
    wwid "${wwid}"
    alias served
    reservation_key 0x5e1
  }
}
`,
    );
    await must("multipathd", "reconfigure");
    await expect
      .poll(async () => (await run("multipath", "-ll", "served")).stdout, { timeout: 60_000 })
      .toMatch(/active ready running[\s\S]*active ready running/);
    // udev makes the node a little later.
    await expect.poll(() => existsSync(mapping), { timeout: 60_000 }).toBe(true);
    await must("udevadm", "settle");
  });

  // Exit codes are libmpathpersist's: 0 success, 5 illegal request, 11 reservation conflict.
  test.each<[exit: number, args: string[]]>([
    [0, ["--out", "--register", "--param-sark=5e1"]],
    [0, ["--in", "--read-keys"]],
    [0, ["--out", "--reserve", "--param-rk=5e1", "--prout-type=5"]],
    [0, ["--in", "--read-reservation"]],
    [0, ["--in", "--report-capabilities"]],
    [0, ["--in", "--read-full-status"]],
    [0, ["--out", "--release", "--param-rk=5e1", "--prout-type=5"]],
    [0, ["--out", "--reserve", "--param-rk=5e1", "--prout-type=7"]],
    [11, ["--out", "--reserve", "--param-rk=5e1", "--prout-type=5"]],
  ])("%i for %j", async (exit, args) => {
    const ran = await mpath(...args);
    expect(ran.exit, ran.stdout + ran.stderr).toBe(exit);
  });

  test("both paths are registered, and all registrants hold", async () => {
    const full = await must("sg_persist", "--no-inquiry", "--read-full-status", shared.d.sg);
    expect(full.match(/Key=0x5e1/g)).toHaveLength(2);
    expect(full.match(/Reservation holder/g)).toHaveLength(2);
  });

  test("the mapping can be written to, and read", async () => {
    await must("dd", "if=/dev/urandom", `of=${mapping}`, "bs=64k", "count=16", "oflag=direct");
    await must("dd", `if=${mapping}`, "of=/dev/null", "bs=64k", "count=16", "iflag=direct");
  });

  test("CLEAR, and the end of the mapping", async () => {
    expect(await mpath("--out", "--clear", "--param-rk=5e1")).toMatchObject({ exit: 0 });
    await settle(shared.d, shared.e);
    expect(await must("sg_persist", "--no-inquiry", "--read-keys", shared.e.sg)).toContain(
      "NO registered reservation keys",
    );
    await must("multipath", "-f", "served");
  });
});

describe("what the kernel and the target say", () => {
  test("the kernel logs no error", async () => {
    const log = await must("dmesg", "--level=emerg,alert,crit,err,warn", "--notime");
    const all = (await must("dmesg", "--notime")).split("\n");
    const since = new Set(all.slice(all.indexOf("lab: attach-serve begins") + 1));
    // Not an error: how Linux tells of any unit attention condition 2Ah/xx, which these commands are there to raise.
    // Nor is that the emulated machine was held up.
    const told = /^(sd [\d:]+: Parameters changed|hrtimer: interrupt took \d+ ns)$/;
    expect(log.split("\n").filter((line) => line !== "" && since.has(line) && !told.test(line))).toEqual([]);
  });

  test("`serve` told of both hosts, and of every change", async () => {
    const events = (await readFile(variable("SERVE_LOG"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const logins = events.filter(({ type }) => type === "login").map(({ session }) => session.initiator);
    expect(new Set(logins)).toEqual(new Set(["iqn.2026-11.lab:host-d", "iqn.2026-11.lab:host-e"]));
    const actions = new Set(events.filter(({ type }) => type === "reservation").map(({ action }) => action));
    for (const action of [
      "REGISTER",
      "RESERVE",
      "RELEASE",
      "CLEAR",
      "PREEMPT",
      "PREEMPT AND ABORT",
      "REGISTER AND MOVE",
    ]) {
      expect(actions).toContain(action);
    }
    expect(events.filter(({ type }) => type === "rejected" || type === "login-failed")).toEqual([]);
  });
});

afterAll(async () => {
  for (const host of ["d", "e"]) {
    await run("iscsiadm", "-m", "node", "-T", "iqn.2026-11.lab:served", "-I", `host-${host}`, "--logout");
  }
  process.kill(Number(variable("SERVE")), "SIGTERM");
});

describe("open-iscsi is told unasked", () => {
  const told = async () =>
    (await readFile(variable("SERVE_LOG"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ session }) => session?.initiator === "iqn.2026-11.lab:host-e");
  const ends = async () => (await told()).filter(({ type }) => type === "session-ended").map(({ end }) => end);
  const logins = async () => (await told()).filter(({ type }) => type === "login").length;

  test.each([
    ["logs out when it is asked to, and in again", "logout", ["34", ...new Array(9).fill("00")]],
    ["comes back when its connection is dropped", "dropped", ["90", ...new Array(15).fill("00")]],
  ])("%s", async (_name, end, cdb) => {
    const before = { ends: await ends(), logins: await logins() };
    await run("sg_raw", "--timeout=60", e.sg, ...cdb);
    await expect.poll(ends, { timeout: 60_000 }).toEqual([...before.ends, end]);
    await expect.poll(logins, { timeout: 60_000 }).toBe(before.logins + 1);
    await expect.poll(async () => (await run("sg_turs", e.sg)).exit, { timeout: 60_000 }).toBe(0);
    // The other host's session went on.
    expect((await run("sg_turs", d.sg)).exit).toBe(0);
  });
});
