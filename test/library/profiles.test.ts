/**
 * Profiles before sending: for every service action, scope, type and flag, whether a device of that kind takes it. What is
 * expected is written here from the manuals' pages, and not read from the tables.
 */
import { describe, expect, it } from "vitest";
import { applyProfile, findProfile } from "../../src/profiles/apply.ts";
import { narrowProfile, objectionsTo } from "../../src/profiles/check.ts";
import { type Profile, type ProfileName, profiles } from "../../src/profiles/index.ts";
import type { ScsiRequest, Transport } from "../../src/transport.ts";
import { open } from "../../transports/index.ts";
import { createSimulatedTarget } from "../../transports/simulated/index.ts";
import { type Out, parameterList, reserveInCdb, reserveOutCdb, SA, TYPE, transportId } from "../simulated/lab.ts";

const request = (serviceAction: number, out: Out): ScsiRequest => {
  const dataOut = parameterList(serviceAction, out);
  return { cdb: reserveOutCdb(serviceAction, out, out.listLength ?? dataOut.length), dataOut, dataInLength: 0 };
};
/** The fields that a profile objects to. */
const fields = (name: ProfileName, serviceAction: number, out: Out = {}): string[] =>
  objectionsTo(request(serviceAction, out), profiles[name]).map(({ field }) => field);

const ids = [transportId("iqn.2026-01.com.example:other")];
/** Service actions 0 to 8 that each kind of device has, and the types 0 to 15. */
const expected: readonly (readonly [ProfileName, serviceActions: readonly number[], types: readonly number[]])[] = [
  ["sl150", [0, 1, 2, 3, 4, 5, 6, 7], [3, 6, 8]],
  ["sl500", [0, 1, 2, 3, 4, 5, 6], [3, 6]],
  ["sl4000", [0, 1, 2, 3, 4, 5, 6], [1, 3, 5, 6, 7, 8]],
  ["superloader3", [0, 1, 2, 3, 4, 5, 6], [1, 3, 5, 6]],
  ["superloader3-hp", [0, 1, 2, 3, 4, 5, 6, 7], [3, 6, 8]],
  ["scalar-i2000", [0, 1, 2, 3, 4, 5, 6, 7, 8], [3, 6]],
  ["scalar-i2000-hp", [0, 1, 2, 3, 4, 5, 6, 7, 8], [3, 6, 8]],
  ["ml6000", [0, 1, 2, 3, 4, 5, 6], [3, 6]],
];

describe.each(expected)("%s", (name, serviceActions, types) => {
  it("takes its service actions and no other", () => {
    for (let serviceAction = 0; serviceAction < 32; serviceAction++) {
      const out = { type: TYPE.EA, transportIds: serviceAction === SA.REGISTER_AND_MOVE ? ids : [] };
      const wanted = serviceActions.includes(serviceAction) ? [] : ["SERVICE ACTION"];
      expect(fields(name, serviceAction, out), String(serviceAction)).toEqual(wanted);
    }
  });

  it("takes its types and no other, where the type counts", () => {
    for (const serviceAction of [SA.RESERVE, SA.RELEASE, SA.PREEMPT, SA.PREEMPT_AND_ABORT]) {
      for (let type = 0; type < 16; type++) {
        expect(fields(name, serviceAction, { type }), `${serviceAction} ${type}`).toEqual(
          types.includes(type) ? [] : ["TYPE"],
        );
      }
    }
    for (const serviceAction of [SA.REGISTER, SA.CLEAR, SA.REGISTER_AND_IGNORE]) {
      expect(fields(name, serviceAction, { type: TYPE.WE })).toEqual([]);
    }
  });

  it("takes the logical unit as scope and no other", () => {
    for (let scope = 1; scope < 16; scope++) {
      expect(fields(name, SA.RESERVE, { scope, type: TYPE.EA })).toEqual(["SCOPE"]);
    }
  });
});

describe("sl150", () => {
  const all = [SA.REGISTER, SA.RESERVE, SA.RELEASE, SA.CLEAR, SA.PREEMPT, SA.PREEMPT_AND_ABORT, SA.REGISTER_AND_IGNORE];

  it("takes SPEC_I_PT with REGISTER and REGISTER AND IGNORE EXISTING KEY", () => {
    for (const serviceAction of all) {
      const valid = serviceAction === SA.REGISTER || serviceAction === SA.REGISTER_AND_IGNORE;
      const out = { type: TYPE.EA, specIPt: true, transportIds: ids };
      expect(fields("sl150", serviceAction, out)).toEqual(valid ? [] : ["SPEC_I_PT"]);
    }
    expect(fields("spc", SA.REGISTER_AND_IGNORE, { specIPt: true, transportIds: ids })).toEqual(["SPEC_I_PT"]);
  });

  it("never takes ALL_TG_PT", () => {
    for (const serviceAction of all) {
      expect(fields("sl150", serviceAction, { type: TYPE.EA, allTgPt: true })).toEqual(["ALL_TG_PT"]);
    }
  });

  it("takes APTPL with REGISTER, REGISTER AND IGNORE EXISTING KEY and REGISTER AND MOVE", () => {
    for (const serviceAction of all) {
      const valid = serviceAction === SA.REGISTER || serviceAction === SA.REGISTER_AND_IGNORE;
      expect(fields("sl150", serviceAction, { type: TYPE.EA, aptpl: true })).toEqual(valid ? [] : ["APTPL"]);
    }
    expect(fields("sl150", SA.REGISTER_AND_MOVE, { aptpl: true, transportIds: ids })).toEqual([]);
  });

  it("takes the whole list, and nothing shorter or longer", () => {
    for (const serviceAction of all) {
      for (const listLength of [0, 8, 16, 23]) {
        expect(fields("sl150", serviceAction, { type: TYPE.EA, listLength })).toEqual(["PARAMETER LIST LENGTH"]);
      }
      const long = { ...request(serviceAction, { type: TYPE.EA }), dataOut: new Uint8Array(32) };
      long.cdb[8] = 32;
      expect(objectionsTo(long, profiles.sl150).map(({ field }) => field)).toEqual(["PARAMETER LIST LENGTH"]);
    }
  });

  it("says which field, what it has in it, and what the device takes", () => {
    expect(objectionsTo(request(SA.RESERVE, { type: TYPE.WE }), profiles.sl150)).toEqual([
      {
        field: "TYPE",
        value: "write-exclusive (1h)",
        takes: "exclusive-access (3h), exclusive-access-registrants-only (6h) or exclusive-access-all-registrants (8h)",
      },
    ]);
  });
});

describe("a transport with a profile", () => {
  function counting(): { transport: Transport; sent: ScsiRequest[] } {
    const sent: ScsiRequest[] = [];
    const transport: Transport = {
      name: "counting",
      async execute(one) {
        sent.push(one);
        return { status: 0, dataIn: new Uint8Array(0), sense: new Uint8Array(0), residual: 0 };
      },
      async [Symbol.asyncDispose]() {},
    };
    return { transport, sent };
  }

  it("refuses before sending, and sends everything else", async () => {
    const { transport, sent } = counting();
    const narrow = applyProfile(transport, "sl150", profiles.sl150);
    await expect(narrow.execute(request(SA.RESERVE, { type: TYPE.WERO }))).rejects.toThrow(
      /^sl150 does not take this request: TYPE is write-exclusive-registrants-only \(5h\), and it takes exclusive-access \(3h\)/,
    );
    expect(sent).toHaveLength(0);
    await narrow.execute(request(SA.RESERVE, { type: TYPE.EARO }));
    await narrow.execute({ cdb: Uint8Array.of(0xa5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), dataInLength: 0 });
    await narrow.execute({ cdb: reserveInCdb(0), dataInLength: 8 });
    expect(sent).toHaveLength(3);
  });

  it("of a device without persistent reservations sends neither command", async () => {
    const { transport, sent } = counting();
    const narrow = applyProfile(transport, "none", profiles.none);
    await expect(narrow.execute({ cdb: reserveInCdb(0), dataInLength: 8 })).rejects.toThrow(/OPERATION CODE/);
    await expect(narrow.execute(request(SA.REGISTER, { newKey: 1n }))).rejects.toThrow(/OPERATION CODE/);
    expect(sent).toHaveLength(0);
  });
});

describe("REPORT CAPABILITIES", () => {
  const capabilities = {
    replaceLostReservation: false,
    compatibleReservationHandling: false,
    specifyInitiatorPorts: false,
    allTargetPorts: true,
    persistThroughPowerLoss: false,
    persistThroughPowerLossActive: false,
    allowCommands: 0,
    types: ["exclusive-access", "write-exclusive"] as const,
  };

  it("takes away what the device says that it has not, and adds nothing", () => {
    const narrowed: Profile = narrowProfile(profiles.sl150, capabilities);
    expect(narrowed.types).toEqual(["exclusive-access"]);
    const of = (serviceAction: number, out: Out) =>
      objectionsTo(request(serviceAction, out), narrowed).map(({ field }) => field);
    expect(of(SA.REGISTER, { aptpl: true })).toEqual(["APTPL"]);
    expect(of(SA.REGISTER, { specIPt: true, transportIds: ids })).toEqual(["SPEC_I_PT"]);
    expect(of(SA.REGISTER, { allTgPt: true })).toEqual(["ALL_TG_PT"]);
  });

  it("is asked when the device is opened", async () => {
    const unit = createSimulatedTarget().unit(0, { types: ["exclusive-access"] });
    const found = await findProfile(unit.nexus({ initiatorPort: "iqn.2026-01.com.example:a,i,0x1" }), "sl150");
    expect(found?.profile.types).toEqual(["exclusive-access"]);
  });
});

describe("open with a profile", () => {
  it("by name: refuses; without one: sends", async () => {
    await using narrow = await open("sim:profiled", { profile: "sl150" });
    await narrow.register({ newKey: 1n });
    await expect(narrow.reserve({ key: 1n, type: "write-exclusive" })).rejects.toThrow(RangeError);
    await using free = await open("sim:profiled");
    await free.reserve({ key: 1n, type: "write-exclusive" });
    expect((await free.readReservation()).holder).toBe("one-nexus");
  });

  it("auto: a disk that nobody knows takes everything", async () => {
    await using unit = await open("sim:profiled-auto", { profile: "auto" });
    await unit.register({ newKey: 1n });
    await unit.reserve({ key: 1n, type: "write-exclusive" });
  });

  it("a name that there is not", async () => {
    await expect(open("sim:profiled", { profile: "sl999" as never })).rejects.toThrow(
      /profile must be one of auto, spc/,
    );
  });
});
