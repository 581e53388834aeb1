/** Paths grouped by what the units behind them say of themselves. */
import { expect, test } from "vitest";
import {
  createLogicalUnit,
  groupPaths,
  noRetries,
  type Path,
  type ScsiResponse,
  transportError,
} from "../../src/index.ts";
import { createSimulatedTarget } from "../../transports/simulated/index.ts";

/** A unit that answers VPD page 83h with these designation descriptors, and everything else with GOOD. */
function answering(name: string, descriptors: readonly (readonly number[])[] | "dead"): Path & { closed: boolean } {
  const body = descriptors === "dead" ? [] : descriptors.flat();
  const page = Uint8Array.from([0, 0x83, 0, body.length, ...body]);
  const path = {
    name,
    closed: false,
    unit: createLogicalUnit({
      name,
      execute: async (): Promise<ScsiResponse> => {
        if (descriptors === "dead") throw transportError("CONNECTION_FAILED", "no", "nobody there");
        return { status: 0, dataIn: page, sense: new Uint8Array(0), residual: 0 };
      },
      [Symbol.asyncDispose]: async () => {
        path.closed = true;
      },
    }),
  };
  return path;
}
/** Designation descriptors by hand (spc4r36f 7.8.6): code set, association and type, length, designator. */
const naa = (last: number) => [1, 3, 0, 8, 0x50, 0, 0, 0, 0, 0, 0, last];
const eui = (last: number) => [1, 2, 0, 8, 0, 0, 0, 0, 0, 0, 0, last];
const vendor = [2, 0, 0, 4, 0x61, 0x62, 0x63, 0x64];
const port = (number: number) => [1, 0x14, 0, 4, 0, 0, 0, number];

test("paths of one name are one unit, each with its target port", async () => {
  const { units, refused } = await groupPaths([
    answering("a", [naa(1), port(1)]),
    answering("b", [naa(2), port(1)]),
    answering("c", [naa(1), port(2)]),
  ]);
  expect(refused).toEqual([]);
  expect(units.map(({ paths }) => paths.map(({ name, relativeTargetPort }) => [name, relativeTargetPort]))).toEqual([
    [
      ["a", 1],
      ["c", 2],
    ],
    [["b", 1]],
  ]);
});

test("who does not answer, or does not tell, is in no unit: it is refused with the reason, and disposed", async () => {
  const paths = [
    answering("a", [naa(1)]),
    answering("dead", "dead"),
    answering("nameless", []),
    answering("vendor's own", [vendor]),
    answering("other kind", [eui(1)]),
  ];
  const { units, refused } = await groupPaths(paths, { retry: noRetries });
  expect(units.map(({ paths: own }) => own.map(({ name }) => name))).toEqual([["a"]]);
  expect(refused.map(({ path, error }) => [path, error.code, error.delivered])).toEqual([
    ["dead", "CONNECTION_FAILED", "no"],
    ["nameless", "UNSUITABLE_DEVICE", "no"],
    ["vendor's own", "UNSUITABLE_DEVICE", "no"],
    ["other kind", "UNSUITABLE_DEVICE", "no"],
  ]);
  expect(refused[1]?.error.message).toBe("nameless has no designator of the logical unit that is unique");
  expect(refused[3]?.error.message).toBe(
    "other kind (eui.0000000000000001) and a (naa.5000000000000001) do not tell whether they lead to one unit",
  );
  expect(paths.map(({ closed }) => closed)).toEqual([false, true, true, true, true]);
});

test("one nexus twice is refused, and everything disposed", async () => {
  const unit = createSimulatedTarget().unit();
  let closed = 0;
  const twice = ["a", "b"].map((name): Path => {
    const nexus = unit.nexus({ initiatorPort: "iqn.2026-01.com.example:a,i,0x1" });
    return {
      name,
      unit: createLogicalUnit({
        ...nexus,
        [Symbol.asyncDispose]: async () => {
          closed++;
        },
      }),
    };
  });
  await expect(groupPaths(twice)).rejects.toThrow("a and b are the same I_T nexus, and one path");
  expect(closed).toBe(2);
});
