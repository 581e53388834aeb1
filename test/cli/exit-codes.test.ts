/** The exit code of every error, provoked: the numbers are those of sg3_utils(8), typed by hand. */
import { describe, expect, test } from "vitest";
import { exitCodeOf, exitCodes } from "../../cli/exit-codes.ts";
import { scsiErrorCodes } from "../../src/explain.ts";
import { ScsiError, transportError } from "../../src/index.ts";
import { answer, checkCondition, cli, hex, type Script, scripted } from "./harness.ts";

const rejecting =
  (...args: Parameters<typeof transportError>): Script =>
  () => {
    throw transportError(...args);
  };

/** What a transport does to READ KEYS, and the exit code. */
const causes: readonly (readonly [what: string, exit: number, script: Script])[] = [
  ["GOOD", 0, () => answer(0x00, "00000000 00000000")],
  ["NOT READY", 2, () => checkCondition(0x02, 0x3a, 0x00)],
  ["MEDIUM ERROR", 3, () => checkCondition(0x03, 0x11, 0x00)],
  ["HARDWARE ERROR", 3, () => checkCondition(0x04, 0x44, 0x00)],
  ["BLANK CHECK", 3, () => checkCondition(0x08, 0x00, 0x05)],
  ["ILLEGAL REQUEST", 5, () => checkCondition(0x05, 0x24, 0x00)],
  ["UNIT ATTENTION", 6, () => checkCondition(0x06, 0x29, 0x00)],
  ["DATA PROTECT", 7, () => checkCondition(0x07, 0x27, 0x00)],
  ["INVALID COMMAND OPERATION CODE", 9, () => checkCondition(0x05, 0x20, 0x00)],
  ["COPY ABORTED", 10, () => checkCondition(0x0a, 0x00, 0x00)],
  ["ABORTED COMMAND", 11, () => checkCondition(0x0b, 0x00, 0x00)],
  ["NOT READY, standby", 12, () => checkCondition(0x02, 0x04, 0x0b)],
  ["NOT READY, unavailable", 13, () => checkCondition(0x02, 0x04, 0x0c)],
  ["LOGICAL BLOCK ADDRESS OUT OF RANGE", 22, () => checkCondition(0x05, 0x21, 0x00)],
  ["LOGICAL BLOCK GUARD CHECK FAILED", 40, () => checkCondition(0x0b, 0x10, 0x01)],
  ["MISCOMPARE", 14, () => checkCondition(0x0e, 0x1d, 0x00)],
  ["target not found", 15, rejecting("TARGET_NOT_FOUND", "no", "no such target")],
  ["login refused", 15, rejecting("LOGIN_FAILED", "no", "login refused")],
  ["credentials refused", 15, rejecting("AUTHENTICATION_FAILED", "no", "wrong password")],
  ["permission denied", 15, rejecting("PERMISSION_DENIED", "no", "not allowed")],
  ["unsuitable device", 15, rejecting("UNSUITABLE_DEVICE", "no", "a partition")],
  ["INVALID FIELD IN PARAMETER LIST", 19, () => checkCondition(0x05, 0x26, 0x00)],
  ["INVALID RELEASE", 5, () => checkCondition(0x05, 0x26, 0x04)],
  ["NO SENSE", 20, () => checkCondition(0x00, 0x00, 0x01)],
  ["RESERVATION CONFLICT", 24, () => answer(0x18)],
  ["CONDITION MET", 25, () => answer(0x04)],
  ["BUSY", 26, () => answer(0x08)],
  ["TASK SET FULL", 27, () => answer(0x28)],
  ["ACA ACTIVE", 28, () => answer(0x30)],
  ["TASK ABORTED", 29, () => answer(0x40)],
  ["no answer in time", 33, rejecting("TIMEOUT", "unknown", "too late")],
  ["no connection", 35, rejecting("CONNECTION_FAILED", "no", "refused")],
  ["connection lost", 35, rejecting("CONNECTION_LOST", "unknown", "lost")],
  ["protocol broken", 35, rejecting("PROTOCOL_ERROR", "unknown", "nonsense")],
  ["closed", 35, rejecting("CLOSED", "no", "closed")],
  ["malformed answer", 97, () => answer(0x00, "0000")],
  ["malformed sense", 98, () => ({ ...checkCondition(0, 0, 0), sense: hex("7f") })],
  ["VENDOR SPECIFIC", 98, () => checkCondition(0x09, 0x80, 0x00)],
  ["VOLUME OVERFLOW", 98, () => checkCondition(0x0d, 0x00, 0x00)],
  ["a status that no standard names", 99, () => answer(0x77)],
  ["a defect", 99, () => Promise.reject(new Error("boom"))],
  ["interrupted", 130, rejecting("ABORTED", "unknown", "given up")],
];

describe("each ends with its exit code, in words and as JSON", () => {
  test.each(causes)("%s: %i", async (_what, exit, script) => {
    const words = await cli("keys sim:x --no-retry", scripted(script));
    expect(words.exit).toBe(exit);
    expect(words.err === "").toBe(exit === 0);
    const document = await cli("keys sim:x --no-retry --json", scripted(script));
    expect(document.exit).toBe(exit);
    expect(document.json.ok).toBe(exit === 0);
    if (exit !== 0) expect(document.json.error.exitCode).toBe(exit);
  });
});

test("a lost answer that nothing can settle is a matter of the transport: 35, and it says what is known", async () => {
  const { exit, err } = await cli(
    "register sim:x --new-key 0xa",
    scripted((request) => {
      if (request.cdb[0] === 0x5f) throw transportError("CONNECTION_LOST", "unknown", "the connection was lost");
      // READ KEYS lists the key: registered by us now, or by somebody before? Without full status that cannot be told.
      if (request.cdb[1] === 0) return answer(0, "00000001 00000008 000000000000000a");
      return request.cdb[1] === 1 ? answer(0, "00000001 00000000") : checkCondition(5, 0x24, 0);
    }),
  );
  expect(exit).toBe(35);
  expect(err).toContain("its answer was lost");
  expect(err).toContain("What the target reports now:");
  expect(err).toContain("0xa");
});

test("a change that is settled by looking succeeds, and says so", async () => {
  const { exit, out, err } = await cli(
    "clear sim:x --key 0xa",
    scripted((request) => {
      if (request.cdb[0] === 0x5f) throw transportError("CONNECTION_LOST", "unknown", "the connection was lost");
      return request.cdb[1] === 3 ? checkCondition(5, 0x24, 0) : answer(0, "00000002 00000000");
    }),
  );
  expect(exit).toBe(0);
  expect(out).toContain("Done: CLEAR");
  expect(err.replaceAll("\n", " ")).toContain("what the target reports shows that the command was executed");
});

test("every code that a ScsiError can have ends with an exit code that has a meaning", () => {
  const meant = exitCodes.map(({ exit }) => exit);
  expect(new Set(meant).size).toBe(meant.length);
  for (const code of Object.keys(scsiErrorCodes) as (keyof typeof scsiErrorCodes)[]) {
    expect(meant, code).toContain(exitCodeOf(new ScsiError("", { code })));
  }
});

test("the help lists every exit code", async () => {
  const { out } = await cli("help");
  for (const { exit, meaning } of exitCodes) expect(out).toContain(`${String(exit).padStart(5)}  ${meaning}\n`);
});
