/** What a unit says about its reservations, in a form in which two units can be compared; and how to bring it back to nothing. */
import { commands, isScsiError, type TransportId } from "../../../src/index.ts";
import type { Answer, Side } from "./side.ts";

/** A registration, without the target's own numbers. */
export interface Registered {
  readonly key: bigint;
  /** Initiator name and ISID. */
  readonly port: string;
  readonly holder: boolean;
  readonly typeCode: number | undefined;
  /** ALL_TG_PT: not compared. */
  readonly allTargetPorts: boolean;
}

/** An initiator port as text: initiator name and ISID. */
export function portText(port: TransportId): string {
  if (port.protocol !== "iscsi") throw new Error(`A TransportID of ${port.protocol}`);
  return `${port.name},${port.isid?.toString(16)}`;
}

/** READ FULL STATUS, order-normalised. */
export interface State {
  /** Of the READ FULL STATUS itself: GOOD, or RESERVATION CONFLICT while another has RESERVE. */
  readonly status: number;
  readonly sense: string;
  readonly generation: number;
  readonly registrations: readonly Registered[];
  /** The same as one line of text. */
  readonly text: string;
}

const GOOD = 0;
const CHECK_CONDITION = 2;

/** READ FULL STATUS as text and fields. */
export function stateOf({ status, sense, dataIn }: Answer): State {
  if (status !== GOOD) return { status, sense, generation: 0, registrations: [], text: `${status} ${sense}` };
  const { prGeneration, registrations, truncated } = commands.readFullStatus().read(dataIn);
  if (truncated) throw new Error("READ FULL STATUS is cut");
  const found = registrations
    .map(({ key, transportId, holder, typeCode, relativeTargetPort, allTargetPorts }) => {
      if (relativeTargetPort !== 1 && !allTargetPorts) throw new Error(`Relative target port ${relativeTargetPort}`);
      return { key, port: portText(transportId), holder, typeCode, allTargetPorts };
    })
    .sort((one, other) => (one.port < other.port ? -1 : one.port > other.port ? 1 : 0));
  const text = found
    .map(({ key, port, holder, typeCode }) => {
      const who = port.slice(port.indexOf(":") + 1, port.indexOf(","));
      return `${who} ${key.toString(16)}${holder ? ` holds ${typeCode}` : ""}`;
    })
    .join("; ");
  return { status, sense, generation: prGeneration, registrations: found, text: text === "" ? "nobody" : text };
}

const fullStatus = commands.readFullStatus();
const testUnitReady = commands.testUnitReady();

/** Asks a unit, from a host that is never in the way. */
export async function look(side: Side, host: number): Promise<State> {
  return stateOf(await side.send(host, fullStatus));
}

/** Takes every unit attention condition off a host: their sense data, in their order. */
export async function attentions(side: Side, host: number): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const { status, sense } = await side.send(host, testUnitReady);
    if (status !== CHECK_CONDITION) return found;
    found.push(sense);
    if (found.length > 32) throw new Error(`${side.name} does not come to an end of ${sense}`);
  }
}

const KEY = 0xc1ean;

async function mustBeGood(side: Side, host: number, command: ReturnType<typeof commands.clear>): Promise<void> {
  const { status, sense } = await side.send(host, command);
  if (status !== GOOD) throw new Error(`${command.name} cannot clean ${side.name}: ${status} ${sense}`);
}

/**
 * Nobody is registered, no unit attention waits. The last host does it.
 *
 * @param thoroughly whatever there was before: nobody has RESERVE either, and no condition is in the last host's way
 */
export async function clean(side: Side, hosts: number, thoroughly: boolean): Promise<void> {
  const each = Array.from({ length: hosts }, (_, host) => host);
  const last = hosts - 1;
  if (thoroughly) {
    for (const host of each) await attentions(side, host);
    for (const host of each) await side.send(host, commands.release6());
    for (const host of each) await attentions(side, host);
  }
  await mustBeGood(side, last, commands.registerAndIgnoreExistingKey({ newKey: KEY }));
  await mustBeGood(side, last, commands.clear({ key: KEY }));
  for (const host of each) if (thoroughly || host !== last) await attentions(side, host);
}

/** The data of a command in words that do not depend on the target: undefined where they may differ as they like. */
export function meaning(read: ((dataIn: Uint8Array) => unknown) | undefined, answer: Answer): string | undefined {
  if (read === undefined || answer.status !== GOOD) return undefined;
  try {
    return JSON.stringify(read(answer.dataIn), (_, value) => (typeof value === "bigint" ? value.toString(16) : value));
  } catch (error) {
    if (isScsiError(error)) return error.code;
    throw error;
  }
}
