/**
 * What a simulated cluster will do, step by step, all decided beforehand by the seed: a step can be left out without changing
 * any other, so that a run that fails can be shrunk.
 */
import { createRandom, type Fault, type Random } from "../../transports/simulated/index.ts";
import {
  OP,
  type Request,
  read,
  registerAndMove,
  registerMany,
  release6,
  reserve6,
  reserveOut,
  SA,
  testUnitReady,
  transportId,
  write,
} from "./bytes.ts";

/** One path from a host to the unit: an I_T nexus. */
export interface Path {
  readonly host: number;
  /** The TransportID as text and as bytes. */
  readonly initiatorPort: string;
  readonly bytes: Uint8Array;
  readonly relativeTargetPort: number;
}

/** One step. */
export interface Step {
  readonly path: number;
  readonly request: Request;
  /** What goes wrong with it. */
  readonly fault?: Fault | undefined;
  /** Before it the unit loses its persistent reservation information. */
  readonly loses: boolean;
  /** Milliseconds that pass afterwards; none: the next one comes at once. */
  readonly waitMs: number;
}

/** A whole run. */
export interface Script {
  readonly hosts: number;
  readonly paths: readonly Path[];
  readonly steps: readonly Step[];
}

export const TARGET_PORTS = [1, 2] as const;
/** The unit attention condition that faults make. */
export const INJECTED = 0x3f0e;

/** Each as often as it stands here. */
const faults: readonly (readonly [weight: number, fault: Fault])[] = [
  [4, { kind: "lose-request" }],
  [16, { kind: "delay", ms: 7 }],
  [4, { kind: "delay", ms: 150 }],
  [4, { kind: "busy" }],
  [4, { kind: "task-set-full" }],
  [4, { kind: "unit-attention", condition: INJECTED }],
  [2, { kind: "drop-path" }],
  [1, { kind: "reset", scope: "logical-unit" }],
  [1, { kind: "power-cut" }],
  [4, { kind: "lose-answer" }],
  [4, { kind: "delay-answer", ms: 11 }],
];
const hat: readonly Fault[] = faults.flatMap(([weight, fault]) => new Array<Fault>(weight).fill(fault));

/** Decides everything. */
export function writeScript(seed: number, length: number): Script {
  const random = createRandom(seed);
  const hosts = 2 + random.below(15);
  const paths = Array.from({ length: hosts }, (_, host) =>
    Array.from({ length: 1 + random.below(4) }, (_path, index): Path => {
      const name = `iqn.2026-01.com.example:host-${host}`;
      return {
        host,
        initiatorPort: `${name},i,0x${(index + 1).toString(16)}`,
        bytes: transportId(name, index + 1),
        relativeTargetPort: TARGET_PORTS[index % 2] as number,
      };
    }),
  ).flat();
  const faultRate = random.pick([0, 0.02, 0.12]);
  const lossRate = random.pick([0, 0, 0.002]);
  const aptplRate = random.pick([0, 0.5, 1]);
  const steps = Array.from({ length }, (): Step => {
    const path = random.below(paths.length);
    const request = choose(random, paths, path, hosts, aptplRate);
    return {
      path,
      request,
      fault: random.chance(faultRate) ? random.pick(hat) : undefined,
      loses: random.chance(lossRate),
      waitMs: random.chance(0.2) ? 0 : random.chance(0.1) ? 20 : 1,
    };
  });
  return { hosts, paths, steps };
}

const types = [1, 3, 5, 6, 7, 8] as const;

/** What a host does next: keys are its own number, mostly. */
function choose(random: Random, paths: readonly Path[], path: number, hosts: number, aptplRate: number): Request {
  const own = (paths[path] as Path).host + 1;
  const key = random.chance(0.95) ? own : random.below(hosts + 2);
  const other = random.chance(0.1) ? 0 : 1 + random.below(hosts);
  const type = random.pick(types);
  const aptpl = random.chance(aptplRate);
  const ids = Array.from({ length: 1 + random.below(3) }, () => random.pick(paths).bytes);
  const to = random.pick(paths);
  const [first, second] = [random.chance(0.5), random.chance(0.5)];
  const draw = random.below(1000);
  if (draw < 250) return write(random.below(8), random.below(256));
  if (draw < 440) return read(random.below(8));
  if (draw < 520) return testUnitReady();
  if (draw < 610) return reserveOut(SA.register, first && second ? key : 0, own, 0, aptpl);
  if (draw < 650) return reserveOut(SA.register, key, 0, 0, aptpl);
  if (draw < 665) return registerMany(SA.register, 0, own, { allTgPt: first, aptpl, ids });
  if (draw < 680)
    return registerMany(SA.register, first ? key : 0, second ? own : 0, { allTgPt: true, aptpl, ids: [] });
  if (draw < 690) return registerMany(SA.registerAndIgnore, 0, second ? own : 0, { allTgPt: true, aptpl, ids: [] });
  if (draw < 740) return reserveOut(SA.registerAndIgnore, 0, own, 0, aptpl);
  if (draw < 835) return reserveOut(SA.reserve, key, 0, type, false);
  if (draw < 860) {
    const where = { id: to.bytes, port: first ? to.relativeTargetPort : 1, unreg: second, aptpl };
    return registerAndMove(key, to.host + 1, where);
  }
  if (draw < 905) return reserveOut(SA.release, key, 0, type, false);
  if (draw < 915) return reserveOut(SA.clear, key, 0, 0, false);
  if (draw < 945) return reserveOut(SA.preempt, key, other, type, false);
  if (draw < 970) return reserveOut(SA.preemptAndAbort, key, other, type, false);
  if (draw < 980) return reserve6();
  if (draw < 992) return release6();
  return reserveOut(SA.replaceLost, 0, own, type, aptpl);
}

const actions = Object.fromEntries(Object.entries(SA).map(([name, code]) => [code, name]));
const operations = Object.fromEntries(Object.entries(OP).map(([name, code]) => [code, name]));

/** A step for people. */
export function describeStep({ steps, paths }: Script, index: number): string {
  const { path, request, fault, loses, waitMs } = steps[index] as Step;
  const { cdb, dataOut } = request;
  const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");
  const name = cdb[0] === OP.reserveOut ? actions[(cdb[1] as number) & 0x1f] : operations[cdb[0] as number];
  const { initiatorPort, relativeTargetPort } = paths[path] as Path;
  return [
    `${index}: ${initiatorPort.split(":")[1]} port ${relativeTargetPort}: ${name} ${hex(cdb)}`,
    cdb[0] === OP.reserveOut ? ` ${hex(dataOut)}` : "",
    fault === undefined ? "" : `, ${JSON.stringify(fault)}`,
    loses ? ", information lost before it" : "",
    waitMs === 0 ? ", and at once" : "",
  ].join("");
}
