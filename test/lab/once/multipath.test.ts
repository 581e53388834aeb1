/**
 * dm-multipath and multipathd on LIO: the same sequences by mpathpersist, and by it and `scsi-persist mpath` in turns; paths that go
 * and come back; the holder's path gone at RELEASE; another host in the middle of a REGISTER. Who is registered is read by
 * sg_persist, through the other host's path.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { start } from "../../../cli/start.ts";
import { commands, createPathLimits, type MultipathUnit, type ScsiError } from "../../../src/index.ts";
import { mapAt, openMap } from "../../../transports/sg/index.ts";
import { cli } from "../../cli/harness.ts";
import { clean as cleanNexuses, holdUp, letGo, type Nexus, run, say, underway, unitAt } from "../units.ts";

const variable = (name: string): string => {
  const value = process.env[`LAB_${name}`];
  if (!value) throw new Error(`LAB_${name} is not set: once/multipath.sh does it, in the lab's guest`);
  return value;
};
const nexus = (name: string): Nexus => ({
  address: variable(name),
  sg: variable(`${name}_SG`),
  sd: variable(`${name}_SD`),
});
const paths = [nexus("PATH_1"), nexus("PATH_2")] as const;
const [first, second] = paths;
const other = nexus("OTHER");
const MAP = variable("MAP");
const OTHER_KEY = "0ddba11";

/** Runs a program that must succeed. */
async function must(program: string, ...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await run(program, ...args);
  expect(`${program} ${args.join(" ")}: ${exit} ${exit === 0 ? "" : stdout + stderr}`).toBe(
    `${program} ${args.join(" ")}: 0 `,
  );
  return stdout;
}

const world = {
  pathsOfMap: async (url: string) => (await mapAt(url))?.paths.map(({ name }) => name),
  openMap,
};

/** mpathpersist's options, to a program. */
type Tool = (args: readonly string[]) => Promise<{ readonly exit: number; readonly stdout: string }>;
const theirs: Tool = (args) => run("mpathpersist", ...args, MAP);
const ours: Tool = async (args) => {
  const { exit, out, err } = await cli(["mpath", ...args, MAP], world);
  if (exit > 1 && exit !== 11) say(`mpath ${args.join(" ")}: ${exit} ${err.trim()}`);
  return { exit, stdout: out };
};

/** A PERSISTENT RESERVE OUT of the other host, by sg_persist; again where it met a unit attention. */
async function otherOut(...args: string[]): Promise<{ readonly exit: number; readonly stdout: string }> {
  for (let tries = 1; ; tries++) {
    const ran = await run("sg_persist", "--no-inquiry", "--out", ...args, other.sg);
    if (ran.exit !== 6 || tries === 5) return ran;
  }
}

/** The disk's name now: one that was removed may come back under another. */
const diskOf = async ({ address }: Nexus): Promise<string> =>
  (await readdir(`/sys/class/scsi_device/${address}/device/block`))[0] as string;

/** The target's truth: each registration with its port and whether it holds, and the reservation's type. */
async function truth(): Promise<string[]> {
  const reading = ["--no-inquiry", "--in", "--read-full-status", other.sg];
  // A unit attention is told once.
  let text: string | undefined;
  for (let tries = 0; tries < 3 && text === undefined; tries++) {
    const { exit, stdout } = await run("sg_persist", ...reading);
    if (exit !== 6) text = exit === 0 ? stdout : undefined;
  }
  text ??= await must("sg_persist", ...reading);
  return text
    .split(/^ {4}Key=/m)
    .slice(1)
    .map((entry) => {
      const key = /^0x([0-9a-f]+)/.exec(entry)?.[1];
      const host = /iqn\.2026-11\.lab:(host-[a-z])/.exec(entry)?.[1];
      const port = /Relative port address: 0x([0-9a-f]+)/.exec(entry)?.[1];
      const type = /Reservation holder[\s\S]*type: ([^\n]*)/.exec(entry)?.[1];
      return `${host} port ${port}: ${key}${type === undefined ? "" : `, holds ${type}`}`;
    })
    .sort();
}
/** Without which of its own paths holds: that is each tool's own choice. */
const withoutHolder = (lines: readonly string[]): string[] => {
  const type = lines.map((line) => /, holds (.*)/.exec(line)).find((match) => match !== null)?.[1];
  const host = lines.find((line) => line.includes("holds"))?.slice(0, 6);
  return [...lines.map((line) => line.replace(/, holds.*/, "")), `${host} ${type}`];
};
const keysOfHost = async (): Promise<string[]> =>
  (await truth()).filter((line) => line.startsWith("host-m")).map((line) => line.replace(/^.*: /, ""));

async function keyInFile(): Promise<string | undefined> {
  const file = await readFile("/etc/multipath/prkeys", "utf8").catch(() => "");
  return /^(0x[0-9a-f]{16}) /im.exec(file)?.[1];
}

/** What multipathd and its file know. */
async function known(): Promise<{ readonly key: string; readonly status: string; readonly file: string | undefined }> {
  return {
    key: (await must("multipathd", "getprkey", "map", "paths")).trim(),
    status: (await must("multipathd", "getprstatus", "map", "paths")).trim(),
    file: await keyInFile(),
  };
}

const stateOf = ({ address }: Nexus): string => `/sys/class/scsi_device/${address}/device/state`;
const inMap = async (path: Nexus): Promise<string> => {
  const block = `/sys/class/scsi_device/${path.address}/device/block/${await diskOf(path)}`;
  const device = (await readFile(`${block}/dev`, "utf8")).trim();
  return new RegExp(` ${device} ([AF]) `).exec(await must("dmsetup", "status", "paths"))?.[1] ?? "gone";
};
/** Takes a path out of use, or back; resolves when multipathd has noticed. */
async function turn(path: Nexus, state: "offline" | "running"): Promise<void> {
  await writeFile(stateOf(path), `${state}\n`);
  await expect.poll(() => inMap(path), { timeout: 40_000 }).toBe(state === "running" ? "A" : "F");
}
const offline = (path: Nexus) => turn(path, "offline");
const online = (path: Nexus) => turn(path, "running");
const pathsInMap = async (): Promise<number> =>
  (await must("dmsetup", "table", "paths")).match(/\d+:\d+/g)?.length ?? 0;

/** Nobody is registered, the daemon knows of no key, and no unit attention is left. */
async function clean(): Promise<void> {
  await run("multipathd", "unsetprstatus", "map", "paths");
  if ((await keyInFile()) !== undefined) await run("multipathd", "unsetprkey", "map", "paths");
  const nexuses = await Promise.all([other, first, second].map(({ sg }) => unitAt(sg)));
  try {
    await cleanNexuses(...nexuses);
  } finally {
    for (const each of nexuses) await each[Symbol.asyncDispose]();
  }
  expect(await truth()).toEqual([]);
}

/** What the map, the daemon and the target say, for whoever looks into a failure. */
async function report(): Promise<void> {
  const looks = [
    ["dmsetup", "status", "paths"],
    ["multipathd", "show", "maps", "json"],
    ["multipathd", "getprkey", "map", "paths"],
    ["multipathd", "getprstatus", "map", "paths"],
    ["cat", "/etc/multipath/prkeys"],
    ["sg_persist", "--no-inquiry", "--in", "--read-full-status", other.sg],
    ["tail", "-n", "40", "/run/multipathd.log"],
  ] as const;
  for (const [program, ...args] of looks) {
    const { exit, stdout, stderr } = await run(program, ...args);
    say(`${program} ${args.join(" ")}: ${exit}\n${stdout}${stderr}`);
  }
}

beforeEach(async ({ onTestFailed }) => {
  onTestFailed(report);
  await clean();
});

const A = "123abc";
const B = "456def";
/** Where mpathpersist is right: its exit code is the standard's, and so is what it does. */
const sequences: readonly (readonly [name: string, steps: readonly (readonly string[])[]])[] = [
  [
    "register, reserve, change the key, release, clear",
    [
      ["--out", "--register", `--param-sark=${A}`],
      ["-ik"],
      ["--out", "--reserve", `--param-rk=${A}`, "--prout-type=5"],
      ["-ir"],
      ["--out", "--reserve", `--param-rk=${A}`, "--prout-type=5"],
      ["--out", "--reserve", `--param-rk=${A}`, "--prout-type=7"],
      ["--out", "--register", `--param-rk=${A}`, `--param-sark=${B}`],
      ["-is"],
      ["--out", "--release", `--param-rk=${B}`, "--prout-type=5"],
      ["-oCK", B],
      ["-ik"],
    ],
  ],
  [
    "all registrants, and unregister while holding",
    [["-oIS", A], ["-oRK", A, "-T8"], ["-ir"], ["-oLK", A, "-T8"], ["-oRK", A, "-T6"], ["-oIS", "0"], ["-ir"], ["-ik"]],
  ],
  [
    "pre-empt another host that holds, and one that only is registered, with its commands",
    [
      ["other", "--reserve", `--param-rk=${OTHER_KEY}`, "--prout-type=5"],
      ["-oGS", A],
      ["-oRK", A, "-T5"],
      ["-oPK", A, "-S", OTHER_KEY, "-T5"],
      ["-is"],
      ["other", "--register-ignore", `--param-sark=${OTHER_KEY}`],
      ["other", "--register-ignore", `--param-sark=${OTHER_KEY}`],
      ["-oAK", A, "-S", OTHER_KEY, "-T5"],
      ["-ik"],
    ],
  ],
];

describe("the same sequences by mpathpersist and by scsi-persist mpath", () => {
  const orders: readonly (readonly [name: string, pick: (step: number) => Tool])[] = [
    ["mpathpersist", () => theirs],
    ["scsi-persist", () => ours],
    ["in turns, scsi-persist first", (step) => (step % 2 === 0 ? ours : theirs)],
    ["in turns, mpathpersist first", (step) => (step % 2 === 0 ? theirs : ours)],
  ];
  test.each(sequences)("%s", async (_name, steps) => {
    const runs: unknown[] = [];
    for (const [order, pick] of orders) {
      if (runs.length > 0) await clean();
      await otherOut("--register", `--param-sark=${OTHER_KEY}`);
      await otherOut("--register", `--param-sark=${OTHER_KEY}`);
      const seen: string[] = [];
      for (const [index, args] of steps.entries()) {
        const [who, ...rest] = args;
        if (who?.startsWith("-i") === true) {
          // The same moment, by both; it is the same in every order.
          if (runs.length > 0) continue;
          const [their, our] = [await theirs(args), await ours(args)];
          expect([our.exit, our.stdout], args.join(" ")).toEqual([their.exit, their.stdout]);
          continue;
        }
        const { exit } = await (who === "other" ? otherOut(...rest) : pick(index)(args));
        seen.push(`${args.join(" ")}: ${exit}`, ...withoutHolder(await truth()));
      }
      runs.push(seen);
      if (runs.length > 1) expect(runs.at(-1), order).toEqual(runs[0]);
    }
  });

  test("both leave the same key with multipathd, and in its file", async () => {
    for (const [register, unregister] of [
      [theirs, ours],
      [ours, theirs],
    ] as const) {
      await clean();
      expect((await register(["-oGS", A, "-Z"])).exit).toBe(0);
      expect(await known()).toEqual({ key: `0x${A}:aptpl`, status: "1", file: `0X${A.padStart(16, "0")}` });
      expect((await unregister(["-oGK", A, "-S", "0"])).exit).toBe(0);
      expect(await known()).toEqual({ key: "none", status: "0", file: undefined });
      expect(await keysOfHost()).toEqual([]);
    }
  });
});

describe("where mpathpersist is wrong (COMPLIANCE)", () => {
  test("RELEASE by a host that is not registered fails as the device server says; mpathpersist calls it success while nobody holds", async () => {
    const release = ["-oLK", "1", "-T5"];
    const raw = ["--no-inquiry", "--out", "--release", "--param-rk=1", "--prout-type=5", first.sg];
    expect((await theirs(release)).exit).toBe(0);
    // The standard has a conflict. LIO calls it NOT READY, LOGICAL UNIT COMMUNICATION FAILURE, as long as nobody holds.
    expect((await run("sg_persist", ...raw)).exit).toBe(2);
    expect((await ours(release)).exit).toBe(2);
    await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
    await otherOut("--reserve", `--param-rk=${OTHER_KEY}`, "--prout-type=5");
    expect((await theirs(release)).exit).toBe(11);
    expect((await ours(release)).exit).toBe(11);
  });

  test("ALLOW COMMANDS is a number of three bits, and the type mask has bits in both bytes", async () => {
    const raw = await must("sg_persist", "--no-inquiry", "--in", "--report-capabilities", other.sg);
    const mask = (text: string): string[] => text.split("\n").filter((line) => line.startsWith("      "));
    const [their, our] = [(await theirs(["-ic"])).stdout, (await ours(["-ic"])).stdout];
    expect(mask(our)).toEqual(mask(raw));
    expect(/Allow Commands: (\d)/.exec(our)?.[1]).toBe(/Allow Commands: (\d)/.exec(raw)?.[1]);
    expect(mask(their)).not.toEqual(mask(raw));
  });

  test("a key that multipathd has not been told: mpathpersist sends nothing, ours asks the device server", async () => {
    await theirs(["-oGS", A]);
    expect((await theirs(["-oRK", "bad", "-T5"])).exit).toBe(1);
    expect((await ours(["-oRK", "bad", "-T5"])).exit).toBe(11);
  });
});

describe("paths that go and come back", () => {
  let unit: MultipathUnit;
  beforeEach(async () => {
    unit = await openMap(MAP);
    const disks = await Promise.all(paths.map(async (path) => `/dev/${await diskOf(path)}`));
    expect(unit.paths.map(({ name }) => name).sort()).toEqual(disks.sort());
  });
  afterEach(async () => {
    for (const path of paths) if (existsSync(stateOf(path))) await online(path);
    await unit[Symbol.asyncDispose]();
  });

  test("the key is changed while one path is missing: it comes back with the new one, by multipathd", async () => {
    await unit.register({ newKey: 0x123abcn });
    await unit.reserve({ key: 0x123abcn, type: "write-exclusive-registrants-only" });
    await offline(second);
    const { account } = await unit.perform(commands.register({ key: 0x123abcn, newKey: 0x456defn }));
    expect(account.paths.find(({ path }) => path === first.sd)).toMatchObject({ reply: "good", key: 0x456defn });
    // What the missing path had is gone: it could still write with it.
    expect(await keysOfHost()).toEqual([`${B}, holds Write Exclusive, registrants only`]);
    expect(await known()).toMatchObject({ key: `0x${B}`, status: "1" });
    await online(second);
    await expect.poll(keysOfHost, { timeout: 30_000 }).toHaveLength(2);
    expect((await keysOfHost()).map((line) => line.slice(0, 6))).toEqual([B, B]);
  });

  test("a path comes back without multipathd: pathReturned registers it, or not if this host was fenced", async () => {
    await unit.register({ newKey: 0x123abcn });
    await offline(second);
    await must("multipathd", "unsetprstatus", "map", "paths");
    await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
    await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
    await online(second);
    expect(await unit.pathReturned(second.sd)).toBe("registered");
    expect(await keysOfHost()).toEqual([A, A]);
    await offline(second);
    expect((await otherOut("--preempt", `--param-rk=${OTHER_KEY}`, `--param-sark=${A}`, "--prout-type=5")).exit).toBe(
      0,
    );
    await online(second);
    expect(await unit.pathReturned(second.sd)).toBe("not-registered");
    expect(await keysOfHost()).toEqual([]);
  });

  test.each(["offline", "removed"])(
    "the holder's path is %s: RELEASE moves the reservation with the map suspended, and releases it",
    async (how) => {
      await unit.register({ newKey: 0x123abcn });
      const { account } = await unit.perform(commands.reserve({ key: 0x123abcn, type: "write-exclusive" }));
      const holder = paths.find(({ sd }) => account.paths.find(({ holder }) => holder)?.path === sd) as Nexus;
      const { address, sd } = holder;
      if (how === "offline") await offline(holder);
      else {
        await writeFile(`/sys/class/scsi_device/${address}/device/delete`, "1");
        await expect.poll(pathsInMap, { timeout: 30_000 }).toBe(1);
        await unit[Symbol.asyncDispose]();
        unit = await openMap(MAP);
      }
      const suspended: string[] = [];
      const released = await unit.perform(commands.release({ key: 0x123abcn, type: "write-exclusive" }), {
        observer(_attempt, { name }) {
          if (!/READ|TEST|REPORT/.test(name)) {
            suspended.push(
              `${name} ${execFileSync("dmsetup", ["info", "-c", "--noheadings", "-o", "suspended", "paths"])}`.trim(),
            );
          }
        },
      });
      expect(released.account.steps.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["suspend", "resume"]));
      expect(suspended).toContain("PREEMPT Suspended");
      expect((await truth()).join()).not.toContain("holds");
      expect(await must("dmsetup", "info", "-c", "--noheadings", "-o", "suspended", "paths")).toContain("Active");
      expect(await keysOfHost()).toContain(A);
      if (how === "removed") {
        const host = address.split(":")[0];
        await writeFile(`/sys/class/scsi_host/host${host}/scan`, "- - -");
        await expect.poll(() => existsSync(stateOf(holder)), { timeout: 30_000 }).toBe(true);
        say(`the removed path ${sd} is back`);
        await expect.poll(pathsInMap, { timeout: 60_000 }).toBe(2);
        // multipathd has been told that this host is registered: it registers the path.
        await expect.poll(keysOfHost, { timeout: 30_000 }).toEqual([A, A]);
      }
    },
  );
});

test("another host pre-empts in the middle of our REGISTER: the call says so, and no path is left registered", async () => {
  await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
  await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
  await using unit = await openMap(MAP, { limits: createPathLimits({ perUnit: 1 }) });
  let done = false;
  const failed = await unit
    .register({
      newKey: 0x123abcn,
      observer(_attempt, { name }) {
        if (name !== "REGISTER" || done) return;
        done = true;
        const args = [
          "--no-inquiry",
          "--out",
          "--preempt",
          `--param-rk=${OTHER_KEY}`,
          `--param-sark=${A}`,
          "--prout-type=5",
        ];
        execFileSync("sg_persist", [...args, other.sg]);
      },
    })
    .then(() => undefined)
    .catch((error: ScsiError) => error);
  expect(failed?.code).toBe("PREEMPTED_MEANWHILE");
  expect(failed?.account?.paths.map(({ key }) => key)).toEqual([0n, 0n]);
  expect(await keysOfHost()).toEqual([]);
  // Nor will multipathd register one that comes back.
  expect(await known()).toMatchObject({ key: "none", status: "0" });
});

describe("another host pre-empts after one path's REGISTER was answered, and before the other's, which is under way, has arrived", () => {
  afterEach(() => letGo("PATH_FORWARDER"));

  test.each<[string, key: bigint, victim: string, left: string[], replies: string[]]>([
    // What arrives after it registers the second path: for a host that has been fenced.
    ["a first registration", 0n, B, [], ["good", "good"]],
    ["a change of key, by the old key", 0x123abcn, A, [B], ["good", "conflict"]],
    ["a change of key, by the new key", 0x123abcn, B, [A], ["good", "good"]],
  ])("%s", async (_name, key, victim, left, replies) => {
    await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
    await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
    await using unit = await openMap(MAP);
    if (key !== 0n) await unit.register({ newKey: key });
    let reads = 0;
    let answered = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const registering = unit
      .register({
        key,
        newKey: 0x456defn,
        observer(_attempt, { name }) {
          // The look is over: what is sent through the second path from here on does not arrive.
          if (name.startsWith("READ") && ++reads === 3) holdUp("PATH_FORWARDER");
          if (name === "REGISTER") answered();
        },
      })
      .then(
        () => undefined,
        (error: ScsiError) => error,
      );
    await first;
    await expect.poll(() => underway(second)).toBeGreaterThan(0);
    const preempting = ["--preempt", `--param-rk=${OTHER_KEY}`, `--param-sark=${victim}`, "--prout-type=5"];
    expect((await otherOut(...preempting)).exit).toBe(0);
    expect((await keysOfHost()).map((line) => line.replace(/,.*/, ""))).toEqual(left);
    letGo("PATH_FORWARDER");
    const failed = await registering;
    expect(failed?.code).toBe("PREEMPTED_MEANWHILE");
    const [sent] = failed?.account?.steps.filter(({ kind }) => kind === "send") ?? [];
    expect(sent?.sends.map(({ reply }) => reply).sort()).toEqual([...replies].sort());
    expect(failed?.account?.paths.map((path) => path.key)).toEqual([0n, 0n]);
    expect(await keysOfHost()).toEqual([]);
    expect(await known()).toMatchObject({ key: "none", status: "0" });
  });
});

test("a process of another host that pre-empts as soon as it can, again and again: success or not, no path is left registered", async () => {
  await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
  await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
  // It conflicts until the key is there.
  const preempt = `sg_persist -n --out --preempt --param-rk=${OTHER_KEY} --param-sark=${A} --prout-type=5 ${other.sg}`;
  const seen: string[] = [];
  for (let round = 0; round < 4; round++) {
    await using unit = await openMap(MAP, { limits: createPathLimits({ perUnit: 1 + (round % 2) }) });
    const racing = run("sh", "-c", `for try in $(seq 400); do ${preempt} >/dev/null 2>&1 && exit 0; done; exit 1`);
    const failed = await unit.register({ newKey: 0x123abcn }).then(
      () => undefined,
      (error: ScsiError) => error,
    );
    expect((await racing).exit).toBe(0);
    // Whoever pre-empted was the last: what it took is gone, and nothing came after it.
    expect(await keysOfHost(), `round ${round}: ${failed?.message}`).toEqual([]);
    if (failed !== undefined) {
      expect(failed.code).toBe("PREEMPTED_MEANWHILE");
      expect(await known()).toMatchObject({ key: "none", status: "0" });
    }
    seen.push(failed === undefined ? "after" : "meanwhile");
  }
  say(`pre-empted by a process of another host: ${seen.join(", ")}`);
});

test("every verb takes the map: the plan names its disks, and the program shows what was done", async () => {
  const plan = await cli(["register", MAP, "--new-key", `0x${A}`, "--dry-run"], world);
  for (const path of paths) expect(plan.out).toContain(`through /dev/${await diskOf(path)}\n`);
  expect((await cli(["register", MAP, "--new-key", `0x${A}`], world)).exit).toBe(0);
  expect(await keysOfHost()).toEqual([A, A]);
  const status = JSON.parse((await run(process.execPath, "dist/cli.js", "status", "--json", MAP)).stdout);
  expect(status.result.registrations.map(({ thisHost }: { thisHost: boolean }) => thisHost)).toEqual([true, true]);
});

test("mhd and watch take the map: status, fail-fast with a command, what each path has", async () => {
  const type = "--type write-exclusive-registrants-only";
  const line = async (text: string) => cli([...text.split(" ").slice(0, 2), MAP, ...text.split(" ").slice(2)], world);
  expect((await line(`mhd register --new-key 0x${A}`)).exit).toBe(0);
  expect((await line(`mhd reserve --key 0x${A} ${type}`)).exit).toBe(0);
  await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
  await otherOut("--register-ignore", `--param-sark=${OTHER_KEY}`);
  const status = await line(`mhd status --key 0x${A} --json`);
  expect(status.json.result).toMatchObject({ access: true, paths: [{ access: true }, { access: true }] });
  const watched = await cli(["watch", MAP, "--rounds", "1", "--json"], world);
  expect(watched.json.paths.map(({ alive, key }: { alive: boolean; key: string }) => [alive, key])).toEqual([
    [true, `0x${A.padStart(16, "0")}`],
    [true, `0x${A.padStart(16, "0")}`],
  ]);
  expect(watched.json.paths.filter(({ holder }: { holder: boolean }) => holder)).toHaveLength(1);
  const preempt = ["--preempt", `--param-rk=${OTHER_KEY}`, `--param-sark=${A}`, "--prout-type=5"];
  const began = performance.now();
  const guarded = await cli(["mhd", "failfast", MAP, "--key", `0x${A}`, "--interval", "200", "--", "sleep", "60"], {
    ...world,
    start(command) {
      void otherOut(...preempt);
      return start(command);
    },
  });
  expect([guarded.exit, guarded.err]).toEqual([37, expect.stringContaining(`Key 0x${A} is not registered any more`)]);
  say(`fail-fast over the map ended the guarded command ${Math.round(performance.now() - began)} ms after its start`);
  for (const verb of ["takeown", "qreserve", "failfast"]) {
    expect((await line(`mhd ${verb}`)).err.replaceAll("\n", " ")).toContain("RESERVE is one I_T nexus's");
  }
});
