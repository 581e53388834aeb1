/**
 * `mpath`: mpathpersist's options, fields and exit codes. Expected output is that of mpathpersist's own source (multipath-tools
 * 0.9.4, mpathpersist/main.c); test/lab/once/multipath.test.ts has both run side by side.
 */
import { describe, expect, it } from "vitest";
import { answer, checkCondition, cli, scripted } from "./harness.ts";

let made = 0;
const twoPaths = (): readonly [string, string] => {
  const unit = `sim:mpath-${++made}?initiator=iqn.2026-01.test`;
  return [`${unit}:a,i,0x800000000001`, `${unit}:a,i,0x800000000002`];
};

it("registers, reserves, reads and clears in mpathpersist's words", async () => {
  const [a, b] = twoPaths();
  const run = async (...argv: string[]): Promise<readonly [number, string]> => {
    const { exit, out } = await cli(["mpath", ...argv, "-d", a, b]);
    return [exit, out];
  };
  expect(await run("-ik")).toEqual([0, "  PR generation=0x0, \t0 registered reservation key.\n"]);
  expect(await run("--out", "--register", "--param-sark=123abc")).toEqual([0, ""]);
  expect(await run("-ik")).toEqual([
    0,
    "  PR generation=0x2, \t2 registered reservation keys follow:\n    0x123abc\n    0x123abc\n",
  ]);
  expect(await run("-ir")).toEqual([0, "  PR generation=0x2, there is NO reservation held \n"]);
  expect(await run("--out", "--reserve", "--param-rk=123abc", "--prout-type=8")).toEqual([0, ""]);
  expect(await run("--in", "--read-reservation")).toEqual([
    0,
    "  PR generation=0x2, Reservation follows:\n   Key = 0x0\n  scope = LU_SCOPE, type = Exclusive Access, all registrants\n",
  ]);
  expect((await run("-is"))[1]).toContain(
    [
      "   Key = 0x123abc",
      "      All target ports bit clear",
      "      Relative port address: 0x1",
      "      << Reservation holder >>",
      "      scope: LU_SCOPE,  type: Exclusive Access, all registrants",
      "   iSCSI world wide unique port id: iqn.2026-01.test:a,i,0x800000000001",
      "",
    ].join("\n"),
  );
  expect(await run("--out", "--release", "-K", "123abc", "-T8")).toEqual([0, ""]);
  expect(await run("-oCK", "123abc")).toEqual([0, ""]);
});

it("capabilities have every field, with all of ALLOW COMMANDS", async () => {
  const world = scripted((request) =>
    request.cdb[0] === 0x5e ? answer(0, "0008 1dc1 ea01 0000") : checkCondition(5, 0x20, 0),
  );
  const { out, exit } = await cli("mpath --in --report-cap sim:x", world);
  expect(exit).toBe(0);
  expect(out.split("\n").slice(0, 9)).toEqual([
    "Report capabilities response:",
    "  Compatible Reservation Handling(CRH): 1",
    "  Specify Initiator Ports Capable(SIP_C): 1",
    "  All Target Ports Capable(ATP_C): 1",
    "  Persist Through Power Loss Capable(PTPL_C): 1",
    "  Type Mask Valid(TMV): 1",
    "  Allow Commands: 4",
    "  Persist Through Power Loss Active(PTPL_A): 1",
    "    Support indicated in Type mask:",
  ]);
  expect(out).toContain("      Exclusive Access, all registrants: 1\n");
});

it("a conflict is 11, and is said on standard output", async () => {
  const [a, b] = twoPaths();
  const { exit, out } = await cli(["mpath", "-oR", "-K", "1", "-T", "5", a, b]);
  expect(exit).toBe(11);
  expect(out).toBe("persistent reserve out: scsi status: Reservation Conflict\nPR out: command failed\n");
});

describe("exit codes are libmpathpersist's numbers", () => {
  it.each([
    ["NOT READY", 2, [2, 4, 2]],
    ["MEDIUM ERROR", 3, [3, 0x11, 0]],
    ["HARDWARE ERROR", 4, [4, 0x44, 0]],
    ["ILLEGAL REQUEST", 5, [5, 0x24, 0]],
    ["INVALID COMMAND OPERATION CODE", 7, [5, 0x20, 0]],
    ["ABORTED COMMAND", 8, [11, 0x47, 0]],
    ["NO SENSE", 9, [0, 0, 0]],
  ] as const)("%s is %i", async (_name, code, [senseKey, asc, ascq]) => {
    const { exit, err } = await cli(
      "mpath -ik sim:x",
      scripted(() => checkCondition(senseKey, asc, ascq)),
    );
    expect(exit).toBe(code);
    expect(err).toContain("Persistent Reserve IN command failed");
  });

  it("a device that is not there is 12", async () => {
    const { exit, err } = await cli("mpath -ik /dev/there-is-no-such-node");
    expect(exit).toBe(12);
    expect(err).toContain("/dev/there-is-no-such-node: error opening file (rw) fd=-1");
  });

  it.each([
    ["-k sim:x", "choose either '--in' or '--out'"],
    ["-i -o -k sim:x", "choose either '--in' or '--out'"],
    ["-o sim:x", "only one appropriate service action"],
    ["-i sim:x", "No service action given"],
    ["-ikr sim:x", "Too many service actions given"],
    ["-i -R sim:x", "'--out' option must be given"],
    ["-ik", "No device name given"],
    ["-ik -l 8193 sim:x", "at most 8192"],
    ["-oG -S xyz sim:x", "hexadecimal"],
    ["-oM sim:x", "has no option -M"],
    ["-ik --re sim:x", "could be several"],
  ])("%s is a syntax error, 1", async (argv, says) => {
    const { exit, err } = await cli(`mpath ${argv}`);
    expect(exit).toBe(1);
    expect(err.replaceAll("\n", " ")).toContain(says);
  });
});

it("a batch file's commands are done one after the other, and the first failure is the exit code", async () => {
  const [a] = twoPaths();
  const lines = [
    "# This is an mpathpersist input file.",
    `-i -k ${a} # short form`,
    "",
    `mpathpersist --out  --register \t -S  abcde     ${a}`,
    `--out --param-rk bad --reserve --prout-type 5 ${a}`,
    `-f other ${a}`,
    `-ir ${a}`,
    `-oCK abcde ${a}`,
    `--in --read-keys --device=${a}`,
  ];
  const files = { batch: new TextEncoder().encode(lines.join("\n")) };
  const { exit, out, err } = await cli(["mpath", "-f", "batch"], { files });
  expect(exit).toBe(11);
  expect(out).toContain("0 registered reservation key.\npersistent reserve out: scsi status: Reservation Conflict\n");
  expect(out).toContain("  PR generation=0x1, there is NO reservation held \n");
  expect(err).toContain("syntax error on line 6 in batch file");
  expect(out.trimEnd().split("\n").at(-1)).toBe("  PR generation=0x2, \t0 registered reservation key.");
});

it("--dry-run shows the plan and opens nothing; --hex shows the answer's bytes", async () => {
  const [a, b] = twoPaths();
  const closed = { open: () => Promise.reject(new Error("opened")) };
  const { exit, out } = await cli(["mpath", "-oG", "-S", "abc", "--dry-run", a, b], closed);
  expect(exit).toBe(0);
  expect(out).toContain("2. REGISTER");
  expect(out).toContain(`through ${b}`);
  const { err } = await cli(["mpath", "-ikH", a]);
  expect(err).toContain(" 00     00 00 00 00 00 00 00 00");
});

it("a SAS TransportID has PROTOCOL IDENTIFIER 6h, FORMAT CODE 0h and the address as a number", async () => {
  // spc4 7.6.4.5: byte 0 is 06h, the SAS address is in bytes 4 to 11. mpathpersist has 60h there, and characters.
  const { out, exit } = await cli("mpath -oG -S abc -X sas,5001405000000001 --dry-run sim:x");
  expect(exit).toBe(0);
  expect(out).toMatch(/06 00 00 00\n +0020 +50 01 40 50 00 00 00 01/);
});

it("no option is not among its own help", async () => {
  const { out } = await cli("help mpath");
  for (const letter of "krsHlGIRLCPAKSTZYXdfvco") expect(out).toMatch(new RegExp(`\\(-${letter}\\)|-${letter}`));
  expect(out).toContain("THREAD_ERROR is never the end of anything");
});
