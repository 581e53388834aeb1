/** TEST UNIT READY (00h): is the logical unit ready? Allowed under every reservation: it cannot tell whether one is fenced. */
import type { Command } from "../command.ts";
import { cdbOut, core } from "../core/index.ts";

/**
 * TEST UNIT READY. Resolves if the logical unit is ready; otherwise ScsiError, usually `NOT_READY` or `UNIT_ATTENTION`.
 */
export function testUnitReady(): Command<void> {
  return {
    name: "TEST UNIT READY",
    cdb: cdbOut(core.testUnitReady()),
    dataInLength: 0,
    effect: "none",
    layout: { cdb: "TestUnitReadyCdb" },
    read: () => undefined,
  };
}
