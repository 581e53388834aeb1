/**
 * Calls that wait for a connection: how long, and who ends them. Nothing of theirs has been sent.
 */
import { clearTimeout, setTimeout } from "node:timers";
import { transportError } from "../../src/errors.ts";
import type { Phase } from "./phase.ts";
import { listen, unlisten } from "./signals.ts";

/** Whose calls end together: a logical unit, or the whole session. */
export interface Owner {
  readonly name: string;
  closed(): boolean;
}

/** A call that waits for a connection. */
export interface Waiter {
  readonly owner: Owner;
  end(error: Error): void;
}

/** Waits for a connection no longer than the call may: until its time is up, its signal fires, or its owner closes. */
export function within(
  connection: Promise<Phase>,
  waiters: Set<Waiter>,
  owner: Owner,
  signal: AbortSignal | undefined,
  timeoutMs: number,
): Promise<Phase> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      unlisten(signal, aborted);
      waiters.delete(waiter);
    };
    const waiter: Waiter = {
      owner,
      end(error) {
        done();
        reject(error);
      },
    };
    const aborted = (): void =>
      waiter.end(
        transportError("ABORTED", "no", `The caller gave up waiting for a connection to ${owner.name}`, signal?.reason),
      );
    const late = (): void =>
      waiter.end(transportError("TIMEOUT", "no", `No connection to ${owner.name} within ${timeoutMs} ms`));
    const timer =
      timeoutMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(late, Math.min(timeoutMs, 0x7fff_ffff));
    waiters.add(waiter);
    listen(signal, aborted);
    connection.then(
      (phase) => {
        done();
        resolve(phase);
      },
      (error: Error) => waiter.end(error),
    );
  });
}

/** Passes after so long, or as soon as the signal fires. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      unlisten(signal, end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    listen(signal, end);
  });
}
