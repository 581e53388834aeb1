/** What the compiler lets callers do. The lines marked as errors fail to compile if they ever become right. */
import { describe, expectTypeOf, it } from "vitest";
import type {
  Capacity16,
  Command,
  Designator,
  ExecuteOptions,
  FullStatus,
  InquiryData,
  LogicalUnit,
  LogicalUnitList,
  Outcome,
  RegisteredKeys,
  ReservationCapabilities,
  ReservationState,
  ReservationType,
  SenseData,
} from "../../src/index.ts";
import { commands } from "../../src/index.ts";

declare const unit: LogicalUnit;

describe("a logical unit's methods", () => {
  it("have the results of their commands", () => {
    expectTypeOf<ReturnType<LogicalUnit["readKeys"]>>().toEqualTypeOf<Promise<RegisteredKeys>>();
    expectTypeOf<ReturnType<LogicalUnit["readReservation"]>>().toEqualTypeOf<Promise<ReservationState>>();
    expectTypeOf<ReturnType<LogicalUnit["reportCapabilities"]>>().toEqualTypeOf<Promise<ReservationCapabilities>>();
    expectTypeOf<ReturnType<LogicalUnit["readFullStatus"]>>().toEqualTypeOf<Promise<FullStatus>>();
    expectTypeOf<ReturnType<LogicalUnit["register"]>>().toEqualTypeOf<Promise<void>>();
    expectTypeOf<ReturnType<LogicalUnit["preemptAndAbort"]>>().toEqualTypeOf<Promise<void>>();
    expectTypeOf<ReturnType<LogicalUnit["inquiry"]>>().toEqualTypeOf<Promise<InquiryData>>();
    expectTypeOf<ReturnType<LogicalUnit["reportLuns"]>>().toEqualTypeOf<Promise<LogicalUnitList>>();
    expectTypeOf<ReturnType<LogicalUnit["readCapacity16"]>>().toEqualTypeOf<Promise<Capacity16>>();
    expectTypeOf<ReturnType<LogicalUnit["requestSense"]>>().toEqualTypeOf<Promise<SenseData>>();
    expectTypeOf<ReturnType<LogicalUnit["read16"]>>().toEqualTypeOf<Promise<Uint8Array>>();
    expectTypeOf<Awaited<ReturnType<LogicalUnit["deviceIdentification"]>>["designators"]>().toEqualTypeOf<
      readonly Designator[]
    >();
    expectTypeOf<Awaited<ReturnType<LogicalUnit["supportedVpdPages"]>>["pages"]>().toEqualTypeOf<readonly number[]>();
  });

  it("are those of the commands, all of them", () => {
    type Methods = Exclude<
      keyof LogicalUnit,
      "name" | "transport" | "initiatorPorts" | "execute" | "perform" | "reset" | "observe" | symbol
    >;
    expectTypeOf<Methods>().toEqualTypeOf<keyof typeof commands>();
  });

  it("take the arguments of their commands, and the options of every call", () => {
    type ReserveOptions = Parameters<LogicalUnit["reserve"]>[0];
    expectTypeOf<ReserveOptions>().toExtend<ExecuteOptions>();
    expectTypeOf<ReserveOptions["key"]>().toEqualTypeOf<bigint>();
    expectTypeOf<ReserveOptions["type"]>().toEqualTypeOf<ReservationType>();
    expectTypeOf<Parameters<LogicalUnit["testUnitReady"]>[0]>().toEqualTypeOf<ExecuteOptions | undefined>();
    expectTypeOf<undefined>().toExtend<Parameters<LogicalUnit["readKeys"]>[0]>();
    expectTypeOf<undefined>().not.toExtend<Parameters<LogicalUnit["reserve"]>[0]>();
  });

  it("do not take what cannot be sent", () => {
    const wrong = (): unknown[] => [
      // @ts-expect-error a key is a bigint
      unit.reserve({ key: 1, type: "write-exclusive" }),
      // @ts-expect-error a type is one of six words
      unit.reserve({ key: 1n, type: "write" }),
      // @ts-expect-error a reservation has a type
      unit.reserve({ key: 1n }),
      // @ts-expect-error there is something to reserve with
      unit.reserve(),
      // @ts-expect-error the key to register is needed
      unit.register({ key: 1n }),
      // @ts-expect-error whose registrations are to go?
      unit.preempt({ key: 1n, type: "write-exclusive" }),
      // @ts-expect-error an argument that no command has
      unit.readKeys({ allocationLength: 8 }),
      // @ts-expect-error milliseconds are a number
      unit.testUnitReady({ timeoutMs: "5 s" }),
      // @ts-expect-error keys belong to TransportIDs of other kinds
      unit.register({ newKey: 1n, initiatorPorts: [{ protocol: "sas", name: "iqn.2026-01.com.example:a" }] }),
      // @ts-expect-error a reset has a scope
      unit.reset(),
      // @ts-expect-error no such command
      unit.formatUnit,
    ];
    expectTypeOf(wrong).returns.toEqualTypeOf<unknown[]>();
  });
});

describe("execute and perform", () => {
  it("have the result of the command that they are given", () => {
    expectTypeOf(commands.readKeys()).toEqualTypeOf<Command<RegisteredKeys>>();
    const run = () => unit.execute(commands.readKeys());
    const performed = () => unit.perform(commands.clear({ key: 1n }));
    expectTypeOf(run).returns.toEqualTypeOf<Promise<RegisteredKeys>>();
    expectTypeOf(performed).returns.toEqualTypeOf<Promise<Outcome<void>>>();
  });
});

describe("a holder", () => {
  it("has a key only where one nexus holds", () => {
    const key = (state: ReservationState): bigint | undefined => {
      // @ts-expect-error not before it is known that one nexus holds
      state.key;
      return state.holder === "one-nexus" ? state.key : undefined;
    };
    const type = (state: ReservationState) => (state.holder === "all-registrants" ? state.type : undefined);
    expectTypeOf(key).returns.toEqualTypeOf<bigint | undefined>();
    expectTypeOf(type).returns.toEqualTypeOf<ReservationType | undefined>();
  });
});
