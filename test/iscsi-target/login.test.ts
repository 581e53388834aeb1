/** Logins, right and wrong, as the target answers them. */
import { afterEach, describe, expect, it } from "vitest";
import { isScsiError } from "../../src/index.ts";
import { connectIscsi, discoverTargets, type IscsiConnectOptions } from "../../transports/iscsi/index.ts";
import { Opcode } from "../../transports/iscsi/pdu.ts";
import { textRequest } from "../../transports/iscsi/request-pdus.ts";
import { type ServedTargets, type ServeOptions, serve } from "../../transports/serve.ts";
import { INITIATOR, type RawInitiator, rawInitiator, word } from "./raw-initiator.ts";

const TARGET = "iqn.2026-01.test:disk";
let served: ServedTargets;
const open: RawInitiator[] = [];

async function start(options: Partial<ServeOptions> = {}): Promise<{ host: string; port: number }> {
  served = await serve({ portal: { port: 0 }, targets: [{ name: TARGET }], graceMs: 20, ...options });
  return served.portals[0] as { host: string; port: number };
}

async function raw(): Promise<RawInitiator> {
  const initiator = await rawInitiator(served.portals[0] as { port: number });
  open.push(initiator);
  return initiator;
}

afterEach(async () => {
  for (const one of open.splice(0)) one.destroy();
  await served[Symbol.asyncDispose]();
});

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "fine",
    (error) => (isScsiError(error) ? error.code : String(error)),
  );

describe("CHAP", () => {
  const users = [{ user: "alice", password: "alice-s-secret" }];
  const proof = { user: "disk", password: "the-disk-s-secret" };
  const chap = { users, target: proof };

  async function login(options: Partial<IscsiConnectOptions>): Promise<string> {
    const where = served.portals[0] as { host: string; port: number };
    const session = connectIscsi({ ...where, target: TARGET, ...options });
    const code = await codeOf(session);
    if (code === "fine") await (await session)[Symbol.asyncDispose]();
    return code;
  }

  it.each(["md5", "sha1", "sha-256", "sha3-256"] as const)("lets in who knows the secret, by %s", async (algorithm) => {
    await start({ targets: [{ name: TARGET, chap }] });
    const alice = { user: "alice", password: "alice-s-secret" };
    expect(await login({ algorithms: [algorithm], chap: alice })).toBe("fine");
    expect(await login({ algorithms: [algorithm], chap: { ...alice, target: proof } })).toBe("fine");
  });

  it("keeps out everybody else", async () => {
    await start({ targets: [{ name: TARGET, chap }] });
    expect(await login({})).toBe("AUTHENTICATION_FAILED");
    expect(await login({ chap: { user: "alice", password: "wrong" } })).toBe("AUTHENTICATION_FAILED");
    expect(await login({ chap: { user: "mallory", password: "alice-s-secret" } })).toBe("AUTHENTICATION_FAILED");
    expect(served.sessions()).toHaveLength(0);
  });

  it("cannot be skipped by beginning with the operational stage, nor by leaving AuthMethod out", async () => {
    await start({ targets: [{ name: TARGET, chap }] });
    expect((await (await raw()).logIn(TARGET)).status).toBe(0x0201);
    const keys = { InitiatorName: INITIATOR, TargetName: TARGET };
    for (const nextStage of [1, 3]) {
      const skips = await raw();
      const first = await skips.login(keys, { currentStage: 0, nextStage });
      expect(first.transit).toBe(false);
      expect((await skips.login({}, { currentStage: 0, nextStage })).status).toBe(0x0201);
    }
    const offersNone = await raw();
    expect((await offersNone.login({ ...keys, AuthMethod: "None" }, { currentStage: 0, nextStage: 1 })).status).toBe(
      0x0201,
    );
  });

  it("refuses an initiator that reflects the target's challenge", async () => {
    await start({ targets: [{ name: TARGET, chap }] });
    const mallory = await raw();
    const stage = { currentStage: 0, nextStage: 1, transit: false };
    await mallory.login({ InitiatorName: INITIATOR, TargetName: TARGET, AuthMethod: "CHAP" }, stage);
    const challenge = new Map((await mallory.login({ CHAP_A: "5" }, stage)).keys);
    const echo = { CHAP_N: "alice", CHAP_R: "0x00", CHAP_I: "1", CHAP_C: challenge.get("CHAP_C") as string };
    expect((await mallory.login(echo, stage)).status).toBe(0x0201);
    await mallory.closed();
  });

  it("may protect discovery too", async () => {
    const where = await start({ discoveryChap: chap });
    expect(await codeOf(discoverTargets(where))).toBe("AUTHENTICATION_FAILED");
    expect(await discoverTargets({ ...where, chap: users[0] as (typeof users)[0] })).toHaveLength(1);
  });
});

describe("A login", () => {
  it.each([
    ["no initiator name", { TargetName: TARGET }, {}, 0x0207],
    ["no target name", { InitiatorName: INITIATOR }, {}, 0x0207],
    ["a name that is none", { InitiatorName: "nobody", TargetName: TARGET }, {}, 0x0200],
    ["a target that is not there", { InitiatorName: INITIATOR, TargetName: "iqn.2026-01.test:no" }, {}, 0x0203],
    ["a session type that is none", { InitiatorName: INITIATOR, SessionType: "Odd" }, {}, 0x0209],
    ["a session that is not there", { InitiatorName: INITIATOR, TargetName: TARGET }, { tsih: 9 }, 0x020a],
    ["a stage that is none", { InitiatorName: INITIATOR, TargetName: TARGET }, { currentStage: 2 }, 0x020b],
    ["a step back", { InitiatorName: INITIATOR, TargetName: TARGET }, { nextStage: 0 }, 0x020b],
    ["both T and C", { InitiatorName: INITIATOR, TargetName: TARGET }, { continues: true }, 0x0200],
    ["a number out of range", { InitiatorName: INITIATOR, TargetName: TARGET, MaxBurstLength: "1" }, {}, 0x0200],
    ["a boolean that is none", { InitiatorName: INITIATOR, TargetName: TARGET, InitialR2T: "Perhaps" }, {}, 0x0200],
  ])("with %s is refused, and the connection closed", async (_what, keys, fields, status) => {
    await start();
    const initiator = await raw();
    expect((await initiator.login(keys, fields)).status).toBe(status);
    await initiator.closed();
    expect(served.sessions()).toHaveLength(0);
  });

  it("of an initiator that may not use the target is refused, and it does not see the target", async () => {
    const where = await start({ targets: [{ name: TARGET, initiators: ["iqn.2026-01.test:other"] }] });
    expect((await (await raw()).logIn(TARGET)).status).toBe(0x0202);
    expect(await discoverTargets({ ...where, initiatorName: INITIATOR })).toHaveLength(0);
    expect(await discoverTargets({ ...where, initiatorName: "iqn.2026-01.test:other" })).toHaveLength(1);
  });

  it("answers every key that wants an answer, each by its rule", async () => {
    await start();
    const answer = await (await raw()).logIn(TARGET, {
      HeaderDigest: "CRC32C,None",
      DataDigest: "None,CRC32C",
      MaxConnections: "8",
      InitialR2T: "No",
      ImmediateData: "Yes",
      MaxBurstLength: "16776192",
      FirstBurstLength: "1024",
      DefaultTime2Wait: "3",
      DefaultTime2Retain: "20",
      MaxOutstandingR2T: "16",
      ErrorRecoveryLevel: "2",
      OFMarker: "No",
      TaskReporting: "FastAbort,RFC3720",
      "X-com.example": "1",
      InitiatorAlias: "raw",
    });
    expect(Object.fromEntries(answer.keys)).toEqual({
      TargetPortalGroupTag: "1",
      HeaderDigest: "CRC32C",
      DataDigest: "None",
      MaxConnections: "1",
      InitialR2T: "No",
      ImmediateData: "Yes",
      MaxBurstLength: "1048576",
      FirstBurstLength: "1024",
      DefaultTime2Wait: "3",
      DefaultTime2Retain: "0",
      MaxOutstandingR2T: "4",
      ErrorRecoveryLevel: "0",
      MaxRecvDataSegmentLength: "262144",
      OFMarker: "No",
      TaskReporting: "RFC3720",
      "X-com.example": "NotUnderstood",
    });
    expect(answer.tsih).not.toBe(0);
    expect(answer.transit).toBe(true);
  });

  it("offers what the initiator left out and the target insists on, and waits for the answer", async () => {
    await start({ parameters: { immediateData: false, headerDigest: "require" } });
    const first = await raw();
    const answer = await first.logIn(TARGET);
    expect(answer.transit).toBe(false);
    expect(answer.keys).toContainEqual(["ImmediateData", "No"]);
    expect(answer.keys).toContainEqual(["HeaderDigest", "CRC32C"]);
    expect((await first.login({ ImmediateData: "No", HeaderDigest: "CRC32C" })).transit).toBe(true);
    const second = await raw();
    await second.logIn(TARGET, { HeaderDigest: "None" });
    expect((await second.login({ ImmediateData: "No" })).status).toBe(0x0200);
  });

  it("may come in parts", async () => {
    await start();
    const initiator = await raw();
    const part = await initiator.login({ InitiatorName: INITIATOR }, { transit: false, continues: true });
    expect([part.status, part.transit, part.keys]).toEqual([0, false, []]);
    expect((await initiator.login({ TargetName: TARGET })).transit).toBe(true);
  });

  it("that does not go on is given up; so is one that never ends", async () => {
    await start({ limits: { loginTimeoutMs: 150 } });
    const halfOpen = await raw();
    await halfOpen.closed();
    await served[Symbol.asyncDispose]();
    await start();
    const endless = await raw();
    const keys = { InitiatorName: INITIATOR, TargetName: TARGET };
    let status = 0;
    for (let turn = 0; turn < 40 && status === 0; turn++) {
      status = (await endless.login(turn === 0 ? keys : {}, { transit: false })).status;
    }
    expect(status).toBe(0x0200);
    await endless.closed();
  });

  it("that would be one too many is refused, and so is the connection", async () => {
    await start({ limits: { sessions: 1, connections: 2 } });
    expect((await (await raw()).logIn(TARGET)).status).toBe(0);
    const second = await raw();
    expect((await second.logIn(TARGET, {}, 2n)).status).toBe(0x0302);
    await second.closed();
    await raw();
    const third = await raw();
    await third.closed();
  });
});

describe("Discovery", () => {
  it("lists every target with every portal, however long the list", async () => {
    const names = Array.from({ length: 120 }, (_, index) => `iqn.2026-01.test:disk-${index}`);
    const where = await start({
      targets: names.map((name) => ({ name })),
      portals: [{ port: 0, portalGroupTag: 2 }],
    });
    const found = await discoverTargets(where);
    expect(found.map(({ targetName }) => targetName)).toEqual(names);
    expect(found.every(({ portals }) => portals.length === 2)).toBe(true);

    // 512 bytes at a time.
    const small = await raw();
    const keys = { InitiatorName: INITIATOR, SessionType: "Discovery", MaxRecvDataSegmentLength: "512" };
    await small.login(keys);
    let text = "";
    let transferTag = 0xffff_ffff;
    for (let data = "SendTargets=All\0"; ; data = "") {
      small.request(textRequest, { word20: transferTag }, new TextEncoder().encode(data));
      const answer = await small.expect(Opcode.TEXT_RESPONSE);
      expect(answer.data.length).toBeLessThanOrEqual(512);
      text += new TextDecoder().decode(answer.data);
      transferTag = word(answer, 20);
      if (transferTag === 0xffff_ffff) break;
    }
    expect(text.split("\0").filter((pair) => pair.startsWith("TargetName="))).toHaveLength(120);
  });

  it("has no SCSI", async () => {
    await start();
    const initiator = await raw();
    await initiator.login({ InitiatorName: INITIATOR, SessionType: "Discovery" });
    initiator.command({ cdb: [0], tag: 1 });
    expect((await initiator.expect(Opcode.REJECT)).header[2]).toBe(4);
  });
});
