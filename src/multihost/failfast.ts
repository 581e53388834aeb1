/**
 * Fail-fast (mhd(7I), MHIOCENFAILFAST): looks every so often whether this host still has the access to its disks that it expects,
 * and says so at once when it is gone. It decides when to look and what the looks of many disks mean together; one look is
 * probing.ts's. It ends no process: that is for whoever started it.
 *
 * TEST UNIT READY passes every persistent reservation, so it cannot tell whether a host has been fenced: on shared disks a probe is
 * READ KEYS and READ RESERVATION.
 */
import { OperationCode, Status } from "../core/generated/codes.ts";
import { isScsiError, type ScsiErrorCode } from "../errors.ts";
import type { AttemptObserver, Unit } from "../logical-unit.ts";
import type { MultipathUnit } from "../multipath/unit.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Expectation } from "./expectation.ts";
import { accessLost, isLost, type Loss, type LossRule, type Verdict } from "./loss.ts";
import { type Finding, isProbe, probe, type Resets } from "./probing.ts";
import { refuseSeveralPaths } from "./several-paths.ts";

/** What happens to a watched disk. */
export type FailfastEvent =
  | { readonly type: "lost"; readonly loss: Loss }
  /** No verdict by the deadline; by policy this is no loss. */
  | { readonly type: "silent"; readonly disk: string; readonly code: ScsiErrorCode; readonly because: string }
  /** A disk that was silent has answered, and access is there. */
  | { readonly type: "answers-again"; readonly disk: string }
  /** What a reset or a loss of power had ended was made again. */
  | { readonly type: "reinstated"; readonly disk: string }
  /** A reset has ended what RESERVE had made, and it was not made again: nobody is shut out now, this host included. */
  | { readonly type: "reset"; readonly disk: string };

/** Arguments of {@link createFailfast}. */
export interface FailfastOptions {
  /**
   * Milliseconds between two probes of one disk, rounded up to whole ones. 0: nothing is probed and nothing counts. Infinity: nothing
   * is probed, conflicts of other commands count.
   */
  readonly intervalMs: number;
  /** Milliseconds from when a probe is due until it must have a verdict. Default: twice the interval, at least 2000. */
  readonly deadlineMs?: number | undefined;
  /** What a disk without verdict by the deadline means: `report`, or `loss`. Default `report`. */
  readonly silence?: "report" | "loss" | undefined;
  /** Default `any`. */
  readonly rule?: LossRule | undefined;
  /** Is called once, before the signal fires. */
  readonly onLoss?: ((verdict: Verdict) => void) | undefined;
  /** Is told of everything that happens to a watched disk. */
  readonly observer?: ((event: FailfastEvent) => void) | undefined;
  /** What intervals are measured by; the real time unless given. */
  readonly clock?: Clock | undefined;
}

/** One disk under watch. */
export interface DiskWatch {
  /** The unit's name. */
  readonly name: string;
  /** How it stands with it. */
  readonly state: "watched" | "silent" | "lost";
  /**
   * Commands that go through the watched unit count by themselves: a RESERVATION CONFLICT that one meets is a loss at once. This is
   * for others of this host, to be given them as `observer`.
   */
  readonly observer: AttemptObserver;
  /** The same for those who see only bytes: says that a command met RESERVATION CONFLICT. PERSISTENT RESERVE does not count. */
  conflict(operationCode: number, command?: string): void;
  /** Resolves when the first probe has ended: true if it found the access that is expected. */
  readonly first: Promise<boolean>;
  /** No longer watched, and no longer counted. */
  stop(): void;
}

/** How punctual the probes are. */
export interface Lateness {
  /** How many probes have begun. */
  readonly probes: number;
  /** How much later than due a probe began, in milliseconds: the worst, and the sum of all. */
  readonly worstMs: number;
  /** All their delays together. */
  readonly sumMs: number;
}

/** Disks under watch. */
export interface Failfast {
  /** Fires when access is lost by the rule, with a ScsiError `ACCESS_LOST`. */
  readonly signal: AbortSignal;
  /** What was concluded, once the signal has fired. */
  readonly verdict: Verdict | undefined;
  /** How late its probes began. */
  readonly lateness: Lateness;
  /**
   * Watches a disk.
   *
   * @param unit the way to it; probes go through it, through all its paths at the same time: one answer is enough
   * @param expectation the access that this host expects to have
   * @throws ScsiError `UNSUITABLE_DEVICE` where RESERVE is expected of a unit of several paths
   */
  watch(unit: Unit, expectation: Expectation): DiskWatch;
  /** Ends it all; nothing fires any more. */
  [Symbol.asyncDispose](): Promise<void>;
}

interface Watched {
  readonly unit: Unit;
  readonly expectation: Expectation;
  due: number;
  /** Ends the observation of the unit's other commands. */
  overlook: () => void;
  state: "watched" | "silent" | "lost";
  stopped: boolean;
  /** The probes under way, in the order in which they began. */
  readonly looks: Set<AbortController>;
  readonly resets: Resets;
  /** Paths on which nothing has conflicted since a loss of power was made good: they may not have been there then, and have no key. */
  returning: Set<string>;
  heldAt: number | undefined;
  prGeneration: number | undefined;
  loss: Loss | undefined;
}

const LEAST_DEADLINE_MS = 2000;
/** A probe may be aborted at the disk without an answer: by a reset, by the very PREEMPT AND ABORT. The next ones do not wait for it. */
const MOST_LOOKS = 4;
/** What makes registrations again must not do so twice at a time. */
const mostLooks = ({ kind, reinstate }: Expectation): number =>
  kind === "registered" && reinstate === true ? 1 : MOST_LOOKS;
/** Spreads the disks over the interval, each far from the others (the golden section). */
const SPREAD = 0.618_033_988_749_895;

const epochMs = (): number => performance.timeOrigin + performance.now();

function checkTimes({ intervalMs, deadlineMs }: FailfastOptions): void {
  if (!(typeof intervalMs === "number" && intervalMs >= 0)) {
    throw new RangeError(`intervalMs must be 0 or more milliseconds, got ${String(intervalMs)}`);
  }
  if (deadlineMs !== undefined && !(typeof deadlineMs === "number" && deadlineMs > 0)) {
    throw new RangeError(`deadlineMs must be more than 0 milliseconds, got ${String(deadlineMs)}`);
  }
}

/**
 * Starts watching.
 *
 * @throws RangeError for times that cannot be
 * @example
 * await using failfast = createFailfast({ intervalMs: 1000, onLoss: ({ losses }) => console.error(losses) });
 * failfast.watch(unit, { kind: "registered", key: 0xabcn });
 * await work({ signal: failfast.signal });
 */
export function createFailfast(options: FailfastOptions): Failfast {
  checkTimes(options);
  const { silence = "report", rule = "any", onLoss, observer, clock = systemClock } = options;
  const intervalMs = Math.ceil(options.intervalMs);
  const enabled = intervalMs > 0;
  const probes = enabled && intervalMs !== Number.POSITIVE_INFINITY;
  const deadlineMs = options.deadlineMs ?? Math.max(2 * intervalMs, LEAST_DEADLINE_MS);
  const fired = new AbortController();
  const ending = new AbortController();
  const underWay = new Set<Promise<void>>();
  const disks = new Set<Watched>();
  const losses: Loss[] = [];
  /** By time; the first is next. */
  const queue: Watched[] = [];
  let callOff: (() => void) | undefined;
  let count = 0;
  let verdict: Verdict | undefined;
  const lateness = { probes: 0, worstMs: 0, sumMs: 0 };

  const report = (event: FailfastEvent): void => {
    try {
      observer?.(event);
    } catch {
      // An observer's trouble is its own.
    }
  };

  function lose(disk: Watched, how: Partial<Loss> & Pick<Loss, "reason" | "because" | "noticedBy">): void {
    if (!enabled || disk.stopped || disk.state === "lost" || ending.signal.aborted) return;
    disk.state = "lost";
    const conflict = how.command !== undefined || how.reason === "conflict";
    // What is not known is not there.
    const loss = {
      disk: disk.unit.name,
      atEpochMs: epochMs(),
      sinceHeldMs: disk.heldAt === undefined ? undefined : clock.now() - disk.heldAt,
      lateMs: 0,
      ...(conflict && { code: "RESERVATION_CONFLICT", status: Status.RESERVATION_CONFLICT }),
      ...how,
    } as Loss;
    disk.loss = loss;
    losses.push(loss);
    report({ type: "lost", loss });
    conclude();
  }

  function conclude(): void {
    if (verdict !== undefined || !isLost(rule, losses.length, disks.size)) return;
    verdict = { rule, disks: disks.size, losses: [...losses] };
    try {
      onLoss?.(verdict);
    } finally {
      fired.abort(accessLost(verdict));
    }
  }

  /** Takes a finding in. */
  function take(disk: Watched, finding: Finding, lateMs: number): boolean {
    if (disk.stopped || disk.state === "lost") return false;
    const name = disk.unit.name;
    switch (finding.kind) {
      case "held":
        disk.heldAt = clock.now();
        disk.prGeneration = finding.prGeneration;
        if (disk.state === "silent") report({ type: "answers-again", disk: name });
        disk.state = "watched";
        if (finding.reinstated) {
          report({ type: "reinstated", disk: name });
          disk.returning = new Set((disk.unit as Partial<MultipathUnit>).paths?.map((path) => path.name));
        }
        if (finding.reset) report({ type: "reset", disk: name });
        return true;
      case "lost": {
        const { kind: _, ...how } = finding;
        lose(disk, { ...how, noticedBy: "probe", lateMs });
        return false;
      }
      case "silent": {
        const { code, status, sense, message } = finding.error;
        const because = `No verdict within ${deadlineMs} ms: ${message}`;
        if (silence === "loss") {
          lose(disk, { reason: "silent", because, noticedBy: "probe", code, status, sense, lateMs });
        } else if (disk.state !== "silent") {
          disk.state = "silent";
          report({ type: "silent", disk: name, code, because });
        }
        return false;
      }
    }
  }

  async function look(disk: Watched, due: number): Promise<boolean> {
    const lateMs = Math.max(clock.now() - due, 0);
    lateness.probes++;
    lateness.sumMs += lateMs;
    lateness.worstMs = Math.max(lateness.worstMs, lateMs);
    const look = new AbortController();
    disk.looks.add(look);
    const { signal } = look;
    const { prGeneration, resets } = disk;
    // From when it begins: a thread that was held up must not take its own delay for the disk's.
    const deadline = due + lateMs + deadlineMs;
    try {
      const finding = await probe(disk.unit, disk.expectation, { clock, signal, deadline, prGeneration, resets });
      if (finding.kind !== "silent") giveUpOlder(disk, look);
      return take(disk, finding, lateMs);
    } catch (error) {
      // Given up: by the end of it all, or for an answer to a later one. A unit that somebody has closed under us answers no more.
      if (!isScsiError(error)) throw error;
      if (!signal.aborted) take(disk, { kind: "silent", error }, lateMs);
      return false;
    } finally {
      disk.looks.delete(look);
    }
  }

  /** The disk has said something later. */
  function giveUpOlder({ looks }: Watched, answered: AbortController): void {
    for (const look of looks) {
      if (look === answered) return;
      look.abort();
    }
  }

  function begin(disk: Watched, due: number): Promise<boolean> {
    const looking = look(disk, due);
    const ended: Promise<void> = looking.then(
      () => void underWay.delete(ended),
      () => void underWay.delete(ended),
    );
    underWay.add(ended);
    return looking;
  }

  function wake(): void {
    callOff = undefined;
    const now = clock.now();
    for (;;) {
      const disk = queue[0];
      if (disk === undefined || disk.due > now) break;
      queue.shift();
      if (disk.stopped || disk.state === "lost") continue;
      const { due } = disk;
      // What could not be done in time is done once, and not made up for.
      disk.due = Math.max(due + intervalMs, now);
      queue.push(disk);
      if (disk.looks.size < mostLooks(disk.expectation)) void begin(disk, due);
      if (disk.due <= now) break;
    }
    arm();
  }

  function arm(): void {
    callOff?.();
    const next = queue[0];
    callOff =
      next === undefined || ending.signal.aborted ? undefined : clock.after(Math.max(next.due - clock.now(), 0), wake);
  }

  function enqueue(disk: Watched): void {
    const after = queue.findIndex(({ due }) => due > disk.due);
    queue.splice(after < 0 ? queue.length : after, 0, disk);
    if (queue[0] === disk) arm();
  }

  return {
    signal: fired.signal,
    get verdict() {
      return verdict;
    },
    get lateness() {
      return { ...lateness };
    },
    watch(unit, expectation) {
      if (expectation.kind === "reserved") refuseSeveralPaths(unit, "watch a RESERVE");
      const now = clock.now();
      const disk: Watched = {
        unit,
        expectation,
        due: now + Math.max(1, intervalMs * (1 - ((count++ * SPREAD) % 1))),
        state: "watched",
        stopped: false,
        looks: new Set(),
        resets: { met: false },
        returning: new Set(),
        heldAt: undefined,
        prGeneration: undefined,
        loss: undefined,
        overlook: () => undefined,
      };
      disks.add(disk);
      const first = probes ? begin(disk, now) : Promise.resolve(true);
      if (probes) enqueue(disk);
      const conflict = (operationCode: number, command?: string, path?: string): void => {
        if (operationCode === OperationCode.PERSISTENT_RESERVE_IN) return;
        if (operationCode === OperationCode.PERSISTENT_RESERVE_OUT) return;
        const isLoss = () =>
          lose(disk, {
            reason: "conflict",
            because: `${command ?? "A command"} of this host met RESERVATION CONFLICT`,
            noticedBy: "command",
            command,
          });
        if (path === undefined || !disk.returning.has(path)) isLoss();
        else {
          // If a probe finds that the disk is ours, it is the path that has no registration. Once: then it has.
          void begin(disk, clock.now())
            .then((held): unknown => held && (unit as MultipathUnit).pathReturned(path))
            .then((how) => {
              disk.returning.delete(path);
              if (how !== "registered") isLoss();
            }, isLoss);
        }
      };
      const watchful: AttemptObserver = ({ status }, command, path) => {
        if (status !== Status.RESERVATION_CONFLICT || isProbe(command)) return;
        conflict(command.cdb[0] as number, command.name, path);
      };
      disk.overlook = unit.observe(watchful);
      return {
        name: unit.name,
        get state() {
          return disk.state;
        },
        first,
        conflict,
        observer: watchful,
        stop() {
          disk.stopped = true;
          disk.overlook();
          disks.delete(disk);
          if (disk.loss !== undefined) losses.splice(losses.indexOf(disk.loss), 1);
          disk.loss = undefined;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      for (const disk of disks) {
        disk.overlook();
        for (const look of disk.looks) look.abort();
      }
      callOff?.();
      callOff = undefined;
      queue.length = 0;
      await Promise.all(underWay);
    },
  };
}
