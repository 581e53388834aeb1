/**
 * A thread whose door leads nowhere: its "ioctl" sleeps, fails or dies as it is told, so that threads can be examined without
 * a C library. The request says what to do, the descriptor with which number.
 */
import process from "node:process";
import { threadId } from "node:worker_threads";
import type { ThreadSettings } from "../../transports/sg/memory.ts";
import { type Door, serve } from "../../transports/sg/thread/serve.ts";

const BASE = 0x7f00_0000_0000n;

function openDoor({ memory, libc }: ThreadSettings): Door {
  if (libc === "broken") throw new Error("this library cannot be loaded");
  const view = new DataView(memory);
  return {
    open: () => 3,
    close: () => 0,
    sigprocmask: () => 0,
    address: () => BASE,
    ioctl(number, request, pointer) {
      switch (request) {
        case 0: // Sleep.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, number);
          return 0;
        case 1: // Fail.
          return -number;
        case 2: // Die.
          throw new Error("the thread met an error");
        case 3: // Say which thread this is.
          return threadId;
        case 5: // Say how many of the program's options this thread was started with.
          return process.execArgv.length;
        default: {
          // Add to the number at the address.
          const at = Number(pointer - BASE);
          view.setUint32(at, view.getUint32(at, true) + number, true);
          return 0;
        }
      }
    },
  };
}

serve(openDoor);
