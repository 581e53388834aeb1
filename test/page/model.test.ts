/**
 * The playground without its page: links are taken back as they were given or refused with a reason, stories end as they are told,
 * and drawings have every bit of their bytes once.
 */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { type ActionName, actionNames, actionOf } from "../../examples/playground/actions.ts";
import { draw, drawSense, valueText } from "../../examples/playground/drawing.ts";
import { isWritable, LinkError, readLink, writeLink } from "../../examples/playground/link.ts";
import { limits, type Script, type Step } from "../../examples/playground/steps.ts";
import { stories } from "../../examples/playground/stories.ts";
import { createWorld, type Outcome } from "../../examples/playground/world.ts";

async function replay({ hosts, units, steps }: Script): Promise<Outcome[]> {
  const world = createWorld(hosts, units);
  const outcomes: Outcome[] = [];
  for (const step of steps) outcomes.push(await world.take(step));
  return outcomes;
}

const key = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const text = fc.string({ unit: "grapheme", maxLength: limits.text }).filter(isWritable);

/** An argument of an action, by its name. */
const argument = (hosts: number) => ({
  key,
  newKey: key,
  victimKey: key,
  type: fc.integer({ min: 0, max: 15 }),
  aptpl: fc.constant(true as const),
  allTgPt: fc.constant(true as const),
  unreg: fc.constant(true as const),
  ports: fc.uniqueArray(fc.integer({ min: 0, max: hosts - 1 }), { minLength: 1 }),
  to: fc.integer({ min: 0, max: hosts - 1 }),
  text,
});

const command = (hosts: number, units: number): fc.Arbitrary<Step> =>
  fc.constantFrom(...actionNames).chain((action: ActionName) => {
    const all = argument(hosts);
    const taken = Object.fromEntries(actionOf(action).takes.map((name) => [name, all[name] as fc.Arbitrary<unknown>]));
    return fc.record({
      kind: fc.constant("command" as const),
      host: fc.integer({ min: 0, max: hosts - 1 }),
      unit: fc.integer({ min: 0, max: units - 1 }),
      action: fc.constant(action),
      arguments: fc.record(taken, { requiredKeys: [] }),
    });
  });

const event = (hosts: number, units: number): fc.Arbitrary<Step> => {
  const unit = fc.integer({ min: 0, max: units - 1 });
  return fc.oneof(
    fc.record({
      kind: fc.constant("path" as const),
      host: fc.integer({ min: 0, max: hosts - 1 }),
      unit,
      event: fc.constantFrom("cut" as const, "mend" as const, "lose-answer" as const),
    }),
    fc.record({
      kind: fc.constant("unit" as const),
      unit,
      event: fc.constantFrom("power" as const, "reset" as const, "lose-reservations" as const),
    }),
  );
};

const scripts: fc.Arbitrary<Script> = fc
  .tuple(fc.integer({ min: 2, max: limits.hosts }), fc.integer({ min: 1, max: limits.units }))
  .chain(([hosts, units]) =>
    fc.record({
      hosts: fc.constant(hosts),
      units: fc.constant(units),
      steps: fc.array(fc.oneof({ weight: 4, arbitrary: command(hosts, units) }, event(hosts, units)), {
        maxLength: 12,
      }),
    }),
  );

describe("links", () => {
  it("give back the script that they were made of, and stand in an address as they are", () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const link = writeLink(script);
        expect(readLink(link)).toEqual(script);
        expect(new URL(`http://127.0.0.1/#${link}`).hash).toBe(`#${link}`);
      }),
      { numRuns: 200 },
    );
  });

  it("are short enough to be read", () => {
    const link = "v1:2x1;A0,register,new=a,aptpl=1;A0,reserve,key=a,type=1;B0,write,text=too%20early;0,power;A0,cut";
    expect(writeLink(readLink(link))).toBe(link);
  });

  test.each([
    ["", "does not begin"],
    ["<script>alert(1)</script>", "does not begin"],
    ["v2:2x1", "version 2"],
    ["v1:", "there can be 2 to 4 hosts"],
    ["v1:9x9", "there can be 2 to 4 hosts"],
    ["v1:1x1", "there can be 2 to 4 hosts"],
    ["v1:2x1;C0,ready", "no host or unit"],
    ["v1:2x1;A1,ready", "no host or unit"],
    ["v1:2x1;A0,explode", "nothing that can happen"],
    ["v1:2x1;A0,__proto__", "nothing that can happen"],
    ["v1:2x1;A0,constructor", "nothing that can happen"],
    ["v1:2x1;0,write,text=x", "nothing that can happen"],
    ["v1:2x1;A0,cut,now=1", "nothing that can happen"],
    ["v1:2x1;A0,register,new=g", "no value"],
    ["v1:2x1;A0,register,new=10000000000000000", "no value"],
    ["v1:2x1;A0,register,new=a=b", "no value"],
    ["v1:2x1;A0,register,new=a,new=b", "given twice"],
    ["v1:2x1;A0,register,__proto__=1", "no argument"],
    ["v1:2x1;A0,ready,key=a", "no argument"],
    ["v1:2x1;A0,reserve,key=a,type=10", "no value"],
    ["v1:2x1;A0,register,new=a,ports=AA", "no value"],
    ["v1:2x1;A0,register,new=a,ports=AD", "no value"],
    ["v1:2x1;A0,move,to=AB", "no value"],
    ["v1:2x1;A0,write,text=%", "no value"],
    ["v1:2x1;A0,write,text=%00", "no value"],
    ["v1:2x1;A0,write,text=%E2%80%AEevil", "no value"],
    [`v1:2x1;A0,write,text=${"x".repeat(33)}`, "no value"],
    [`v1:2x1${";A0,ready".repeat(201)}`, "200 are the most"],
    [`v1:2x1;A0,write,text=${"%20".repeat(20_000)}`, "characters"],
  ])("%#: %.40s is refused: %s", (hash, reason) => {
    expect(() => readLink(hash)).toThrow(LinkError);
    expect(() => readLink(hash)).toThrow(reason);
  });

  it("of any kind are taken whole or refused, and nothing else is thrown", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((rest) => `v1:2x1;A0,write,${rest}`),
        ),
        (hash) => {
          try {
            expect(writeLink(readLink(hash)).startsWith("v1:")).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(LinkError);
          }
        },
      ),
    );
  });
});

describe("a world", () => {
  it("takes every step that a link can ask for, and comes to the same again", { timeout: 20_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        const first = await replay(script);
        const second = await replay(script);
        const told = (outcomes: Outcome[]) => outcomes.map(({ verdict, words, changes }) => [verdict, words, changes]);
        expect(told(second)).toEqual(told(first));
      }),
      { numRuns: 30 },
    );
  });

  /** By hand from SPC-4: what each step of a story has to end with. */
  const endings: Readonly<Record<string, string>> = {
    fence: "good good good good conflict good good told conflict good good good good",
    power: "good good event told good told good good event told conflict",
    share: "good good good good conflict good good good conflict told",
    lost: "good event good event silence good good event told conflict",
  };

  test.each(stories.map((story) => [story.title, story] as const))("tells: %s", async (_, story) => {
    const outcomes = await replay(story);
    expect(outcomes.map(({ ending }) => ending).join(" ")).toBe(endings[story.id]);
    expect(story.says).toHaveLength(story.steps.length);
  });

  it("says whose the reservation is, and who was told what", async () => {
    const fence = stories[0] as Script;
    const outcomes = await replay({ ...fence, steps: fence.steps.slice(0, 7) });
    expect(outcomes[4]?.conflict?.reason).toBe("reservation-forbids");
    expect(outcomes[6]?.changes).toEqual([
      "Host B holds the reservation, write-exclusive.",
      "Host A is no longer registered.",
      "Host A will be told REGISTRATIONS PREEMPTED.",
      "PRGENERATION is 3.",
    ]);
  });
});

describe("drawings", () => {
  /** How often each bit of the bytes is drawn. */
  function bits(drawing: ReturnType<typeof draw>): number[] {
    const drawn = new Array<number>(drawing.bytes.length * 8).fill(0);
    for (const { byte, bit, width } of drawing.parts.flatMap(({ fields }) => fields)) {
      const first = byte * 8 + 7 - bit;
      for (let at = first; at < first + width; at++) drawn[at] = (drawn[at] ?? 0) + 1;
    }
    return drawn;
  }

  it("have every bit once, whatever is sent", async () => {
    await fc.assert(
      fc.asyncProperty(command(3, 1), async (step) => {
        const world = createWorld(3, 1);
        for (const host of [0, 1]) {
          const given = { newKey: BigInt(10 + host) };
          await world.take({ kind: "command", host, unit: 0, action: "register", arguments: given });
        }
        const { command: sent, sense } = await world.take(step);
        if (sent === undefined) throw new Error("nothing was sent");
        const { layout, cdb, dataOut } = sent;
        expect(new Set(bits(draw("CDB", layout.cdb, cdb)))).toEqual(new Set([1]));
        if (layout.dataOut !== undefined && dataOut !== undefined)
          expect(new Set(bits(draw("list", layout.dataOut, dataOut)))).toEqual(new Set([1]));
        if (sense !== undefined) expect(new Set(bits(drawSense(sense)))).toEqual(new Set([1]));
      }),
      { numRuns: 60 },
    );
  });

  it("name what READ FULL STATUS brings, descriptor by descriptor", async () => {
    const outcomes = await replay(
      readLink("v1:2x1;A0,register,new=a;B0,register,new=b;A0,reserve,key=a,type=1;A0,status"),
    );
    const { response } = outcomes.at(-1) as Outcome;
    const drawing = draw("data", "ReadFullStatusData", response?.dataIn as Uint8Array);
    expect(new Set(bits(drawing))).toEqual(new Set([1]));
    expect(drawing.parts.map(({ title }) => title)).toEqual([
      undefined,
      "Full status descriptor 1",
      "Full status descriptor 2",
    ]);
    const values = drawing.parts[1]?.fields
      .filter(({ empty }) => !empty)
      .map((field) => [field.name, valueText(field)]);
    expect(values).toEqual([
      ["RESERVATION KEY", "0xa"],
      ["ALL_TG_PT", "0"],
      ["R_HOLDER", "1"],
      ["SCOPE", "0h"],
      ["TYPE", "1h"],
      ["RELATIVE TARGET PORT IDENTIFIER", "0001h"],
      ["ADDITIONAL DESCRIPTOR LENGTH", "00000030h"],
      ["FORMAT CODE", "1h"],
      ["PROTOCOL IDENTIFIER", "5h"],
      ["ADDITIONAL LENGTH", "002Ch"],
      ["ISCSI NAME", "iqn.2026-01.com.example:a,i,0x800000000001"],
    ]);
  });
});
