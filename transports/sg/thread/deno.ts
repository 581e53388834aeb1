/** The door to libc through Deno.dlopen, for Deno (--allow-ffi). The calls are synchronous: errno is lost on nonblocking ones. */
import type { ThreadSettings } from "../memory.ts";
import { type Door, serve } from "./serve.ts";

type Pointer = { readonly [brand: symbol]: never } | null;
interface Declaration {
  readonly parameters: readonly string[];
  readonly result: string;
}

declare const Deno: {
  dlopen<const Names extends Record<string, Declaration>>(
    path: string,
    declarations: Names,
  ): {
    readonly symbols: {
      // biome-ignore lint/suspicious/noExplicitAny: what a symbol takes is said by its declaration, at run time
      readonly [Name in keyof Names]: (...args: any[]) => Names[Name]["result"] extends "pointer" ? Pointer : number;
    };
  };
  readonly UnsafePointer: { of(memory: Uint8Array): Pointer; value(pointer: Pointer): bigint };
  readonly UnsafePointerView: new (pointer: Pointer) => { getInt32(): number };
};

const C_LIBRARY = "libc.so.6";

function openDoor({ libc }: ThreadSettings): Door {
  const { open, ioctl, close, sigprocmask } = Deno.dlopen(libc ?? C_LIBRARY, {
    open: { parameters: ["u64", "i32"], result: "i32" },
    // 64-bit parameters are fastest as bigint.
    ioctl: { parameters: ["i32", "u64", "u64"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    sigprocmask: { parameters: ["i32", "u64", "u64"], result: "i32" },
  }).symbols;
  const { __errno_location } = Deno.dlopen(C_LIBRARY, {
    __errno_location: { parameters: [], result: "pointer" },
  }).symbols;
  // Each thread has an errno of its own, which stays where it is.
  const errno = new Deno.UnsafePointerView(__errno_location() as Pointer);
  return {
    open(path, flags) {
      const result = open(path, flags);
      return result < 0 ? -errno.getInt32() : result;
    },
    ioctl(fd, request, pointer) {
      const result = ioctl(fd, BigInt(request), pointer);
      return result < 0 ? -errno.getInt32() : result;
    },
    close(fd) {
      const result = close(fd);
      return result < 0 ? -errno.getInt32() : result;
    },
    sigprocmask,
    address: (memory) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory)),
  };
}

serve(openDoor);
