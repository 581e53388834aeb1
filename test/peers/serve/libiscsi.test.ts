/**
 * libiscsi's tools and its whole conformance suite against our own target. The suite is Debian's libiscsi-bin 1.19; it
 * runs in a process of its own, so the target goes on serving here.
 */
import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServedTargets, type ServeEvent, serve } from "../../../transports/serve.ts";
import { startTgtd } from "../tgt/tgtd.ts";

const TARGET = "iqn.2026-01.test:disk";
const THIN = "iqn.2026-01.test:thin";
const SECRET = "iqn.2026-01.test:secret";
const user = { user: "alice", password: "alicesecret12" };
const proof = { user: "disk", password: "disksecret123" };
let served: ServedTargets;

beforeAll(async () => {
  served = await serve({
    portal: { port: 0 },
    targets: [
      { name: TARGET, units: [{}, {}] },
      { name: THIN, units: [{ removable: true, thin: true }] },
      { name: SECRET, chap: { users: [user], target: proof } },
    ],
  });
});

afterAll(async () => {
  await served[Symbol.asyncDispose]();
});

/** Runs a tool; its exit code and all that it says. */
const run = (
  tool: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: unknown; text: string }> =>
  new Promise((resolve, reject) => {
    execFile(
      tool,
      args,
      { timeout: 110_000, maxBuffer: 2 ** 24, env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        if (error !== null && error.code === "ENOENT") reject(new Error(`${tool} is missing (Debian libiscsi-bin)`));
        else resolve({ code: error === null ? 0 : (error.code ?? error.signal), text: stdout + stderr });
      },
    );
  });

const portal = (): string => `iscsi://127.0.0.1:${served.portals[0]?.port}`;

describe("libiscsi's tools", () => {
  it.each([
    ["a unit attention is met and passed over", { kind: "unit-attention", condition: 0x2907 }, "DIRECT_ACCESS", 0],
    ["another status is an error", { kind: "task-set-full" }, "", 10],
    ["a target failure is an error", { kind: "transport-error" }, "", 10],
  ] as const)("with planned failures: %s", async (_name, fault, says, code) => {
    const faults = { seed: 1, rules: [{ fault, operationCodes: [0x12] }] };
    await using faulty = await serve({ portal: { port: 0 }, targets: [{ name: TARGET }], faults });
    const ended = await run("iscsi-inq", [faulty.url()]);
    expect(ended).toMatchObject({ code, text: expect.stringContaining(says) });
  });

  // What libiscsi does with each is in its lib/pdu.c: it ignores SCSI events, logs out and in again for requests, and comes back after drops.
  it.each([
    [{ kind: "scsi-event", condition: 0x2a09 }, ["logout"]],
    [{ kind: "announce", event: "logout-request", seconds: 3 }, ["logout", "logout"]],
    [{ kind: "announce", event: "negotiation-request", seconds: 3 }, ["logout", "logout"]],
    [{ kind: "announce", event: "connection-drop", seconds: 0 }, ["dropped", "logout"]],
    [{ kind: "announce", event: "session-drop", seconds: 0 }, ["dropped", "logout"]],
  ] as const)("is told unasked and goes on: %j", async (fault, ends) => {
    const ended: string[] = [];
    const faults = { seed: 1, rules: [{ fault, operationCodes: [0x12], times: 1 }] };
    const observer = (event: ServeEvent) => {
      if (event.type === "session-ended") ended.push(event.end);
    };
    await using target = await serve({ portal: { port: 0 }, targets: [{ name: TARGET }], faults, observer });
    const ran = await run("iscsi-inq", [target.url()]);
    expect(ran).toMatchObject({ code: 0, text: expect.stringContaining("DIRECT_ACCESS") });
    expect(ended).toEqual(ends);
  });

  it("iscsi-ls finds every target and unit", async () => {
    const { text } = await run("iscsi-ls", [portal()]);
    for (const name of [TARGET, THIN, SECRET]) expect(text).toContain(`Target:${name} Portal:127.0.0.1:`);
  });

  it("iscsi-ls shows the units of a target", async () => {
    await using open = await serve({ portal: { port: 0 }, targets: [{ name: TARGET, units: [{}, {}] }] });
    const { code, text } = await run("iscsi-ls", ["-s", `iscsi://127.0.0.1:${open.portals[0]?.port}`]);
    expect(text.match(/Lun:[01] {4}Type:DIRECT_ACCESS/g)).toHaveLength(2);
    expect(code).toBe(0);
  });

  it.each([
    ["None", "none"],
    ["CRC32C", "crc32c"],
  ])("iscsi-inq asks with header digest %s", async (_name, digest) => {
    const { code, text } = await run("iscsi-inq", [`${served.url()}?header_digest=${digest}`]);
    expect(text).toContain("Peripheral Device Type:DIRECT_ACCESS");
    expect(code).toBe(0);
  });

  it("logs in with CHAP, one way and both; not with a wrong secret", async () => {
    const url = (password: string) => served.url(SECRET).replace("//", `//${user.user}%${password}@`);
    expect((await run("iscsi-inq", [url(user.password)])).code).toBe(0);
    const wrong = await run("iscsi-inq", [url("wrongsecret12")]);
    expect(wrong.text).toContain("Authentication failure");
    const both = { LIBISCSI_CHAP_TARGET_USERNAME: proof.user, LIBISCSI_CHAP_TARGET_PASSWORD: proof.password };
    expect((await run("iscsi-inq", [url(user.password)], both)).code).toBe(0);
    const liar = await run("iscsi-inq", [url(user.password)], {
      ...both,
      LIBISCSI_CHAP_TARGET_PASSWORD: "othersecret12",
    });
    expect(liar.code).not.toBe(0);
  });
});

describe("libiscsi's conformance suite", () => {
  const names = ["-i", "iqn.2026-01.test:one", "-I", "iqn.2026-01.test:two"];
  type Ending = "passed" | "failed" | "skipped";
  /** How each test ended, by `Suite.Test`, on the units of this file. */
  const ours: Map<string, Ending>[] = [];

  /** The suite counts a skip as passed. */
  async function suite(urls: readonly string[]): Promise<Map<string, Ending>> {
    const { text } = await run("iscsi-test-cu", ["-d", "-t", "SCSI,iSCSI", ...names, ...urls]);
    const endings = new Map<string, Ending>();
    for (const part of text.split(/^Suite: /m).slice(1)) {
      const [name = "", ...tests] = part.split(/^\s*Test: /m);
      for (const test of tests) {
        const ending = /FAILED\n/.test(test) ? "failed" : test.includes("[SKIPPED]") ? "skipped" : "passed";
        endings.set(`${name.split("\n")[0]}.${test.split(" ")[0]}`, ending);
      }
    }
    expect(endings.size).toBe(230);
    return endings;
  }
  const thatEnded = (endings: ReadonlyMap<string, Ending>, how: Ending): string[] =>
    [...endings].filter(([, ending]) => ending === how).map(([name]) => name);

  it.each([
    ["a thick unit", TARGET, 1, 183, 47],
    ["a removable thin unit, by two paths", THIN, 2, 203, 27],
  ])(
    "passes on %s: what is skipped is in COMPLIANCE.md",
    async (_name, target, paths, passed, skipped) => {
      const endings = await suite(new Array(paths).fill(served.url(target)));
      ours.push(endings);
      expect(thatEnded(endings, "failed")).toEqual([]);
      expect([thatEnded(endings, "passed").length, thatEnded(endings, "skipped").length]).toEqual([passed, skipped]);
    },
    120_000,
  );

  it("what passes on tgtd passes on one of these units", async () => {
    await using tgtd = await startTgtd();
    await tgtd.createTarget(TARGET, { sizeBytes: 64 * 2 ** 20 });
    const endings = await suite([`iscsi://127.0.0.1:${tgtd.port}/${TARGET}/1`]);
    const passed = thatEnded(endings, "passed");
    expect(passed.length).toBeGreaterThan(150);
    expect(passed.filter((name) => ours.every((endings) => endings.get(name) !== "passed"))).toEqual([]);
  }, 120_000);
});
