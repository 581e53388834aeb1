/**
 * What a thread does: it waits for a call, makes it, and says that it is done. This and everything else in this folder is
 * compiled into one text per runtime (scripts/threads.mjs), so that a thread can be started without a file of its own:
 * from a bundle, an asar archive or a single executable alike.
 */
import { parentPort, workerData } from "node:worker_threads";
import {
  ADDRESS_OFFSET,
  CONTROL_LENGTH,
  Control,
  HEADER_OFFSET,
  Operation,
  State,
  type ThreadSettings,
} from "../memory.ts";

/**
 * The C library, as much of it as is needed: all that a runtime must bring. Each function returns what the call returned, or
 * minus errno, which has to be fetched at once: whatever the runtime does next may change it.
 */
export interface Door {
  /** open(2); `path` is the address of a text that ends with NUL. */
  open(path: bigint, flags: number): number;
  /** ioctl(2) with a pointer. */
  ioctl(fd: number, request: number, pointer: bigint): number;
  /** close(2). */
  close(fd: number): number;
  /** sigprocmask(2), which on Linux is this thread's; `set` is the address of a set of signals. */
  sigprocmask(how: number, set: bigint, old: bigint): number;
  /** The address of shared memory. */
  address(memory: Uint8Array): bigint;
}

const SIG_BLOCK = 0;
/**
 * Signals that a thread still gets: those that are its own doing (SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS), and the one with which
 * Bun's engine stops a thread (SIGPWR).
 */
const OWN_SIGNALS = [4, 5, 6, 7, 8, 11, 31, 30];

/**
 * All others are for other threads. The sg driver's wait for a command ends with a signal, a profiler's for one; the kernel then starts the call
 * again after it, and the command is sent twice.
 */
function holdSignals(door: Door, memory: SharedArrayBuffer, address: bigint): void {
  const held = OWN_SIGNALS.reduce((set, signal) => set & ~(1n << BigInt(signal - 1)), ~0n);
  new DataView(memory).setBigUint64(HEADER_OFFSET, BigInt.asUintN(64, held), true);
  door.sigprocmask(SIG_BLOCK, address + BigInt(HEADER_OFFSET), 0n);
}

/** Serves until there has been nothing to do for long. */
export function serve(openDoor: (settings: ThreadSettings) => Door): void {
  const settings = workerData as ThreadSettings;
  let door: Door;
  try {
    door = openDoor(settings);
  } catch (error) {
    // Said, not thrown: a runtime may print what a thread throws.
    parentPort?.postMessage(error instanceof Error ? error.message : String(error));
    return;
  }
  const { memory, idleMs } = settings;
  const control = new Int32Array(memory, 0, CONTROL_LENGTH / 4);
  const address = door.address(new Uint8Array(memory));
  new BigUint64Array(memory, ADDRESS_OFFSET, 1)[0] = address;
  holdSignals(door, memory, address);

  function call(): number {
    const target = control[Control.TARGET] as number;
    const argument = address + BigInt(control[Control.ARGUMENT] as number);
    switch (control[Control.OPERATION]) {
      case Operation.OPEN:
        return door.open(argument, target);
      case Operation.IOCTL:
        return door.ioctl(target, (control[Control.REQUEST] as number) >>> 0, argument);
      default:
        return door.close(target);
    }
  }

  /** Waits for a call; false if there is none for long. To sleep and to be woken costs more than most calls. */
  function wait(): boolean {
    const alertMs = (control[Control.ALERT_MICROSECONDS] as number) / 1000;
    for (const until = performance.now() + alertMs; performance.now() < until; ) {
      for (let looks = 0; looks < 100; looks++) {
        if (Atomics.load(control, Control.STATE) !== State.IDLE) return true;
      }
    }
    while (Atomics.load(control, Control.STATE) === State.IDLE) {
      const woken = Atomics.wait(control, Control.STATE, State.IDLE, idleMs);
      if (woken !== "timed-out") continue;
      if (Atomics.compareExchange(control, Control.STATE, State.IDLE, State.ENDED) === State.IDLE) return false;
    }
    return true;
  }

  parentPort?.postMessage(undefined);
  while (wait()) {
    const called = performance.now();
    control[Control.RESULT] = call();
    control[Control.MICROSECONDS] = Math.min((performance.now() - called) * 1000, 0x7fff_ffff);
    if (Atomics.exchange(control, Control.STATE, State.IDLE) === State.ANNOUNCED) parentPort?.postMessage(undefined);
  }
}
