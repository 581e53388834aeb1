/** The story of multihost disk control on the simulated unit. */
import { createLogicalUnit, type LogicalUnit } from "../../src/index.ts";
import { createSimulatedTarget } from "../../transports/simulated/index.ts";
import { describeMultihost } from "../multihost-story.ts";

describeMultihost("simulated", async () => {
  const unit = createSimulatedTarget().unit();
  const host = (name: string): LogicalUnit =>
    createLogicalUnit(unit.nexus({ initiatorPort: `iqn.2026-01.test:${name},i,0x1` }));
  return { a: host("a"), b: host("b"), c: host("c"), dispose: async () => undefined };
});
