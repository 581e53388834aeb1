// For the lab's guest, over what bundle.mjs has made: one file at a time, and in emulation everything is slow.
import process from "node:process";

export default {
  test: {
    pool: "forks",
    fileParallelism: false,
    // One process for all files: it takes seconds to start one.
    isolate: false,
    // What suites share is as it shall be: it is loaded, and not transformed once more.
    server: { deps: { external: [/\/build\/lab\/shared\//] } },
    include: ["build/lab/**/*.test.js"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", ["json", { outputFile: process.env.TEST_RESULTS }]],
  },
};
