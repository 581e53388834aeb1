/**
 * The robot's time: it does one thing after the other, each in steps, and what comes meanwhile waits. It knows when, and
 * not what: whether a command may begin is asked for when its turn comes, and not before (spc4r36f 5.13.1: a command is
 * checked for reservation conflicts when processing of it begins).
 *
 * A command that is aborted, or that power leaves, stops where it is: what has been done stays done.
 */
import { type Answer, faultAnswer } from "../answer.ts";
import type { Clock } from "../clock.ts";
import type { Nexus } from "../nexus.ts";

/** One command for the robot. */
export interface Job {
  readonly nexus: Nexus;
  /** Its turn has come: may it, and what is to be done? Steps are in the answer's `motion`. */
  begin(): Answer;
  settle(answer: Answer): void;
  /** False once nobody waits for it any more. */
  isWanted(): boolean;
}

/** The robot of one library. */
export interface Robot {
  submit(job: Job): void;
  /** Ends the commands of these nexuses, the one that is being done among them. */
  abortOf(nexuses: readonly Nexus[]): void;
  /** Ends all commands. */
  stop(): void;
}

/** @param moveMs how long each command takes, in milliseconds, its steps at equal intervals */
export function createRobot(clock: Clock, moveMs: number): Robot {
  let queue: Job[] = [];
  let current: { readonly job: Job; stopTimer: () => void } | undefined;

  function end(job: Job, answer: Answer | undefined): void {
    current = undefined;
    if (answer !== undefined) job.settle(answer);
    next();
  }

  function advance(job: Job, answer: Answer, step: number): void {
    const { motion = [] } = answer;
    const wanted = job.isWanted();
    const fault = wanted ? motion[step]?.() : undefined;
    if (!wanted) end(job, undefined);
    else if (fault !== undefined) end(job, faultAnswer(fault));
    else if (step + 1 >= motion.length) end(job, { ...answer, motion: undefined });
    else wait(job, answer, step + 1);
  }

  function wait(job: Job, answer: Answer, step: number): void {
    const { motion = [] } = answer;
    current = { job, stopTimer: clock.after(moveMs / motion.length, () => advance(job, answer, step)) };
  }

  function next(): void {
    while (current === undefined) {
      const job = queue.shift();
      if (job === undefined) return;
      if (!job.isWanted()) continue;
      const answer = job.begin();
      if (answer.motion === undefined || answer.motion.length === 0) job.settle(answer);
      else wait(job, answer, 0);
    }
  }

  function drop(unwanted: (job: Job) => boolean): void {
    queue = queue.filter((job) => !unwanted(job));
    if (current === undefined || !unwanted(current.job)) return;
    current.stopTimer();
    current = undefined;
    next();
  }

  return {
    submit(job) {
      queue.push(job);
      next();
    },
    abortOf: (nexuses) => drop(({ nexus }) => nexuses.includes(nexus)),
    stop: () => drop(() => true),
  };
}
