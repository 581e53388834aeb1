/** The demo shows outcomes, it does not assume them: on a target that behaves otherwise it fails, and says where. */
import { expect, test, vi } from "vitest";
import type { ScsiRequest, ScsiResponse } from "../../src/index.ts";
import type * as simulated from "../../transports/simulated/index.ts";
import { cli } from "./harness.ts";

/** What happens to the answers of the demo's target. */
let tamper: (request: ScsiRequest, response: ScsiResponse) => void = () => {};

vi.mock("../../transports/simulated/index.ts", async (original) => {
  const module = await original<typeof simulated>();
  return {
    ...module,
    createSimulatedTarget(options: simulated.SimulatedTargetOptions) {
      const target = module.createSimulatedTarget(options);
      target.unit().hooks.push({ after: (request, response) => tamper(request, response) });
      return target;
    },
  };
});

test("a target that lets everybody write makes it fail at step 5", async () => {
  tamper = (request, response) => {
    if (request.cdb[0] === 0x2a) (response as { status: number }).status = 0;
  };
  const { exit, err } = await cli("demo");
  expect(exit).toBe(99);
  expect(err.replaceAll("\n", " ")).toContain(
    "Step 5 of the demo went wrong. B, WRITE (10): RESERVATION_CONFLICT was expected, and GOOD came",
  );
  const { json } = await cli("demo --json");
  expect(json.error).toMatchObject({ code: "DEMO", exitCode: 99 });
});

test("a target that returns other data makes it fail at step 6", async () => {
  tamper = (request, response) => {
    if (request.cdb[0] === 0x28) response.dataIn[0] = 0x57;
  };
  const { exit, err } = await cli("demo");
  expect(exit).toBe(99);
  expect(err.replaceAll("\n", " ")).toContain("Step 6 of the demo went wrong. B, READ (10)");
});
