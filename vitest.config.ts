import { defineConfig } from "vitest/config";

// The quick suite: needs nothing but the npm registry. The peers and the lab have configurations of their own.
export default defineConfig({
  test: {
    pool: "forks",
    include: ["test/**/*.test.ts"],
    exclude: ["test/peers/**", "test/lab/**", "test/runtimes/**", "**/node_modules/**"],
    testTimeout: 20_000,
  },
});
