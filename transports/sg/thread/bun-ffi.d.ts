/** As much of Bun's own module as thread/bun.ts uses. */
declare module "bun:ffi" {
  interface Declaration {
    readonly args: readonly string[];
    readonly returns: string;
  }
  // biome-ignore lint/suspicious/noExplicitAny: what a symbol takes is said by its declaration, at run time
  type Symbols<Names> = { readonly [Name in keyof Names]: (...args: any[]) => number };
  export function dlopen<const Names extends Record<string, Declaration>>(
    path: string,
    declarations: Names,
  ): { readonly symbols: Symbols<Names> };
  export function ptr(memory: Uint8Array): number;
  export const read: { i32(pointer: number, offset: number): number };
}
