/** Verbs over several paths to one unit: what they bring, what a dry run shows, and what cannot be one unit. */
import { expect, it } from "vitest";
import { transportError } from "../../src/index.ts";
import { open } from "../../transports/open.ts";
import { cli, type Document } from "./harness.ts";

let made = 0;
/** Two paths of one host to a unit that no other test knows, and the path of another host. */
function twoPaths(): readonly [a1: string, a2: string, b: string] {
  const unit = `sim:paths-${++made}?initiator=iqn.2026-01.test`;
  return [`${unit}:a,i,0x800000000001`, `${unit}:a,i,0x800000000002`, `${unit}:b,i,0x800000000001`];
}
const key = (value: number): string => `0x${value.toString(16).padStart(16, "0")}`;

it("registers through every path, reserves through one, and accounts for each", async () => {
  const [a1, a2] = twoPaths();
  const registered = await cli(["register", a1, a2, "--new-key", "0xabc", "--json"]);
  expect(registered.exit).toBe(0);
  expect(registered.json.unit).toBe(`${a1} ${a2}`);
  expect(registered.json.result.now.keys).toEqual([key(0xabc), key(0xabc)]);
  expect(
    registered.json.result.account.paths.map((path: Document) => [path.path, path.alive, path.reply, path.key]),
  ).toEqual([
    [a1, true, "good", key(0xabc)],
    [a2, true, "good", key(0xabc)],
  ]);
  const reserved = await cli(["reserve", a1, a2, "--key", "0xabc", "--type", "5", "--json"]);
  const { paths, steps, changedByOthers } = reserved.json.result.account;
  expect(paths.map((path: Document) => path.reply)).toEqual(["good", "not-sent"]);
  expect(steps.map((step: Document) => step.kind)).toEqual(["look", "send"]);
  expect(changedByOthers).toBe(false);
});

it("shows every path to people, and why one of them is without", async () => {
  const [a1, a2] = twoPaths();
  const world = {
    open: (url: string, options: object) =>
      url === a2 ? Promise.reject(transportError("CONNECTION_FAILED", "no", "nobody there")) : open(url, options),
  };
  const { exit, out } = await cli(["register", a1, a2, "--new-key", "0xabc"], world);
  expect(exit).toBe(0);
  const rows = out.split("\n").filter((line) => line.includes("sim:") && !line.includes("Done"));
  expect(rows[0]).toMatch(/0x800000000001 +answers +good +0xabc$/);
  expect(rows[1]).toMatch(
    /0x800000000002 +no answer +CONNECTION_FAILED +not told|0x800000000002 +no answer +CONNECTION_FAILED/,
  );
  expect(out).toContain("nobody there");
});

it("a failure has the account too, in words and as JSON", async () => {
  const [a1, a2] = twoPaths();
  const { exit, err } = await cli(["reserve", a1, a2, "--key", "0xabc", "--type", "1"]);
  expect(exit).toBe(24);
  expect(err).toMatch(/PATH +ALIVE +COMMAND +KEY/);
  const { json } = await cli(["reserve", a1, a2, "--key", "0xabc", "--type", "1", "--json"]);
  expect(json.error.code).toBe("RESERVATION_CONFLICT");
  expect(json.error.account.paths.map((path: Document) => [path.code, path.key])).toEqual([
    ["RESERVATION_CONFLICT", key(0)],
    ["RESERVATION_CONFLICT", key(0)],
  ]);
});

it("a dry run says which path would get which bytes, in what order and why, and opens nothing", async () => {
  const [a1, a2] = twoPaths();
  const closed = { open: () => Promise.reject(new Error("opened")) };
  const { out, exit } = await cli(["release", a1, a2, "--key", "0xabc", "--type", "1", "--dry-run"], closed);
  expect(exit).toBe(0);
  expect(out).toContain("2. RELEASE");
  expect(out).toContain(`through ${a1}\n`);
  expect(out).toContain("5f 02 01 00 00 00 00 00  18 00");
  expect(out).toContain("Otherwise: if this host still holds it afterwards");
  const { json } = await cli(["register", a1, a2, "--new-key", "0xabc", "--dry-run", "--json"], closed);
  const [look, send, again] = json.result.steps;
  expect([look.kind, send.kind, again.kind]).toEqual(["look", "send", "look"]);
  expect(send.sends.map(({ path, command }: Document) => [path, command.name, command.cdb.bytes])).toEqual([
    [a1, "REGISTER", "5f000000000000001800"],
    [a2, "REGISTER", "5f000000000000001800"],
  ]);
  const single = await cli(["register", a1, "--new-key", "0xabc", "--dry-run", "--json"], closed);
  expect(single.json.result.steps).toBeNull();
});

it("explain tells which path is without registration", async () => {
  const [a1, a2, b] = twoPaths();
  await cli(["register", a1, "--new-key", "0xabc"]);
  await cli(["register", b, "--new-key", "0xb"]);
  await cli(["reserve", b, "--key", "0xb", "--type", "5"]);
  const { json } = await cli(["explain", a1, a2, "--json"]);
  expect(json.result.standing).toMatchObject({ unregisteredPaths: [a2], write: false, read: true });
  await cli(["register", a1, a2, "--key", "0xabc", "--new-key", "0xabc"]);
  const after = await cli(["explain", a1, a2, "--json"]);
  expect(after.json.result.standing).toMatchObject({ unregisteredPaths: [], write: true });
});

it("what is not one unit, one path twice, or of one device only is refused before anything is sent", async () => {
  const [a1] = twoPaths();
  const [other] = twoPaths();
  const different = await cli(["register", a1, other, "--new-key", "1".padStart(3, "0x")]);
  expect(different.exit).toBe(15);
  expect(different.err).toContain("lead to different logical units");
  expect((await cli(["register", a1, a1, "--new-key", "0x1"])).err).toContain("two paths have the same name");
  expect((await cli(["mhd", "status", a1, other])).err).toContain("lead to different logical units");
  expect((await cli(["keys", a1, "/dev/mapper/x"], { pathsOfMap: async () => ["/dev/sda"] })).err).toContain(
    "give it alone",
  );
});

it("the verbs of mhd take several paths as one disk, but for RESERVE, which is one path's", async () => {
  const [a1, a2, b] = twoPaths();
  const type = ["--type", "write-exclusive-registrants-only"];
  const done = async (...line: string[]) => {
    const { exit, err } = await cli(line);
    expect([line[1], exit, exit === 0 ? "" : err]).toEqual([line[1], 0, ""]);
  };
  await done("mhd", "register", a1, a2, "--new-key", "0xabc");
  await done("mhd", "register", b, "--new-key", "0xb");
  await done("mhd", "reserve", a1, a2, "--key", "0xabc", ...type);
  expect((await cli(["mhd", "inkeys", a1, a2, "--json"])).json.result.list).toEqual([0xabc, 0xabc, 0xb].map(key));
  await done("mhd", "status", a1, a2, "--key", "0xabc");
  await cli(["register", a2, "--key", "0xabc", "--new-key", "0x0"]);
  const status = await cli(["mhd", "status", a1, a2, "--json"]);
  expect(status.exit).toBe(1);
  expect(status.json.result.paths).toMatchObject([
    { path: a1, access: true },
    { path: a2, access: false, because: expect.stringContaining("this host is not registered") },
  ]);
  expect((await cli(["mhd", "status", a1, a2])).out).toMatch(/^no access.*\n\n.*1 +access.*\n.*2 +no access/);
  const guarded = await cli(["mhd", "failfast", a1, a2, "--key", "0xabc", "--interval", "10"], {
    watch: (text) =>
      void (text.startsWith("watching") && cli(["preempt", b, "--key", "0xb", "--victim-key", "0xabc", ...type])),
  });
  expect([guarded.exit, guarded.out]).toEqual([
    37,
    expect.stringContaining(`lost       ${a1} ${a2}: Key 0xabc is not`),
  ]);
  await done("mhd", "clear", b, "--key", "0xb");
  await cli(["keys", a2]);
  await done("mhd", "qreserve", a2);
  expect((await cli(["mhd", "qreserve", b])).exit).toBe(24);
  await done("mhd", "release", a1, a2);
  await cli(["keys", b]);
  await done("mhd", "qreserve", b);
  for (const line of ["mhd takeown", "mhd qreserve", "mhd failfast"]) {
    const { exit, err } = await cli([...line.split(" "), a1, a2]);
    expect([exit, err.replaceAll("\n", " ")]).toEqual([1, expect.stringContaining("RESERVE is one I_T nexus's")]);
  }
});

it("a map is a unit of several paths: its dry run names them, RESERVE refuses it", async () => {
  const world = { pathsOfMap: async () => ["sda", "sdb"] };
  const { json } = await cli(["clear", "/dev/mapper/m", "--key", "0x1", "--dry-run", "--json"], world);
  expect(json.result.steps.flatMap(({ sends }: Document) => sends.map(({ path }: Document) => path))).toEqual(["sda"]);
  const refused = await cli(["mhd", "takeown", "/dev/mapper/m"], world);
  expect(refused.exit).toBe(1);
  expect(refused.err).toContain("is a map of paths");
});
