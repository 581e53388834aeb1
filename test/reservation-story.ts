/**
 * The story of two hosts and one disk, for each of the six reservation types: the same calls over every transport and against
 * every target. What a target does otherwise than the standard is passed in by name, so that a deviation is never silent.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  isAllRegistrants,
  isScsiError,
  type LogicalUnit,
  noRetries,
  type ReservationType,
  reservationTypeNames,
  type SenseData,
} from "../src/index.ts";

/** Two I_T nexuses to one disk that nobody has registered with, of 512-byte blocks. */
export interface TwoHosts {
  readonly a: LogicalUnit;
  readonly b: LogicalUnit;
  dispose(): Promise<void>;
}

/** What is known to differ from spc4r17 5.7; each is named in COMPLIANCE.md. */
export interface Deviations {
  /** ASCQ (with ASC 2Ah) that a preempted nexus is told; the standard has 05h, REGISTRATIONS PREEMPTED. */
  readonly preemptedQualifier?: number;
  /** READ FULL STATUS does not exist. */
  readonly noFullStatus?: boolean;
  /** PREEMPT AND ABORT does not exist. */
  readonly noPreemptAndAbort?: boolean;
  /** RESERVE is accepted with a key that is not the nexus's own. */
  readonly reserveIgnoresKey?: boolean;
  /** An unregistered nexus that asks for a reservation gets NOT READY; the standard has RESERVATION CONFLICT. */
  readonly unregisteredIsNotReady?: boolean;
}

const A = 0xa1a1_0000_0000_0001n;
const B = 0xb2b2_0000_0000_0002n;
const BLOCK = 512;

/** Who may do what, apart from the holder, who may do everything (smr-j 3.13.3.4 table 82; libiscsi's access matrix). */
const access: Record<
  ReservationType,
  { registered: [read: boolean, write: boolean]; unregistered: [boolean, boolean] }
> = {
  "write-exclusive": { registered: [true, false], unregistered: [true, false] },
  "exclusive-access": { registered: [false, false], unregistered: [false, false] },
  "write-exclusive-registrants-only": { registered: [true, true], unregistered: [true, false] },
  "exclusive-access-registrants-only": { registered: [true, true], unregistered: [false, false] },
  "write-exclusive-all-registrants": { registered: [true, true], unregistered: [true, false] },
  "exclusive-access-all-registrants": { registered: [true, true], unregistered: [false, false] },
};

/** `done`, or the code with which it failed. */
const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error) => {
      if (isScsiError(error)) return error.code;
      throw error;
    },
  );

const expected = (allowed: boolean): string => (allowed ? "done" : "RESERVATION_CONFLICT");

/** Takes every pending unit attention off a nexus, and says which there were. */
async function attentions(unit: LogicalUnit): Promise<SenseData[]> {
  const found: SenseData[] = [];
  for (;;) {
    try {
      await unit.testUnitReady({ retry: noRetries });
      return found;
    } catch (error) {
      if (!isScsiError(error) || error.code !== "UNIT_ATTENTION" || error.sense === undefined) throw error;
      found.push(error.sense);
    }
  }
}

export function describeReservationStory(
  name: string,
  connect: () => Promise<TwoHosts>,
  deviations: Deviations = {},
): void {
  describe(`two hosts and one disk, over ${name}`, () => {
    let hosts: TwoHosts;
    let a: LogicalUnit;
    let b: LogicalUnit;

    beforeEach(async () => {
      hosts = await connect();
      ({ a, b } = hosts);
      await attentions(a);
      await attentions(b);
    });

    afterEach(async () => {
      await hosts.dispose();
    });

    const block = (fill: number): Uint8Array => new Uint8Array(BLOCK).fill(fill);
    const read = (unit: LogicalUnit): Promise<string> => outcome(unit.read10({ lba: 0, blocks: 1 }));
    const write = (unit: LogicalUnit, fill: number): Promise<string> =>
      outcome(unit.write10({ lba: 0, data: block(fill) }));

    describe.each(reservationTypeNames)("%s", (type) => {
      test("is taken, respected, taken over and given up", async () => {
        const start = (await a.readKeys()).prGeneration;
        expect(await a.readKeys()).toEqual({ prGeneration: start, keys: [], truncated: false });
        expect((await a.readReservation()).holder).toBe("none");

        // Only A registers, and reserves.
        await a.register({ newKey: A });
        expect((await b.readKeys()).keys).toEqual([A]);
        expect(await outcome(b.reserve({ key: B, type }))).toBe(
          deviations.unregisteredIsNotReady ? "NOT_READY" : "RESERVATION_CONFLICT",
        );
        await a.reserve({ key: A, type });
        const generation = (await a.readKeys()).prGeneration;
        expect(generation).toBe(start + 1);

        // B, unregistered, meets the reservation.
        const { registered, unregistered } = access[type];
        expect(await write(a, 0x0a)).toBe("done");
        expect(await read(a)).toBe("done");
        expect([await read(b), await write(b, 0x0b)]).toEqual(unregistered.map(expected));
        expect(await a.read10({ lba: 0, blocks: 1 })).toEqual(block(0x0a));

        // B registers; then it is one of those who are registered but do not hold, or do.
        await b.register({ newKey: B });
        expect([...(await a.readKeys()).keys].sort()).toEqual([A, B]);
        expect((await a.readKeys()).prGeneration).toBe(generation + 1);
        expect([await read(b), await write(b, 0x0c)]).toEqual(registered.map(expected));
        expect(await a.read10({ lba: 0, blocks: 1 })).toEqual(block(registered[1] ? 0x0c : 0x0a));

        const held = await b.readReservation();
        if (isAllRegistrants(type)) {
          expect(held).toMatchObject({ holder: "all-registrants", type, scope: 0 });
        } else {
          expect(held).toMatchObject({ holder: "one-nexus", key: A, type, scope: 0 });
          expect(await outcome(b.reserve({ key: B, type }))).toBe("RESERVATION_CONFLICT");
        }
        // A may ask again for what it has, but not for another type.
        expect(await outcome(a.reserve({ key: A, type }))).toBe("done");
        const other = type === "write-exclusive" ? "exclusive-access" : "write-exclusive";
        expect(await outcome(a.reserve({ key: A, type: other }))).toBe("RESERVATION_CONFLICT");
        expect((await a.readKeys()).prGeneration).toBe(generation + 1);

        // B pre-empts A. With all-registrants types only A's registration goes; B holds already.
        await b.preempt({ key: B, victimKey: A, type });
        expect((await b.readKeys()).keys).toEqual([B]);
        expect((await b.readKeys()).prGeneration).toBe(generation + 2);
        expect(await b.readReservation()).toMatchObject(
          isAllRegistrants(type) ? { holder: "all-registrants", type } : { holder: "one-nexus", key: B, type },
        );
        const told = await attentions(a);
        expect(told.map(({ asc, ascq }) => [asc, ascq])).toContainEqual([0x2a, deviations.preemptedQualifier ?? 0x05]);
        expect([await read(a), await write(a, 0x0d)]).toEqual(unregistered.map(expected));
        expect(await outcome(a.release({ key: A, type }))).toBe("RESERVATION_CONFLICT");
        expect(await write(b, 0x0e)).toBe("done");

        // B gives it up: A may write again.
        await b.release({ key: B, type });
        expect((await b.readReservation()).holder).toBe("none");
        expect((await b.readKeys()).prGeneration).toBe(generation + 2);
        await attentions(a);
        expect(await write(a, 0x0f)).toBe("done");
        await b.register({ key: B, newKey: 0n });
        expect((await b.readKeys()).keys).toEqual([]);
      });

      test("ends by CLEAR, and everybody else is told", async () => {
        await a.register({ newKey: A });
        await b.register({ newKey: B });
        await a.reserve({ key: A, type });
        await b.clear({ key: B });
        expect((await attentions(a)).map(({ asc, ascq }) => [asc, ascq])).toContainEqual([0x2a, 0x03]);
        expect(await attentions(b)).toEqual([]);
        expect((await a.readKeys()).keys).toEqual([]);
        expect((await b.readReservation()).holder).toBe("none");
        expect(await write(b, 0x01)).toBe("done");
      });
    });

    test("a wrong key is a conflict and changes nothing", async () => {
      await a.register({ newKey: A });
      expect(await outcome(a.register({ newKey: B }))).toBe("RESERVATION_CONFLICT");
      expect(await outcome(a.register({ key: B, newKey: A }))).toBe("RESERVATION_CONFLICT");
      expect(await outcome(a.clear({ key: B }))).toBe("RESERVATION_CONFLICT");
      expect(await outcome(a.reserve({ key: B, type: "write-exclusive" }))).toBe(
        deviations.reserveIgnoresKey ? "done" : "RESERVATION_CONFLICT",
      );
      expect((await a.readKeys()).keys).toEqual([A]);
    });

    test("a key is changed by its owner, and by REGISTER AND IGNORE EXISTING KEY", async () => {
      await a.register({ newKey: A });
      const { prGeneration } = await a.readKeys();
      await a.register({ key: A, newKey: B });
      expect((await a.readKeys()).keys).toEqual([B]);
      await a.registerAndIgnoreExistingKey({ newKey: A });
      expect(await a.readKeys()).toMatchObject({ keys: [A], prGeneration: prGeneration + 2 });
    });

    test(`READ FULL STATUS ${deviations.noFullStatus ? "is refused" : "tells who is registered and who holds"}`, async () => {
      await a.register({ newKey: A });
      await b.register({ newKey: B });
      await a.reserve({ key: A, type: "exclusive-access-registrants-only" });
      if (deviations.noFullStatus) {
        expect(await outcome(b.readFullStatus())).toBe("ILLEGAL_REQUEST");
        return;
      }
      const { registrations } = await b.readFullStatus();
      expect(registrations.find(({ key }) => key === A)).toMatchObject({
        holder: true,
        type: "exclusive-access-registrants-only",
        transportId: a.transport.initiatorPort,
      });
      expect(registrations.find(({ key }) => key === B)).toMatchObject({
        holder: false,
        transportId: b.transport.initiatorPort,
      });
    });

    test(`PREEMPT AND ABORT ${deviations.noPreemptAndAbort ? "is refused" : "shuts a host out"}`, async () => {
      await a.register({ newKey: A });
      await b.register({ newKey: B });
      await a.reserve({ key: A, type: "write-exclusive" });
      const done = await outcome(b.preemptAndAbort({ key: B, victimKey: A, type: "write-exclusive" }));
      expect(done).toBe(deviations.noPreemptAndAbort ? "ILLEGAL_REQUEST" : "done");
      await attentions(a);
      expect(await write(a, 1)).toBe(deviations.noPreemptAndAbort ? "done" : "RESERVATION_CONFLICT");
    });

    test("REPORT CAPABILITIES names the six types", async () => {
      const { types } = await a.reportCapabilities();
      expect([...(types ?? [])].sort()).toEqual([...reservationTypeNames].sort());
    });
  });
}
