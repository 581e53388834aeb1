/**
 * The open files of one device: one set for reading, one for reading and writing, each opened when it is first needed.
 *
 * Opening a disk for writing wakes udev when the file is closed again, which reads the disk anew and can make a mount fail at
 * that moment; so a file that was needed for writing stays open until the end.
 */

import { type CallGroup, completed, type KernelCall, type Threads } from "./calls.ts";
import { Control, DATA_OFFSET, Operation, type ThreadMemory } from "./memory.ts";

const O_RDONLY = 0;
const O_RDWR = 2;
/** A drive without a medium opens, and nobody waits for one. */
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** One open file. */
export interface OpenFile {
  readonly opened: Promise<number>;
  /** The file descriptor, as soon as it is open. */
  fd: number | undefined;
  /** Commands that use it. */
  users: number;
}

/** The files of one device. */
export interface DeviceFiles {
  /** A file for one command, which is to be given back. Its `opened` rejects with what `failed` makes of the errno. */
  take(writing: boolean): OpenFile;
  giveBack(file: OpenFile): void;
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
  const reading: OpenFile[] = [];
  const forWriting: OpenFile[] = [];

  function open(writing: boolean): OpenFile {
    const flags = (writing ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC;
    const opened = completed(threads, group, openCall(path, flags)).then((result) => {
      if (result < 0) throw failed(writing, -result);
      file.fd = result;
      return result;
    });
    const file: OpenFile = { opened, fd: undefined, users: 0 };
    return file;
  }

  return {
    take(writing) {
      const list = writing ? forWriting : reading;
      let at = 0;
      while (at < list.length && (list[at] as OpenFile).users >= perFile) at++;
      let file = list[at];
      if (file === undefined) {
        const opening = open(writing);
        list.push(opening);
        opening.opened.catch(() => list.splice(list.indexOf(opening), 1));
        file = opening;
      }
      file.users++;
      return file;
    },
    giveBack(file) {
      file.users--;
    },
    async close() {
      for (const list of [reading, forWriting]) {
        for (const { opened } of list.splice(0)) {
          // A file that could not be opened has nothing to close.
          const fd = await opened.catch(() => undefined);
          if (fd !== undefined) await completed(threads, group, closeCall(fd));
        }
      }
    },
  };
}
