/** Whose a registration is: one's own, of another port of this machine, left behind by an earlier iSCSI session, somebody else's. */
import { expect, test } from "vitest";
import { parseTransportId, registrantOf } from "../../src/index.ts";

const own = "iqn.2026-11.test:host,i,0x00023d000001";
const sessions = [own, "iqn.2026-11.test:host,i,0x00023d000002", "sas,5000000000000001"];

test.each([
  ["this-port", own, own, sessions],
  ["this-port", "iqn.2026-11.TEST:host,i,0x00023D000001", own, undefined],
  ["this-host", "iqn.2026-11.test:host,i,0x00023d000002", own, sessions],
  ["this-host", "sas,5000000000000001", own, sessions],
  ["stale", "iqn.2026-11.test:host,i,0x00023d000009", own, sessions],
  // Whether another session of this machine has it is not known.
  ["undecided", "iqn.2026-11.test:host,i,0x00023d000009", own, undefined],
  // The target leaves ISIDs out, or our own is not known.
  ["undecided", "iqn.2026-11.test:host", own, sessions],
  ["undecided", "iqn.2026-11.test:host,i,0x00023d000009", "iqn.2026-11.test:host", sessions],
  ["other", "iqn.2026-11.test:another,i,0x00023d000001", own, sessions],
  ["other", "sas,5000000000000002", own, sessions],
  ["other", "sas,5000000000000002", "sas,5000000000000001", undefined],
  [undefined, own, undefined, sessions],
] as const)("%s: %s seen from %s", (expected, registered, self, ports) => {
  const port = self === undefined ? undefined : parseTransportId(self);
  expect(registrantOf(parseTransportId(registered), port, ports?.map(parseTransportId))).toBe(expected);
});
