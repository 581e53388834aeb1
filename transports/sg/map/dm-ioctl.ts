/**
 * The structures of device mapper's control node (linux/dm-ioctl.h): one call is a header with the map's name, and room behind it for what
 * the kernel answers. Lays out and reads; calls nothing.
 */
import type { KernelCall } from "../calls.ts";
import { Control, DATA_OFFSET, Operation, type ThreadMemory } from "../memory.ts";

/** struct dm_ioctl: places in bytes, and its size. */
const Header = { VERSION: 0, DATA_SIZE: 12, DATA_START: 16, TARGET_COUNT: 20, FLAGS: 28, NAME: 48, SIZE: 312 } as const;
const NAME_ROOM = 128;
/** struct dm_target_spec: places in bytes, and its size. */
const Target = { NEXT: 20, TYPE: 24, SIZE: 40 } as const;
const TYPE_ROOM = 16;
/** Interface 4.0.0: any kernel of this century has it. */
const VERSION = [4, 0, 0] as const;

const Flag = {
  SUSPEND: 1 << 1,
  STATUS_TABLE: 1 << 4,
  BUFFER_FULL: 1 << 8,
  SKIP_LOCKFS: 1 << 10,
  NOFLUSH: 1 << 11,
} as const;

/** _IOWR(0xfd, number, struct dm_ioctl). */
const request = (number: number): number => ((3 << 30) | (Header.SIZE << 16) | (0xfd << 8) | number) >>> 0;
const DM_DEV_SUSPEND = request(6);
const DM_TABLE_STATUS = request(12);

/** Room for the status of a map: some hundred paths. */
const ROOM = 64 * 1024;

/** One target of a map. */
export interface MapTarget {
  /** `multipath`, `linear`, … */
  readonly type: string;
  /** Its status, as `dmsetup status` shows it. */
  readonly text: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function textAt(bytes: Uint8Array, at: number, room: number): string {
  const field = bytes.slice(at, at + room);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}

function call<Result>(
  fd: number,
  code: number,
  name: string,
  flags: number,
  room: number,
  read: (bytes: Uint8Array, view: DataView) => Result,
  failed: (errno: number) => Error,
): KernelCall<Result> {
  const named = encoder.encode(name);
  if (named.length === 0 || named.length >= NAME_ROOM)
    throw new RangeError(`no map can be called ${JSON.stringify(name)}`);
  return {
    room: Header.SIZE + room,
    put({ control, view, bytes }: ThreadMemory) {
      bytes.fill(0, DATA_OFFSET, DATA_OFFSET + Header.SIZE + room);
      for (const [index, part] of VERSION.entries())
        view.setUint32(DATA_OFFSET + Header.VERSION + 4 * index, part, true);
      view.setUint32(DATA_OFFSET + Header.DATA_SIZE, Header.SIZE + room, true);
      view.setUint32(DATA_OFFSET + Header.DATA_START, Header.SIZE, true);
      view.setUint32(DATA_OFFSET + Header.FLAGS, flags, true);
      bytes.set(named, DATA_OFFSET + Header.NAME);
      control[Control.OPERATION] = Operation.IOCTL;
      control[Control.TARGET] = fd;
      control[Control.REQUEST] = code;
      control[Control.ARGUMENT] = DATA_OFFSET;
    },
    take(result, { bytes }) {
      if (result < 0) throw failed(-result);
      const answer = bytes.slice(DATA_OFFSET, DATA_OFFSET + Header.SIZE + room);
      return read(answer, new DataView(answer.buffer));
    },
  };
}

/** The targets in an answer to DM_TABLE_STATUS; undefined if there was not room for all. */
export function readTargets(bytes: Uint8Array, view: DataView): MapTarget[] | undefined {
  if ((view.getUint32(Header.FLAGS, true) & Flag.BUFFER_FULL) !== 0) return undefined;
  const start = view.getUint32(Header.DATA_START, true);
  const end = Math.min(view.getUint32(Header.DATA_SIZE, true), bytes.length);
  const targets: MapTarget[] = [];
  let at = start;
  for (let left = view.getUint32(Header.TARGET_COUNT, true); left > 0 && at + Target.SIZE <= end; left--) {
    // Counted from the first of them, in the order in which the kernel wrote them.
    const next = start + view.getUint32(at + Target.NEXT, true);
    const stop = next > at && next <= end ? next : end;
    targets.push({
      type: textAt(bytes, at + Target.TYPE, TYPE_ROOM),
      text: textAt(bytes, at + Target.SIZE, stop - at - Target.SIZE).trim(),
    });
    at = stop;
  }
  return targets;
}

/** A call on the control node, whose file descriptor is given, for the map of this name. */
export type MapCall<Result> = (fd: number, name: string, failed: (errno: number) => Error) => KernelCall<Result>;

/** The status of a map's targets; undefined if it is longer than there is room for. */
export const statusCall: MapCall<MapTarget[] | undefined> = (fd, name, failed) =>
  call(fd, DM_TABLE_STATUS, name, 0, ROOM, readTargets, failed);

/**
 * Holds all I/O of a map up. What is under way goes back into the map's queue and waits for nothing that a dead path does not give; file
 * systems are not frozen.
 */
export const suspendCall: MapCall<void> = (fd, name, failed) =>
  call(fd, DM_DEV_SUSPEND, name, Flag.SUSPEND | Flag.NOFLUSH | Flag.SKIP_LOCKFS, 0, () => undefined, failed);

/** Lets it go on. */
export const resumeCall: MapCall<void> = (fd, name, failed) =>
  call(fd, DM_DEV_SUSPEND, name, 0, 0, () => undefined, failed);
