/**
 * Listening to a caller's AbortSignal. One signal may well be given to a thousand commands, which is no leak: Node must
 * not warn of it.
 */
import { setMaxListeners } from "node:events";

/** Calls `listener` once when the signal fires. */
export function listen(signal: AbortSignal | undefined, listener: () => void): void {
  if (signal === undefined) return;
  setMaxListeners(0, signal);
  signal.addEventListener("abort", listener, { once: true });
}

/** Takes a listener back. */
export function unlisten(signal: AbortSignal | undefined, listener: () => void): void {
  signal?.removeEventListener("abort", listener);
}
