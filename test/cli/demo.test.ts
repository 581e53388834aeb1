/** The demo: tells its story, on real outcomes, and leaves nothing behind. */
import { expect, test } from "vitest";
import { cli } from "./harness.ts";

test("it tells the story of two hosts and ends well", async () => {
  const { exit, out, err } = await cli("demo");
  expect(err).toBe("");
  expect(exit).toBe(0);
  expect(out.match(/^ +[AB]: .*$/gm)?.map((line) => line.trim())).toEqual([
    "A: REGISTER -> GOOD",
    "B: REGISTER -> GOOD",
    "A: RESERVE -> GOOD",
    "A: WRITE (10) -> GOOD",
    "B: WRITE (10) -> RESERVATION CONFLICT",
    'B: READ (10) -> GOOD, "written by A"',
    "B: PREEMPT AND ABORT -> GOOD",
    "A: TEST UNIT READY -> CHECK CONDITION",
    "A: WRITE (10) -> RESERVATION CONFLICT",
    "B: WRITE (10) -> GOOD",
    'A: READ (10) -> GOOD, "written by B"',
    "B: RELEASE -> GOOD",
    "B: REGISTER -> GOOD",
  ]);
  expect(out).toContain("UNIT ATTENTION, REGISTRATIONS PREEMPTED (2Ah/05h)");
  expect(out).toMatch(/All 13 steps went as they should\. Nothing is left behind\.\n$/);
});

test("it reads well at 80 columns, in a terminal and out of it", async () => {
  for (const tty of [true, false]) {
    const { out } = await cli("demo --fast", { tty, env: { NO_COLOR: "1" } });
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(out).not.toMatch(/ $/m);
  }
});

test("as JSON: every step with what came of it, and an empty unit at the end", async () => {
  const { exit, json } = await cli("demo --json");
  expect(exit).toBe(0);
  expect(json).toMatchObject({ "scsi-persist": 1, verb: "demo", unit: null, ok: true });
  const { steps, end } = json.result;
  expect(steps).toHaveLength(13);
  for (const step of steps) expect(step.outcome).toBe(step.expected);
  expect(steps[4]).toMatchObject({ host: "B", outcome: "RESERVATION_CONFLICT", reason: "reservation-forbids" });
  expect(steps[7].sense).toBe("UNIT ATTENTION, REGISTRATIONS PREEMPTED (2Ah/05h)");
  expect(end).toMatchObject({ keys: [], registrations: [], reservation: { holder: "none" } });
});

test("--verbose shows its commands on standard error", async () => {
  const { err } = await cli("demo --verbose");
  expect(err).toContain("-> PREEMPT AND ABORT  5f 05 01 00 00 00 00 00 18 00");
});

test("interrupted at reading pace, it stops at once with 130", async () => {
  const { exit, out } = await cli("demo", {
    tty: true,
    interrupter: (interrupt) => setTimeout(interrupt, 20),
  });
  expect(exit).toBe(130);
  expect(out).not.toContain("All 13 steps");
});
