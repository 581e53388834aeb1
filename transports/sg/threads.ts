/**
 * The threads in which the kernel is called. A call can hang for minutes, in a state in which nothing can end it; so each has a
 * thread to itself, and neither the event loop nor the runtime's own small pool, with which files are read, is held up.
 *
 * Threads are made when a call finds none idle, and end when they have had nothing to do for a while. They know nothing of
 * SCSI: a call writes its own arguments and reads its own results.
 */
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers";
import { Worker } from "node:worker_threads";
import {
  type CallGroup,
  GROUP_LIMIT,
  type KernelCall,
  type PendingCall,
  ThreadStartError,
  type Threads,
  type Told,
} from "./calls.ts";
import { createDetour } from "./detour.ts";
import { oneMoreHelps, PATIENCE_MS } from "./growth.ts";
import {
  ADDRESS_OFFSET,
  CONTROL_LENGTH,
  Control,
  DATA_OFFSET,
  State,
  type ThreadMemory,
  type ThreadSettings,
} from "./memory.ts";

/** How to start a thread. */
export interface ThreadProgram {
  /** The thread's whole program, see scripts/threads.mjs. */
  readonly source: string;
  readonly libc?: string | undefined;
  readonly koffi?: string | undefined;
  /** Milliseconds after which an idle thread ends. Default 5000. */
  readonly idleMs?: number | undefined;
}

/** A call on its way. */
interface Job extends PendingCall {
  readonly group: CallGroup;
  readonly call: KernelCall<unknown>;
  readonly told: Told<unknown>;
  /** The thread that has it. */
  thread: Thread | undefined;
  /** When it is finished: its result, or the error with which it failed. */
  failed: boolean;
  result: unknown;
}

interface Thread {
  readonly worker: Worker;
  readonly memory: ThreadMemory;
  readonly room: number;
  job: Job | undefined;
  givenAt: number;
}

/** The room for data that a thread has at least; only pages that are used cost memory. */
const ROOM = 256 * 1024;
const IDLE_MS = 5000;
/** So many threads start at the same time: it takes a processor some ten milliseconds, and on Deno the event loop as well. */
const STARTING_LIMIT = Math.max(1, Math.min(availableParallelism(), 4));

/** That calls have become longer is not believed as soon as that they have become shorter: it may be a delay that passes. */
function learnLength(group: CallGroup, microseconds: number): void {
  const difference = microseconds - group.microseconds;
  if (group.microseconds === Infinity) group.microseconds = microseconds;
  else group.microseconds += difference * (difference < 0 ? 1 / 2 : 1 / 8);
}

/** A set of threads that run this program. */
export function createThreads(program: ThreadProgram): Threads {
  /** The one used last is at the end, and is used first: the others can end. */
  const idle: Thread[] = [];
  /** Calls that no thread has yet, by group. */
  const waiting = new Map<CallGroup, Job[]>();
  /** Those that have started and not ended; and how many of them have a call, of whatever group. */
  const started = new Set<Thread>();
  let busy = 0;
  const detour = createDetour();
  let threads = 0;
  let starting = 0;
  /** How long the event loop stood still when a thread was last started, in milliseconds: next to nothing, but on Deno. */
  let stoodStill = 0;
  let growth: ReturnType<typeof setTimeout> | undefined;

  /** Gives a call to this thread, which is not idle any more; false if it has ended. */
  function give(thread: Thread, job: Job): boolean {
    const { control } = thread.memory;
    const { group } = job;
    const waits = detour.worthWaiting(group);
    // Arguments first: the thread reads them as soon as the state says so.
    try {
      job.call.put(thread.memory);
    } catch (error) {
      idle.push(thread);
      job.told.failed(error);
      return true;
    }
    control[Control.ALERT_MICROSECONDS] = detour.alertMicroseconds(group);
    const given = waits ? State.WATCHED : State.ANNOUNCED;
    if (Atomics.compareExchange(control, Control.STATE, State.IDLE, given) !== State.IDLE) return false;
    Atomics.notify(control, Control.STATE);
    thread.job = job;
    const now = performance.now();
    thread.givenAt = now;
    job.thread = thread;
    busy++;
    group.running++;
    if (waits && detour.wait(group, control, now)) {
      finish(thread);
      idle.push(thread);
      if (!detour.letsTurn()) tell(job);
      else {
        setImmediate(() => {
          detour.turned();
          tell(job);
          advance();
        });
      }
      return true;
    }
    group.announcedAt = performance.now();
    thread.worker.ref();
    return true;
  }

  /** May a group have one more call under way, and is it no better to be patient? */
  const ready = (group: CallGroup, patient: boolean): boolean =>
    group.running < GROUP_LIMIT && !(patient && detour.holdsBack(group));

  /** Gives a call to an idle thread; false if there is none for it. */
  function place(job: Job): boolean {
    for (let at = idle.length - 1; at >= 0; at--) {
      const thread = idle[at] as Thread;
      if (thread.room < job.call.room) continue;
      idle.splice(at, 1);
      // One that has just ended is forgotten.
      if (give(thread, job)) return true;
    }
    return false;
  }

  /** Groups with calls that wait: those that have the fewest under way come first, so that none has to wait behind one that hangs. */
  const byNeed = (): [CallGroup, Job[]][] => [...waiting].sort(([one], [other]) => one.running - other.running);

  /** Places one of the calls that wait; false if none can be. */
  function placeOne(patient: boolean): boolean {
    for (const [group, jobs] of byNeed()) {
      const placed = ready(group, patient) ? jobs.find(place) : undefined;
      if (placed !== undefined) return leave(placed);
    }
    return false;
  }

  /** Places whatever can be placed. */
  function placeWaiting(patient: boolean): void {
    while (idle.length > 0 && placeOne(patient)) {}
  }

  function advance(): void {
    placeWaiting(true);
    grow();
  }

  /** A call is the first of its group to wait. What others waited before counts as long as the group has had no rest since. */
  function startWaiting(job: Job): void {
    waiting.set(job.group, [job]);
    if (job.group.running === 0) job.group.waitedMs = 0;
    job.group.stalledSince = performance.now();
  }

  /** A call that waited does so no more; false if it did not. */
  function leave(job: Job): boolean {
    const jobs = waiting.get(job.group) ?? [];
    const at = jobs.indexOf(job);
    if (at < 0) return false;
    jobs.splice(at, 1);
    if (jobs.length === 0) waiting.delete(job.group);
    return true;
  }

  /** The first call for which another thread is to be started, besides those that start already. */
  function wanting(wants: (group: CallGroup) => boolean): Job | undefined {
    const jobs = byNeed().flatMap(([group, jobs]) => (wants(group) ? jobs.slice(0, GROUP_LIMIT - group.running) : []));
    return jobs[starting];
  }

  /** Has a call of this group come back since it was last asked? Perhaps the event loop has still to tell. */
  function returned(group: CallGroup): boolean {
    const before = group.returnedBefore;
    group.returnedBefore = group.returned;
    if (group.returned !== before) return true;
    for (const { memory, job } of started) {
      if (job?.group === group && Atomics.load(memory.control, Control.STATE) === State.IDLE) return true;
    }
    return false;
  }

  const helped = (group: CallGroup, now: number): boolean =>
    oneMoreHelps({
      threads,
      stalledMs: now - group.stalledSince,
      waitedMs: group.waitedMs,
      short: detour.isShort(group),
      stoodStillMs: stoodStill,
    });

  /** Looks after calls that wait: the first at once, the others after some patience; starts one more thread if they need one. */
  function grow(): void {
    if (growth !== undefined || starting >= STARTING_LIMIT || wanting(() => true) === undefined) return;
    growth = setTimeout(
      () => {
        growth = undefined;
        placeWaiting(false);
        const now = performance.now();
        for (const [group, jobs] of waiting) {
          group.waitedMs += jobs.length * PATIENCE_MS;
          if (returned(group)) group.stalledSince = now;
        }
        const next = wanting((group) => helped(group, now));
        if (next !== undefined) start(next);
        grow();
      },
      threads === 0 ? 0 : PATIENCE_MS,
    );
  }

  function start(first: Job): void {
    let room = ROOM;
    while (room < first.call.room) room *= 2;
    const shared = new SharedArrayBuffer(DATA_OFFSET + room);
    const settings: ThreadSettings = {
      memory: shared,
      idleMs: program.idleMs ?? IDLE_MS,
      libc: program.libc,
      koffi: program.koffi,
    };
    const view = new DataView(shared);
    const memory = { control: new Int32Array(shared, 0, CONTROL_LENGTH / 4), view, bytes: new Uint8Array(shared) };
    let worker: Worker;
    first.group.waitedMs = 0;
    const began = performance.now();
    try {
      // Without the program's own options, NODE_OPTIONS too: what --import and --require load would be loaded by each thread.
      worker = new Worker(program.source, {
        eval: true,
        execArgv: [],
        env: {},
        workerData: settings,
        name: "scsi-persist",
      });
    } catch (error) {
      drop(first, error);
      return;
    }
    stoodStill = performance.now() - began;
    starting++;
    threads++;
    let thread: Thread | undefined;
    let failure: unknown;
    worker.on("message", (trouble: string | undefined) => {
      if (trouble !== undefined) {
        failure = new Error(trouble);
        return;
      }
      detour.turned();
      if (thread === undefined) {
        starting--;
        const address = view.getBigUint64(ADDRESS_OFFSET, true);
        thread = { worker, memory: { ...memory, address }, room, job: undefined, givenAt: 0 };
        started.add(thread);
      } else {
        if (busy === 1) detour.learn(thread.givenAt, thread.memory.control);
        tell(finish(thread));
      }
      idle.push(thread);
      worker.unref();
      advance();
    });
    worker.on("error", (error) => {
      failure = error;
    });
    worker.on("exit", () => {
      threads--;
      const reason = failure ?? new Error("the thread has ended");
      if (thread === undefined) {
        starting--;
        drop(first, reason);
      } else {
        started.delete(thread);
        const at = idle.indexOf(thread);
        if (at >= 0) idle.splice(at, 1);
        const { job } = thread;
        thread.job = undefined;
        if (job !== undefined) {
          busy--;
          job.group.running--;
          job.told.failed(reason);
        }
      }
      advance();
    });
  }

  /** The thread is back from the kernel. Reads the results of its job at once: the next one will overwrite them. */
  function finish(thread: Thread): Job {
    const job = thread.job as Job;
    const { group, call } = job;
    const { control } = thread.memory;
    thread.job = undefined;
    busy--;
    group.returned++;
    group.running--;
    learnLength(group, control[Control.MICROSECONDS] as number);
    try {
      job.result = call.take(control[Control.RESULT] as number, thread.memory);
    } catch (error) {
      job.failed = true;
      job.result = error;
    }
    return job;
  }

  /** Tells what became of a job that is finished. */
  function tell({ told, failed, result }: Job): void {
    if (failed) told.failed(result);
    else told.done(result);
  }

  /** No thread could be started for a call; if another thread has it meanwhile, no matter. */
  function drop(job: Job, reason: unknown): void {
    if (leave(job)) job.told.failed(new ThreadStartError(reason));
  }

  /** Of a call that nobody waits for any more: has the kernel got it? */
  function abandon(job: Job): boolean {
    if (job.thread === undefined) {
      leave(job);
      return false;
    }
    if (job.thread.job === job) job.thread.worker.unref();
    return true;
  }

  return {
    run(group, call, told) {
      const job: Job = {
        group,
        call: call as KernelCall<unknown>,
        told: told as Told<unknown>,
        thread: undefined,
        failed: false,
        result: undefined,
        abandon() {
          return abandon(this);
        },
      };
      const before = waiting.get(group);
      if (before !== undefined || !ready(group, true) || !place(job)) {
        if (before === undefined) startWaiting(job);
        else before.push(job);
        grow();
      }
      return job;
    },
  };
}
