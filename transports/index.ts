/** The package's entry: the library, and `open`, which finds the transport for a URL. Re-exports only. */
export * from "../src/index.ts";
export type { ProfileChoice } from "../src/profiles/apply.ts";
export { discover, type OpenOptions, open } from "./open.ts";
