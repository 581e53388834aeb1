/**
 * The door to libc through koffi, for Node.js and Electron; it works on Bun and Deno too.
 *
 * ioctl is declared with three fixed parameters, not as variadic: by the calling conventions of Linux on x86-64 and arm64
 * that is the same, and much faster.
 */
import { createRequire } from "node:module";
import type { ThreadSettings } from "../memory.ts";
import { type Door, serve } from "./serve.ts";

type Call<Arguments extends unknown[]> = (...args: Arguments) => number;

interface Koffi {
  load(path: string | null): { func(declaration: string): unknown };
  errno(): number;
  address(memory: Uint8Array): bigint;
}

function openDoor({ koffi: where, libc }: ThreadSettings): Door {
  const koffi = createRequire(where as string)(where as string) as Koffi;
  // Null: what the process itself is linked with, be it glibc or musl.
  const library = koffi.load(libc ?? null);
  const open = library.func("int open(uint64_t, int)") as Call<[bigint, number]>;
  const ioctl = library.func("int ioctl(int, unsigned long, uint64_t)") as Call<[number, number, bigint]>;
  const close = library.func("int close(int)") as Call<[number]>;
  const sigprocmask = library.func("int sigprocmask(int, uint64_t, uint64_t)") as Door["sigprocmask"];
  const { errno } = koffi;
  return {
    open(path, flags) {
      const result = open(path, flags);
      return result < 0 ? -errno() : result;
    },
    ioctl(fd, request, pointer) {
      const result = ioctl(fd, request, pointer);
      return result < 0 ? -errno() : result;
    },
    close(fd) {
      const result = close(fd);
      return result < 0 ? -errno() : result;
    },
    sigprocmask,
    address: (memory) => koffi.address(memory),
  };
}

serve(openDoor);
