/**
 * Keeps multipathd's knowledge of a map's reservation key with what this host has registered, as mpathpersist does, so that both tools and
 * the daemon agree: the daemon registers a path that comes back, and with the key that it knows.
 *
 * What holds: before a key is registered the daemon has it, so that a path which comes back meanwhile gets it too; a host that is
 * not registered any more, by its own doing or because it was fenced, is one whose paths the daemon leaves alone.
 */
import { isScsiError, transportError } from "../../../src/errors.ts";
import type { MultipathMapNode } from "./find.ts";
import type { AskMultipathd } from "./multipathd.ts";
import { readStoredKey, type StoredKey, writeStoredKey } from "./prkeys.ts";

/** What multipathd is told about one map. */
export interface KeyKeeper {
  /** This key is about to be registered. Returns what takes it back if that fails. */
  registering(stored: StoredKey): Promise<() => Promise<void>>;
  /** It is registered. */
  registered(): Promise<void>;
  /** This host is not registered any more. */
  unregistered(): Promise<void>;
}

/**
 * Does multipathd keep this map's key in its file? `reservation_key file`, in the section of the map or else among the defaults.
 *
 * @param config the answer to `show config local`
 */
export function keepsKeyInFile(config: string, wwid: string, name: string): boolean {
  let inDefaults = false;
  let mine = false;
  let byDefault: boolean | undefined;
  let ofMap: boolean | undefined;
  let here: boolean | undefined;
  for (const text of config.split("\n")) {
    const [, word = "", value = ""] = /^\s*(\S+)\s*(?:"?([^"]*?)"?)\s*$/.exec(text) ?? [];
    if (word === "defaults") inDefaults = true;
    if (word === "multipath") [mine, here] = [false, undefined];
    if ((word === "wwid" && value === wwid) || (word === "alias" && value === name)) mine = true;
    if (word === "reservation_key" && inDefaults) byDefault = value === "file";
    else if (word === "reservation_key") here = value === "file";
    if (word === "}") {
      if (mine && here !== undefined) ofMap = here;
      [inDefaults, mine, here] = [false, false, undefined];
    }
  }
  return ofMap ?? byDefault ?? false;
}

/** `123abc`, `123abc:aptpl`: a key as multipathd takes it. */
const keyText = ({ key, persistThroughPowerLoss }: StoredKey): string =>
  `${key.toString(16)}${persistThroughPowerLoss ? ":aptpl" : ""}`;

/** Reads `getprkey`'s answer. */
function keyFrom(answer: string): StoredKey | undefined {
  const match = /^0x([0-9a-f]{1,16})(:aptpl)?\s*$/i.exec(answer);
  return match === null ? undefined : { key: BigInt(`0x${match[1]}`), persistThroughPowerLoss: match[2] !== undefined };
}

/**
 * What keeps them together: through multipathd where it runs; where it does not, in its file, if there is one.
 *
 * @param prkeys the file
 */
export function createKeyKeeper({ name, wwid }: MultipathMapNode, ask: AskMultipathd, prkeys?: string): KeyKeeper {
  /** The daemon's answer; undefined if there is no daemon. */
  async function asked(question: string): Promise<string | undefined> {
    try {
      return await ask(question);
    } catch (error) {
      if (isScsiError(error) && error.code === "TARGET_NOT_FOUND") return undefined;
      throw error;
    }
  }

  async function store(stored: StoredKey | undefined): Promise<void> {
    const what = stored === undefined ? `unsetprkey map ${name}` : `setprkey map ${name} key ${keyText(stored)}`;
    const answer = await asked(what);
    if (answer?.startsWith("ok") === false) {
      throw transportError("UNSUITABLE_DEVICE", "no", `multipathd did not take "${what}": ${answer.trim()}`);
    }
  }

  return {
    async registering(stored) {
      const config = await asked("show config local");
      if (config === undefined) {
        const before = await readStoredKey(wwid, prkeys);
        // Without a daemon and without a key in the file nobody has asked for it to be kept there.
        if (before === undefined) return async () => undefined;
        await writeStoredKey(wwid, stored, prkeys);
        return () => writeStoredKey(wwid, before, prkeys);
      }
      if (!keepsKeyInFile(config, wwid, name)) return async () => undefined;
      const before = keyFrom((await asked(`getprkey map ${name}`)) ?? "");
      await store(stored);
      return () => store(before);
    },
    async registered() {
      await asked(`setprstatus map ${name}`);
    },
    async unregistered() {
      const config = await asked("show config local");
      if (config === undefined) {
        if ((await readStoredKey(wwid, prkeys)) !== undefined) await writeStoredKey(wwid, undefined, prkeys);
        return;
      }
      await asked(`unsetprstatus map ${name}`);
      if (keepsKeyInFile(config, wwid, name)) await store(undefined);
    },
  };
}
