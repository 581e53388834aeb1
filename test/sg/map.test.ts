/**
 * What a map is made of, without a map: device mapper's status lines and structures, multipathd's packets, settings and file of keys.
 * Expected texts are those of Linux' documentation, of multipath-tools' source and of `multipathd show config local`.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { isScsiError } from "../../src/index.ts";
import { resumeCall, statusCall, suspendCall } from "../../transports/sg/map/dm-ioctl.ts";
import { createKeyKeeper, keepsKeyInFile } from "../../transports/sg/map/keeping.ts";
import { askMultipathd, packet } from "../../transports/sg/map/multipathd.ts";
import { keyIn, readStoredKey, withKey, writeStoredKey } from "../../transports/sg/map/prkeys.ts";
import { readMultipathStatus } from "../../transports/sg/map/status.ts";
import { CONTROL_LENGTH, Control, DATA_OFFSET, type ThreadMemory } from "../../transports/sg/memory.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

describe("a status line of dm-multipath", () => {
  it("tells which paths are in use, whatever the path selector adds", () => {
    // `dmsetup status` with service-time, two groups; with round-robin; with queue-length.
    expect(readMultipathStatus("2 0 0 0 2 1 A 0 1 2 8:16 A 0 0 1 E 0 1 2 8:32 F 3 0 1 ")).toEqual([
      { device: "8:16", active: true, failures: 0 },
      { device: "8:32", active: false, failures: 3 },
    ]);
    expect(readMultipathStatus("2 0 0 0 1 1 A 0 2 0 66:128 A 0 65:64 F 1 ")).toEqual([
      { device: "66:128", active: true, failures: 0 },
      { device: "65:64", active: false, failures: 1 },
    ]);
    expect(readMultipathStatus("2 1 0 0 1 1 E 0 1 1 8:0 A 0 0")?.length).toBe(1);
  });

  it("is not believed if it cannot be read to its end", () => {
    for (const text of [
      "",
      "2 0 0 0 1 1 A 0 2 0 8:0 A 0",
      "2 0 0 0 1 1 A 0 1 0 sda A 0",
      "0 1048576 linear 8:1 2048",
    ]) {
      expect(readMultipathStatus(text)).toBeUndefined();
    }
  });
});

describe("device mapper's structures", () => {
  const memory = (): ThreadMemory => {
    const shared = new SharedArrayBuffer(DATA_OFFSET + 128 * 1024);
    return {
      control: new Int32Array(shared, 0, CONTROL_LENGTH / 4),
      view: new DataView(shared),
      bytes: new Uint8Array(shared),
      address: 0n,
    };
  };
  const failed = (errno: number) => new Error(`errno ${errno}`);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replace(/\0.*$/s, "");

  it("are laid out as linux/dm-ioctl.h has them", () => {
    const all = memory();
    suspendCall(7, "mpatha", failed).put(all);
    const { control, view, bytes } = all;
    // _IOWR(0xfd, 6, struct dm_ioctl), of 312 bytes.
    expect((control[Control.REQUEST] as number) >>> 0).toBe(0xc138fd06);
    expect([control[Control.TARGET], control[Control.ARGUMENT]]).toEqual([7, DATA_OFFSET]);
    expect(view.getUint32(DATA_OFFSET, true)).toBe(4);
    expect(view.getUint32(DATA_OFFSET + 12, true)).toBe(312);
    // DM_SUSPEND_FLAG, DM_SKIP_LOCKFS_FLAG, DM_NOFLUSH_FLAG.
    expect(view.getUint32(DATA_OFFSET + 28, true)).toBe((1 << 1) | (1 << 10) | (1 << 11));
    expect(text(bytes.slice(DATA_OFFSET + 48, DATA_OFFSET + 176))).toBe("mpatha");
    resumeCall(7, "mpatha", failed).put(all);
    expect(view.getUint32(DATA_OFFSET + 28, true)).toBe(0);
    statusCall(7, "mpatha", failed).put(all);
    expect((control[Control.REQUEST] as number) >>> 0).toBe(0xc138fd0c);
  });

  it("targets are read, and nothing past what there is", () => {
    const all = memory();
    const call = statusCall(7, "mpatha", failed);
    call.put(all);
    const { view, bytes } = all;
    const start = DATA_OFFSET + 312;
    view.setUint32(DATA_OFFSET + 20, 1, true);
    view.setUint32(start + 20, 72, true);
    bytes.set(new TextEncoder().encode("multipath"), start + 24);
    bytes.set(new TextEncoder().encode("2 0 0 0 1 1 E 0 0 0 "), start + 40);
    expect(call.take(0, all)).toEqual([{ type: "multipath", text: "2 0 0 0 1 1 E 0 0 0" }]);
    view.setUint32(DATA_OFFSET + 20, 0xffffffff, true);
    view.setUint32(start + 20, 0xfffffff0, true);
    expect(call.take(0, all)?.length).toBe(1);
    view.setUint32(DATA_OFFSET + 28, 1 << 8, true);
    expect(call.take(0, all)).toBeUndefined();
    expect(() => call.take(-6, all)).toThrow("errno 6");
  });

  it("a name that no map can have is refused", () => {
    expect(() => suspendCall(7, "x".repeat(128), failed)).toThrow(RangeError);
    expect(() => suspendCall(7, "", failed)).toThrow(RangeError);
  });
});

/** A daemon that answers as it is told to; its questions are collected. */
async function daemon(answer: (question: string) => string | Uint8Array) {
  const socket = `\0scsi-persist-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const questions: string[] = [];
  const server: Server = createServer((connection) => {
    connection.on("error", () => {});
    connection.on("data", (data: Uint8Array) => {
      const question = new TextDecoder().decode(data.subarray(8, -1));
      questions.push(question);
      const reply = answer(question);
      if (typeof reply !== "string") return void connection.end(reply);
      // In two pieces, as a stream may come.
      const whole = packet(reply);
      connection.write(whole.subarray(0, 5));
      setTimeout(() => connection.write(whole.subarray(5)), 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  return { socket, questions, ask: (question: string) => askMultipathd(question, socket) };
}

describe("multipathd", () => {
  it("a packet is its length in 8 bytes, the text, and a zero", () => {
    expect([...packet("ok")]).toEqual([3, 0, 0, 0, 0, 0, 0, 0, 0x6f, 0x6b, 0]);
  });

  it("is asked over its abstract socket", async () => {
    const { ask, questions } = await daemon(() => "0x123abc\n");
    expect(await ask("getprkey map mpatha")).toBe("0x123abc\n");
    expect(questions).toEqual(["getprkey map mpatha"]);
  });

  it("is asked by its own program where the socket is there and cannot be reached", async () => {
    const folder = await mkdtemp(join(tmpdir(), "multipathd-"));
    ends.push(() => rm(folder, { recursive: true }));
    const [program, sockets] = [join(folder, "program"), join(folder, "sockets")];
    await writeFile(program, '#!/bin/sh\necho "$# $1"\n', { mode: 0o755 });
    // As /proc/net/unix has it.
    await writeFile(sockets, "00000000bb623fba: 00000002 00000000 00010000 0001 01 3342963 @/own/multipathd\n");
    const asked = (question: string, socket: string) => askMultipathd(question, socket, { program, sockets });
    expect(await asked("getprkey map mpatha", "\0/own/multipathd")).toBe("1 -kgetprkey map mpatha\n");
    await expect(asked("x", "\0/multipathd")).rejects.toMatchObject({ code: "TARGET_NOT_FOUND" });
    await writeFile(program, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    await expect(asked("x", "\0/own/multipathd")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });

  it("that is not there, says nonsense or nothing is an error with a code", async () => {
    const codeOf = (asked: Promise<string>) => asked.catch((error) => (isScsiError(error) ? error.code : error));
    expect(await codeOf(askMultipathd("x", "\0scsi-persist-nobody"))).toBe("TARGET_NOT_FOUND");
    const nonsense = await daemon(() => new Uint8Array(8).fill(0xff));
    expect(await codeOf(nonsense.ask("x"))).toBe("PROTOCOL_ERROR");
    // It ends while it has the question unread: that is a reset, and a daemon that is there all the same.
    const socket = `\0scsi-persist-${process.pid}-ends`;
    const ending = createServer({ pauseOnConnect: true }, (connection) => setTimeout(() => connection.destroy(), 50));
    await new Promise<void>((resolve) => ending.listen(socket, resolve));
    ends.push(() => new Promise((resolve) => ending.close(resolve)));
    await expect(askMultipathd("x", socket)).rejects.toMatchObject({ code: "CONNECTION_LOST", delivered: "unknown" });
    const silent = await daemon(() => new Uint8Array(3));
    expect(await codeOf(silent.ask("x"))).toBe("CONNECTION_LOST");
  });
});

const WWID = "360014050000000a1";
const map = { path: "/dev/mapper/paths", name: "paths", wwid: WWID, paths: [] };

describe("is the key kept in the file", () => {
  const section = (key: string, wwid = WWID) =>
    `multipaths {\n\tmultipath {\n\t\twwid "${wwid}"\n\t\talias "paths"\n${key}\t}\n}\n`;
  it.each([
    ["nothing is configured", "defaults {\n\tverbosity 2\n}\n", false],
    ["for all", 'defaults {\n\treservation_key "file"\n}\n', true],
    ["for this map", section('\t\treservation_key "file"\n'), true],
    ["for another map", section('\t\treservation_key "file"\n', "3other").replace('"paths"', '"other"'), false],
    [
      "for all, and not for this map",
      `defaults {\n\treservation_key file\n}\n${section("\t\treservation_key 0xabc\n")}`,
      false,
    ],
    ["for all, and nothing for this map", `defaults {\n\treservation_key file\n}\n${section("")}`, true],
  ])("%s", (_name, config, kept) => {
    expect(keepsKeyInFile(config, WWID, "paths")).toBe(kept);
  });
});

describe("the file of keys", () => {
  // As multipathd writes it (libmultipath/prkey.c): the header, keys of 16 digits, X for aptpl, # for what is taken out.
  const header = [
    "# Multipath persistent reservation keys, Version : 1.0",
    "# NOTE: this file is automatically maintained by the multipathd program.",
    "# You should not need to edit this file in normal circumstances.",
    "#",
    "# Format:",
    "# prkey wwid",
    "#",
  ].join("\n");
  const text = `${header}\n0x0000000000123abc 3aaa\n#x00000000deadbeef ${WWID}\n0X0000000000456def 3bbb\n`;

  it("is read", () => {
    expect(keyIn(text, "3aaa")).toEqual({ key: 0x123abcn, persistThroughPowerLoss: false });
    expect(keyIn(text, "3bbb")).toEqual({ key: 0x456defn, persistThroughPowerLoss: true });
    expect(keyIn(text, WWID)).toBeUndefined();
    expect(keyIn(text, "3aa")).toBeUndefined();
    expect(keyIn("", WWID)).toBeUndefined();
  });

  it("is written so that multipathd reads the same, and other lines stay", () => {
    const stored = { key: 0xffff_ffff_ffff_ffffn, persistThroughPowerLoss: true };
    const after = withKey(text, WWID, stored);
    expect(after).toBe(`${header}\n0x0000000000123abc 3aaa\n0X0000000000456def 3bbb\n0Xffffffffffffffff ${WWID}\n`);
    expect(keyIn(after, WWID)).toEqual(stored);
    expect(withKey(after, WWID, undefined)).toBe(`${header}\n0x0000000000123abc 3aaa\n0X0000000000456def 3bbb\n`);
    expect(withKey("", WWID, { key: 1n, persistThroughPowerLoss: false })).toBe(
      `${header}\n0x0000000000000001 ${WWID}\n`,
    );
  });

  it("is replaced as a whole, with the rights that it had", async () => {
    const folder = await mkdtemp(join(tmpdir(), "prkeys-"));
    ends.push(() => rm(folder, { recursive: true }));
    const file = join(folder, "prkeys");
    await writeStoredKey(WWID, { key: 0xabcn, persistThroughPowerLoss: false }, file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readStoredKey(WWID, file)).toEqual({ key: 0xabcn, persistThroughPowerLoss: false });
    await writeFile(file, text, { mode: 0o640 });
    const before = (await stat(file)).ino;
    await writeStoredKey(WWID, undefined, file);
    expect((await stat(file)).ino).not.toBe(before);
    expect(await readFile(file, "utf8")).not.toContain("deadbeef");
    await expect(
      writeStoredKey(WWID, { key: 1n, persistThroughPowerLoss: false }, join(folder, "no/file")),
    ).rejects.toThrow();
  });
});

describe("keeping multipathd informed", () => {
  const config = 'defaults {\n\treservation_key "file"\n}\n';
  const stored = { key: 0xabcn, persistThroughPowerLoss: true };

  it("the daemon has the key before it is registered, and gets the old one back if that fails", async () => {
    const { ask, questions } = await daemon((question) =>
      question === "show config local" ? config : question.startsWith("getprkey") ? "0x123\n" : "ok\n",
    );
    const keeper = createKeyKeeper(map, ask);
    const takeBack = await keeper.registering(stored);
    expect(questions).toEqual(["show config local", "getprkey map paths", "setprkey map paths key abc:aptpl"]);
    await takeBack();
    expect(questions.at(-1)).toBe("setprkey map paths key 123");
    await keeper.registered();
    expect(questions.at(-1)).toBe("setprstatus map paths");
    await keeper.unregistered();
    expect(questions.slice(-2)).toEqual(["unsetprstatus map paths", "unsetprkey map paths"]);
  });

  it("a key from the configuration is not touched", async () => {
    const { ask, questions } = await daemon((question) =>
      question === "show config local" ? "defaults {\n}\n" : "ok\n",
    );
    const keeper = createKeyKeeper(map, ask);
    await (await keeper.registering(stored))();
    await keeper.unregistered();
    expect(questions.filter((question) => question.includes("prkey"))).toEqual([]);
    expect(questions).toContain("unsetprstatus map paths");
  });

  it("a daemon that does not take the key ends it before anything is registered", async () => {
    const { ask } = await daemon((question) => (question === "show config local" ? config : "fail\n"));
    await expect(createKeyKeeper(map, ask).registering(stored)).rejects.toMatchObject({ code: "UNSUITABLE_DEVICE" });
  });

  it("without a daemon its file is kept, if the map has a key there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "prkeys-"));
    ends.push(() => rm(folder, { recursive: true }));
    const file = join(folder, "prkeys");
    const keeper = createKeyKeeper(map, (question) => askMultipathd(question, "\0scsi-persist-nobody"), file);
    await (await keeper.registering(stored))();
    expect(await readStoredKey(WWID, file)).toBeUndefined();
    await writeStoredKey(WWID, { key: 1n, persistThroughPowerLoss: false }, file);
    const takeBack = await keeper.registering(stored);
    expect(await readStoredKey(WWID, file)).toEqual(stored);
    await takeBack();
    expect((await readStoredKey(WWID, file))?.key).toBe(1n);
    await keeper.registered();
    await keeper.unregistered();
    expect(await readStoredKey(WWID, file)).toBeUndefined();
  });
});
