/** The initiator's identity is the same each time; names, ISIDs, LUNs and portals are checked before they are used. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { checkIscsiName, checkIsid, defaultInitiatorName, deriveIsid, lunField } from "../../transports/iscsi/names.ts";
import { formatAddress, parsePortal } from "../../transports/iscsi/portal.ts";

test("an ISID is of type random, holds 24 bits of the name's SHA-256 and the qualifier", () => {
  const digest = createHash("sha256").update("iqn.2026-01.test:me").digest("hex");
  expect(deriveIsid("iqn.2026-01.test:me").toString(16)).toBe(`80${digest.slice(0, 6)}0000`);
  expect(deriveIsid("iqn.2026-01.test:me", 0xabcd).toString(16)).toBe(`80${digest.slice(0, 6)}abcd`);
});

test("the ISID of a name is the same each time, and another name has another", () => {
  expect(deriveIsid("iqn.2026-01.test:a")).toBe(deriveIsid("iqn.2026-01.test:a"));
  expect(deriveIsid("iqn.2026-01.test:a")).not.toBe(deriveIsid("iqn.2026-01.test:b"));
});

test.each([-1, 65536, 0.5])("a qualifier of %s is refused", (qualifier) => {
  expect(() => deriveIsid("iqn.2026-01.test:a", qualifier)).toThrow(RangeError);
});

test.each([-1n, 1n << 48n])("an ISID of %s is refused", (isid) => {
  expect(() => checkIsid(isid)).toThrow(RangeError);
});

test("the default initiator name is a valid name and the same each time", () => {
  const name = defaultInitiatorName();
  expect(checkIscsiName("the name", name)).toBe(name);
  expect(name).toMatch(/^iqn\.2026-01\.io\.github\.scsi-persist:./);
  expect(defaultInitiatorName()).toBe(name);
});

test("the environment's initiator name counts, if it is one", () => {
  expect(defaultInitiatorName({ SCSI_PERSIST_INITIATOR: "iqn.2026-01.test:env" })).toBe("iqn.2026-01.test:env");
  expect(() => defaultInitiatorName({ SCSI_PERSIST_INITIATOR: "env" })).toThrow("SCSI_PERSIST_INITIATOR");
});

test.each(["iqn.2026-01.test:a", "iqn.2026-01.test", "eui.02004567A425678D", "naa.52004567BA64678D"])(
  "%s is an iSCSI name",
  (name) => {
    expect(checkIscsiName("it", name)).toBe(name);
  },
);

test.each(["", "disk", "iqn.test:a", "iqn.2026-01.a b", "iqn.2026-01.a=b", "eui.0200", "naa.1", "iqn.2026-01.a\0b"])(
  "%j is no iSCSI name",
  (name) => {
    expect(() => checkIscsiName("it", name)).toThrow(TypeError);
  },
);

test("a name of 223 bytes is accepted, one of 224 is not", () => {
  const name = `iqn.2026-01.test:${"x".repeat(206)}`;
  expect(checkIscsiName("it", name)).toHaveLength(223);
  expect(() => checkIscsiName("it", `${name}x`)).toThrow(RangeError);
});

test.each([
  [0, 0, 0],
  [1, 0x0001_0000, 0],
  [255, 0x00ff_0000, 0],
  [256, 0x4100_0000, 0],
  [16383, 0x7fff_0000, 0],
  [0x0001_0002_0003_0004n, 0x0001_0002, 0x0003_0004],
  [0xffff_ffff_ffff_ffffn, 0xffff_ffff, 0xffff_ffff],
])("LUN %s becomes the words %i and %i", (lun, high, low) => {
  expect(lunField(lun)).toEqual({ high, low });
});

test.each([-1, 16384, 1.5, Number.NaN, -1n, 1n << 64n])("LUN %s is refused", (lun) => {
  expect(() => lunField(lun)).toThrow(RangeError);
});

test.each([
  ["10.0.0.1:3260,1", { address: "10.0.0.1", port: 3260, tpgt: 1 }],
  ["10.0.0.1", { address: "10.0.0.1", port: 3260, tpgt: undefined }],
  ["[2001:db8::1]:860,65535", { address: "2001:db8::1", port: 860, tpgt: 65535 }],
  ["[fe80::1%eth0]", { address: "fe80::1%eth0", port: 3260, tpgt: undefined }],
  ["storage.example:3261", { address: "storage.example", port: 3261, tpgt: undefined }],
])("the portal %s is understood", (text, portal) => {
  expect(parsePortal(text)).toEqual(portal);
});

test.each(["", ":3260", "h:0", "h:65536", "h:1,65536", "2001:db8::1", "[::1", "a b", "h,", "h/x"])(
  "the portal %j is refused",
  (text) => {
    expect(parsePortal(text)).toBeUndefined();
  },
);

test("an IPv6 address is written in brackets", () => {
  expect(formatAddress({ host: "::1", port: 3260 })).toBe("[::1]:3260");
  expect(formatAddress({ host: "h", port: 1 })).toBe("h:1");
});
