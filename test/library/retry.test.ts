/** What is repeated and what is not: every code with every effect; how often, how long, and what is remembered. */
import { describe, expect, it } from "vitest";
import { scsiErrorCodes } from "../../src/explain.ts";
import {
  type Attempt,
  type Command,
  commands,
  createLogicalUnit,
  defaultRetryPolicy,
  type Effect,
  noRetries,
  type RetryPolicy,
  ScsiError,
  type ScsiErrorCode,
  type SenseData,
} from "../../src/index.ts";
import { nextDelayMs } from "../../src/retry.ts";
import { rejection } from "../rejection.ts";
import { check, good, lost, quick, scripted, status } from "./scripted.ts";

type Decision = ReturnType<RetryPolicy["decide"]>;
const effects: readonly Effect[] = ["none", "medium", "reservation"];

const withSense = (code: ScsiErrorCode, asc: number, ascq: number): ScsiError =>
  new ScsiError("", { code, sense: { asc, ascq } as SenseData });

/** Decisions for none, medium and reservation, in this order. */
type Cells = readonly [Decision, Decision, Decision];
const never: Cells = ["no", "no", "no"];
const atOnce: Cells = ["at-once", "at-once", "at-once"];
const afterPause: Cells = ["after-pause", "after-pause", "after-pause"];
const readsOnly: Cells = ["after-pause", "no", "no"];

const table: readonly { failure: ScsiError; what: string; cells: Cells }[] = [
  ...(["CONNECTION_FAILED", "CONNECTION_LOST", "TIMEOUT"] as const).flatMap((code) => [
    { what: `${code}, not delivered`, failure: new ScsiError("", { code, delivered: "no" }), cells: afterPause },
    {
      what: `${code}, perhaps delivered`,
      failure: new ScsiError("", { code, delivered: "unknown" }),
      cells: readsOnly,
    },
  ]),
  { what: "BUSY", failure: new ScsiError("", { code: "BUSY" }), cells: afterPause },
  { what: "TASK_SET_FULL", failure: new ScsiError("", { code: "TASK_SET_FULL" }), cells: afterPause },
  { what: "ABORTED_COMMAND", failure: new ScsiError("", { code: "ABORTED_COMMAND" }), cells: readsOnly },
  { what: "TASK_ABORTED", failure: new ScsiError("", { code: "TASK_ABORTED" }), cells: readsOnly },
  { what: "NOT_READY, becoming ready", failure: withSense("NOT_READY", 0x04, 0x01), cells: afterPause },
  { what: "NOT_READY, changing access state", failure: withSense("NOT_READY", 0x04, 0x0a), cells: afterPause },
  { what: "NOT_READY, needing a START", failure: withSense("NOT_READY", 0x04, 0x02), cells: never },
  { what: "NOT_READY, standby", failure: withSense("NOT_READY", 0x04, 0x0b), cells: never },
  { what: "NOT_READY, no medium", failure: withSense("NOT_READY", 0x3a, 0x00), cells: never },
  { what: "UNIT_ATTENTION, capacity changed", failure: withSense("UNIT_ATTENTION", 0x2a, 0x09), cells: atOnce },
  { what: "UNIT_ATTENTION, mode parameters changed", failure: withSense("UNIT_ATTENTION", 0x2a, 0x01), cells: atOnce },
  { what: "UNIT_ATTENTION, access state changed", failure: withSense("UNIT_ATTENTION", 0x2a, 0x06), cells: atOnce },
  ...[0x03, 0x04, 0x05].map((ascq) => ({
    what: `UNIT_ATTENTION, reservations or registrations changed (2Ah/0${ascq}h)`,
    failure: withSense("UNIT_ATTENTION", 0x2a, ascq),
    cells: ["at-once", "no", "no"] as Cells,
  })),
  ...[0x00, 0x01, 0x02, 0x03, 0x04, 0x07].map((ascq) => ({
    what: `UNIT_ATTENTION, reset (29h/0${ascq}h)`,
    failure: withSense("UNIT_ATTENTION", 0x29, ascq),
    cells: ["at-once", "no", "at-once"] as Cells,
  })),
];

const decided = new Set<ScsiErrorCode>(table.map(({ failure: { code } }) => code));

describe("the default policy", () => {
  it.each(table)("$what", ({ failure, cells }) => {
    expect(effects.map((effect) => defaultRetryPolicy.decide(failure, effect))).toEqual(cells);
  });

  const others = (Object.keys(scsiErrorCodes) as ScsiErrorCode[]).filter((code) => !decided.has(code));
  it.each(others)("%s is never repeated", (code) => {
    for (const effect of effects) {
      for (const delivered of ["yes", "no", "unknown"] as const) {
        expect(defaultRetryPolicy.decide(new ScsiError("", { code, delivered }), effect)).toBe("no");
      }
    }
  });

  it("doubles its pauses, up to the longest, and gives up after the last attempt", () => {
    const busy = new ScsiError("", { code: "BUSY" });
    const delays = Array.from({ length: 9 }, (_, index) =>
      nextDelayMs(defaultRetryPolicy, { effect: "none" }, busy, index + 1),
    );
    expect(delays).toEqual([10, 20, 40, 80, 160, 320, 640, undefined, undefined]);
    const patient = { ...defaultRetryPolicy, maxAttempts: 12 };
    expect(nextDelayMs(patient, { effect: "none" }, busy, 8)).toBe(1000);
    expect(nextDelayMs(patient, { effect: "none" }, busy, 11)).toBe(1000);
  });

  it("does not pause after a unit attention", () => {
    const attention = withSense("UNIT_ATTENTION", 0x29, 0x00);
    expect(nextDelayMs(defaultRetryPolicy, { effect: "none" }, attention, 5)).toBe(0);
  });
});

describe("no retries", () => {
  it.each(Object.keys(scsiErrorCodes) as ScsiErrorCode[])("not even after %s", (code) => {
    const failure = new ScsiError("", { code, delivered: "no" });
    for (const effect of effects) expect(nextDelayMs(noRetries, { effect }, failure, 1)).toBeUndefined();
  });
});

describe("a logical unit that repeats", () => {
  const fast = { retry: quick(defaultRetryPolicy) };
  const busy = status(0x08);
  const powerOn = check(6, 0x29, 0x00);

  it("tries until it succeeds, and remembers every attempt", async () => {
    const transport = scripted([busy, status(0x28), lost("CONNECTION_LOST"), good("0000000000000000")]);
    const { result, attempts, unitAttentions, settledBy } = await createLogicalUnit(transport, fast).perform(
      commands.readKeys(),
    );
    expect(result.keys).toEqual([]);
    expect(attempts.map(({ code, status, delivered }) => [code, status, delivered])).toEqual([
      ["BUSY", 0x08, "yes"],
      ["TASK_SET_FULL", 0x28, "yes"],
      ["CONNECTION_LOST", undefined, "unknown"],
      [undefined, 0x00, "yes"],
    ]);
    for (const { command, startedMs, durationMs } of attempts) {
      expect(command).toBe("READ KEYS");
      expect(startedMs).toBeGreaterThan(0);
      expect(durationMs).toBeGreaterThanOrEqual(0);
    }
    expect(unitAttentions).toEqual([]);
    expect(settledBy).toBeUndefined();
    expect(transport.sent.every(({ request }) => request === transport.sent[0]?.request)).toBe(true);
  });

  it("passes over unit attentions, and gives them to the caller", async () => {
    const transport = scripted([powerOn, check(6, 0x2a, 0x03), good()]);
    const { attempts, unitAttentions } = await createLogicalUnit(transport, fast).perform(commands.testUnitReady());
    expect(attempts.map(({ code }) => code)).toEqual(["UNIT_ATTENTION", "UNIT_ATTENTION", undefined]);
    expect(unitAttentions.map(({ asc, ascq, text }) => [asc, ascq, text])).toEqual([
      [0x29, 0x00, "POWER ON, RESET, OR BUS DEVICE RESET OCCURRED"],
      [0x2a, 0x03, "RESERVATIONS PREEMPTED"],
    ]);
  });

  it("sends PERSISTENT RESERVE OUT again after a reset, and not after RESERVATIONS PREEMPTED", async () => {
    const afterReset = scripted([powerOn, good()]);
    await createLogicalUnit(afterReset, fast).register({ newKey: 1n });
    expect(afterReset.commands()).toEqual(["5f/0", "5f/0"]);

    const preempted = scripted([check(6, 0x2a, 0x03), good()]);
    const error = await rejection(createLogicalUnit(preempted, fast).register({ newKey: 1n }));
    expect(error).toMatchObject({ code: "UNIT_ATTENTION", sense: { asc: 0x2a, ascq: 3 } });
    expect(preempted.commands()).toEqual(["5f/0"]);
  });

  it("does not send a WRITE again after a reset", async () => {
    const transport = scripted([powerOn, good()]);
    const data = new Uint8Array(512);
    expect((await rejection(createLogicalUnit(transport, fast).write10({ lba: 0, data }))).code).toBe("UNIT_ATTENTION");
    expect(transport.sent).toHaveLength(1);
  });

  it("gives up after the last attempt, and the error says how many there were", async () => {
    const transport = scripted([busy]);
    const error = await rejection(createLogicalUnit(transport, fast).testUnitReady());
    expect(error.code).toBe("BUSY");
    expect(error.attempts).toHaveLength(8);
    expect(transport.sent).toHaveLength(8);
    expect(error.message).toBe("Cannot TEST UNIT READY: the target answered BUSY (after 8 attempts)");
  });

  it("never repeats what was forbidden by RESERVATION CONFLICT", async () => {
    const transport = scripted([status(0x18)]);
    const error = await rejection(createLogicalUnit(transport, fast).testUnitReady());
    expect(error.message).toBe("Cannot TEST UNIT READY: the target answered RESERVATION CONFLICT");
    expect(transport.sent).toHaveLength(1);
  });

  it("asks the policy of the call before its own", async () => {
    const transport = scripted([busy]);
    await rejection(createLogicalUnit(transport, fast).testUnitReady({ retry: noRetries }));
    expect(transport.sent).toHaveLength(1);
  });

  it("gives the policy the failure and the effect", async () => {
    const asked: [string, Effect][] = [];
    const decide: RetryPolicy["decide"] = (error, effect) => {
      asked.push([error.code, effect]);
      return "no";
    };
    const unit = createLogicalUnit(scripted([busy]), { retry: { ...noRetries, maxAttempts: 2, decide } });
    await rejection(unit.testUnitReady());
    await rejection(unit.write10({ lba: 0, data: new Uint8Array(512) }));
    await rejection(unit.reserve({ key: 1n, type: "write-exclusive" }));
    await rejection(unit.reserve6());
    expect(asked).toEqual([
      ["BUSY", "none"],
      ["BUSY", "medium"],
      ["BUSY", "reservation"],
      ["BUSY", "reservation"],
    ]);
  });

  it("tells an observer of every attempt as it ends, the failed ones too", async () => {
    const seen: [Attempt["code"], string][] = [];
    const observer = (attempt: Attempt, command: Command<unknown>): void => {
      seen.push([attempt.code, command.name]);
    };
    const transport = scripted([busy, powerOn, good()]);
    await createLogicalUnit(transport, { ...fast, observer }).testUnitReady();
    expect(seen).toEqual([
      ["BUSY", "TEST UNIT READY"],
      ["UNIT_ATTENTION", "TEST UNIT READY"],
      [undefined, "TEST UNIT READY"],
    ]);
  });

  it("does not start what the deadline would not let it finish", async () => {
    const transport = scripted([busy]);
    const retry = { ...defaultRetryPolicy, backoffMs: 60_000, maxBackoffMs: 60_000 };
    const error = await rejection(createLogicalUnit(transport, { retry, deadlineMs: 30_000 }).testUnitReady());
    expect(error.code).toBe("BUSY");
    expect(transport.sent).toHaveLength(1);
  });
});

describe("the time of one delivery", () => {
  it("is 20 seconds, or what the unit or the call says", async () => {
    const transport = scripted([good()]);
    await createLogicalUnit(transport).testUnitReady();
    await createLogicalUnit(transport, { timeoutMs: 500 }).testUnitReady();
    await createLogicalUnit(transport, { timeoutMs: 500 }).testUnitReady({ timeoutMs: 70 });
    expect(transport.sent.map(({ options }) => options.timeoutMs)).toEqual([20_000, 500, 70]);
  });

  it("is never more than the deadline leaves", async () => {
    const transport = scripted([status(0x08), good()]);
    await createLogicalUnit(transport, { retry: quick(defaultRetryPolicy) }).testUnitReady({ deadlineMs: 900 });
    const [first, second] = transport.sent.map(({ options }) => options.timeoutMs as number) as [number, number];
    // A clock's difference may be off by its last digit.
    expect(first).toBeLessThan(901);
    expect(second).toBeLessThan(first);
    expect(second).toBeGreaterThan(0);
  });

  it("has no end if the call says so", async () => {
    const transport = scripted([good()]);
    const forever = Number.POSITIVE_INFINITY;
    await createLogicalUnit(transport).testUnitReady({ timeoutMs: forever, deadlineMs: forever });
    expect(transport.sent[0]?.options.timeoutMs).toBe(forever);
  });

  it("comes with the call's signal, or the unit's", async () => {
    const transport = scripted([good()]);
    const [ours, theirs] = [new AbortController().signal, new AbortController().signal];
    await createLogicalUnit(transport, { signal: ours }).testUnitReady();
    await createLogicalUnit(transport, { signal: ours }).testUnitReady({ signal: theirs });
    expect(transport.sent[0]?.options.signal).toBe(ours);
    expect(transport.sent[1]?.options.signal).toBe(theirs);
  });
});
