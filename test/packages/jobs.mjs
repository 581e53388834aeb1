/**
 * What the installed package is made to do, as source text: the demo's story through the public names, in the words of
 * whoever imports or requires it. The story returns a line that says how it went, so that every place prints the same.
 */

/** Two hosts, one fenced: over whatever opens, as the body of an asynchronous function of `open` and `isScsiError`. */
const story = `
async function story(open, isScsiError, url) {
  const [a, b] = await Promise.all([open(url("a")), open(url("b"))]);
  const said = [];
  const attempt = async (who, what) => {
    try { await what; said.push(who + " GOOD"); }
    catch (error) { if (!isScsiError(error)) throw error; said.push(who + " " + error.code); }
  };
  const block = new Uint8Array(512).fill(0x61);
  await attempt("a", a.register({ newKey: 0xan }));
  await attempt("b", b.register({ newKey: 0xbn }));
  await attempt("a", a.reserve({ key: 0xan, type: "write-exclusive" }));
  await attempt("a", a.write10({ lba: 0, data: block }));
  await attempt("b", b.write10({ lba: 0, data: block }));
  await attempt("b", b.preemptAndAbort({ key: 0xbn, victimKey: 0xan, type: "write-exclusive" }));
  await attempt("b", b.write10({ lba: 0, data: block }));
  await attempt("a", a.write10({ lba: 0, data: block }));
  const { keys } = await b.readKeys();
  const reservation = await b.readReservation();
  said.push("keys " + keys.map((key) => key.toString(16)).join(" "), "holder " + reservation.key.toString(16));
  await a[Symbol.asyncDispose]();
  await b[Symbol.asyncDispose]();
  return said.join(", ");
}`;

/** What comes of it. */
export const outcome =
  "a GOOD, b GOOD, a GOOD, a GOOD, b RESERVATION_CONFLICT, b GOOD, b GOOD, a RESERVATION_CONFLICT, keys b, holder b";

const simulated = `(host) => "sim:story?initiator=iqn.2026-01.com.example:" + host`;

const overIscsi = `
  const served = await serve({ portals: [{ port: 0 }], targets: [{ name: "iqn.2026-01.com.example:disk", units: [{}] }] });
  const over = await story(open, isScsiError, (host) => served.url() + "?initiator=iqn.2026-01.com.example:" + host);
  await served.close();
  console.log(over);`;

/** As a module, on the simulator and over iSCSI. */
export const asModule = `import { isScsiError, open } from "scsi-persist";
import { openIscsi } from "scsi-persist/iscsi";
import { createSimulatedTarget } from "scsi-persist/simulated";
import { serve } from "scsi-persist/serve";
import * as sg from "scsi-persist/sg";
${story}
console.log(await story(open, isScsiError, ${simulated}));
${overIscsi}
console.log([openIscsi, createSimulatedTarget, sg.openSg, sg.listDevices].map((one) => typeof one).join(" "));
`;

/** For those who require. */
export const asCommonJs = `const { isScsiError, open } = require("scsi-persist");
const { openIscsi } = require("scsi-persist/iscsi");
const { createSimulatedTarget } = require("scsi-persist/simulated");
const { serve } = require("scsi-persist/serve");
const sg = require("scsi-persist/sg");
${story}
(async () => {
  console.log(await story(open, isScsiError, ${simulated}));
  ${overIscsi}
  console.log([openIscsi, createSimulatedTarget, sg.openSg, sg.listDevices].map((one) => typeof one).join(" "));
})();
`;

/** What both print. */
export const printed = [outcome, outcome, "function function function function"];

/** Both copies in one program: an error of one is an error of the other. */
export const bothCopies = `import { createRequire } from "node:module";
import { isScsiError } from "scsi-persist";
const required = createRequire(import.meta.url)("scsi-persist");
const unit = await required.open("sim:both");
try { await unit.reserve({ key: 1n, type: "write-exclusive" }); }
catch (error) { console.log(error instanceof required.ScsiError, isScsiError(error), error.code); }
`;

/** For a page: says the outcome in the document. */
export const asPage = `import { isScsiError, open } from "scsi-persist";
import { createSimulatedTarget } from "scsi-persist/simulated";
${story}
const line = await story(open, isScsiError, ${simulated});
const refusal = await open("iscsi://127.0.0.1/iqn.2026-01.com.example:disk/0").catch((error) => error.name);
document.querySelector("output").textContent = [line, refusal, createSimulatedTarget().unit().name].join("; ");
`;

/** What the page then shows. */
export const shown = `${outcome}; TypeError; sim:simulated/0`;

/** Every subpath's types at work; `importing` stands for `import … = require(…)` or `import`. */
export const typed = (
  specifier,
) => `import { type Command, commands, isScsiError, type LogicalUnit, open, type ReservationType, type Transport } from "${specifier}";
import { type IscsiLoginOptions, openIscsi, parseIscsiUrl } from "${specifier}/iscsi";
import { createSimulatedTarget, type SimulatedUnit } from "${specifier}/simulated";
import { serve, type ServeEvent } from "${specifier}/serve";
import { listDevices, openSg } from "${specifier}/sg";
import { openSg as openSgNode } from "${specifier}/sg/node";

export async function use(): Promise<bigint[]> {
  const unit: LogicalUnit = await open("sim:typed", { timeoutMs: 1000 });
  const type: ReservationType = "write-exclusive";
  const command: Command<void> = commands.reserve({ key: 1n, type });
  await unit.execute(command);
  // @ts-expect-error a key is a bigint
  commands.reserve({ key: 1, type });
  // @ts-expect-error there is no such type
  commands.reserve({ key: 1n, type: "exclusive" });
  const reservation = await unit.readReservation();
  // @ts-expect-error only one nexus has a key
  reservation.key;
  if (reservation.holder === "one-nexus") return [reservation.key];
  try { await unit.clear({ key: 1n }); } catch (error) {
    if (isScsiError(error) && error.code === "RESERVATION_CONFLICT") return [];
    // @ts-expect-error there is no such code
    if (isScsiError(error) && error.code === "CONFLICT") return [];
  }
  return [...(await unit.readKeys()).keys];
}
export const simulated: SimulatedUnit = createSimulatedTarget().unit();
export const path: Transport = simulated.nexus({ initiatorPort: "iqn.2026-01.com.example:a,i,0x1" });
export const others = [openIscsi, parseIscsiUrl, serve, listDevices, openSg, openSgNode];
export type Others = IscsiLoginOptions | ServeEvent;
`;
