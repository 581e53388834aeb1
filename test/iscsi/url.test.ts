/** iSCSI URLs: what libiscsi's form means, what is refused, and that no password ever leaves. */
import { expect, test } from "vitest";
import { formatIscsiUrl, type IscsiUrl, parseIscsiUrl } from "../../transports/iscsi/url.ts";

const disk = "iqn.2026-01.test:disk";

test.each<[string, IscsiUrl]>([
  [`iscsi://127.0.0.1/${disk}/1`, { host: "127.0.0.1", port: 3260, target: disk, lun: 1 }],
  [`iscsi://storage.example:3261/${disk}/16383`, { host: "storage.example", port: 3261, target: disk, lun: 16383 }],
  [`iscsi://[::1]/${disk}/0`, { host: "::1", port: 3260, target: disk, lun: 0 }],
  [`iscsi://[fe80::1]:860/${disk}/0`, { host: "fe80::1", port: 860, target: disk, lun: 0 }],
  ["iscsi://127.0.0.1", { host: "127.0.0.1", port: 3260 }],
  ["iscsi://127.0.0.1:3270/", { host: "127.0.0.1", port: 3270 }],
  [`iscsi://127.0.0.1/${disk}`, { host: "127.0.0.1", port: 3260, target: disk }],
  [
    `iscsi://127.0.0.1/${disk}/0x0002000000000000`,
    { host: "127.0.0.1", port: 3260, target: disk, lun: 0x0002_0000_0000_0000n },
  ],
  ["iscsi://h/iqn.2026-01.test%3Adisk/1", { host: "h", port: 3260, target: disk, lun: 1 }],
  [
    `iscsi://alice%secret@h/${disk}/1`,
    { host: "h", port: 3260, target: disk, lun: 1, chap: { user: "alice", password: "secret" } },
  ],
  [
    `iscsi://alice:secret@h/${disk}/1`,
    { host: "h", port: 3260, target: disk, lun: 1, chap: { user: "alice", password: "secret" } },
  ],
  [
    `iscsi://a:b%c:d@h/${disk}/1`,
    { host: "h", port: 3260, target: disk, lun: 1, chap: { user: "a:b", password: "c:d" } },
  ],
  [
    `iscsi://alice%p%41@ss@h/${disk}/1`,
    { host: "h", port: 3260, target: disk, lun: 1, chap: { user: "alice", password: "p%41@ss" } },
  ],
  [
    `iscsi://alice%secret@h/${disk}/1?target_user=bob&target_password=other`,
    {
      host: "h",
      port: 3260,
      target: disk,
      lun: 1,
      chap: { user: "alice", password: "secret", target: { user: "bob", password: "other" } },
    },
  ],
  [
    `iscsi://h/${disk}/1?header_digest=crc32c&data_digest=none&auth=sha3-256`,
    {
      host: "h",
      port: 3260,
      target: disk,
      lun: 1,
      headerDigest: "crc32c",
      dataDigest: "none",
      algorithms: ["sha3-256"],
    },
  ],
  [
    `iscsi://h/${disk}/1?initiator=iqn.2026-01.test%3Ame&isid=80abcdef0001`,
    { host: "h", port: 3260, target: disk, lun: 1, initiatorName: "iqn.2026-01.test:me", isid: 0x80ab_cdef_0001n },
  ],
])("%s is understood", (text, parts) => {
  expect(parseIscsiUrl(text, {})).toEqual(parts);
});

test.each([
  ["http://h/x/1", "is not of the form"],
  ["iscsi://", "is not of the form"],
  ["iscsi:///iqn.2026-01.test:disk/1", "is not of the form"],
  ["iscsi://h:0/iqn.2026-01.test:disk/1", "the host and port cannot be read"],
  ["iscsi://h:65536/iqn.2026-01.test:disk/1", "the host and port cannot be read"],
  ["iscsi://::1/iqn.2026-01.test:disk/1", "the host and port cannot be read"],
  ["iscsi://h,1/iqn.2026-01.test:disk/1", "the host and port cannot be read"],
  ["iscsi://h/disk/1", "is not an iSCSI name"],
  ["iscsi://h/iqn.2026-01.test:disk/16384", "the LUN is a number from 0 to 16383"],
  ["iscsi://h/iqn.2026-01.test:disk/one", "the LUN"],
  ["iscsi://h/iqn.2026-01.test:disk/0x1", "the LUN"],
  ["iscsi://h/iqn.2026-01.test:disk/1/2", "nothing follows"],
  ["iscsi://h/iqn.2026-01.test:disk/1?lun=2", 'the argument "lun" (number 1) is unknown'],
  ["iscsi://h/iqn.2026-01.test:disk/1?auth", "the argument auth has no value"],
  ["iscsi://h/iqn.2026-01.test:disk/1?auth=", "the argument auth has no value"],
  ["iscsi://h/iqn.2026-01.test:disk/1?auth=md4", "the argument auth is one of"],
  ["iscsi://h/iqn.2026-01.test:disk/1?auth=md5&auth=md5", "the argument auth comes twice"],
  ["iscsi://h/iqn.2026-01.test:disk/1?header_digest=maybe", "the argument header_digest is one of"],
  ["iscsi://h/iqn.2026-01.test:disk/1?isid=x", "the argument isid"],
  ["iscsi://h/iqn.2026-01.test:disk/1?isid=1234567890123", "the argument isid"],
  ["iscsi://h/iqn.2026-01.test:disk/1?initiator=me", "is not an iSCSI name"],
  ["iscsi://h/iqn.2026-01.test%zz/1", "broken percent escape"],
  ["iscsi://alice@h/iqn.2026-01.test:disk/1", "a user name and no password"],
  ["iscsi://%secret@h/iqn.2026-01.test:disk/1", "no user name"],
  ["iscsi://a%secret@h/iqn.2026-01.test:disk/1?target_user=bob", "needs both"],
])("%s is refused, saying why", (text, why) => {
  expect(() => parseIscsiUrl(text, {})).toThrow(TypeError);
  expect(() => parseIscsiUrl(text, {})).toThrow(why);
});

test("credentials and name come from the environment where the URL has none", () => {
  const environment = {
    LIBISCSI_CHAP_USERNAME: "alice",
    LIBISCSI_CHAP_PASSWORD: "secret",
    LIBISCSI_CHAP_TARGET_USERNAME: "bob",
    LIBISCSI_CHAP_TARGET_PASSWORD: "other",
    SCSI_PERSIST_INITIATOR: "iqn.2026-01.test:env",
  };
  expect(parseIscsiUrl(`iscsi://h/${disk}/1`, environment)).toMatchObject({
    initiatorName: "iqn.2026-01.test:env",
    chap: { user: "alice", password: "secret", target: { user: "bob", password: "other" } },
  });
  expect(
    parseIscsiUrl(`iscsi://carol%own@h/${disk}/1?target_user=dave&initiator=iqn.2026-01.test:url`, environment),
  ).toMatchObject({
    initiatorName: "iqn.2026-01.test:url",
    chap: { user: "carol", password: "own", target: { user: "dave", password: "other" } },
  });
});

test("no error about a URL holds its passwords", () => {
  const secrets = ["hunter2", "targetsecret"];
  for (const broken of [
    `iscsi://alice%hunter2@h:99999/${disk}/1?target_user=b&target_password=targetsecret`,
    `iscsi://alice%hunter2@h/${disk}/x?target_user=b&target_password=targetsecret`,
    `iscsi://alice%hunter2@h/${disk}/1?target_password=targetsecret`,
    `iscsi://alice%hunter2@h/${disk}/1?target_password=targetsecret&nonsense=1`,
    `iscsi://%hunter2@h/${disk}/1`,
    `iscsi://alice%hunter2/slash@h/${disk}/1`,
    "iscsi://alice%x/hunter2@h",
    "iscsi://alice:hunter2/x@h",
    `iscsi://alice:x?hunter2@h/${disk}/1`,
    `iscsi://alice:x#hunter2@h/${disk}/1`,
    `iscsi://alice:hunter2`,
    `iscsi://h/${disk}/1?target_user=b&target_password=x&hunter2=y`,
    `iscsi://h/${disk}/1?target_user=b&target_password=targetsecret%zz`,
  ]) {
    let message = "";
    try {
      parseIscsiUrl(broken, {});
    } catch (error) {
      message = String(error);
    }
    expect(message, broken).toContain("Cannot read the iSCSI URL");
    for (const secret of secrets) expect(message).not.toContain(secret);
  }
});

test("a URL that is written is read back the same, but for the secrets", () => {
  const parts = {
    host: "fe80::1",
    port: 3261,
    target: disk,
    lun: 7,
    initiatorName: "iqn.2026-01.test:me",
    isid: 0x8000_0000_0001n,
    algorithms: ["sha-256"],
    headerDigest: "crc32c",
    dataDigest: "none",
  } as const;
  const text = formatIscsiUrl(parts);
  expect(text).toBe(
    `iscsi://[fe80::1]:3261/${disk}/7?initiator=iqn.2026-01.test:me&isid=800000000001&auth=sha-256&header_digest=crc32c&data_digest=none`,
  );
  expect(parseIscsiUrl(text, {})).toEqual(parts);
});

test("a password is never written", () => {
  const text = formatIscsiUrl({
    host: "h",
    port: 3260,
    target: disk,
    lun: 1,
    chap: { user: "alice", password: "hunter2", target: { user: "bob", password: "other" } },
  });
  expect(text).toBe(`iscsi://alice@h:3260/${disk}/1`);
});
