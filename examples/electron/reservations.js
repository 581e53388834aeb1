/**
 * What the tool does with logical units, for the main process and for the page alike: each passes in the library as it has it.
 * Arguments come from another process, so every one is checked; what goes back is plain data, which structured clone takes. An
 * Error would keep nothing but its message on that way, so errors are data too: `{ ok: false, error: { code, delivered, message } }`.
 */

const MOST_UNITS = 16;
const TIMEOUT_MS = 10_000;

export function createReservations({ open, isScsiError, reservationTypeNames, allowed }) {
  /** Open units by URL; opened when first asked for. */
  const units = new Map();

  const key = {
    is: (value) => typeof value === "bigint" && value >= 0n && value < 1n << 64n,
    words: "a key of 8 bytes",
  };
  const type = { is: (value) => reservationTypeNames.includes(value), words: "a type of reservation" };
  /** The fields of each action, all of them needed. A key of 0 is none: to register newly, or to unregister. */
  const actions = new Map([
    ["register", { key, newKey: key }],
    ["reserve", { key, type }],
    ["release", { key, type }],
    ["preempt", { key, victimKey: key, type }],
    ["preemptAndAbort", { key, victimKey: key, type }],
    ["clear", { key }],
  ]);

  function checkFields(action, given) {
    const fields = actions.get(action);
    if (fields === undefined) throw new TypeError("There is no such action");
    if (typeof given !== "object" || given === null) throw new TypeError(`${action} needs its fields`);
    for (const [name, { is, words }] of Object.entries(fields)) {
      if (!Object.hasOwn(given, name) || !is(given[name])) throw new TypeError(`${name} must be ${words}`);
    }
    // Nothing but the named fields goes on: `given` may hold more.
    return Object.fromEntries(Object.keys(fields).map((name) => [name, given[name]]));
  }

  async function unitAt(url) {
    if (typeof url !== "string" || url.length > 1000 || !allowed.test(url)) {
      throw new TypeError("A unit is named by its URL or by its device");
    }
    if (!units.has(url)) {
      if (units.size >= MOST_UNITS) throw new RangeError(`No more than ${MOST_UNITS} units are open at a time`);
      const opening = open(url, { timeoutMs: TIMEOUT_MS });
      units.set(url, opening);
      opening.catch(() => units.delete(url));
    }
    return units.get(url);
  }

  /** What becomes of some work, as plain data. What nobody has foreseen is thrown on. */
  async function outcome(work) {
    try {
      return { ok: true, value: await work() };
    } catch (error) {
      const { code, delivered, message } = error;
      if (isScsiError(error)) return { ok: false, error: { code, delivered, message } };
      if (error instanceof TypeError || error instanceof RangeError) {
        return { ok: false, error: { code: "BAD_ARGUMENT", delivered: "no", message } };
      }
      throw error;
    }
  }

  return {
    outcome,

    /** The keys that are registered, and who holds what. */
    look: (url) =>
      outcome(async () => {
        const unit = await unitAt(url);
        const { keys, prGeneration } = await unit.readKeys();
        const reservation = await unit.readReservation();
        const { holder } = reservation;
        return {
          name: unit.name,
          keys: [...keys],
          prGeneration,
          holder,
          type: holder === "none" ? undefined : reservation.type,
          key: holder === "one-nexus" ? reservation.key : undefined,
        };
      }),

    /** One PERSISTENT RESERVE OUT. */
    perform: (url, action, given) =>
      outcome(async () => {
        const fields = checkFields(action, given);
        const unit = await unitAt(url);
        await unit[action](fields);
      }),

    /** How many units are open. */
    size: () => units.size,

    /** Closes all. What is registered stays registered: reservations outlive who made them. */
    async close() {
      const opened = [...units.values()];
      units.clear();
      await Promise.allSettled(opened.map(async (unit) => (await unit)[Symbol.asyncDispose]()));
    },
  };
}
