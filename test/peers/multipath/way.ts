/** A way to a portal that can be cut: what goes through it is lost, and nobody gets through until it is mended. */
import { connect, createServer, type Server, type Socket } from "node:net";

/** One way. */
export interface Way {
  readonly port: number;
  readonly up: boolean;
  /** Counts up with every cut. */
  readonly cuts: number;
  /** Ends all connections; new ones are refused. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A way to a port of this machine. */
export async function openWay(to: number): Promise<Way> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  let cuts = 0;
  const accept = (near: Socket): void => {
    const far = connect(to, "127.0.0.1");
    for (const [from, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("data", (chunk) => other.write(chunk));
      from.on("error", () => other.destroy());
      from.on("close", () => {
        sockets.delete(from);
        other.destroy();
      });
    }
  };
  const way = {
    get port() {
      return port;
    },
    get up() {
      return server !== undefined;
    },
    get cuts() {
      return cuts;
    },
    async cut() {
      const old = server;
      if (old === undefined) return;
      server = undefined;
      cuts++;
      const closed = new Promise<void>((resolve) => old.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async mend() {
      if (server !== undefined) return;
      const next = createServer(accept);
      await new Promise<void>((resolve, reject) => {
        next.once("error", reject);
        next.listen(port, "127.0.0.1", resolve);
      });
      const address = next.address();
      if (address !== null && typeof address !== "string") port = address.port;
      server = next;
    },
    [Symbol.asyncDispose]: () => way.cut(),
  };
  await way.mend();
  return way;
}
