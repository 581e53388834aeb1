/**
 * One TCP connection: the only file here that does I/O. It moves bytes and reports the end; what they mean is decided
 * elsewhere.
 */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { createOutput, type Output } from "./output.ts";

/** Who is told what happens to a connection. None of these may throw. */
export interface ConnectionEvents {
  /** Bytes arrived. They may be read during the call only. */
  data(chunk: Uint8Array): void;
  /** What was held back by the network has been sent. */
  drain(): void;
  /** The connection is gone, for whatever reason; said once, and nothing is said after it. */
  end(cause: Error | undefined): void;
}

/** A connection. */
export interface Connection {
  readonly output: Output;
  /** Closes it at once; `end` is not reported any more. */
  destroy(): void;
}

/** Large enough for a whole 64 KiB data segment with its header and then some. */
const RECEIVE_BUFFER_LENGTH = 262_144;

/**
 * Opens a connection. It is reported by `end` if that fails.
 *
 * @param opened called once when the connection stands
 */
export function openConnection(
  host: string,
  port: number,
  opened: (connection: Connection) => void,
  events: ConnectionEvents,
): Connection {
  let ended = false;
  let failure: Error | undefined;

  const onread = {
    buffer: Buffer.allocUnsafeSlow(RECEIVE_BUFFER_LENGTH),
    callback(length: number, buffer: Uint8Array): boolean {
      if (!ended) events.data(length === buffer.length ? buffer : buffer.subarray(0, length));
      return !ended;
    },
  };
  const socket: Socket = connect({ host, port, noDelay: true, onread });

  function finish(cause: Error | undefined): void {
    if (ended) return;
    ended = true;
    socket.destroy();
    events.end(cause);
  }

  const connection: Connection = {
    output: createOutput((length) => Buffer.allocUnsafeSlow(length), {
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
    }),
    destroy() {
      ended = true;
      socket.destroy();
    },
  };

  socket.on("connect", () => {
    if (!ended) opened(connection);
  });
  // Where the runtime does not know `onread`, data comes this way instead.
  socket.on("data", (chunk: Uint8Array) => {
    if (!ended) events.data(chunk);
  });
  socket.on("drain", () => {
    if (!ended) events.drain();
  });
  socket.on("error", (error: Error) => {
    failure = error;
    finish(error);
  });
  socket.on("end", () => finish(failure));
  socket.on("close", () => finish(failure));
  return connection;
}
