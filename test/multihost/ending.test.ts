/** The last words of fail-fast: the evidence in one line, which the kernel's log takes however many disks are lost. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Loss } from "../../src/index.ts";
import { armed, inOneLine } from "../../transports/watcher/ending.ts";

const loss = (disk: string): Loss => ({
  disk,
  reason: "not-registered",
  because: "Key 0xa is not registered any more; no host is",
  noticedBy: "probe",
  command: undefined,
  keys: undefined,
  reservation: undefined,
  code: undefined,
  status: undefined,
  sense: undefined,
  atEpochMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) + 0.9,
  sinceHeldMs: 1000,
  lateMs: 0.25,
});

test("say what was lost, when it was noticed, and how late", () => {
  expect(inOneLine({ rule: "any", disks: 2, losses: [loss("/dev/sg1"), loss("/dev/sg2")] }, false)).toBe(
    "scsi-persist: fail-fast: /dev/sg1: Key 0xa is not registered any more; no host is (noticed by a probe, 0.3 ms late, at 2026-01-02T03:04:05.678Z); /dev/sg2: Key 0xa is not registered any more; no host is (noticed by a probe, 0.3 ms late, at 2026-01-02T03:04:05.678Z)\n",
  );
});

test.each([1, 5, 12, 1000])("of %i disks are one record of the kernel's log, with a priority", (disks) => {
  const losses = Array.from({ length: disks }, (_, index) => loss(`/dev/sg${index} ä`));
  const words = inOneLine({ rule: "all", disks, losses }, true);
  expect(words).toMatch(/^<1>scsi-persist: fail-fast: \/dev\/sg0 ä: Key 0xa [^\n]*\n$/);
  expect(Buffer.byteLength(words)).toBeLessThan(976);
  expect(words.endsWith(" ...\n")).toBe(disks > 10);
});

test("that cannot be written are refused when they are armed, not when it is too late", () => {
  const folder = mkdtempSync(join(tmpdir(), "ending-"));
  try {
    expect(() => armed("exit", join(folder, "missing", "words"))).toThrow(/ENOENT/);
    expect(armed("exit", join(folder, "words"))).toBeTypeOf("function");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
