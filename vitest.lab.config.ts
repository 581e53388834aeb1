import { defineConfig, mergeConfig } from "vitest/config";
import quick from "./vitest.config.ts";

// In the lab's guest (test/lab/run.sh), where there is a Linux with SCSI: one file at a time, and in emulation everything is slow.
export default mergeConfig(
  { ...quick, test: { ...quick.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      fileParallelism: false,
      include: ["test/lab/**/*.test.ts"],
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  }),
);
