/** Every verb against the simulated unit: what people see, and what the target then has. */
import { describe, expect, test } from "vitest";
import { whoseRegistration } from "../../cli/verb.ts";
import { createLogicalUnit, parseTransportId, type TransportId } from "../../src/index.ts";
import { open } from "../../transports/open.ts";
import { simulatedHost } from "../../transports/simulated/index.ts";
import { cli, twoHosts } from "./harness.ts";

/** Runs command lines in turn; each must succeed. Returns what the last one printed. */
async function all(...lines: string[]): Promise<string> {
  let out = "";
  for (const line of lines) {
    const ran = await cli(line);
    expect(ran.err, line).toBe("");
    expect(ran.exit, line).toBe(0);
    out = ran.out;
  }
  return out;
}

describe("verbs that ask", () => {
  test("status of an untouched unit says that nothing is there", async () => {
    const { a } = twoHosts();
    expect(await all(`status ${a}`)).toBe(
      [`Status of ${a}`, "", "  Reservation    none", "  Registrations  none", "  PRGENERATION   0", ""].join("\n"),
    );
  });

  test("status marks this host among those registered", async () => {
    const { a, b, portA, portB } = twoHosts();
    const out = await all(
      `register ${a} --new-key 0xa`,
      `register ${b} --new-key 0xbeef`,
      `reserve ${a} --key 0xa --type write-exclusive-registrants-only`,
      `status ${b}`,
    );
    expect(out).toBe(
      [
        `Status of ${b}`,
        "",
        "  Reservation    write-exclusive-registrants-only",
        "                 every registered host may write, everybody may read",
        "  Held by        0xa",
        "  Registrations  2",
        "  PRGENERATION   2",
        "",
        "  KEY     HOLDS  PORT             INITIATOR PORT",
        `  0xa     yes    1                ${portA}`,
        `  0xbeef         1     this host  ${portB}`,
        "",
      ].join("\n"),
    );
  });

  test("status of a node of this machine tells its other ports, and what an earlier session of it left behind", async () => {
    const { a, b } = twoHosts();
    const name = "iqn.2026-01.test:host,i,0x";
    const unit = a.split("?")[0];
    const [own, second, gone] = ["000000000001", "000000000002", "000000000003"].map((isid) => name + isid);
    for (const [index, port] of [own, second, gone].entries()) {
      await all(`register ${unit}?initiator=${port} --new-key 0x${index + 1}`);
    }
    await all(`register ${b} --new-key 0xb`);
    const { out, exit } = await cli(`status /dev/sda`, {
      async open(_, options) {
        const { transport } = await open(`${unit}?initiator=${own}`);
        return createLogicalUnit({ ...transport, name: "/dev/sda" }, options);
      },
      listDevices: async () => [
        {
          ...{ type: "disk", vendor: "", model: "", revision: "", identity: undefined, sizeBytes: undefined },
          ...{ multipath: undefined, links: [] },
          paths: [own, second].map((port) => ({
            ...{ address: "0:0:0:0", state: "running", nodes: {}, protocol: "iscsi", targetPort: undefined },
            initiatorPort: parseTransportId(port as string),
          })),
        },
      ],
    });
    expect(exit).toBe(0);
    expect(out.split("\n").slice(-6, -1)).toEqual([
      "  KEY  HOLDS  PORT                              INITIATOR PORT",
      `  0x1         1     this host                   ${own}`,
      `  0x2         1     this host, another port     ${second}`,
      `  0x3         1     this host once: stale ISID  ${gone}`,
      expect.stringMatching(/^ {2}0xb {9}1 {33}iqn/),
    ]);
  });

  test("of several ports with names of their own, a stale ISID of the second is one", () => {
    const [one, two] = ["iqn.2026-01.a:one,i,0x1", "iqn.2026-01.a:two,i,0x2"].map((port) => parseTransportId(port)) as [
      TransportId,
      TransportId,
    ];
    const whose = whoseRegistration({ initiatorPorts: [one, two] }, [one, two]);
    const registered = (port: string) => ({ transportId: parseTransportId(port) }) as Parameters<typeof whose>[0];
    expect(whose(registered("iqn.2026-01.a:two,i,0x9"))).toBe("stale");
    expect(whose(registered("iqn.2026-01.a:two,i,0x2"))).toBe("this-port");
    expect(whose(registered("iqn.2026-01.a:three,i,0x9"))).toBe("other");
  });

  test("keys lists one key a line, and how many there are", async () => {
    const { a, b } = twoHosts();
    const out = await all(`register ${a} --new-key 0xa`, `register ${b} --new-key 0xa`, `keys ${a}`);
    expect(out).toBe(
      [`Keys registered with ${a}`, "", "  0xa", "  0xa", "", "  2 registrations, PRGENERATION 2", ""].join("\n"),
    );
  });

  test("reservation never shows a key of 0: under an all-registrants type it is held by all registrants", async () => {
    const { a } = twoHosts();
    const out = await all(
      `register ${a} --new-key 0xa`,
      `reserve ${a} --key 0xa --type exclusive-access-all-registrants`,
      `reservation ${a}`,
    );
    expect(out).toContain("Reservation   exclusive-access-all-registrants\n");
    expect(out).toContain("Held by       all registrants\n");
    expect(out).not.toContain("0x0");
  });

  test("capabilities lists flags and types", async () => {
    const out = await all(`capabilities ${twoHosts().a}`);
    expect(out).toMatch(/Can survive a loss of power +yes +PTPL_C\n/);
    expect(out).toMatch(/yes {2}write-exclusive-all-registrants +every registrant holds\n/);
  });

  test("inquiry shows the device", async () => {
    const out = await all(`inquiry ${twoHosts().a}`);
    expect(out).toMatch(/Device +disk \(00h\)\n/);
    expect(out).toMatch(/Standard +SPC-4\n/);
    expect(out).toMatch(/Id of logical unit +NAA/);
  });

  test("luns lists logical units", async () => {
    expect(await all(`luns ${twoHosts().a}`)).toMatch(
      /^1 logical unit at .*\n\n {2}LUN {2}AS 64 BITS\n {2}0 {4}0x0000000000000000\n$/,
    );
  });

  test("discover lists targets with their portals", async () => {
    const { exit, out } = await cli("discover iscsi://10.0.0.5", {
      discover: async () => [
        {
          targetName: "iqn.2026-01.test:disk",
          portals: [
            { address: "10.0.0.5", port: 3260, tpgt: 1 },
            { address: "fe80::1", port: 3261, tpgt: undefined },
          ],
        },
      ],
    });
    expect(out).toBe("1 target\n\n  iqn.2026-01.test:disk\n    10.0.0.5:3260,1\n    [fe80::1]:3261\n");
    expect(exit).toBe(0);
  });
});

describe("verbs that change show what the target reports afterwards", () => {
  test("register, change the key, unregister", async () => {
    const { a, portA } = twoHosts();
    expect(await all(`register ${a} --new-key 0xabc`)).toBe(
      [
        `Done: REGISTER on ${a}.`,
        "",
        "  Reservation    none",
        "  Registrations  1",
        "  PRGENERATION   1",
        "",
        "  KEY    HOLDS  PORT             INITIATOR PORT",
        `  0xabc         1     this host  ${portA}`,
        "",
      ].join("\n"),
    );
    expect(await all(`register ${a} --key 0xabc --new-key 0xdef`)).toContain("0xdef");
    expect(await all(`register ${a} --key 0xdef --new-key 0x0`)).toContain("Registrations  none");
  });

  test("register --ignore needs no present key", async () => {
    const { a } = twoHosts();
    const out = await all(`register ${a} --new-key 0x1`, `register ${a} --ignore --new-key 0x2`);
    expect(out).toMatch(/^Done: REGISTER AND IGNORE EXISTING KEY on/);
    expect(out).toContain("0x2");
    expect(out).not.toContain("0x1 ");
  });

  test("--persist and its other name --aptpl make registrations survive", async () => {
    for (const flag of ["--persist", "--aptpl"]) {
      const { a } = twoHosts();
      const out = await all(`register ${a} --new-key 0x1 ${flag}`, `capabilities ${a}`);
      expect(out).toMatch(/Would survive one now +yes/);
    }
  });

  test("--all-target-ports registers through all ports", async () => {
    const { a } = twoHosts();
    simulatedHost.target(/^sim:([^?]+)/.exec(a)?.[1] as string, { targetPorts: [1, 2] });
    const out = await all(`register ${a} --new-key 0x1 --all-target-ports`);
    expect(out).toMatch(/0x1 +1 +this host/);
    expect(out).toMatch(/0x1 +2 +this host/);
  });

  test("--initiator-port registers others too, as often as it is given", async () => {
    const { a, portB } = twoHosts();
    const third = "iqn.2026-01.test:c,i,0x000000000003";
    const out = await all(`register ${a} --new-key 0x1 --initiator-port ${portB} --initiator-port ${third}`);
    expect(out).toContain("Registrations  3");
    expect(out).toContain(portB);
    expect(out).toContain(third);
  });

  test("reserve by name or by code, and release", async () => {
    const { a } = twoHosts();
    await all(`register ${a} --new-key 0xa`);
    expect(await all(`reserve ${a} --key 0xa --type 1`)).toMatch(/Reservation +write-exclusive\n/);
    expect(await all(`release ${a} --key 0xa --type write-exclusive`)).toContain("Reservation    none");
  });

  test("preempt takes over, and preempt --abort sends PREEMPT AND ABORT", async () => {
    const { a, b } = twoHosts();
    await all(`register ${a} --new-key 0xa`, `register ${b} --new-key 0xb`, `reserve ${a} --key 0xa --type 1`);
    const out = await all(`preempt ${b} --key 0xb --victim-key 0xa --type 1`);
    expect(out).toMatch(/^Done: PREEMPT on/);
    expect(out).toContain("Held by        0xb");
    expect(out).toContain("Registrations  1");
    expect(await all(`preempt --abort ${b} --key 0xb --victim-key 0xb --type 3`)).toMatch(
      /^Done: PREEMPT AND ABORT on/,
    );
  });

  test("clear removes everything", async () => {
    const { a, b } = twoHosts();
    const out = await all(`register ${a} --new-key 0xa`, `register ${b} --new-key 0xb`, `clear ${b} --key 0xb`);
    expect(out).toContain("Registrations  none");
  });

  test("move hands the reservation over, and --unregister takes our registration away", async () => {
    const { a, portA, portB } = twoHosts();
    const out = await all(
      `register ${a} --new-key 0xa`,
      `reserve ${a} --key 0xa --type 5`,
      `move ${a} --key 0xa --new-key 0xb --transport-id ${portB} --relative-target-port 1 --unregister`,
    );
    expect(out).toContain("Held by        0xb");
    expect(out).toContain(portB);
    expect(out).not.toMatch(new RegExp(`${portA}$`, "m"));
  });

  test("replace-lost is refused by a unit that has lost nothing", async () => {
    const { a } = twoHosts();
    const { exit, err } = await cli(`replace-lost ${a} --new-key 0xa --type 1`);
    expect(err).toContain("Cannot REPLACE LOST RESERVATION");
    expect(exit).not.toBe(0);
  });

  test("a unit attention on the way is told on standard error", async () => {
    const { a, b } = twoHosts();
    await all(`register ${a} --new-key 0xa`, `register ${b} --new-key 0xb`, `reserve ${a} --key 0xa --type 5`);
    await all(`release ${a} --key 0xa --type 5`);
    const ran = await cli(`status ${b} -v`);
    expect(ran.exit).toBe(0);
    expect(ran.err).toContain("UNIT ATTENTION, RESERVATIONS RELEASED (2Ah/04h)");
  });
});
