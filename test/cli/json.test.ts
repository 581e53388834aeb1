/** The JSON documents, whole, against values typed by hand: the shape of JSON.md. */
import { describe, expect, test } from "vitest";
import { answer, checkCondition, cli, type Document, scripted, twoHosts } from "./harness.ts";

/** A document without what differs from run to run. */
function timeless(document: Document): Document {
  const attempts = document.attempts.map(({ durationMs, ...attempt }: { durationMs: unknown }) => {
    expect(durationMs).toEqual(expect.any(Number));
    return attempt;
  });
  return { ...document, attempts };
}

const good = (command: string) => ({
  command,
  delivered: "yes",
  status: 0,
  statusName: "GOOD",
  sense: null,
  code: null,
});

describe("results", () => {
  test("keys: 64-bit values are hexadecimal texts of 16 digits", async () => {
    const { a } = twoHosts();
    await cli(`register ${a} --new-key 0xffffffffffffffff`);
    expect(timeless((await cli(`keys ${a} --json`)).json)).toEqual({
      "scsi-persist": 1,
      verb: "keys",
      unit: a,
      ok: true,
      result: { prGeneration: 1, keys: ["0xffffffffffffffff"], truncated: false },
      attempts: [good("READ KEYS")],
    });
  });

  test("reservation: none, one nexus, all registrants", async () => {
    const { a } = twoHosts();
    const result = async () => (await cli(`reservation ${a} --json`)).json.result;
    expect(await result()).toEqual({
      holder: "none",
      key: null,
      type: null,
      typeCode: null,
      scope: null,
      prGeneration: 0,
      truncated: false,
    });
    await cli(`register ${a} --new-key 0xabc`);
    await cli(`reserve ${a} --key 0xabc --type 1`);
    expect(await result()).toEqual({
      holder: "one-nexus",
      key: "0x0000000000000abc",
      type: "write-exclusive",
      typeCode: 1,
      scope: 0,
      prGeneration: 1,
      truncated: false,
    });
    await cli(`release ${a} --key 0xabc --type 1`);
    await cli(`reserve ${a} --key 0xabc --type 8`);
    expect(await result()).toEqual({
      holder: "all-registrants",
      key: null,
      type: "exclusive-access-all-registrants",
      typeCode: 8,
      scope: 0,
      prGeneration: 1,
      truncated: false,
    });
  });

  test("a change: what was done, and the state that came of it", async () => {
    const { a, b, portA, portB } = twoHosts();
    await cli(`register ${b} --new-key 0xb`);
    await cli(`register ${a} --new-key 0xa`);
    const { json, exit, err } = await cli(`reserve ${a} --key 0xa --type 5 --json`);
    expect(exit).toBe(0);
    expect(err).toBe("");
    const registration = {
      allTargetPorts: false,
      relativeTargetPort: 1,
      holder: false,
      type: null,
      thisHost: false,
      registrant: "other",
    };
    expect(timeless(json)).toEqual({
      "scsi-persist": 1,
      verb: "reserve",
      unit: a,
      ok: true,
      result: {
        command: "RESERVE",
        settledByLooking: false,
        unitAttentions: [],
        now: {
          prGeneration: 2,
          keys: ["0x000000000000000b", "0x000000000000000a"],
          truncated: false,
          reservation: {
            holder: "one-nexus",
            key: "0x000000000000000a",
            type: "write-exclusive-registrants-only",
            typeCode: 5,
            scope: 0,
            prGeneration: 2,
            truncated: false,
          },
          registrations: [
            { ...registration, key: "0x000000000000000b", initiatorPort: portB },
            {
              ...registration,
              key: "0x000000000000000a",
              initiatorPort: portA,
              thisHost: true,
              registrant: "this-port",
              holder: true,
              type: "write-exclusive-registrants-only",
            },
          ],
          consistent: true,
        },
        nowProblem: null,
        account: null,
      },
      attempts: [good("RESERVE"), good("READ KEYS"), good("READ RESERVATION"), good("READ FULL STATUS")],
    });
  });

  test("capabilities", async () => {
    expect((await cli(`capabilities ${twoHosts().a} --json`)).json.result).toEqual({
      replaceLostReservation: true,
      compatibleReservationHandling: true,
      specifyInitiatorPorts: true,
      allTargetPorts: true,
      persistThroughPowerLoss: true,
      persistThroughPowerLossActive: false,
      allowCommands: 1,
      types: [
        "write-exclusive",
        "exclusive-access",
        "write-exclusive-registrants-only",
        "exclusive-access-registrants-only",
        "write-exclusive-all-registrants",
        "exclusive-access-all-registrants",
      ],
    });
  });

  test("luns", async () => {
    expect((await cli(`luns ${twoHosts().a} --json`)).json.result).toEqual({
      luns: [{ number: 0, lun: "0x0000000000000000" }],
      truncated: false,
    });
  });

  test("inquiry", async () => {
    const { result } = (await cli(`inquiry ${twoHosts().a} --json`)).json;
    expect(result).toMatchObject({ peripheralQualifier: 0, peripheralDeviceType: 0, version: 6 });
    expect(result.designators).toContainEqual({
      association: "target-port",
      type: 4,
      codeSet: 1,
      protocolIdentifier: null,
      bytes: "00000001",
    });
  });

  test("discover", async () => {
    const { json } = await cli("discover iscsi://user%secret@10.0.0.5 --json", {
      discover: async () => [
        { targetName: "iqn.2026-01.test:disk", portals: [{ address: "10.0.0.5", port: 3260, tpgt: 1 }] },
      ],
    });
    expect(json).toEqual({
      "scsi-persist": 1,
      verb: "discover",
      unit: "iscsi://user@10.0.0.5",
      ok: true,
      result: {
        targets: [
          { targetName: "iqn.2026-01.test:disk", portals: [{ address: "10.0.0.5", port: 3260, portalGroup: 1 }] },
        ],
      },
      attempts: [],
    });
  });
});

describe("errors", () => {
  test("a field that the target rejects is named", async () => {
    // Sense: ILLEGAL REQUEST, INVALID FIELD IN CDB, field pointer C0h 0002h with BPV: CDB byte 2, bit 3.
    const rejecting = scripted(() => {
      const response = checkCondition(0x05, 0x24, 0x00);
      response.sense.set([0xcb, 0x00, 0x02], 15);
      return response;
    });
    const { json, exit } = await cli("reserve sim:x --key 0xa --type 1 --json", rejecting);
    expect(exit).toBe(5);
    const sense = {
      key: 5,
      keyName: "ILLEGAL REQUEST",
      asc: 0x24,
      ascq: 0,
      text: "INVALID FIELD IN CDB",
      deferred: false,
      information: null,
      fieldPointer: { in: "cdb", byte: 2, bit: 3 },
      bytes: "70000500000000 0a00000000 2400 00cb0002".replaceAll(" ", ""),
    };
    expect(timeless(json)).toEqual({
      "scsi-persist": 1,
      verb: "reserve",
      unit: "sim:x",
      ok: false,
      error: {
        code: "ILLEGAL_REQUEST",
        message:
          "Cannot RESERVE: the target answered ILLEGAL REQUEST, INVALID FIELD IN CDB (24h/00h); the field meant is TYPE (CDB byte 2, bit 3)",
        exitCode: 5,
        command: "RESERVE",
        status: 2,
        statusName: "CHECK CONDITION",
        sense,
        field: { name: "TYPE", in: "cdb", byte: 2, bit: 3 },
        delivered: "yes",
        errno: null,
        account: null,
        verdict: null,
        explanation: null,
        now: null,
      },
      attempts: [
        {
          command: "RESERVE",
          delivered: "yes",
          status: 2,
          statusName: "CHECK CONDITION",
          sense,
          code: "ILLEGAL_REQUEST",
        },
      ],
    });
  });

  test("a conflict comes with its explanation, command lines included", async () => {
    const { a, b } = twoHosts();
    await cli(`register ${a} --new-key 0xa`);
    await cli(`register ${b} --new-key 0xb`);
    await cli(`reserve ${a} --key 0xa --type 1`);
    const { json, exit } = await cli(`reserve ${b} --key 0xb --type 1 --json`);
    expect(exit).toBe(24);
    expect(json.error).toMatchObject({ code: "RESERVATION_CONFLICT", exitCode: 24, status: 0x18, sense: null });
    expect(json.error.explanation).toEqual({
      reason: "held-by-another",
      because: "The reservation is held by key 0xa (iqn.2026-01.test:a,i,0x80000000000a), of type write-exclusive.",
      remedies: [
        {
          do: "ask-the-holder",
          key: "0x000000000000000a",
          newKey: null,
          victimKey: null,
          type: null,
          when: "If that host is alive, let it release.",
          commandLine: null,
        },
        {
          do: "preempt",
          key: "0x000000000000000b",
          newKey: null,
          victimKey: "0x000000000000000a",
          type: "write-exclusive",
          when: "Only if that host is known to be dead or must be fenced.",
          commandLine: `scsi-persist preempt '${b}' --key 0xb --victim-key 0xa --type write-exclusive`,
        },
      ],
    });
    expect(json.error.now.reservation.key).toBe("0x000000000000000a");
  });

  test("a mistake in the command line has the same shape", async () => {
    const { json, exit, err } = await cli("reserve sim:x --key 0xa --json");
    expect(exit).toBe(1);
    expect(err).toBe("");
    expect(json).toEqual({
      "scsi-persist": 1,
      verb: "reserve",
      unit: null,
      ok: false,
      error: {
        code: "USAGE",
        message: "reserve needs --type TYPE",
        exitCode: 1,
        command: null,
        status: null,
        statusName: null,
        sense: null,
        field: null,
        delivered: "no",
        errno: null,
        account: null,
        verdict: null,
        explanation: null,
        now: null,
      },
      attempts: [],
    });
  });

  test("an unknown verb has it too", async () => {
    const { json } = await cli("--json reserf sim:x");
    expect(json).toMatchObject({ verb: null, ok: false, error: { code: "USAGE" } });
  });

  test("standard output holds the document and nothing else, also with --verbose", async () => {
    const { json, err } = await cli(
      "status sim:x --json --verbose --deadline 100ms",
      scripted(() => answer(0x08)),
    );
    expect(json.error.code).toBe("BUSY");
    expect(json.attempts.length).toBeGreaterThan(1);
    expect(err).toContain("-> READ KEYS  5e 00 00 00 00 00 00 20 00 00");
  });
});
