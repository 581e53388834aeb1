/** Every command, as pure functions from arguments to a Command. LogicalUnit has a method for each. */
export * from "./inquiry.ts";
export * from "./maintenance-in.ts";
export * from "./persistent-reserve-in.ts";
export * from "./persistent-reserve-out.ts";
export * from "./persistent-reserve-out-unchecked.ts";
export * from "./read-capacity.ts";
export * from "./report-luns.ts";
export * from "./request-sense.ts";
export * from "./reserve-release.ts";
export * from "./test-unit-ready.ts";
export * from "./transfer.ts";
