/**
 * Properties that tell what is so when they are read. A getter in an object literal would do, but V8 gives each object whose
 * getter has closed over something a hidden class of its own; that lives until all memory is gone through, and with it lives
 * all that the getter sees: a session, its sockets, its buffers. Here all objects of a kind share their getters.
 */

const readers: unique symbol = Symbol("readers");

/**
 * Names the live properties of a kind of objects; to be called once for each kind.
 *
 * @returns what gives an object those properties, each read by its function
 */
export function liveProperties<Name extends string>(...names: readonly Name[]) {
  type Readers = Readonly<Record<Name, () => unknown>>;
  const shared = Object.fromEntries(
    names.map((name) => [
      name,
      {
        enumerable: true,
        get(this: { readonly [readers]: Readers }) {
          return this[readers][name]();
        },
      },
    ]),
  );
  return <Plain extends object, Live extends Readers>(plain: Plain, live: Live) =>
    Object.defineProperties(Object.defineProperty(plain, readers, { value: live }), shared) as Plain & {
      readonly [Property in Name]: ReturnType<Live[Property]>;
    };
}
