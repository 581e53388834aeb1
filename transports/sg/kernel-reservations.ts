/**
 * The Linux block layer's own persistent reservations (linux/pr.h): the second way, for disks, NVMe namespaces and mappings. The kernel
 * chooses the command and keeps the answer to itself: it tells only that it went well, or a number. For device mapper it
 * does what multipath needs: registers on every path, reserves through one.
 *
 * It knows less than SCSI: every registration survives a loss of power (APTPL), there are no options, no REPORT CAPABILITIES, no
 * READ FULL STATUS; and READ KEYS and READ RESERVATION only since Linux 6.19.
 */
import { checkKey, checkNonZeroKey, checkOneOf } from "../../src/check.ts";
import type {
  ClearOptions,
  PreemptOptions,
  RegisterAndIgnoreExistingKeyOptions,
  RegisterOptions,
  ReserveOptions,
} from "../../src/commands/index.ts";
import { blockReservationTypeName, blockReservationTypes } from "../../src/conversions.ts";
import { ScsiError, transportError } from "../../src/errors.ts";
import {
  isAllRegistrants,
  type RegisteredKeys,
  type ReservationState,
  reservationTypeNames,
  reservationTypes,
} from "../../src/reservation.ts";
import type { TransportOptions } from "../../src/transport.ts";
import type { KernelCall, Threads } from "./calls.ts";
import { openDevice } from "./device.ts";
import { errnoName, requestError } from "./errno.ts";
import { kernelFailure } from "./kernel-results.ts";
import { Control, DATA_OFFSET, HEADER_OFFSET, Operation } from "./memory.ts";
import type { DeviceNode } from "./node-of.ts";
import { CLOSE_TIMEOUT_MS, type SgOptions } from "./transport.ts";

/** How to open a node for them. */
export type KernelReservationsOptions = Omit<SgOptions, "access">;

/** What the kernel can be asked to register. */
export type KernelRegisterOptions = Pick<RegisterOptions, "key" | "newKey"> & TransportOptions;

/** Persistent reservations of one disk, namespace or mapping, through the kernel. Keys and types as in the library's commands. */
export interface KernelReservations {
  /** The node. */
  readonly name: string;
  /** REGISTER; a `newKey` of 0n unregisters. */
  register(options: KernelRegisterOptions): Promise<void>;
  /** REGISTER AND IGNORE EXISTING KEY. */
  registerAndIgnoreExistingKey(
    options: Pick<RegisterAndIgnoreExistingKeyOptions, "newKey"> & TransportOptions,
  ): Promise<void>;
  /** RESERVE. */
  reserve(options: ReserveOptions & TransportOptions): Promise<void>;
  /** RELEASE. */
  release(options: ReserveOptions & TransportOptions): Promise<void>;
  /** PREEMPT. */
  preempt(options: PreemptOptions & TransportOptions): Promise<void>;
  /** PREEMPT AND ABORT. */
  preemptAndAbort(options: PreemptOptions & TransportOptions): Promise<void>;
  /** CLEAR. */
  clear(options: ClearOptions & TransportOptions): Promise<void>;
  /** Since Linux 6.19; before that UNSUITABLE_DEVICE. */
  readKeys(options?: TransportOptions): Promise<RegisteredKeys>;
  /** Since Linux 6.19; before that UNSUITABLE_DEVICE. */
  readReservation(options?: TransportOptions): Promise<ReservationState>;
  /** Waits for what the kernel has, and closes the node. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** _IOC of asm-generic/ioctl.h: direction, size, 'p', number. */
const request = (direction: 1 | 2 | 3, number: number, size: number): number =>
  ((direction << 30) | (size << 16) | (0x70 << 8) | number) >>> 0;

const REGISTER = request(1, 200, 24);
const RESERVE = request(1, 201, 16);
const RELEASE = request(1, 202, 16);
const PREEMPT = request(1, 203, 24);
const PREEMPT_ABORT = request(1, 204, 24);
const CLEAR = request(1, 205, 16);
const READ_KEYS = request(3, 206, 16);
const READ_RESERVATION = request(2, 207, 16);
const PR_FL_IGNORE_KEY = 1;
const FIRST_KEYS = 1024;
/** More are not asked for. */
const MOST_KEYS = 0x1_0000;
/** The driver of SCSI disks asks for no more than fit into an ALLOCATION LENGTH of 16 bits. */
const MOST_KEYS_OF_SCSI = 8190;

/** Opens a node for the kernel's reservations. */
export async function createKernelReservations(
  threads: Threads,
  node: DeviceNode,
  { closeTimeoutMs = CLOSE_TIMEOUT_MS, ...opening }: KernelReservationsOptions = {},
): Promise<KernelReservations> {
  const device = await openDevice(threads, node, false, closeTimeoutMs, opening);

  /** One ioctl, with a structure that `fill` writes; `read` reads what came back. */
  function ask<Result>(
    what: string,
    code: number,
    writing: boolean,
    options: TransportOptions,
    room: number,
    fill: (structure: DataView, dataAddress: bigint) => void,
    read: (structure: DataView, data: DataView) => Result,
  ): Promise<Result> {
    const make = (fd: number): KernelCall<Result> => ({
      room,
      put({ control, bytes, address }) {
        bytes.fill(0, HEADER_OFFSET, HEADER_OFFSET + 24);
        fill(new DataView(bytes.buffer, HEADER_OFFSET, 24), address + BigInt(DATA_OFFSET));
        control[Control.OPERATION] = Operation.IOCTL;
        control[Control.TARGET] = fd;
        control[Control.REQUEST] = code;
        control[Control.ARGUMENT] = HEADER_OFFSET;
      },
      take(result, { bytes }) {
        if (result < 0) throw refused(what, -result, code);
        if (result > 0) throw kernelFailure(node, what, result);
        return read(
          new DataView(bytes.buffer, HEADER_OFFSET, 24),
          new DataView(bytes.buffer, DATA_OFFSET, bytes.length - DATA_OFFSET),
        );
      },
    });
    return device.send({ what: () => what, writing, make }, options);
  }

  function refused(what: string, errno: number, code: number): ScsiError {
    const name = errnoName(errno);
    const said = `${node.path} did not take ${what}: ${name}`;
    if (name === "EPERM") {
      return transportError(
        "PERMISSION_DENIED",
        "no",
        `${said}, this needs CAP_SYS_ADMIN, or since Linux 6.6 a node that may be written: run as root`,
      );
    }
    // What they do not know, some drivers of older kernels call invalid.
    if ((name === "ENOTTY" || name === "EINVAL") && (code === READ_KEYS || code === READ_RESERVATION)) {
      const hint = `the kernel has ${what} only since Linux 6.19, and the device may not have it: use SG_IO`;
      return transportError("UNSUITABLE_DEVICE", "no", `${said}, ${hint}`);
    }
    if (name === "EINVAL") {
      return new ScsiError(`${said}, the device rejects the command or one of its fields`, {
        code: "ILLEGAL_REQUEST",
        command: what,
        unit: node.path,
      });
    }
    if (name === "EOPNOTSUPP" || name === "ENOTTY") {
      return transportError("UNSUITABLE_DEVICE", "no", `${said}, its driver has no persistent reservations`);
    }
    return requestError(node, what, errno);
  }

  /**
   * A change. With CAP_SYS_ADMIN a file for reading is enough, and wakes nobody; without, one for writing is tried: a refusal
   * for want of rights comes before anything is sent.
   */
  async function change(
    what: string,
    code: number,
    options: TransportOptions,
    fill: (structure: DataView) => void,
  ): Promise<void> {
    const nothing = (): void => {};
    try {
      await ask(what, code, false, options, 0, fill, nothing);
    } catch (error) {
      if (!(error instanceof ScsiError) || error.code !== "PERMISSION_DENIED") throw error;
      await ask(what, code, true, options, 0, fill, nothing);
    }
  }

  const register = (what: string, old: bigint, key: bigint, flags: number, options: TransportOptions): Promise<void> =>
    change(what, REGISTER, options, (structure) => {
      structure.setBigUint64(0, old, true);
      structure.setBigUint64(8, key, true);
      structure.setUint32(16, flags, true);
    });

  async function holding(what: string, code: number, options: ReserveOptions & TransportOptions): Promise<void> {
    const key = checkNonZeroKey("key", options.key, "a registered I_T nexus always has another key");
    const type = blockReservationTypes[checkOneOf("type", options.type, reservationTypeNames)];
    await change(what, code, options, (structure) => {
      structure.setBigUint64(0, key, true);
      structure.setUint32(8, type, true);
    });
  }

  /** In struct pr_preempt `old_key` is one's own key and `new_key` the victim's, whatever their names say: so sd and nvme use them. */
  async function preempting(what: string, code: number, options: PreemptOptions & TransportOptions): Promise<void> {
    const key = checkNonZeroKey("key", options.key, "a registered I_T nexus always has another key");
    const victimKey = checkKey("victimKey", options.victimKey);
    const type = blockReservationTypes[checkOneOf("type", options.type, reservationTypeNames)];
    await change(what, code, options, (structure) => {
      structure.setBigUint64(0, key, true);
      structure.setBigUint64(8, victimKey, true);
      structure.setUint32(16, type, true);
    });
  }

  const readSomeKeys = (
    options: TransportOptions,
    room: number,
  ): Promise<RegisteredKeys & { readonly count: number }> =>
    ask(
      "READ KEYS",
      READ_KEYS,
      false,
      options,
      room * 8,
      (structure, address) => {
        structure.setUint32(4, room, true);
        structure.setBigUint64(8, address, true);
      },
      (structure, data) => {
        const count = structure.getUint32(4, true);
        const keys = Array.from({ length: Math.min(count, room) }, (_, index) => data.getBigUint64(index * 8, true));
        return { prGeneration: structure.getUint32(0, true), keys, truncated: count > room, count };
      },
    );

  /** All keys: asked again with more room where there are more, in the time that there is for all of it. */
  async function readKeys(options: TransportOptions = {}): Promise<RegisteredKeys> {
    const until = performance.now() + (options.timeoutMs ?? Infinity);
    let most = MOST_KEYS;
    let room = FIRST_KEYS;
    let found = await readSomeKeys(options, room);
    while (found.truncated && room < most) {
      const next = Math.min(found.count, most);
      try {
        found = await readSomeKeys({ ...options, timeoutMs: Math.max(1, until - performance.now()) }, next);
        room = next;
      } catch (error) {
        if (!(error instanceof ScsiError) || error.code !== "UNSUITABLE_DEVICE" || next <= MOST_KEYS_OF_SCSI)
          throw error;
        most = MOST_KEYS_OF_SCSI;
      }
    }
    const { count: _, ...result } = found;
    return result;
  }

  return {
    name: node.path,
    async register(options) {
      const key = checkKey("key", options.key ?? 0n);
      await register("REGISTER", key, checkKey("newKey", options.newKey), 0, options);
    },
    async registerAndIgnoreExistingKey(options) {
      const newKey = checkKey("newKey", options.newKey);
      await register("REGISTER AND IGNORE EXISTING KEY", 0n, newKey, PR_FL_IGNORE_KEY, options);
    },
    reserve: (options) => holding("RESERVE", RESERVE, options),
    release: (options) => holding("RELEASE", RELEASE, options),
    preempt: (options) => preempting("PREEMPT", PREEMPT, options),
    preemptAndAbort: (options) => preempting("PREEMPT AND ABORT", PREEMPT_ABORT, options),
    async clear(options) {
      const key = checkNonZeroKey("key", options.key, "a registered I_T nexus always has another key");
      await change("CLEAR", CLEAR, options, (structure) => structure.setBigUint64(0, key, true));
    },
    readKeys: (options) => readKeys(options),
    readReservation: (options = {}) =>
      ask(
        "READ RESERVATION",
        READ_RESERVATION,
        false,
        options,
        0,
        () => {},
        (structure): ReservationState => {
          const key = structure.getBigUint64(0, true);
          const prGeneration = structure.getUint32(8, true);
          const code = structure.getUint32(12, true);
          if (code === 0) return { holder: "none", prGeneration, truncated: false };
          const type = blockReservationTypeName(code);
          const common = {
            typeCode: type === undefined ? code : reservationTypes[type],
            scope: 0,
            prGeneration,
            truncated: false,
          };
          return type !== undefined && isAllRegistrants(type)
            ? { holder: "all-registrants", type, ...common }
            : { holder: "one-nexus", key, type, ...common };
        },
      ),
    [Symbol.asyncDispose]: () => device.close(),
  };
}
