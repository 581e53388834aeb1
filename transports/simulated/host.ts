/**
 * Simulated targets by name, so that several hosts in one process meet at the same unit, and the URL that leads there:
 * `sim:NAME[/LUN][?initiator=…&port=…&blocks=…&block-size=…&type=…]`.
 */

import { checkOneOf } from "../../src/check.ts";
import type { Transport } from "../../src/transport.ts";
import type { TransportId } from "../../src/transport-id.ts";
import { parseTransportId } from "../../src/transport-id-text.ts";
import { deviceTypes } from "./device-kind.ts";
import { createSimulatedTarget, type SimulatedTarget, type SimulatedTargetOptions } from "./target.ts";

/** A set of targets, each under its name. */
export interface SimulatedHost {
  /** The target of that name; made if it does not exist yet. `options` are for one that does not. */
  target(name: string, options?: Omit<SimulatedTargetOptions, "name">): SimulatedTarget;
  /** Forgets all targets. Transports that lead to them go on working. */
  clear(): void;
}

/** A host without targets. Whoever has it decides how long its targets live. */
export function createSimulatedHost(): SimulatedHost {
  const targets = new Map<string, SimulatedTarget>();
  return {
    target(name, options = {}) {
      let target = targets.get(name);
      if (target === undefined) {
        target = createSimulatedTarget({ ...options, name });
        targets.set(name, target);
      }
      return target;
    },
    clear: () => targets.clear(),
  };
}

/** Who opens, and where. */
export interface OpenSimulatedOptions {
  /** Where the name is looked up; one host that the whole process shares unless given. */
  readonly host?: SimulatedHost | undefined;
  /** The initiator port where the URL names none: a TransportID or its text. */
  readonly initiatorPort?: TransportId | string | undefined;
  /** Likewise, as the name of an iSCSI initiator; the ISID is then the default one. */
  readonly initiatorName?: string | undefined;
}

const DEFAULT_INITIATOR_NAME = "iqn.2026-01.io.github.scsi-persist:simulated";
const DEFAULT_ISID = 0x8000_0000_0000n;
const form = "sim:NAME[/LUN][?initiator=…&port=…&blocks=…&block-size=…&type=…]";
const parameters = ["initiator", "port", "blocks", "block-size", "type"];

function wholeNumber(name: string, text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) throw new RangeError(`${name} in a sim: URL must be a whole number, got "${text}"`);
  return Number(text);
}

/**
 * Opens a simulated unit; within one host the same name and LUN are the same unit. `blocks`, `block-size` and `type` (disk, tape, changer) say what a
 * unit is to be like that does not exist yet; of one that exists they must be true.
 *
 * @param sharedHost where names are looked up if the options do not say
 * @throws TypeError for a URL of another form, RangeError for a part of it that cannot be
 */
export function openSimulatedIn(sharedHost: SimulatedHost, url: string, options: OpenSimulatedOptions): Transport {
  const parts = /^sim:([^/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/i.exec(url);
  if (parts === null) throw new TypeError(`Not the URL of a simulated unit: "${url}"; the form is ${form}`);
  const [, name = "", lun, search] = parts;
  const query = new URLSearchParams(search ?? "");
  for (const parameter of query.keys()) {
    if (!parameters.includes(parameter)) {
      throw new RangeError(`Unknown parameter "${parameter}" in a sim: URL; known are ${parameters.join(", ")}`);
    }
  }
  const blocks = wholeNumber("blocks", query.get("blocks"));
  const blockSize = wholeNumber("block-size", query.get("block-size"));
  const host = options.host ?? sharedHost;
  const asked = query.get("type");
  const type = asked === null ? undefined : checkOneOf("type", asked, deviceTypes);
  const unit = host.target(decodeURIComponent(name)).unit(wholeNumber("LUN", lun ?? null), { blocks, blockSize, type });
  for (const [what, wanted, is] of [
    ["blocks", blocks, unit.server.blocks],
    ["block-size", blockSize, unit.server.blockSize],
    ["type", type, unit.server.type],
  ] as const) {
    if (wanted !== undefined && wanted !== is)
      throw new RangeError(`${unit.name} exists with ${what}=${is}, not ${wanted}`);
  }
  const relativeTargetPort = wholeNumber("port", query.get("port"));
  return unit.nexus({ initiatorPort: initiatorOf(query.get("initiator"), options), relativeTargetPort });
}

function initiatorOf(inUrl: string | null, { initiatorPort, initiatorName }: OpenSimulatedOptions): TransportId {
  const given = inUrl ?? initiatorPort ?? initiatorName ?? DEFAULT_INITIATOR_NAME;
  const id = typeof given === "string" ? parseTransportId(given) : given;
  return id.protocol === "iscsi" && id.isid === undefined ? { ...id, isid: DEFAULT_ISID } : id;
}
