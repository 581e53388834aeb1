/** Sense data as a paragraph: it names the field, tells its value, and says what can be done. */
import { describe, expect, it } from "vitest";
import { explainSense, layoutOf } from "../../src/explain.ts";
import { commands, decodeSense } from "../../src/index.ts";
import { hexBytes } from "../golden/markdown.ts";

const fixed = (senseKey: number, asc: number, ascq: number, specific = "00 00 00"): Uint8Array =>
  Uint8Array.of(0x70, 0, senseKey, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, ...hexBytes(specific));

const reserve = commands.reserve({ key: 0xabcn, type: "write-exclusive-registrants-only" });

describe("explainSense", () => {
  it("names the field of the CDB, its value, and where the types are listed", () => {
    expect(explainSense(fixed(5, 0x24, 0, "cb 00 02"), reserve)).toBe(
      "The target answered ILLEGAL REQUEST, INVALID FIELD IN CDB (24h/00h) to RESERVE. The field meant is TYPE (CDB byte 2, bit 3), which was 0x5. " +
        "The unit does not support the value of that field: most often a service action, scope or type that it does not have; REPORT CAPABILITIES lists its types.",
    );
  });

  it("needs no more than the CDB to name a field of the parameter list, and then knows no value", () => {
    const text = explainSense(fixed(5, 0x26, 0, "8b 00 14"), reserve.cdb);
    expect(text).toContain("to RESERVE.");
    expect(text).toContain("The field meant is SPEC_I_PT (parameter list byte 20, bit 3).");
  });

  it("reads the parameter list of REGISTER AND MOVE as that command has it", () => {
    const move = commands.registerAndMove({
      key: 1n,
      newKey: 2n,
      relativeTargetPort: 7,
      transportId: { protocol: "sas", address: 5n },
    });
    expect(explainSense(fixed(5, 0x26, 0, "80 00 12"), move)).toContain(
      "RELATIVE TARGET PORT IDENTIFIER (parameter list byte 18), which was 0x7.",
    );
    expect(explainSense(fixed(5, 0x26, 0, "80 00 1c"), move)).toContain("the TransportIDs, at their byte 4");
  });

  it.each([
    ["a3 0c 00 00 00 00 00 00 02 00 00 00", "c0 00 02", "REPORTING OPTIONS", "REPORT SUPPORTED OPERATION CODES"],
    ["a3 0a 00 00 00 00 00 00 00 ff 00 00", "c0 00 06", "ALLOCATION LENGTH", "REPORT TARGET PORT GROUPS"],
    ["35 02 00 00 00 00 00 00 00 00", "c9 00 01", "IMMED", "SYNCHRONIZE CACHE (10)"],
    ["42 00 00 00 00 00 00 00 18 00", "c0 00 07", "PARAMETER LIST LENGTH", "UNMAP"],
    ["93 08 00 00 00 00 00 00 00 00 00 00 00 01 00 00", "cb 00 01", "UNMAP", "WRITE SAME (16)"],
    ["a5 00 00 00 03 e8 00 01 00 00 00 00", "c0 00 04", "SOURCE ADDRESS", "MOVE MEDIUM"],
    ["1a 00 3f 00 fc 00", "c0 00 02", "PAGE CODE", "MODE SENSE (6)"],
  ])("names the field of %s at %s: %s", (cdb, specific, field, name) => {
    const text = explainSense(fixed(5, 0x24, 0, specific), hexBytes(cdb));
    expect(text).toContain(`to ${name}. The field meant is`);
    expect(text).toContain(field);
  });

  it("says what a pointer at a reserved place is", () => {
    expect(explainSense(fixed(5, 0x24, 0, "c0 00 03"), reserve)).toContain("CDB byte 3, a place that is reserved.");
  });

  it("has a place and no name for a CDB that it does not know, or without any", () => {
    const sense = fixed(5, 0x24, 0, "c0 00 02");
    expect(explainSense(sense, hexBytes("c1 00 00 00 00 00"))).toContain(
      "to operation code C1h. The field meant is CDB byte 2.",
    );
    expect(explainSense(sense)).toContain("(24h/00h). The field meant is CDB byte 2.");
  });

  it("says of deferred sense data that this command is not meant, and names no field of it", () => {
    const deferred = fixed(5, 0x24, 0, "cb 00 02");
    deferred[0] = 0x71;
    const text = explainSense(deferred, reserve);
    expect(text).toContain("RESERVE is not meant, and was not executed");
    expect(text).not.toContain("TYPE");
  });

  it.each([
    [fixed(6, 0x29, 0), "Read the keys and the reservation before anything else is sent"],
    [fixed(6, 0x2a, 5), "do not simply register again"],
    [fixed(5, 0x55, 4), "no room for another registration"],
    [fixed(2, 0x04, 0x0b), "standby: take a path through another one"],
    [fixed(7, 0x44, 1), "REPLACE LOST RESERVATION"],
    [fixed(3, 0x11, 0, "80 00 03"), "It tried 3 times."],
    [fixed(2, 0x04, 0x04, "80 80 00"), "The operation is 50 % done."],
    [fixed(6, 0x29, 0, "81 00 00"), "Other conditions like it were lost"],
    [fixed(5, 0x20, 0), "REPORT SUPPORTED OPERATION CODES"],
  ])("says what can be done: %s", (sense, advice) => {
    expect(explainSense(sense)).toContain(advice);
  });

  it("tells what a descriptor adds: the ATA device's answer, another's progress, another's sense data, a vendor's bytes", () => {
    const text = explainSense(
      hexBytes("72 0b 00 00 00 00 00 1a 09 0c 01 40 12 34 0a 01 0b 02 0c 03 40 51 0a 06 02 04 04 00 80 00 80 02 be ef"),
    );
    expect(text).toContain("The ATA device behind it answered status 0x51, error 0x40, at LBA 0xc0b0a030201.");
    expect(text).toContain(
      "Another operation, NOT READY, LOGICAL UNIT NOT READY, FORMAT IN PROGRESS (04h/04h), is 50 % done.",
    );
    expect(text).toContain("The vendor adds 80 02 be ef.");
    const forwarded = hexBytes(
      "72 0a 0d 02 00 00 00 16 0c 14 83 02 70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 00 00 00",
    );
    expect(explainSense(forwarded)).toContain(
      "had answered CHECK CONDITION with ILLEGAL REQUEST, INVALID FIELD IN CDB (24h/00h).",
    );
  });

  it("keeps the bytes of what cannot be read", () => {
    expect(explainSense(hexBytes("7f 01 02"), reserve)).toBe(
      "The target answered sense data of a format that only its vendor knows to RESERVE: 7f 01 02.",
    );
    expect(explainSense(new Uint8Array(0))).toBe("The target answered no sense data.");
  });

  it("takes sense data that are decoded already", () => {
    const bytes = fixed(5, 0x24, 0, "cb 00 02");
    expect(explainSense(decodeSense(bytes) as never, reserve)).toBe(explainSense(bytes, reserve));
  });
});

describe("layoutOf", () => {
  it("finds the layout that every command declares for itself", () => {
    const made = [
      commands.readKeys(),
      commands.readReservation(),
      commands.reportCapabilities(),
      commands.readFullStatus(),
      commands.inquiry(),
      commands.reportLuns(),
      commands.readCapacity10(),
      commands.readCapacity16(),
      commands.requestSense(),
      commands.testUnitReady(),
      commands.read10({ lba: 0, blocks: 1 }),
      commands.write16({ lba: 0, data: new Uint8Array(512) }),
      commands.reserve6(),
      commands.release10(),
      reserve,
    ];
    for (const { cdb, layout } of made) expect(layoutOf(cdb)?.cdb).toBe(layout.cdb);
  });

  it("has none for a CDB of a vendor, and for bytes that are too short to say", () => {
    for (const text of ["", "5e", "c1 00", "9e 11"]) expect(layoutOf(hexBytes(text))).toBeUndefined();
  });
});
