import { defineConfig } from "vitest/config";

// Against real targets and tools (tgtd, sg3_utils, libiscsi): one file at a time. A missing peer is a failure.
export default defineConfig({
  test: {
    pool: "forks",
    fileParallelism: false,
    include: ["test/peers/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
