/**
 * A served unit to which failures happen as planned: it stands between the target and a unit and changes what passes. When
 * which failure happens is the plan's.
 */
import type { Announcement, ServedUnit, UnitAnswer, UnitMishap, UnitNexus } from "../iscsi/target/index.ts";
import {
  attentionSense,
  createFaultDraw,
  establish,
  type Fault,
  type FaultEvent,
  type FaultPlan,
  faultStatuses,
  type Nexus,
} from "../simulated/index.ts";

const none = new Uint8Array(0);
const statusAlone = (status: number): UnitAnswer => ({
  status,
  dataIn: none,
  sense: none,
  dataOutLength: 0,
  aborted: [],
});
const mishap = (what: UnitMishap): UnitAnswer => ({ ...statusAlone(0), mishap: what });
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 2 ** 31 - 1)));

/**
 * Makes a plan happen to what passes through a unit.
 *
 * @param lun its number
 * @param happened is told of every failure
 * @throws FaultPlanError for a plan that cannot be
 */
export function withFaults(
  unit: ServedUnit,
  lun: number,
  plan: FaultPlan,
  happened: (event: FaultEvent) => void,
): ServedUnit {
  const { arrives, draw } = createFaultDraw(plan, () => performance.now(), happened);

  /** Does to an answer what is planned. */
  function spoil(answer: UnitAnswer, fault: Fault | undefined): UnitAnswer {
    switch (fault?.kind) {
      case "lose-answer":
        return { ...answer, mishap: "no-answer" };
      case "delay-answer":
        return { ...answer, lateByMs: fault.ms };
      case "truncate":
        return { ...answer, dataIn: answer.dataIn.slice(0, fault.bytes) };
      case "wrong-residual":
        return { ...answer, residualOffBy: fault.by };
      default:
        return answer;
    }
  }

  return {
    ...unit,
    execute(nexus: UnitNexus, cdb, dataOut, isWanted) {
      const number = arrives();
      const fault = draw("before", number, cdb, (nexus as Nexus).name);
      const finish = (answer: UnitAnswer) => spoil(answer, draw("after", number, cdb, (nexus as Nexus).name));
      const go = () => {
        const answer = unit.execute(nexus, cdb, dataOut, isWanted);
        return answer instanceof Promise ? answer.then(finish) : finish(answer);
      };
      const telling = (announces: Announcement) => {
        const answer = go();
        const told = (one: UnitAnswer): UnitAnswer => ({ ...one, announces });
        return answer instanceof Promise ? answer.then(told) : told(answer);
      };
      switch (fault?.kind) {
        case "lose-request":
          return mishap("no-answer");
        case "transport-error":
          return mishap("target-failure");
        case "delay":
          return wait(fault.ms).then(() => (isWanted() ? go() : mishap("no-answer")));
        case "busy":
        case "task-set-full":
        case "aca-active":
          return statusAlone(faultStatuses[fault.kind]);
        case "unit-attention":
          establish((nexus as Nexus).attentions, fault.condition);
          return go();
        case "drop-path":
          return mishap("connection-lost");
        case "scsi-event":
          return telling({ event: "scsi-event", lun, sense: attentionSense(fault.condition) });
        case "announce": {
          const { event, seconds } = fault;
          const drops = event === "connection-drop" || event === "session-drop";
          return drops ? { ...statusAlone(0), announces: { event, seconds } } : telling({ event, seconds });
        }
        case "reset":
          return mishap(fault.scope === "target" ? "target-reset" : "logical-unit-reset");
        case "power-cut":
          return mishap("power-loss");
        default:
          return go();
      }
    },
  };
}
