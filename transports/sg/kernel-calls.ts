/** The calls of the kernel that carry SCSI: a command by SG_IO, a reset by SG_SCSI_RESET. Arguments in, results out. */
import { SenseKey, Status } from "../../src/core/generated/codes.ts";
import { decodeSense } from "../../src/sense.ts";
import type { ResetScope, ScsiRequest, ScsiResponse } from "../../src/transport.ts";
import type { KernelCall } from "./calls.ts";
import { requestError } from "./errno.ts";
import { headerV3, headerV4, SG_IO } from "./header.ts";
import {
  CDB_OFFSET,
  Control,
  DATA_OFFSET,
  HEADER_OFFSET,
  Operation,
  SENSE_OFFSET,
  type ThreadMemory,
} from "./memory.ts";
import type { DeviceNode } from "./node-of.ts";
import { answeredStatus } from "./outcome.ts";
import type { DeviceCall, Sending } from "./sending.ts";

/** The longest time that every driver can count, in milliseconds. */
const NO_LIMIT_MS = 0x7fff_ffff;
const SG_SCSI_RESET = 0x2284;
/** Only what is asked for: the kernel is not to go on to something wider if it fails. */
const SG_SCSI_RESET_NO_ESCALATE = 0x100;
/** The ioctl's number for each scope. */
export const resets: Readonly<Record<ResetScope, number>> = { "logical-unit": 1, bus: 2, target: 4 };

function ioctl({ control }: ThreadMemory, fd: number, request: number): void {
  control[Control.OPERATION] = Operation.IOCTL;
  control[Control.TARGET] = fd;
  control[Control.REQUEST] = request;
  control[Control.ARGUMENT] = HEADER_OFFSET;
}

/** No bytes, in memory of their own: whoever gets them may transfer it. From an empty list V8 makes them in a quarter of the time. */
const noBytes = (): Uint8Array => new Uint8Array([]);

/** A copy in memory of its own. To slice shared memory takes V8 three times as long. */
function copied(bytes: Uint8Array, from: number, length: number): Uint8Array {
  if (length === 0) return noBytes();
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(from, from + length));
  return copy;
}

/** Between the call and the moment when a thread has it, its buffers can have been given away, or resized. */
function checkLent(name: string, { length }: Uint8Array, before: number): void {
  if (length !== before) throw new TypeError(`${name} had ${before} bytes, and has ${length} before it could be sent`);
}

const notExecuted: ReadonlySet<number | undefined> = new Set([
  SenseKey.NOT_READY,
  SenseKey.ILLEGAL_REQUEST,
  SenseKey.UNIT_ATTENTION,
]);

/** Can any data have been transferred? Drivers that count no residual say so of commands that were not executed, too. */
function transferred(status: number, sense: Uint8Array): boolean {
  if (status === Status.CHECK_CONDITION) return !notExecuted.has(decodeSense(sense)?.senseKey);
  return status === Status.GOOD || status === Status.CONDITION_MET;
}

/** One SCSI command, as it is asked for now; a class for the same reason as {@link Sending}. */
export class Command implements DeviceCall<ScsiResponse>, KernelCall<ScsiResponse> {
  readonly node: DeviceNode;
  readonly writing: boolean;
  readonly cdb: Uint8Array;
  readonly cdbLength: number;
  readonly dataOut: Uint8Array | undefined;
  readonly dataOutLength: number;
  readonly dataInLength: number;
  readonly room: number;
  fd = -1;
  until = Infinity;

  constructor(node: DeviceNode, { cdb, dataOut, dataInLength }: ScsiRequest, writing: boolean) {
    this.node = node;
    this.writing = writing;
    this.cdb = cdb;
    this.cdbLength = cdb.length;
    this.dataOut = dataOut;
    this.dataOutLength = dataOut?.length ?? 0;
    this.dataInLength = dataInLength;
    this.room = Math.max(this.dataOutLength, dataInLength);
  }

  what(): string {
    return `opcode ${(this.cdb[0] as number).toString(16).padStart(2, "0").toUpperCase()}h`;
  }

  make(fd: number, until: number): this {
    this.fd = fd;
    this.until = until;
    return this;
  }

  put(memory: ThreadMemory): void {
    const { cdb, cdbLength, dataOut, dataOutLength, dataInLength } = this;
    const { bytes } = memory;
    checkLent("cdb", cdb, cdbLength);
    bytes.set(cdb, CDB_OFFSET);
    if (dataOut !== undefined) {
      checkLent("dataOut", dataOut, dataOutLength);
      bytes.set(dataOut, DATA_OFFSET);
    }
    // Whatever a driver says about how much arrived, nothing of an earlier command is there.
    if (dataInLength > 0) bytes.fill(0, DATA_OFFSET, DATA_OFFSET + dataInLength);
    // The kernel gives up when the caller does.
    const left = this.until === Infinity ? NO_LIMIT_MS : Math.ceil(this.until - performance.now());
    const timeoutMs = Math.max(1, Math.min(left, NO_LIMIT_MS));
    const form = this.node.kind === "bsg" ? headerV4 : headerV3;
    form.encode({ cdbLength, dataOutLength, dataInLength, timeoutMs }, memory);
    ioctl(memory, this.fd, SG_IO);
  }

  take(result: number, memory: ThreadMemory): ScsiResponse {
    const { node, room, dataInLength } = this;
    if (result < 0) throw requestError(node, this.what(), -result);
    const form = node.kind === "bsg" ? headerV4 : headerV3;
    const outcome = form.decode(memory);
    const status = answeredStatus(outcome, node.path);
    const { bytes } = memory;
    const sense = status === Status.CHECK_CONDITION ? copied(bytes, SENSE_OFFSET, outcome.senseLength) : noBytes();
    const residual = transferred(status, sense) ? outcome.residual : room;
    // More left over than there was room for can only be an overflow: open-iscsi counts it as a positive number.
    const left = residual > room ? -residual : residual;
    const arrived = dataInLength === 0 ? 0 : Math.min(dataInLength, dataInLength - left);
    return { status, dataIn: copied(bytes, DATA_OFFSET, arrived), sense, residual: left };
  }
}

/** One reset. */
export function resetCall(fd: number, scope: ResetScope, failed: (errno: number) => Error): KernelCall<void> {
  const code = resets[scope];
  return {
    room: 0,
    put(memory) {
      memory.view.setInt32(HEADER_OFFSET, code | SG_SCSI_RESET_NO_ESCALATE, true);
      ioctl(memory, fd, SG_SCSI_RESET);
    },
    take(result) {
      if (result < 0) throw failed(-result);
    },
  };
}
