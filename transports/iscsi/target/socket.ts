/**
 * One accepted TCP connection: the only file of the target, beside server.ts, that does I/O. It moves bytes and reports
 * the end; what they mean is decided elsewhere.
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { createOutput, type Output } from "../output.ts";
import { formatAddress } from "../portal.ts";

/** Who is told what happens to a connection. None of these may throw. */
export interface SocketEvents {
  /** Bytes arrived. They may be read during the call only. */
  data(chunk: Uint8Array): void;
  /** What was held back by the network has been sent. */
  drain(): void;
  /** The connection is gone, for whatever reason; said once, and nothing is said after it. */
  end(cause: Error | undefined): void;
}

/** An accepted connection. */
export interface TargetSocket {
  readonly output: Output;
  /** The peer: `host:port`. */
  readonly address: string;
  /** This end's address. */
  localHost(): string;
  /** Bytes that the peer has taken so far. */
  taken(): number;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** Sends what there is, then closes. `end` is not reported any more. */
  finish(): void;
  /** Closes at once; `end` is not reported any more. */
  destroy(): void;
}

/** How long a peer may take to hear the last word. */
const LAST_WORD_MS = 2000;

/** Takes charge of an accepted socket. */
export function takeSocket(socket: Socket, events: SocketEvents): TargetSocket {
  let ended = false;
  let failure: Error | undefined;
  let lastWord: ReturnType<typeof setTimeout> | undefined;
  socket.setNoDelay(true);

  function end(cause: Error | undefined): void {
    if (ended) return;
    ended = true;
    socket.destroy();
    events.end(cause);
  }

  socket.on("data", (chunk: Uint8Array) => {
    if (!ended) events.data(chunk);
  });
  socket.on("drain", () => {
    if (!ended) events.drain();
  });
  socket.on("error", (error: Error) => {
    failure = error;
    end(error);
  });
  socket.on("end", () => end(failure));
  socket.on("close", () => {
    end(failure);
    // A socket stays in memory for some time after its end, and a timer until it is due: neither is to keep the session with it.
    clearTimeout(lastWord);
    socket.removeAllListeners();
  });

  const output = createOutput((length) => Buffer.allocUnsafeSlow(length), {
    write(chunks) {
      if (ended) return;
      if (chunks.length === 1) {
        socket.write(chunks[0] as Uint8Array);
        return;
      }
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    },
    held: () => socket.writableLength,
  });
  return {
    output,
    address: formatAddress({ host: socket.remoteAddress ?? "?", port: socket.remotePort ?? 0 }),
    localHost: () => socket.localAddress ?? "127.0.0.1",
    taken: () => socket.bytesWritten - socket.writableLength,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    finish() {
      output.flush();
      ended = true;
      socket.resume();
      socket.end();
      lastWord = setTimeout(() => socket.destroy(), LAST_WORD_MS).unref();
    },
    destroy() {
      ended = true;
      socket.destroy();
    },
  };
}
