/** Rule faults that are planted into a unit, one at a time, to see that the simulation notices them. */
import type { Nexus, Reservations, SimulatedUnit, Snapshot } from "../../transports/simulated/index.ts";
import { OP, SA, STATUS } from "./bytes.ts";

type Server = { -readonly [K in keyof SimulatedUnit["server"]]: SimulatedUnit["server"][K] };
type Execute = Server["execute"];

/** Wraps `execute`. */
const around = (wrap: (execute: Execute, server: Server) => Execute) => (unit: SimulatedUnit) => {
  const server = unit.server as Server;
  server.execute = wrap(server.execute.bind(server), server);
};
/** Does something after every PERSISTENT RESERVE OUT that ended in GOOD. */
const afterwards = (
  actions: readonly number[],
  then: (server: Server, before: Reservations, nexus: Nexus, everybody: ReadonlySet<Nexus>) => void,
) => {
  const everybody = new Set<Nexus>();
  return around((execute, server) => (nexus, cdb, dataOut) => {
    everybody.add(nexus);
    const concerned = cdb[0] === OP.reserveOut && actions.includes((cdb[1] as number) & 0x1f);
    const before = concerned ? server.reservations() : undefined;
    const answer = execute(nexus, cdb, dataOut);
    if (before !== undefined && answer.status === STATUS.good) then(server, before, nexus, everybody);
    return answer;
  });
};
const untold = (actions: readonly number[], condition: number) =>
  afterwards(actions, (_server, _before, _nexus, everybody) => {
    for (const { attentions } of everybody) {
      const at = attentions.indexOf(condition);
      if (at >= 0) attentions.splice(at, 1);
    }
  });
const change = (server: Server, how: (now: Snapshot) => Partial<Snapshot>) => {
  const now = server.snapshot();
  server.restore({ ...now, ...how(now) });
};
const holds = ({ registrations, reservation }: Reservations, { initiatorPort, relativeTargetPort }: Nexus): boolean => {
  const index = registrations.findIndex(
    (each) =>
      each.relativeTargetPort === relativeTargetPort &&
      "isid" in initiatorPort &&
      each.initiatorPort.includes((initiatorPort as unknown as { name: string }).name) &&
      BigInt(each.initiatorPort.split(",i,")[1] ?? 0) === initiatorPort.isid,
  );
  return reservation !== null && index >= 0 && (reservation.holder === null || reservation.holder === index);
};

/** Each by the rule that it breaks. */
export const mutants: Readonly<Record<string, (unit: SimulatedUnit) => void>> = {
  "a cell of the access table: WRITE is refused to a registrant": around((execute, server) => (nexus, cdb, dataOut) => {
    const answer = execute(nexus, cdb, dataOut);
    const now = server.reservations();
    const refuses = cdb[0] === OP.write && now.reservation?.type === "exclusive-access-registrants-only";
    return refuses && !holds(now, nexus) ? { ...answer, status: STATUS.conflict } : answer;
  }),
  "a cell of the access table: WRITE is let through": around((execute, server) => (nexus, cdb, dataOut) => {
    const answer = execute(nexus, cdb, dataOut);
    if (cdb[0] !== OP.write || answer.status !== STATUS.conflict) return answer;
    return server.reservations().reservation?.type === "write-exclusive" ? { ...answer, status: STATUS.good } : answer;
  }),
  "PREEMPT tells nobody": untold([SA.preempt, SA.preemptAndAbort], 0x2a05),
  "CLEAR tells nobody": untold([SA.clear], 0x2a03),
  "RELEASE tells nobody": untold([SA.release], 0x2a04),
  "CLEAR is not counted": afterwards([SA.clear], (server) =>
    change(server, (now) => ({ prGeneration: now.prGeneration - 1 })),
  ),
  "RESERVE is counted": afterwards([SA.reserve], (server) =>
    change(server, (now) => ({ prGeneration: now.prGeneration + 1 })),
  ),
  "APTPL is lost": (unit) => {
    const server = unit.server as Server;
    const powerCycle = server.powerCycle.bind(server);
    server.powerCycle = () => {
      powerCycle();
      change(server, () => ({ registrations: [], reservation: null }));
    };
  },
  "power loss forgets nothing": (unit) => {
    const server = unit.server as Server;
    const powerCycle = server.powerCycle.bind(server);
    server.powerCycle = () => {
      const { registrations, reservation } = server.reservations();
      powerCycle();
      change(server, () => ({ registrations, reservation }));
    };
  },
  "a reset ends the reservation": (unit) => {
    const server = unit.server as Server;
    const reset = server.reset.bind(server);
    server.reset = (condition) => {
      reset(condition);
      change(server, () => ({ reservation: null }));
    };
  },
  "a lost nexus is unregistered": (unit) => {
    const server = unit.server as Server;
    const loseNexus = server.loseNexus.bind(server);
    server.loseNexus = (nexus) => {
      loseNexus(nexus);
      change(server, () => ({ registrations: [], reservation: null }));
    };
  },
  "RELEASE by anybody releases": afterwards([SA.release], (server) => change(server, () => ({ reservation: null }))),
  "PREEMPT leaves its victims registered": afterwards([SA.preempt], (server, before) =>
    change(server, (now) => ({
      registrations: before.registrations,
      reservation: now.reservation === null || now.reservation.holder === null ? now.reservation : before.reservation,
    })),
  ),
  "REGISTER without APTPL leaves APTPL as it was": afterwards([SA.register, SA.registerAndIgnore], (server, before) =>
    change(server, (now) => ({
      persistsThroughPowerLoss: now.persistsThroughPowerLoss || before.persistsThroughPowerLoss,
    })),
  ),
  "a WRITE is lost": around(
    (execute) => (nexus, cdb, dataOut) =>
      cdb[0] === OP.write && cdb[5] === 3 && dataOut?.[0] === 9
        ? execute(nexus, Uint8Array.of(...cdb.subarray(0, 5), 9, ...cdb.subarray(6)), dataOut)
        : execute(nexus, cdb, dataOut),
  ),
  "PREEMPT AND ABORT aborts nothing": around((execute) => (nexus, cdb, dataOut) => ({
    ...execute(nexus, cdb, dataOut),
    aborted: [],
  })),
};
