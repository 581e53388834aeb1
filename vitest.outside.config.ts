import { defineConfig, mergeConfig } from "vitest/config";
import quick from "./vitest.config.ts";

// Side by side with LIO in the lab's guest, from outside (LAB_OUTSIDE=1 test/lab/run.sh): one file at a time.
export default mergeConfig(
  { ...quick, test: { ...quick.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      fileParallelism: false,
      include: ["test/lab/outside/**/*.test.ts"],
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  }),
);
