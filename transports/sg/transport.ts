/** The SG_IO transport: one device node as a way to a logical unit. Requests are checked here and carried out in device.ts. */
import type { ResetScope, ScsiRequest, ScsiResponse, Transport, TransportOptions } from "../../src/transport.ts";
import type { TransportId } from "../../src/transport-id.ts";
import type { Threads } from "./calls.ts";
import { openDevice } from "./device.ts";
import { requestError } from "./errno.ts";
import { Command, resetCall, resets } from "./kernel-calls.ts";
import type { DeviceNode } from "./node-of.ts";
import { checkRequest, writes } from "./request.ts";

/** How to open a device. `signal` and `timeoutMs` bound the opening, and nothing after it. */
export interface SgOptions extends TransportOptions {
  /**
   * `as-needed`: for reading, and for writing besides only when the first command that changes something is sent.
   * `read-write`: for both from the start, as an unprivileged user of a /dev/sg node must. Default `as-needed`.
   */
  readonly access?: "as-needed" | "read-write" | undefined;
  /** Milliseconds that disposal waits for commands that the kernel still has. Infinity: as long as it takes. Default 10 000. */
  readonly closeTimeoutMs?: number | undefined;
}

/** What a transport is made of. */
export interface SgParts {
  readonly threads: Threads;
  readonly node: DeviceNode;
  readonly initiatorPort: TransportId | undefined;
}

export const CLOSE_TIMEOUT_MS = 10_000;

/**
 * A transport over a device node, which it opens.
 *
 * @throws ScsiError TARGET_NOT_FOUND, PERMISSION_DENIED, UNSUITABLE_DEVICE, CONNECTION_FAILED, TIMEOUT, ABORTED
 */
export async function createSgTransport(parts: SgParts, options: SgOptions = {}): Promise<Transport> {
  const { node } = parts;
  const always = options.access === "read-write";
  const device = await openDevice(parts.threads, node, always, options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS, options);
  return {
    name: node.path,
    initiatorPort: parts.initiatorPort,
    execute(request: ScsiRequest, options: TransportOptions = {}): Promise<ScsiResponse> {
      const wrong = checkRequest(request);
      if (wrong !== undefined) return Promise.reject(wrong);
      return device.send(new Command(node, request, always || writes(request)), options);
    },
    reset(scope: ResetScope, options: TransportOptions = {}): Promise<void> {
      const what = `a reset of the ${scope}`;
      if (!Object.hasOwn(resets, scope)) return Promise.reject(new TypeError(`Unknown scope: ${what}`));
      const make = (fd: number) => resetCall(fd, scope, (errno) => requestError(node, what, errno));
      return device.send({ what: () => what, writing: always, make }, options);
    },
    [Symbol.asyncDispose]: () => device.close(),
  };
}
