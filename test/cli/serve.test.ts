/** `serve`: what is listened to and served, what is told, what a file of faults may say, and that a signal ends it. */
import { afterEach, describe, expect, it } from "vitest";
import { parseLocatedJson } from "../../cli/located-json.ts";
import { noRetries } from "../../src/index.ts";
import { open } from "../../transports/open.ts";
import { cli, type Document, type Ran, type World } from "./harness.ts";

const TARGET = "iqn.2026-01.io.github.scsi-persist:disk";
const encode = (text: string) => new TextEncoder().encode(text);

/** A server under way in this process. */
interface Serving {
  readonly urls: readonly string[];
  readonly events: Document[];
  stop(): Promise<Ran>;
}

let running: Serving | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** Runs `serve` on a free port until it is stopped; with --json, so that events can be read. */
async function serving(line: string, world: World = {}, units = 1): Promise<Serving> {
  let interrupt = () => {};
  let text = "";
  const events: Document[] = [];
  const urls: string[] = [];
  let listens = () => {};
  const listening = new Promise<void>((resolve) => {
    listens = resolve;
  });
  const ended = cli(`serve --json --portal 127.0.0.1:0 ${line}`, {
    ...world,
    interrupter(how) {
      interrupt = how;
    },
    watch(more) {
      text += more;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        const event = JSON.parse(text.slice(0, end));
        text = text.slice(end + 1);
        if (event.type === "serving") urls.push(event.url);
        else events.push(event);
        if (urls.length === units) listens();
      }
    },
  });
  await Promise.race([
    listening,
    ended.then(({ exit, out, err }) => expect.unreachable(`ended with ${exit}: ${out} ${err}`)),
  ]);
  running = {
    urls,
    events,
    async stop() {
      interrupt();
      return ended;
    },
  };
  return running;
}

describe("serve", () => {
  it("serves one unit, tells of login, reservation and logout, and ends with 0 when it is interrupted", async () => {
    const server = await serving("");
    const [url = ""] = server.urls;
    expect(url).toContain(`/${TARGET}/0`);
    {
      await using unit = await open(url);
      await unit.register({ newKey: 0xabcn });
    }
    await expect
      .poll(() => server.events.map(({ type }: Document) => type))
      .toEqual(["login", "reservation", "session-ended"]);
    expect(server.events[1]).toMatchObject({ action: "REGISTER", lun: 0, now: { prGeneration: 1 } });
    const { exit } = await server.stop();
    expect(exit).toBe(0);
    await expect(open(url)).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
  });

  it("says goodbye to those who are logged in", async () => {
    const server = await serving("");
    await using unit = await open(server.urls[0] as string);
    await unit.testUnitReady();
    expect((await server.stop()).exit).toBe(0);
    expect(server.events.at(-1)).toMatchObject({ type: "session-ended", end: "logout" });
  });

  it("serves several targets, units and portals", async () => {
    const server = await serving(
      `--portal 127.0.0.1:0,tag=2 --target iqn.2026-01.test:a --target iqn.2026-01.test:b --unit size=1MiB --unit size=2MiB,block-size=4096,lun=7 --unit target=iqn.2026-01.test:B,thin`,
      {},
      6,
    );
    const at = (end: string) => server.urls.filter((url) => url.endsWith(end));
    expect(["a/0", "a/7", "b/0"].map((end) => at(end).length)).toEqual([2, 2, 2]);
    await using one = await open(at("a/0")[0] as string);
    await using same = await open(at("a/0")[1] as string);
    await one.register({ newKey: 1n, allTargetPorts: true });
    const ports = (await same.readFullStatus()).registrations.map(({ relativeTargetPort }) => relativeTargetPort);
    expect(ports).toEqual([1, 2]);
    await using other = await open(at("a/7")[0] as string);
    expect(await other.readCapacity10()).toMatchObject({ blockLengthBytes: 4096 });
  });

  it("serves units of a profile, each its own", async () => {
    const server = await serving("--profile tgt --unit lun=0 --unit lun=1,profile=spc", {}, 2);
    await using tgt = await open(server.urls[0] as string);
    await expect(tgt.readFullStatus()).rejects.toMatchObject({ code: "ILLEGAL_REQUEST" });
    await using spc = await open(server.urls[1] as string);
    expect((await spc.readFullStatus()).registrations).toEqual([]);
  });

  it("has the failures of a file happen, and tells of them", async () => {
    const plan = { seed: 7, rules: [{ fault: { kind: "busy" }, operationCodes: ["0x5F"], at: [3] }] };
    const server = await serving("--faults plan.json", { files: { "plan.json": encode(JSON.stringify(plan)) } });
    await using unit = await open(server.urls[0] as string, { retry: noRetries });
    const failures: string[] = [];
    for (let round = 0; round < 6; round++) {
      await unit.registerAndIgnoreExistingKey({ newKey: 5n }).catch(({ code }) => failures.push(code));
    }
    expect(failures).toEqual(["BUSY"]);
    await expect
      .poll(() => server.events.filter(({ type }: Document) => type === "fault"))
      .toMatchObject([{ command: 3, operationCode: 0x5f, fault: { kind: "busy" }, lun: 0 }]);
  });

  it.each([
    ["{", "line 1: it ends too early"],
    [
      '{"seed": 1,\n "rules": [\n  {"fault": {"kind": "bussy"}}\n ]}',
      "line 3: rules[0].fault.kind must be one of lose-",
    ],
    ['{"seed": 1,\n "rules": [{"fault":\n {"kind": "delay"}}]}', "line 2: rules[0].fault of kind delay needs ms"],
    ['{"seed": 1,\n "rules": [],\n "rule": []}', "line 3: rule is not known here; known are seed, rules"],
    ['{"rules": []}', "line 1: seed is missing"],
    [
      '{"seed": 1,\n\n "rules": [{"fault": {"kind": "busy"}, "probability": 2}]}',
      "line 3: rules[0].probability must be 0 to 1",
    ],
    ['{"seed": 1, "rules": [{"fault": {"kind": "busy"},\n "at": [1,\n 0]}]}', "line 3: rules[0].at[1] must be 1 to"],
    [
      '{"seed": 1, "rules": [{"fault": {"kind": "busy"},\n "lun": "0"}]}',
      "line 2: rules[0].lun must be a whole number",
    ],
    ['{"seed": 1, "rules": [{"fault": {"kind": "unit-attention", "condition": "2A-3"}}]}', "fault.condition must be"],
    ['{"seed": 1, "seed": 2, "rules": []}', '"seed" is there twice'],
    ['{"seed": 1,\n "rules": [],}', "line 2: after a comma another member has to follow"],
    ['{"seed": 1, "rules": []} 5', "something follows the end"],
  ])("refuses the faults %s", async (text, why) => {
    const { exit, err } = await cli("serve --faults plan.json", { files: { "plan.json": encode(text) } });
    expect(err.replaceAll(/\s+/g, " ")).toContain(why.replaceAll(/\s+/g, " "));
    expect(err).toContain("plan.json");
    expect(exit).toBe(1);
  });

  it.each([
    ["--faults none.json", "Cannot read none.json"],
    ["--profile other", "profiles are spc"],
    ["--unit colour=red", "a unit is made of size=, file="],
    ["--unit target=iqn.2026-01.test:x", "no --target names it"],
    ["--target disk", "The target name"],
    ["--portal 127.0.0.1:1,tag=0", "1 to 65535"],
    ["--mutual-chap a%bbbbbbbbbbbbb", "--mutual-chap needs --chap"],
    ["--unit lun=1 --unit lun=1", "two units with LUN 1"],
  ])("refuses %s", async (line, why) => {
    const { exit, err } = await cli(`serve --portal 127.0.0.1:0 ${line}`);
    expect(err.replaceAll(/\s+/g, " ")).toContain(why);
    expect(exit).toBe(1);
  });
});

describe("JSON with lines", () => {
  it.each(['{"a": [1, -2.5e3, true, null, "x\\"\\u00e4"], "b": {"c": {}}, "": []}', "[]", ' "text" ', "[[[]]]"])(
    "reads %s as JSON does",
    (text) => {
      expect(parseLocatedJson(text).value).toEqual(JSON.parse(text));
    },
  );

  it.each(["", "[1,]", "{1: 2}", "[1 2]", '{"a" 1}', "tru", "01", "'a'", '"\n"', "[", '{"a":', "[1]]", "\u0001"])(
    "refuses %j as JSON does",
    (text) => {
      expect(() => JSON.parse(text)).toThrow();
      expect(() => parseLocatedJson(text)).toThrow(/^line \d+: /);
    },
  );

  it("does not take __proto__ for anything but a name", () => {
    const { value } = parseLocatedJson('{"__proto__": {"seed": 1}}');
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect((value as { seed?: number }).seed).toBeUndefined();
  });
});
