/** The package's entry in browsers: the library, and an `open` for simulated units. Re-exports only. */
export * from "../src/index.ts";
export { discover, open } from "./open-browser.ts";
export type { OpenOptions } from "./opening.ts";
