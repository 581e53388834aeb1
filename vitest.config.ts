import { defineConfig } from "vitest/config";

// TEST_RESULTS: where to leave the results as JSON besides, for scripts/summary.mjs.
const results = process.env.TEST_RESULTS;

// The quick suite: needs nothing but the npm registry. The peers have a configuration of their own.
export default defineConfig({
  test: {
    pool: "forks",
    include: ["test/**/*.test.ts"],
    exclude: ["test/peers/**", "test/lab/**", "**/node_modules/**"],
    testTimeout: 20_000,
    reporters: results === undefined ? ["default"] : ["default", ["json", { outputFile: results }]],
  },
});
