/** SIGINT: ends with 130, closes the unit, and says whether the command may have been executed. */
import { describe, expect, test } from "vitest";
import { createLogicalUnit, type LogicalUnit, type Transport, transportError } from "../../src/index.ts";
import { answer, cli, type World } from "./harness.ts";

/** A unit that answers until a command with this operation code and service action, which hangs; then the user interrupts. */
function hanging(operationCode: number, serviceAction: number, delivered: "no" | "unknown") {
  const seen = { closed: 0, interrupt: () => {} };
  const world: Pick<World, "open" | "interrupter"> = {
    interrupter(interrupt) {
      seen.interrupt = interrupt;
    },
    async open(_url, { signal, observer }): Promise<LogicalUnit> {
      const transport: Transport = {
        name: "hanging",
        execute({ cdb }, options = {}) {
          if (cdb[0] !== operationCode || cdb[1] !== serviceAction)
            return Promise.resolve(answer(0, "00000000 00000000"));
          return new Promise((_resolve, reject) => {
            options.signal?.addEventListener("abort", () => {
              reject(transportError("ABORTED", delivered, "given up", options.signal?.reason));
            });
            queueMicrotask(() => seen.interrupt());
          });
        },
        async [Symbol.asyncDispose]() {
          seen.closed++;
        },
      };
      return createLogicalUnit(transport, { signal, observer });
    },
  };
  return { world, seen };
}

describe("an interrupted change", () => {
  test("that had been sent may have been executed", async () => {
    const { world, seen } = hanging(0x5f, 0x03, "unknown");
    const { exit, out, err } = await cli("clear sim:x --key 0xa", world);
    expect(exit).toBe(130);
    expect(out).toBe("");
    expect(err.replaceAll("\n", " ")).toContain(
      "Interrupted. CLEAR had been sent and not been answered: it may have been executed.",
    );
    expect(err).toContain("Look: scsi-persist status sim:x");
    expect(seen.closed).toBe(1);
  });

  test("that had not been sent was not executed", async () => {
    const { world } = hanging(0x5f, 0x03, "no");
    const { exit, err } = await cli("clear sim:x --key 0xa", world);
    expect(exit).toBe(130);
    expect(err).toBe("scsi-persist: Interrupted. CLEAR was not executed.\n");
  });

  test("that had been answered was executed, even if the look afterwards is interrupted", async () => {
    const { world } = hanging(0x5e, 0x01, "unknown");
    const { exit, err } = await cli("clear sim:x --key 0xa", world);
    expect(exit).toBe(130);
    expect(err.replaceAll("\n", " ")).toContain("CLEAR was executed. Interrupted while reading");
  });

  test("as JSON", async () => {
    const { world } = hanging(0x5f, 0x03, "unknown");
    const { exit, json } = await cli("clear sim:x --key 0xa --json", world);
    expect(exit).toBe(130);
    expect(json.error).toMatchObject({ code: "ABORTED", exitCode: 130, delivered: "unknown", command: "CLEAR" });
  });
});

test("an interrupted question changed nothing", async () => {
  const { world } = hanging(0x5e, 0x00, "unknown");
  const { exit, err } = await cli("keys sim:x", world);
  expect(exit).toBe(130);
  expect(err).toBe("scsi-persist: Interrupted. Nothing was to be changed.\n");
});

test("interrupted while connecting", async () => {
  let interrupt = (): void => {};
  const { exit, err } = await cli("clear sim:x --key 0xa", {
    interrupter(listener) {
      interrupt = listener;
    },
    open: (_url, { signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(transportError("ABORTED", "no", "given up", signal.reason)));
        queueMicrotask(() => interrupt());
      }),
  });
  expect(exit).toBe(130);
  expect(err).toBe("scsi-persist: Interrupted. CLEAR was not executed.\n");
});
