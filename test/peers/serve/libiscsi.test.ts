/**
 * libiscsi's tools and its whole conformance suite against our own target. The suite is Debian's libiscsi-bin 1.19; it
 * runs in a process of its own, so the target goes on serving here.
 */
import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServedTargets, serve } from "../../../transports/serve.ts";

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

  /** Passed, failed and skipped tests: the suite counts a skip as passed. */
  async function suite(urls: readonly string[]): Promise<{ passed: number; failed: string[]; skipped: number }> {
    const { text } = await run("iscsi-test-cu", ["-d", "-t", "SCSI,iSCSI", ...names, ...urls]);
    const tests = text.split(/^\s*Test: /m).slice(1);
    const failed = tests.filter((test) => /FAILED\n/.test(test)).map((test) => test.split(" ")[0] as string);
    const skipped = tests.filter((test) => test.includes("[SKIPPED]")).length;
    expect(tests.length).toBe(230);
    return { passed: tests.length - skipped - failed.length, failed, skipped };
  }

  it("passes on a thick unit: what is skipped needs a removable, a thin or a write-protected one", async () => {
    const { passed, failed, skipped } = await suite([served.url()]);
    expect(failed).toEqual([]);
    expect([passed, skipped]).toEqual([175, 55]);
  }, 120_000);

  it("passes on a removable thin unit, by two paths", async () => {
    const url = served.url(THIN);
    const { passed, failed, skipped } = await suite([url, url]);
    expect(failed).toEqual([]);
    expect([passed, skipped]).toEqual([195, 35]);
  }, 120_000);
});
