/** Colour, widths, streams, and what must never be printed. */
import { describe, expect, test } from "vitest";
import { redactUrl } from "../../cli/values.ts";
import { transportError } from "../../src/index.ts";
import { answer, checkCondition, cli, escapes, scripted, twoHosts } from "./harness.ts";

describe("colour", () => {
  test.each([
    ["a terminal", { tty: true }, true],
    ["a pipe", { tty: false }, false],
    ["a terminal with NO_COLOR", { tty: true, env: { NO_COLOR: "1" } }, false],
    ["a terminal with an empty NO_COLOR", { tty: true, env: { NO_COLOR: "" } }, true],
    ["a pipe with FORCE_COLOR", { tty: false, env: { FORCE_COLOR: "1" } }, true],
    ["a terminal with FORCE_COLOR=0", { tty: true, env: { FORCE_COLOR: "0" } }, false],
    ["both: FORCE_COLOR wins", { tty: false, env: { FORCE_COLOR: "1", NO_COLOR: "1" } }, true],
    ["a dumb terminal", { tty: true, env: { TERM: "dumb" } }, false],
  ])("%s", async (_name, world, coloured) => {
    const { a } = twoHosts();
    const { out } = await cli(`register ${a} --new-key 0xa`, world);
    expect(escapes(out) > 0).toBe(coloured);
    const { err } = await cli("nonsense", world);
    expect(escapes(err) > 0).toBe(coloured);
  });

  test("JSON has none, whatever is asked for", async () => {
    const { out } = await cli("status sim:colour --json", { tty: true, env: { FORCE_COLOR: "1" } });
    expect(escapes(out)).toBe(0);
  });
});

describe("widths", () => {
  test("what is too wide for a terminal is folded; a pipe gets one line each", async () => {
    const { a, portA } = twoHosts();
    await cli(`register ${a} --new-key 0xffffffffffffffff`);
    const narrow = await cli(`status ${a}`, { tty: true, columns: 60, env: { NO_COLOR: "1" } });
    expect(narrow.out).toContain(`  0xffffffffffffffff         1     this host\n      ${portA}\n`);
    const piped = await cli(`status ${a}`, { columns: 60 });
    expect(piped.out).toContain(`  0xffffffffffffffff         1     this host  ${portA}\n`);
  });
});

describe("targets that know less", () => {
  /** READ KEYS: 0xa and 0xb; READ RESERVATION: 0xa, type 5; nothing else. */
  const old = scripted((request) => {
    if (request.cdb[1] === 0) return answer(0, "00000007 00000010 000000000000000a 000000000000000b");
    if (request.cdb[1] === 1) return answer(0, "00000007 00000010 000000000000000a 00000000 00 05 0000");
    return checkCondition(0x05, 0x24, 0x00);
  });

  test("status does with keys and reservation where READ FULL STATUS is not supported", async () => {
    const { exit, out } = await cli("status sim:x", old);
    expect(exit).toBe(0);
    expect(out).toBe(
      [
        "Status of sim:x",
        "",
        "  Reservation    write-exclusive-registrants-only",
        "                 every registered host may write, everybody may read",
        "  Held by        0xa",
        "  Registrations  2",
        "  PRGENERATION   7",
        "",
        "  0xa",
        "  0xb",
        "",
        "  This target does not tell who registered them.",
        "",
      ].join("\n"),
    );
    expect((await cli("status sim:x --json", old)).json.result.registrations).toBeNull();
  });

  test("any other failure of READ FULL STATUS is one", async () => {
    const { exit } = await cli(
      "status sim:x --no-retry",
      scripted((request) => (request.cdb[1] === 3 ? answer(0x08) : answer(0, "00000000 00000000"))),
    );
    expect(exit).toBe(26);
  });

  test("a state that keeps changing is said to be no picture of one moment", async () => {
    let generation = 0;
    const { out } = await cli(
      "status sim:x",
      scripted((request) =>
        request.cdb[1] === 3
          ? checkCondition(5, 0x24, 0)
          : answer(0, `${(generation++).toString(16).padStart(8, "0")} 00000000`),
      ),
    );
    expect(out).toContain("It kept changing while it was read; look again.");
  });

  test("a change that succeeded stays one if the target cannot be looked at afterwards", async () => {
    const { exit, out, err } = await cli(
      "register sim:x --new-key 0xa --no-retry",
      scripted((request) => {
        if (request.cdb[0] === 0x5f) return answer(0);
        throw transportError("CONNECTION_LOST", "unknown", "the connection was lost");
      }),
    );
    expect(exit).toBe(0);
    expect(out).toBe("Done: REGISTER on sim:x.\n");
    expect(err.replaceAll("\n", " ")).toContain("It was executed, but what the target now reports could not be read");
  });
});

describe("names that come from a target", () => {
  test("cannot steer the terminal", async () => {
    const targetName = "iqn.2026-01.test:\u001b]0;owned\u0007\u009b31m";
    const discover = async () => [{ targetName, portals: [] }];
    const { out } = await cli("discover iscsi://10.0.0.5", { discover, tty: true, env: { NO_COLOR: "1" } });
    expect(out).toContain("iqn.2026-01.test:?]0;owned??31m");
    const { err } = await cli(
      "keys sim:x",
      scripted(() => {
        throw transportError("CONNECTION_FAILED", "no", `cannot reach ${targetName}`);
      }),
    );
    expect(err).toContain("iqn.2026-01.test:?]0;owned??31m");
  });
});

describe("--verbose", () => {
  test("shows every command, what was sent, and what came", async () => {
    const { a } = twoHosts();
    const { err, out } = await cli(`clear ${a} --key 0xabc -v`);
    expect(out).toBe("");
    expect(err).toMatch(
      /^-> CLEAR {2}5f 03 00 00 00 00 00 00 18 00\n {3}0000 {2}00 00 00 00 00 00 0a bc {2}(00 ){7}00\n {3}0010 {2}(00 ){7}00\n<- RESERVATION CONFLICT, \d+\.\d ms\n/,
    );
  });

  test("shows a delivery without an answer, and whether it may have been executed", async () => {
    const { err } = await cli(
      "keys sim:x -v --no-retry",
      scripted(() => {
        throw transportError("TIMEOUT", "unknown", "too late");
      }),
    );
    expect(err).toContain("<- no answer: TIMEOUT, executed: unknown");
  });
});

describe("options reach the unit", () => {
  test("--no-retry, --deadline and --initiator", async () => {
    const seen: unknown[] = [];
    await cli("keys sim:x --no-retry --deadline 3 --initiator iqn.2026-01.test:me", {
      open: async (url, { retry, deadlineMs, initiatorName }) => {
        seen.push(url, retry?.maxAttempts, deadlineMs, initiatorName);
        throw new TypeError("enough");
      },
    });
    expect(seen).toEqual(["sim:x", 1, 3000, "iqn.2026-01.test:me"]);
  });

  test("--initiator is who registers, and is in the command lines suggested", async () => {
    const name = twoHosts().a.replace(/\?.*/, "");
    const { out } = await cli(`register ${name} --new-key 0xa --initiator iqn.2026-01.test:me`);
    expect(out).toContain("this host  iqn.2026-01.test:me,i,0x");
    const { err } = await cli(`reserve ${name} --key 0xb --type 1 --initiator iqn.2026-01.test:you`);
    expect(err).toContain(`scsi-persist register ${name} --initiator iqn.2026-01.test:you --new-key 0xb`);
  });
});

describe("passwords are never printed", () => {
  const secret = "tops3cret";

  test.each([
    `keys iscsi://user%${secret}@127.0.0.1:1/iqn.2026-01.a:b/0`,
    `keys iscsi://user:${secret}@127.0.0.1:1/iqn.2026-01.a:b/0 --verbose`,
    `keys iscsi://user%${secret}@127.0.0.1:1/iqn.2026-01.a:b/0 --json`,
    `keys iscsi://user%${secret}@127.0.0.1:1/iqn.2026-01.a:b/0 --dry-run`,
    `keys iscsi://user%x@127.0.0.1:1/iqn.2026-01.a:b/0?target_user=t&target_password=${secret}`,
    `keys iscsi://user%${secret}/with/slash@127.0.0.1:1/iqn.2026-01.a:b/0`,
    `keys iscsi://user%${secret}@`,
    `keys iscsi:/user%${secret}@host`,
    `keys foo://user%${secret}@host`,
    `keys sim:x iscsi://user%${secret}@host`,
    `iscsi://user%${secret}@host keys`,
    `discover iscsi://user%${secret}@127.0.0.1:1`,
    `clear sim:x --key iscsi://user%${secret}@host`,
    `reserve sim:x --key 0x1 --type iscsi://user%${secret}@host`,
    `keys sim:x --timeout iscsi://user%${secret}@host`,
    `register sim:x --new-key 0x1 --initiator-port iscsi://user%${secret}@host`,
    `keys --iscsi://user%${secret}@host`,
    `help iscsi://user%${secret}@host`,
  ])("%s", async (line) => {
    const { out, err } = await cli(line);
    expect(out + err).not.toContain(secret);
    expect(out + err).not.toBe("");
  });

  test("nor are those of the environment", async () => {
    const env = { LIBISCSI_CHAP_USERNAME: "user", LIBISCSI_CHAP_PASSWORD: secret };
    for (const more of ["", " --json", " --verbose"]) {
      const { out, err } = await cli(`keys iscsi://127.0.0.1:1/iqn.2026-01.a:b/0${more}`, { env });
      expect(out + err).not.toContain(secret);
    }
  });

  test.each([
    ["sim:disk/1?initiator=iqn.2026-01.a:b", "sim:disk/1?initiator=iqn.2026-01.a:b"],
    ["iscsi://host/iqn.2026-01.a:b/0", "iscsi://host/iqn.2026-01.a:b/0"],
    ["iscsi://user%pw@host:3260/iqn.2026-01.a:b/0", "iscsi://user@host:3260/iqn.2026-01.a:b/0"],
    ["iscsi://user:p@w@[::1]:3260/iqn.2026-01.a:b/0", "iscsi://user@[::1]:3260/iqn.2026-01.a:b/0"],
    [
      "iscsi://host/iqn.2026-01.a:b/0?target_user=t&target_password=pw&auth=md5",
      "iscsi://host/iqn.2026-01.a:b/0?target_user=t&auth=md5",
    ],
    ["iscsi://user%p/w@host/iqn.2026-01.a:b/0", "iscsi:…"],
    ["iscsi://user%pw", "iscsi:…"],
    ["user%pw@host", "…"],
    ["sim:password-store", "sim:password-store"],
    ["iscsi://host/iqn.2026-01.a%3Ab/0", "iscsi://host/iqn.2026-01.a%3Ab/0"],
  ])("%s is shown as %s", (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });
});
