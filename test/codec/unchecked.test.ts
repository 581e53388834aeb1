/** What the standard forbids can be built where it is asked for by name, and nowhere else. Bytes: smr-j 3.14 tables 88, 90, 94. */
import { describe, expect, it } from "vitest";
import { commands } from "../../src/index.ts";
import { hexBytes } from "../golden/markdown.ts";

const { uncheckedPersistentReserveOut: unchecked } = commands;
const sas = { protocol: "sas", address: 0x5000c50012345678n } as const;
const SAS = "06 00 00 00 50 00 c5 00 12 34 56 78 00 00 00 00 00 00 00 00 00 00 00 00";

describe("uncheckedPersistentReserveOut", () => {
  it("builds REGISTER AND MOVE with a service action reservation key of 0, which registerAndMove refuses", () => {
    expect(() =>
      commands.registerAndMove({ key: 0xabcn, newKey: 0n, transportId: sas, relativeTargetPort: 7 }),
    ).toThrow(RangeError);
    const { cdb, dataOut } = unchecked({
      serviceAction: 7,
      key: 0xabcn,
      initiatorPorts: [sas],
      relativeTargetPort: 7,
      unregister: true,
    });
    expect(cdb).toEqual(hexBytes("5f 07 00 00 00 00 00 00 30 00"));
    expect(dataOut).toEqual(hexBytes(`00 00 00 00 00 00 0a bc 00 00 00 00 00 00 00 00 00 02 00 07 00 00 00 18 ${SAS}`));
  });

  it("builds reserved types and scopes", () => {
    const { cdb } = unchecked({ serviceAction: 1, scope: 0xa, typeCode: 0xf, key: 1n });
    expect(cdb).toEqual(hexBytes("5f 01 af 00 00 00 00 00 18 00"));
    expect(() => commands.reserve({ key: 1n, type: "no such type" as never })).toThrow(RangeError);
  });

  it("builds reserved service actions", () => {
    expect(unchecked({ serviceAction: 0x1f }).cdb).toEqual(hexBytes("5f 1f 00 00 00 00 00 00 18 00"));
    expect(unchecked({ serviceAction: 0x1f }).name).toBe("PERSISTENT RESERVE OUT");
  });

  it.each([
    [0, "00 00 00 00", 0],
    [23, "00 00 00 17", 23],
    [25, "00 00 00 19", 25],
    [0xffff_ffff, "ff ff ff ff", 262144],
  ])("says a parameter list length of %d, and sends as many bytes", (parameterListLength, field, sent) => {
    const { cdb, dataOut } = unchecked({ serviceAction: 1, typeCode: 1, key: 1n, parameterListLength });
    expect(cdb).toEqual(hexBytes(`5f 01 01 00 00 ${field} 00`));
    expect(dataOut?.length).toBe(sent);
    expect(dataOut?.subarray(0, 24)).toEqual(
      hexBytes("00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00").subarray(0, sent),
    );
  });

  it("sets SPEC_I_PT where the service action does not allow it, with an empty list too", () => {
    const { cdb, dataOut } = unchecked({ serviceAction: 2, key: 1n, initiatorPorts: [], allTargetPorts: true });
    expect(cdb).toEqual(hexBytes("5f 02 00 00 00 00 00 00 1c 00"));
    expect(dataOut?.[20]).toBe(0x0c);
  });

  it("takes a whole parameter list as it is", () => {
    const { cdb, dataOut } = unchecked({ serviceAction: 0, parameterList: hexBytes("de ad") });
    expect(cdb).toEqual(hexBytes("5f 00 00 00 00 00 00 00 02 00"));
    expect(dataOut).toEqual(hexBytes("de ad"));
  });

  it.each([
    { serviceAction: 32 },
    { serviceAction: 1, scope: 16 },
    { serviceAction: 1, typeCode: -1 },
    { serviceAction: 1, key: 2n ** 64n },
    { serviceAction: 7, relativeTargetPort: 65536 },
    { serviceAction: 1, parameterListLength: 2 ** 32 },
  ])("refuses what does not fit its field: %o", (options) => {
    expect(() => unchecked(options)).toThrow(RangeError);
  });

  it("has no intent: a lost answer to it cannot be settled by looking", () => {
    expect(unchecked({ serviceAction: 0, serviceActionKey: 5n }).intent).toBeUndefined();
  });
});
