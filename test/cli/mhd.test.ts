/** The verbs of mhd(7I): what they do, how they end, and a command that is guarded. */
import { describe, expect, test } from "vitest";
import type { Guarded } from "../../cli/io.ts";
import { start } from "../../cli/start.ts";
import { type Loss, transportError } from "../../src/index.ts";
import { open } from "../../transports/open.ts";
import { cli, twoHosts } from "./harness.ts";

const WERO = "write-exclusive-registrants-only";

describe("disks that one host uses at a time", () => {
  test("takeown, status, qreserve, release", async () => {
    const { a, b } = twoHosts();
    expect(await cli(`mhd qreserve ${a}`)).toMatchObject({ exit: 0 });
    expect(await cli(`mhd qreserve ${b}`)).toMatchObject({ exit: 24 });
    expect((await cli(`mhd qreserve ${b} --json`)).json.error).toMatchObject({ errno: "EACCES", status: 0x18 });
    expect(await cli(`mhd status ${a}`)).toMatchObject({ exit: 0 });
    expect(await cli(`mhd status ${b}`)).toMatchObject({ exit: 1 });
    const taken = await cli(`mhd takeown ${b} --min-ownership-delay 40ms --max-ownership-delay 1s --json`);
    expect(taken.json).toMatchObject({ ok: true, result: { reset: "logical-unit", lostToResets: 0 } });
    expect((await cli(`mhd status ${b} --json`)).json.result).toMatchObject({ access: true });
    await cli(`mhd release ${b}`);
    expect(await cli(`mhd qreserve ${a}`)).toMatchObject({ exit: 0, out: expect.stringContaining("Done: RESERVE on") });
  });

  test("a disk on which hosts are registered is refused: 31", async () => {
    const { a, b } = twoHosts();
    await cli(`mhd register ${a} --new-key 0xa`);
    const refused = await cli(`mhd takeown ${b}`);
    expect(refused.exit).toBe(31);
    expect(refused.err.replaceAll("\n", " ")).toContain("hosts are registered on it, with 0xa");
  });
});

test("disks that several hosts share: each call", async () => {
  const { a, b } = twoHosts();
  for (const line of [
    `mhd register ${a} --new-key 0xa --persist`,
    `mhd register-ignore ${b} --new-key 0xb`,
    `mhd reserve ${a} --key 0xa --type ${WERO}`,
  ]) {
    expect((await cli(line)).err, line).toBe("");
  }
  expect((await cli(`mhd inkeys ${a} --list-size 1 --json`)).json.result).toEqual({
    generation: 2,
    listSize: 1,
    listLength: 2,
    list: ["0x000000000000000a"],
  });
  expect((await cli(`mhd inresv ${b}`)).out).toBe(`1 reservation, generation 2\n  0xa  ${WERO}  logical unit\n`);
  expect(await cli(`mhd reserve ${a} --key 0xa --type 1 --scope 2`)).toMatchObject({ exit: 5 });
  expect((await cli(`mhd preempt ${a} --key 0xa --victim-key 0xb --type ${WERO}`)).exit).toBe(0);
  await cli(`status ${b}`);
  await cli(`mhd register ${b} --new-key 0xb`);
  expect((await cli(`mhd preempt-abort ${b} --key 0xb --victim-key 0xa --type ${WERO}`)).exit).toBe(0);
  expect((await cli(`mhd status ${b} --key 0xb`)).exit).toBe(0);
  expect((await cli(`mhd status ${b} --key 0xa`)).exit).toBe(1);
  expect((await cli(`mhd clear ${b} --key 0xb`)).exit).toBe(0);
  expect((await cli(`mhd inkeys ${b}`)).out).toBe("0 keys, generation 6\n");
});

describe("the command line", () => {
  test.each([
    ["takeown", ""],
    ["release", ""],
    ["status", ""],
    ["qreserve", ""],
    ["inkeys", ""],
    ["inresv", ""],
    ["register", "--new-key 0xa"],
    ["register-ignore", "--new-key 0xa"],
    ["reserve", "--key 0xa --type 1"],
    ["preempt-abort", "--key 0xa --victim-key 0xb --type 1"],
    ["preempt", "--key 0xa --victim-key 0xb --type 1"],
    ["clear", "--key 0xa"],
    ["failfast", "--key 0xa"],
  ])("mhd %s has help and a dry run", async (verb, options) => {
    expect((await cli(`help mhd ${verb}`)).out).toContain(`scsi-persist mhd ${verb}`);
    const dry = await cli(`mhd ${verb} sim:nothing ${options} --dry-run`);
    expect([dry.exit, dry.err]).toEqual([0, ""]);
    expect(dry.out).toContain("nothing is sent");
  });

  test("mistakes", async () => {
    expect((await cli("mhd takeon sim:x")).err).toContain("mhd takeown");
    expect((await cli("mhd failfast sim:x --interval often")).err).toContain("whole milliseconds");
    expect((await cli("mhd failfast sim:x --on-loss nothing")).err).toContain("one of exit, kill, term, panic");
    expect((await cli("mhd clear sim:x --key 0xa -- extra")).exit).toBe(1);
    expect((await cli("mhd")).exit).toBe(1);
  });
});

describe("mhd failfast", () => {
  /** A guarded command that only remembers. */
  function fake() {
    const signals: string[] = [];
    let end!: (code: number) => void;
    const guarded: Guarded = {
      kill(signal) {
        signals.push(signal);
        end(137);
      },
      ended: new Promise((resolve) => {
        end = resolve;
      }),
    };
    const started: (readonly string[])[] = [];
    return {
      signals,
      started,
      end: (code: number) => end(code),
      start(command: readonly string[]) {
        started.push(command);
        return guarded;
      },
    };
  }

  async function disk() {
    const { a, b } = twoHosts();
    const [unit, other] = [await open(a), await open(b)];
    await unit.register({ newKey: 0xan });
    await other.register({ newKey: 0xbn });
    return { a, fence: () => other.preemptAndAbort({ key: 0xbn, victimKey: 0xan, type: WERO }), other };
  }

  test.each([
    ["kill", "SIGKILL"],
    ["term", "SIGTERM"],
    ["exit", "SIGKILL"],
  ])("--on-loss %s ends the command and itself, with 37", async (onLoss, signal) => {
    const { a, fence } = await disk();
    const command = fake();
    const running = cli(
      `mhd failfast --interval 20 --on-loss ${onLoss} --key 0xa ${a} -- my-server --port 80`,
      command,
    );
    await expect.poll(() => command.started).toEqual([["my-server", "--port", "80"]]);
    await fence();
    const ran = await running;
    expect(ran.exit).toBe(37);
    expect(command.signals).toEqual([signal]);
    expect(ran.err).toContain("Key 0xa is not registered any more");
  });

  test("--on-loss panic panics, with the evidence", async () => {
    const { a, fence } = await disk();
    const evidence: (readonly Loss[])[] = [];
    const panic = () => (verdict: { readonly losses: readonly Loss[] }) => void evidence.push(verdict.losses);
    const running = cli(`mhd failfast --interval 20 --on-loss panic --key 0xa ${a} --json`, { panic });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await fence();
    const ran = await running;
    expect(ran.exit).toBe(37);
    expect(evidence).toMatchObject([[{ reason: "not-registered" }]]);
    const [watching, lost] = ran.out
      .split("\n")
      .map((line) => (line.startsWith("{") && line.endsWith("}") ? JSON.parse(line) : null));
    expect(watching).toMatchObject({ type: "watching", intervalMs: 20 });
    expect(lost).toMatchObject({
      type: "lost",
      loss: { reason: "not-registered", keys: { keys: ["0x000000000000000b"] } },
    });
  });

  test("nothing is started without access", async () => {
    const { a, fence } = await disk();
    await fence();
    const command = fake();
    expect((await cli(`mhd failfast --key 0xa ${a} -- my-server`, command)).exit).toBe(37);
    expect(command.started).toEqual([]);
  });

  test("the command's own end is the end; an interruption ends it", async () => {
    const { a } = await disk();
    const command = fake();
    const running = cli(`mhd failfast --key 0xa ${a} -- my-server`, command);
    await expect.poll(() => command.started.length).toBe(1);
    command.end(5);
    expect((await running).exit).toBe(5);
    const second = fake();
    let interrupt!: () => void;
    const again = cli(`mhd failfast --key 0xa ${a} -- my-server`, {
      ...second,
      interrupter: (listener) => {
        interrupt = listener;
      },
    });
    await expect.poll(() => second.started.length).toBe(1);
    interrupt();
    expect((await again).exit).toBe(0);
    expect(second.signals).toEqual(["SIGTERM"]);
  });

  test("a disk of this host alone: --reinstate keeps it", async () => {
    const { a, b } = twoHosts();
    const [unit, other] = [await open(a), await open(b)];
    await unit.reserve6();
    let interrupt!: () => void;
    const running = cli(`mhd failfast --reinstate --interval 20 ${a}`, {
      interrupter: (listener) => {
        interrupt = listener;
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await other.reset("target");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(other.reserve6()).rejects.toMatchObject({ code: "RESERVATION_CONFLICT" });
    interrupt();
    expect((await running).out).toContain("reinstated");
  });

  test("a real command is started and its whole process group killed", async () => {
    const { a, fence } = await disk();
    const running = cli(
      ["mhd", "failfast", "--interval", "20", "--key", "0xa", a, "--", "sh", "-c", "sleep 60 & sleep 60"],
      {
        start,
      },
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await fence();
    expect((await running).exit).toBe(37);
  });

  test("a command that cannot be started", async () => {
    const { a } = await disk();
    expect((await cli(`mhd failfast --key 0xa ${a} -- /no/such/program`, { start })).exit).toBe(127);
  });
});

test("--dry-run shows the scope that is sent", async () => {
  // spc4r36f 6.16.1, table 212: SCOPE is the upper half of byte 2, TYPE the lower.
  for (const [verb, serviceAction] of [
    ["reserve", "01"],
    ["preempt --victim-key 0xb", "04"],
    ["preempt-abort --victim-key 0xb", "05"],
  ]) {
    const { out } = await cli(`mhd ${verb} sim:x --key 0xa --type 5 --scope 2 --dry-run --json`);
    expect(out).toMatch(new RegExp(`"5f${serviceAction}25`));
  }
});

test.each(["status", "failfast --key 0xa"])("mhd %s of a device that may not be opened is EPERM", async (verb) => {
  const refuse = () => Promise.reject(transportError("PERMISSION_DENIED", "no", "not this user"));
  const { exit, json } = await cli(`mhd ${verb} /dev/sg0 --json`, { open: refuse });
  expect(exit).toBe(15);
  expect(json.error).toMatchObject({ code: "PERMISSION_DENIED", errno: "EPERM" });
});
