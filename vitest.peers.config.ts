import { defineConfig, mergeConfig } from "vitest/config";
import quick from "./vitest.config.ts";

// Against real targets and tools (tgtd, sg3_utils, libiscsi): one file at a time. A missing peer is a failure.
export default mergeConfig(
  { ...quick, test: { ...quick.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      fileParallelism: false,
      include: ["test/peers/**/*.test.ts"],
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  }),
);
