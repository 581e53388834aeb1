/** sg_persist's options, output and exit codes: texts as sg_persist 1.46 prints them, typed here by hand. The lab runs both side by side. */
import { expect, test } from "vitest";
import { cli, twoHosts } from "./harness.ts";

test("a story by its options, long, short and cut", async () => {
  const { a, b } = twoHosts();
  const run = async (line: string): Promise<readonly [number, string, string]> => {
    const { exit, out, err } = await cli(line);
    return [exit, out, err];
  };
  expect(await run(`sg_persist -n -k ${a}`)).toEqual([
    0,
    "  PR generation=0x0, there are NO registered reservation keys\n",
    "",
  ]);
  const [exit, out] = await run(`sg_persist --out --register --param-sark=abc ${a}`);
  expect(exit).toBe(0);
  expect(out).toMatch(/^ {2}.{8} {2}.{16} {2}.{4}\n {2}Peripheral device type: disk\n$/);
  expect(await run(`sg_persist -n -o --register-i -S 0xdef --device ${b}`)).toEqual([0, "", ""]);
  expect(await run(`sg_persist -n -oR -Kabc -T5 ${a}`)).toEqual([0, "", ""]);
  expect(await run(`sg_persist -n -oR -K def -T 5 ${b}`)).toEqual([
    24,
    "",
    "PR out (Reserve): Reservation conflict\nsg_persist failed: Reservation conflict\n",
  ]);
  expect(await run(`sg_persist -n -i -r ${a}`)).toEqual([
    0,
    "  PR generation=0x2, Reservation follows:\n    Key=0xabc\n    scope: LU_SCOPE,  type: Write Exclusive, registrants only\n",
    "",
  ]);
  expect(await run(`sg_persist -n --in --read-keys ${b}`)).toEqual([
    0,
    "  PR generation=0x2, 2 registered reservation keys follow:\n    0xabc\n    0xdef\n",
    "",
  ]);
  expect(await run(`sg_persist -n -s ${a}`)).toEqual([
    0,
    `  PR generation=0x2
    Key=0xabc
      All target ports bit clear
      Relative port address: 0x1
      << Reservation holder >>
      scope: LU_SCOPE,  type: Write Exclusive, registrants only
      Transport Id of initiator:
        iSCSI world wide unique port id: iqn.2026-01.test:a,i,0x80000000000a
    Key=0xdef
      All target ports bit clear
      Relative port address: 0x1
      not reservation holder
      Transport Id of initiator:
        iSCSI world wide unique port id: iqn.2026-01.test:b,i,0x80000000000b
`,
    "",
  ]);
  expect(await run(`sg_persist -n -H ${a}`)).toEqual([
    0,
    "  PR generation=0x2, Additional length=16\n 00     00 00 00 00 00 00 0a bc  00 00 00 00 00 00 0d ef\n",
    ">> No service action given; assume Persistent Reserve In command\n>> with Read Keys service action\n",
  ]);
  expect(await run(`sg_persist -n --out --preempt-abort -K def -S abc -T 5 ${b}`)).toEqual([0, "", ""]);
  expect((await run(`sg_persist -n -o -C -K abc ${a}`))[0]).toBe(24);
});

test.each([
  ["", "No device"],
  ["--out sim:x", "one service action"],
  ["--register --param-sark=1 sim:x", "--out"],
  ["-i -o -G sim:x", "--in or --out"],
  ["-k -r sim:x", "one service action only"],
  ["-oG -K xyz sim:x", "hexadecimal"],
  ["-oM -K 1 -S 2 sim:x", "--transport-id"],
  ["-oG -S 1 -U sim:x", "--register-move"],
  ["--re sim:x", "several"],
  ["--wrong sim:x", "no option"],
  ["-k sim:x sim:y", "One device"],
])("sg_persist %s: exit 1, and nothing is sent", async (line, message) => {
  const { exit, out, err } = await cli(`sg_persist ${line}`);
  expect(exit).toBe(1);
  expect(out).toBe("");
  expect(err.replaceAll("\n", " ")).toContain(message);
});

test("a unit attention is reported, and the command not repeated", async () => {
  const { a, b } = twoHosts();
  await cli(`sg_persist -n -oG -S a ${a}`);
  await cli(`sg_persist -n -oG -S b ${b}`);
  await cli(`sg_persist -n -oC -K a ${a}`);
  expect(await cli(`sg_persist -n -k ${b}`)).toMatchObject({
    exit: 6,
    out: "",
    err: `Persistent reservation in:
Fixed format, current; Sense key: Unit Attention
Additional sense: Reservations preempted
PR in (Read keys): Unit attention
sg_persist failed: Unit attention
`,
  });
  expect((await cli(`sg_persist -n -k ${b}`)).exit).toBe(0);
});

test("a dry run shows the bytes", async () => {
  const { out, exit } = await cli("sg_persist -o -G -S abc -Z --dry-run sim:x");
  expect(exit).toBe(0);
  expect(out).toContain("5f 00 00 00 00 00 00 00  18 00");
});
