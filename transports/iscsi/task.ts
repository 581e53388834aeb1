/**
 * Tasks: everything sent that an answer is awaited for, found by its initiator task tag. It neither sends nor receives.
 */
import type { ScsiRequest } from "../../src/transport.ts";

/** What a task is. */
export const TaskKind = { COMMAND: 0, TASK_MANAGEMENT: 1, TEXT: 2, LOGOUT: 3, PING: 4 } as const;
export type TaskKind = (typeof TaskKind)[keyof typeof TaskKind];

/**
 * Where a task stands. A FORSAKEN task's caller has been answered already, but the target may still know the task: its
 * tag is not used again before the target confirms that it has ended.
 */
export const TaskState = { QUEUED: 0, SENT: 1, FORSAKEN: 2, DONE: 3 } as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];

/** One task. All tasks have all fields, so that they are one shape to the engine. */
export interface Task {
  readonly kind: TaskKind;
  state: TaskState;
  /** The initiator task tag; -1 before it is sent. */
  tag: number;
  cmdSn: number;
  /** Who asked: the logical unit's transport, so that it can end its own tasks. */
  readonly owner: object | undefined;
  readonly lunHigh: number;
  readonly lunLow: number;
  readonly request: ScsiRequest | undefined;
  /** What arrived, its length so far, and the DataSN expected next. */
  dataIn: Uint8Array;
  received: number;
  dataSn: number;
  /** The R2TSN expected next, the lowest offset that the next R2T may have, and how many R2Ts are being served. */
  r2tSn: number;
  r2tOffset: number;
  r2tCount: number;
  /** When to give up, in milliseconds of the monotonic clock. */
  deadline: number;
  readonly timeoutMs: number;
  signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
  /** Task management: the function, and the task it refers to. */
  readonly managementFunction: number;
  readonly reference: Task | undefined;
  resolve: (value: never) => void;
  reject: (reason: unknown) => void;
}

/** What a task begins with; the rest has its natural start. */
export interface TaskSeed {
  readonly kind: TaskKind;
  readonly owner?: object | undefined;
  readonly lunHigh?: number;
  readonly lunLow?: number;
  readonly request?: ScsiRequest | undefined;
  readonly timeoutMs?: number;
  readonly managementFunction?: number;
  readonly reference?: Task | undefined;
}

export const NOTHING: Uint8Array = new Uint8Array(0);
const ignore = (): void => {};

/** A new task of any kind. */
export function createTask(seed: TaskSeed): Task {
  return {
    kind: seed.kind,
    state: TaskState.QUEUED,
    tag: -1,
    cmdSn: 0,
    owner: seed.owner,
    lunHigh: seed.lunHigh ?? 0,
    lunLow: seed.lunLow ?? 0,
    request: seed.request,
    dataIn: NOTHING,
    received: 0,
    dataSn: 0,
    r2tSn: 0,
    r2tOffset: 0,
    r2tCount: 0,
    deadline: Number.POSITIVE_INFINITY,
    timeoutMs: seed.timeoutMs ?? Number.POSITIVE_INFINITY,
    signal: undefined,
    onAbort: undefined,
    managementFunction: seed.managementFunction ?? 0,
    reference: seed.reference,
    resolve: ignore,
    reject: ignore,
  };
}

/** Tasks by tag. */
export interface TaskTable {
  /** Gives the task a tag; false if all are taken. */
  add(task: Task): boolean;
  /** The task of a tag, or undefined if no task has it. */
  find(tag: number): Task | undefined;
  /** Frees the task's tag. */
  remove(task: Task): void;
  readonly size: number;
  /** Free places, or undefined, in between. */
  readonly slots: readonly (Task | undefined)[];
}

const SLOT_BITS = 12;
/** Commands that can be under way in one session; more wait. */
const MAX_TASKS = 1 << SLOT_BITS;
/** Some tags are kept for task management and pings, which must go out even when commands take all others. */
const RESERVE = 64;

/**
 * An empty table. A tag is a slot and a count of the slot's uses, so that a tag comes back only after half a million
 * uses of its slot, and never is FFFFFFFFh.
 */
export function createTaskTable(): TaskTable {
  const slots: (Task | undefined)[] = [];
  const uses: number[] = [];
  const free: number[] = [];
  const table = {
    slots,
    size: 0,
    add(task: Task) {
      let slot = free.pop();
      if (slot === undefined) {
        if (slots.length >= MAX_TASKS) return false;
        slot = slots.length;
        slots.push(undefined);
        uses.push(0);
      }
      if (task.kind === TaskKind.COMMAND && table.size >= MAX_TASKS - RESERVE) {
        free.push(slot);
        return false;
      }
      const use = ((uses[slot] as number) + 1) & 0x7_ffff;
      uses[slot] = use;
      slots[slot] = task;
      task.tag = use * MAX_TASKS + slot;
      table.size++;
      return true;
    },
    find(tag: number) {
      const task = slots[tag & (MAX_TASKS - 1)];
      return task !== undefined && task.tag === tag ? task : undefined;
    },
    remove(task: Task) {
      const slot = task.tag & (MAX_TASKS - 1);
      if (slots[slot] !== task) return;
      slots[slot] = undefined;
      free.push(slot);
      table.size--;
    },
  };
  return table;
}
