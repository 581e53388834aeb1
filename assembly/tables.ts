/** The second entry of the compiler: every enum as exported globals, from which scripts/generate.ts makes TypeScript's tables. */
export * from "./codes";
export * from "./copy-codes";
export * from "./copy-fields";
export * from "./fields";
export * from "./media-codes";
export * from "./media-fields";
export * from "./records";
