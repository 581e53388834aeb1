import { defineConfig, mergeConfig } from "vitest/config";
import quick from "./vitest.config.ts";

// The packed tarball: installed, compiled against, bundled, in a browser; and the page in it. Needs dist/, test/packages/node_modules and chromium.
export default mergeConfig(
  { ...quick, test: { ...quick.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      globalSetup: "test/packages/setup.mjs",
      fileParallelism: false,
      include: ["test/packages/*.test.mjs", "test/page/*.test.mjs"],
      testTimeout: 60_000,
      hookTimeout: 120_000,
    },
  }),
);
