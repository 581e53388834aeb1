/** The door to libc through bun:ffi, for Bun. */
import { dlopen, ptr, read } from "bun:ffi";
import type { ThreadSettings } from "../memory.ts";
import { type Door, serve } from "./serve.ts";

function openDoor({ libc }: ThreadSettings): Door {
  const { symbols } = dlopen(libc ?? "libc.so.6", {
    open: { args: ["u64", "i32"], returns: "i32" },
    ioctl: { args: ["i32", "u64", "u64"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
    sigprocmask: { args: ["i32", "u64", "u64"], returns: "i32" },
  });
  const { __errno_location } = dlopen("libc.so.6", { __errno_location: { args: [], returns: "ptr" } }).symbols;
  const { open, ioctl, close, sigprocmask } = symbols;
  // Each thread has an errno of its own, which stays where it is.
  const errno = __errno_location();
  return {
    open(path, flags) {
      const result = open(path, flags);
      return result < 0 ? -read.i32(errno, 0) : result;
    },
    ioctl(fd, request, pointer) {
      const result = ioctl(fd, request, pointer);
      return result < 0 ? -read.i32(errno, 0) : result;
    },
    close(fd) {
      const result = close(fd);
      return result < 0 ? -read.i32(errno, 0) : result;
    },
    sigprocmask,
    address: (memory) => BigInt(ptr(memory)),
  };
}

serve(openDoor);
