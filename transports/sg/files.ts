/**
 * The open files of one device: one set for reading, one for reading and writing, each opened when it is first needed.
 *
 * Opening a disk for writing wakes udev when the file is closed again, which reads the disk anew and can make a mount fail at
 * that moment; so a file that was needed for writing stays open until the end.
 */

import type { CallGroup, KernelCall, Threads } from "./calls.ts";
import { Control, DATA_OFFSET, Operation, type ThreadMemory } from "./memory.ts";

const O_RDONLY = 0;
const O_RDWR = 2;
/** A drive without a medium opens, and nobody waits for one. */
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** One open file. */
interface OpenFile {
  readonly fd: Promise<number>;
  /** Commands that use it. */
  users: number;
}

/** The files of one device. */
export interface DeviceFiles {
  /**
   * A file for one command. {@link OpenFile.users} counts it until `giveBack`.
   *
   * @throws what `failed` makes of the errno
   */
  take(writing: boolean): { readonly fd: Promise<number>; giveBack(): void };
  /** Closes all that are open. Only when no command uses them. */
  close(): Promise<void>;
}

const textBytes = new TextEncoder();

function openCall(path: string, flags: number): KernelCall<number> {
  const name = textBytes.encode(`${path}\0`);
  return {
    room: name.length,
    put({ control, bytes }: ThreadMemory) {
      bytes.set(name, DATA_OFFSET);
      control[Control.OPERATION] = Operation.OPEN;
      control[Control.TARGET] = flags;
      control[Control.ARGUMENT] = DATA_OFFSET;
    },
    take: (result) => result,
  };
}

const closeCall = (fd: number): KernelCall<number> => ({
  room: 0,
  put({ control }) {
    control[Control.OPERATION] = Operation.CLOSE;
    control[Control.TARGET] = fd;
  },
  take: (result) => result,
});

/**
 * The files of a device.
 *
 * @param perFile how many commands the driver takes on one open file
 * @param failed the error for an errno
 */
export function deviceFiles(
  threads: Threads,
  group: CallGroup,
  path: string,
  perFile: number,
  failed: (writing: boolean, errno: number) => Error,
): DeviceFiles {
  const files = new Map<boolean, OpenFile[]>([
    [false, []],
    [true, []],
  ]);

  async function open(writing: boolean): Promise<number> {
    const flags = (writing ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC;
    const result = await threads.run(group, openCall(path, flags)).done;
    if (result < 0) throw failed(writing, -result);
    return result;
  }

  return {
    take(writing) {
      const list = files.get(writing) as OpenFile[];
      let file = list.find(({ users }) => users < perFile);
      if (file === undefined) {
        const opened: OpenFile = { fd: open(writing), users: 0 };
        list.push(opened);
        opened.fd.catch(() => list.splice(list.indexOf(opened), 1));
        file = opened;
      }
      const taken = file;
      taken.users++;
      return {
        fd: taken.fd,
        giveBack() {
          taken.users--;
        },
      };
    },
    async close() {
      for (const list of files.values()) {
        for (const { fd } of list.splice(0)) {
          // A file that could not be opened has nothing to close.
          const opened = await fd.catch(() => undefined);
          if (opened !== undefined) await threads.run(group, closeCall(opened)).done;
        }
      }
    },
  };
}
