/** watch and map where several of what is named leads to one unit: it is shown once, with each path. */
import { expect, test } from "vitest";
import { createMultipathUnit, type LogicalUnit, transportError } from "../../src/index.ts";
import { open } from "../../transports/open.ts";
import { cli, type Document } from "./harness.ts";

let made = 0;
/** Two paths of one host to a unit that no other test knows, and another host's. */
function twoPaths(): readonly [a1: string, a2: string, b: string] {
  const unit = `sim:units-${++made}?initiator=iqn.2026-01.test`;
  return [`${unit}:a,i,0x800000000001`, `${unit}:a,i,0x800000000002`, `${unit}:b,i,0x800000000001`];
}
const key = (value: number): string => `0x${value.toString(16).padStart(16, "0")}`;
const documents = (out: string): Document[] =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

/** A world in which before each look of a path something happens: `before(look)`, counted from 1 over the first path's looks. */
function eventful(first: string, before: (look: number) => Promise<unknown>, dead: ReadonlySet<string> = new Set()) {
  let looks = 0;
  return {
    async open(url: string, options: object) {
      if (dead.has(url)) throw transportError("CONNECTION_FAILED", "no", "nobody there");
      const unit = await open(url, options);
      return {
        ...unit,
        async readKeys(given: object) {
          if (url === first) await before(++looks);
          else await new Promise((resolve) => setTimeout(resolve, 20));
          if (dead.has(url)) throw transportError("CONNECTION_LOST", "no", "cut off");
          return unit.readKeys(given);
        },
      } as LogicalUnit;
    },
  };
}

test("watch: one unit with what each path has; a path that goes and comes back, and one that loses its registration", async () => {
  const [a1, a2] = twoPaths();
  const [other] = twoPaths();
  await cli(["register", a1, a2, "--new-key", "0xabc"]);
  await cli(["reserve", a1, "--key", "0xabc", "--type", "5"]);
  const dead = new Set<string>();
  const world = eventful(
    a1,
    async (look) => {
      if (look === 2) dead.add(a2);
      if (look === 3) dead.delete(a2);
      if (look === 4) await cli(["register", a2, "--key", "0xabc", "--new-key", "0x0"]);
    },
    dead,
  );
  const { exit, out } = await cli(["watch", a1, other, a2, "--interval", "1ms", "--rounds", "4", "--json"], world);
  expect(exit).toBe(0);
  const unit = `${a1} ${a2}`;
  const told = documents(out).filter((one) => one.unit !== other);
  expect(told.map(({ type, unit: of, path }) => [type, of, path])).toEqual([
    ["state", unit, undefined],
    ["away", unit, a2],
    ["back", unit, a2],
    ["path", unit, a2],
    ["unregistered", unit, undefined],
    ["generation", unit, undefined],
    ["path", unit, a2],
  ]);
  expect(told[0].paths).toEqual([
    { path: a1, alive: true, key: key(0xabc), holder: true },
    { path: a2, alive: true, key: key(0xabc), holder: false },
  ]);
  expect(told[3]).toMatchObject({ alive: true, key: key(0xabc) });
  expect(told[6]).toMatchObject({ path: a2, alive: true, key: key(0), holder: false });
  expect(documents(out).find((one) => one.unit === other)).toMatchObject({ type: "state", paths: null });
});

const colours = new RegExp(`${String.fromCharCode(27)}\\[\\d*m`, "g");

test("watch on a terminal: the paths as a table, and why one does not answer", async () => {
  const [a1, a2] = twoPaths();
  await cli(["register", a1, a2, "--new-key", "0xabc"]);
  const dead = new Set<string>();
  const world = eventful(a1, async (look) => look === 2 && dead.add(a2), dead);
  const { out } = await cli(["watch", a1, a2, "--interval", "1ms", "--rounds", "2"], {
    ...world,
    tty: true,
    columns: 120,
  });
  const screens = out.split("\u001b[H\u001b[2J\u001b[3J").map((text) => text.replaceAll(colours, ""));
  expect(screens[1]).toMatch(/0x800000000001 +answers +0xabc *\n.*0x800000000002 +answers +0xabc/);
  expect(screens[2]).toMatch(/0x800000000002 +no answer +not told/);
  expect(screens[2]).toContain("cut off");
  expect(screens[2]?.match(/PRGENERATION/g)).toHaveLength(1);
});

test("watch: a path that was down when it began joins its unit when it comes", async () => {
  const [a1, a2] = twoPaths();
  const dead = new Set([a2]);
  const world = eventful(a1, async (look) => look === 2 && dead.delete(a2), dead);
  const { out } = await cli(["watch", a1, a2, "--interval", "30ms", "--rounds", "3", "--json"], world);
  const told = documents(out).map(({ type, unit, path }) => [type, unit, path]);
  expect(told.slice(0, 2)).toEqual([
    ["state", a1, undefined],
    ["away", a2, undefined],
  ]);
  expect(told).toContainEqual(["back", `${a1} ${a2}`, a2]);
  expect(told).toContainEqual(["path", `${a1} ${a2}`, a2]);
});

test("a device-mapper map is one unit with its paths, in watch and in map", async () => {
  const [a1, a2, b] = twoPaths();
  await cli(["register", a1, "--new-key", "0xabc"]);
  const world = {
    pathsOfMap: async (url: string) => (url === "/dev/mapper/m" ? ["sda", "sdb"] : undefined),
    async openMap() {
      const [one, two] = [await open(a1), await open(a2)];
      const gone = () => Promise.reject(transportError("CONNECTION_FAILED", "no", "nobody there"));
      return createMultipathUnit(
        [
          { name: "sda", unit: one, relativeTargetPort: 1 },
          { name: "sdb", unit: { ...two, testUnitReady: gone }, relativeTargetPort: 1 },
        ],
        { name: "/dev/mapper/m" },
      );
    },
  };
  const { out } = await cli("watch /dev/mapper/m --rounds 1 --json", world);
  expect(documents(out)[0].paths).toMatchObject([
    { path: "sda", alive: true, holder: false },
    { path: "sdb", alive: false },
  ]);
  const map = await cli(["map", "/dev/mapper/m", b, "--json"], world);
  expect(map.json.result.units.map(({ unit }: Document) => unit)).toEqual([`/dev/mapper/m ${b}`]);
});

test("watch: a path of a map that answers no more is told, and when it answers again", async () => {
  const [a1, a2] = twoPaths();
  let looks = 0;
  const world = {
    pathsOfMap: async () => ["sda", "sdb"],
    async openMap() {
      const [one, two] = [await open(a1), await open(a2)];
      const testUnitReady = () =>
        ++looks === 2 ? Promise.reject(transportError("CONNECTION_FAILED", "no", "nobody there")) : two.testUnitReady();
      const paths = [
        { name: "sda", unit: one },
        { name: "sdb", unit: { ...two, testUnitReady } },
      ];
      return createMultipathUnit(paths, { name: "/dev/mapper/m" });
    },
  };
  const line = "watch /dev/mapper/m --interval 1ms --rounds 3";
  const { out } = await cli(`${line} --json`, world);
  expect(documents(out).map(({ type, path, alive }) => [type, path, alive])).toEqual([
    ["state", undefined, undefined],
    ["path", "sdb", false],
    ["path", "sdb", true],
  ]);
  looks = 0;
  expect((await cli(line, world)).out.match(/path sdb: .*/g)).toMatchObject({ length: 3, 1: "path sdb: no answer" });
});

test("map: paths to one unit are one column, whichever of them answers", async () => {
  const [a1, a2, b] = twoPaths();
  const [other] = twoPaths();
  await cli(["register", a1, a2, "--new-key", "0xabc"]);
  await cli(["register", b, "--new-key", "0xb"]);
  const { json } = await cli(["map", a1, other, a2, "--json"]);
  expect(json.result.units.map(({ unit, error }: Document) => [unit, error])).toEqual([
    [`${a1} ${a2}`, null],
    [other, null],
  ]);
  expect(json.result.hosts).toEqual([
    { name: "iqn.2026-01.test:a", units: [{ keys: [key(0xabc)], ports: 2, holder: false }, null] },
    { name: "iqn.2026-01.test:b", units: [{ keys: [key(0xb)], ports: 1, holder: false }, null] },
  ]);
  const half = await cli(
    ["map", a1, a2, "--json"],
    eventful(a2, async () => undefined, new Set([a1])),
  );
  expect(half.json.result.units.map(({ now, error }: Document) => [now === null, error?.code])).toEqual([
    [true, "CONNECTION_FAILED"],
    [false, undefined],
  ]);
});
