/**
 * The compliance suite of src/transport.ts: what every transport keeps, whatever lies behind it. Run by each
 * transport's own test with a factory. The CDBs are typed as bytes from the standard, so that no builder of this
 * project stands between the suite and the wire.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ScsiRequest, Transport } from "../src/transport.ts";
import { rejection } from "./rejection.ts";

/** One transport to be examined, and what is known of what lies behind it. */
export interface ContractSubject {
  readonly transport: Transport;
  /** The same logical unit through another I_T nexus. */
  readonly second?: Transport | undefined;
  /** A disk that may be overwritten from its first block on. */
  readonly writable?: boolean | undefined;
  /** Bytes in its logical block; 512 unless given. */
  readonly blockSize?: number | undefined;
  /**
   * The device server answers CHECK CONDITION if its data exceed what the transport lets through; RFC 7143 11.4.5.1 leaves it
   * open. `unless-empty`: not where nothing at all is let through.
   */
  readonly refusesOverflow?: boolean | "unless-empty" | undefined;
  /** From now on no command is answered. */
  stall?(): void | Promise<void>;
  /** Frees what the factory made. The transports may have been disposed before. */
  dispose(): Promise<void>;
}

const GOOD = 0x00;
const CHECK_CONDITION = 0x02;

const testUnitReady: ScsiRequest = { cdb: Uint8Array.of(0x00, 0, 0, 0, 0, 0), dataInLength: 0 };
/** Vendor specific group 6 with no meaning to any target used here. */
const unknownCommand: ScsiRequest = { cdb: Uint8Array.of(0xdf, 0, 0, 0, 0, 0, 0, 0, 0, 0), dataInLength: 0 };

const inquiry = (allocationLength: number, dataInLength = allocationLength): ScsiRequest => ({
  cdb: Uint8Array.of(0x12, 0, 0, allocationLength >>> 8, allocationLength & 0xff, 0),
  dataInLength,
});

function read10(lba: number, blocks: number, dataInLength: number): ScsiRequest {
  return { cdb: Uint8Array.of(0x28, 0, 0, 0, lba >>> 8, lba & 0xff, 0, blocks >>> 8, blocks & 0xff, 0), dataInLength };
}

function write10(lba: number, blocks: number, dataOut: Uint8Array): ScsiRequest {
  const cdb = Uint8Array.of(0x2a, 0, 0, 0, lba >>> 8, lba & 0xff, 0, blocks >>> 8, blocks & 0xff, 0);
  return { cdb, dataOut, dataInLength: 0 };
}

/** Bytes that differ from block to block, and depend on `seed`. */
const pattern = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + (index >>> 9) * 7 + seed) & 0xff);

/** Where two byte strings first differ, or -1: much quicker than a deep comparison. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) if (a[at] !== b[at]) return at;
  return -1;
}

/**
 * The suite.
 *
 * @param name what is examined
 * @param factory makes a fresh subject for every test; no unit attention condition need be absent
 */
export function describeTransport(name: string, factory: () => Promise<ContractSubject>): void {
  describe(`${name} keeps the transport contract`, () => {
    let subject: ContractSubject;
    let transport: Transport;

    beforeEach(async () => {
      subject = await factory();
      transport = subject.transport;
      // Takes away whatever a new nexus is told first.
      for (const each of [transport, subject.second]) {
        for (let left = 8; each !== undefined && left > 0; left--) {
          if ((await each.execute(testUnitReady)).status === GOOD) break;
        }
      }
    });
    afterEach(async () => {
      await transport[Symbol.asyncDispose]();
      await subject.second?.[Symbol.asyncDispose]();
      await subject.dispose();
    });

    it("says in its name what it talks to", () => {
      expect(transport.name).toMatch(/\S/);
    });

    it("resolves a GOOD status without data", async () => {
      const response = await transport.execute(testUnitReady);
      expect(response.status).toBe(GOOD);
      expect(response.dataIn).toHaveLength(0);
      expect(response.sense).toHaveLength(0);
      expect(response.residual).toBe(0);
    });

    it("resolves CHECK CONDITION, with the sense data", async () => {
      const { status, sense, dataIn } = await transport.execute(unknownCommand);
      expect(status).toBe(CHECK_CONDITION);
      // Fixed or descriptor format, current; ILLEGAL REQUEST, INVALID COMMAND OPERATION CODE.
      expect([0x70, 0x72]).toContain((sense[0] as number) & 0x7f);
      const fixed = ((sense[0] as number) & 0x7f) === 0x70;
      expect((sense[fixed ? 2 : 1] as number) & 0x0f).toBe(5);
      expect(sense[fixed ? 12 : 2]).toBe(0x20);
      expect(dataIn).toHaveLength(0);
    });

    it("is usable after a CHECK CONDITION", async () => {
      await transport.execute(unknownCommand);
      expect((await transport.execute(testUnitReady)).status).toBe(GOOD);
    });

    it("hands out exactly the bytes that arrived", async () => {
      const { status, dataIn, residual } = await transport.execute(inquiry(36));
      expect(status).toBe(GOOD);
      expect(dataIn).toHaveLength(36);
      expect(residual).toBe(0);
    });

    it.each([0, 1, 5, 8])("hands out no more than dataInLength: %i bytes", async (length) => {
      const whole = await transport.execute(inquiry(36));
      const { status, dataIn } = await transport.execute(inquiry(36, length));
      const refused = subject.refusesOverflow === "unless-empty" ? length > 0 : subject.refusesOverflow === true;
      expect(status).toBe(refused ? CHECK_CONDITION : GOOD);
      expect(dataIn).toEqual(whole.dataIn.subarray(0, refused ? 0 : length));
    });

    it("reports an underflow as a positive residual", async () => {
      const { status, dataIn, residual } = await transport.execute(inquiry(16, 64));
      expect(status).toBe(GOOD);
      expect(dataIn).toHaveLength(16);
      expect(residual).toBe(48);
    });

    it("hands out memory of the caller's own", async () => {
      const first = await transport.execute(inquiry(36));
      const copy = first.dataIn.slice();
      const second = await transport.execute(inquiry(36));
      expect(second.dataIn).toEqual(copy);
      first.dataIn.fill(0xee);
      expect(second.dataIn).toEqual(copy);
      expect((await transport.execute(inquiry(36))).dataIn).toEqual(copy);

      const failed = await transport.execute(unknownCommand);
      const sense = failed.sense.slice();
      failed.sense.fill(0xee);
      expect((await transport.execute(unknownCommand)).sense).toEqual(sense);
    });

    it("hands out memory that may be given away, even if nothing is in it", async () => {
      for (const request of [testUnitReady, inquiry(36), unknownCommand, testUnitReady, unknownCommand]) {
        const answer = await transport.execute(request);
        const transfer = [answer.dataIn.buffer, answer.sense.buffer] as ArrayBuffer[];
        expect(structuredClone(answer, { transfer }).status).toBe(answer.status);
      }
    });

    it("leaves what it was lent as it was", async () => {
      const request = inquiry(36);
      const before = request.cdb.slice();
      await transport.execute(request);
      expect(request.cdb).toEqual(before);
    });

    it("answers each of many concurrent calls with its own data", async () => {
      const lengths = Array.from({ length: 100 }, (_, index) => 1 + (index % 36));
      const responses = await Promise.all(lengths.map((length) => transport.execute(inquiry(length))));
      expect(responses.map(({ dataIn }) => dataIn.length)).toEqual(lengths);
      expect(responses.every(({ status }) => status === GOOD)).toBe(true);
    });

    it("keeps two nexuses apart", async ({ skip }) => {
      const { second } = subject;
      if (second === undefined) return skip("the factory has no second nexus");
      const [a, b] = await Promise.all([transport.execute(inquiry(36)), second.execute(unknownCommand)]);
      expect(a.status).toBe(GOOD);
      expect(b.status).toBe(CHECK_CONDITION);
      await second[Symbol.asyncDispose]();
      expect((await transport.execute(testUnitReady)).status).toBe(GOOD);
    });

    it("sends nothing for a signal that has fired already", async ({ skip }) => {
      const reason = new Error("not any more");
      const options = { signal: AbortSignal.abort(reason) };
      const error = await rejection(transport.execute(testUnitReady, options));
      expect(error.code).toBe("ABORTED");
      expect(error.delivered).toBe("no");
      expect(error.cause).toBe(reason);
      if (subject.writable !== true) return skip("not a disk: whether anything was sent cannot be seen");
      const size = subject.blockSize ?? 512;
      const before = (await transport.execute(read10(0, 1, size))).dataIn;
      await rejection(
        transport.execute(
          write10(
            0,
            1,
            before.map((byte) => byte ^ 0xff),
          ),
          options,
        ),
      );
      expect((await transport.execute(read10(0, 1, size))).dataIn).toEqual(before);
    });

    it("is not disturbed by a signal that fires after the answer", async () => {
      const controller = new AbortController();
      await transport.execute(testUnitReady, { signal: controller.signal });
      controller.abort();
      expect((await transport.execute(testUnitReady)).status).toBe(GOOD);
    });

    it("carries data-out byte for byte, and data-in back", async ({ skip }) => {
      if (subject.writable !== true) return skip("not a disk that may be written");
      const size = subject.blockSize ?? 512;
      for (const [lba, blocks] of [
        [0, 1],
        [1, 2],
        [3, 16],
        [19, 128],
        [147, 300],
      ] as const) {
        const bytes = pattern(blocks * size, lba);
        const lent = bytes.slice();
        const written = await transport.execute(write10(lba, blocks, lent));
        expect([written.status, written.residual]).toEqual([GOOD, 0]);
        expect(firstDifference(lent, bytes)).toBe(-1);
        const back = await transport.execute(read10(lba, blocks, blocks * size));
        expect([back.status, back.residual]).toEqual([GOOD, 0]);
        expect(firstDifference(back.dataIn, bytes)).toBe(-1);
      }
    });

    it("carries many concurrent writes and reads, each to its own place", async ({ skip }) => {
      if (subject.writable !== true) return skip("not a disk that may be written");
      const size = subject.blockSize ?? 512;
      const places = Array.from({ length: 32 }, (_, index) => index);
      await Promise.all(places.map((lba) => transport.execute(write10(lba, 1, pattern(size, lba)))));
      const read = await Promise.all(places.map((lba) => transport.execute(read10(lba, 1, size))));
      const wrong = places.filter((lba) => firstDifference(read[lba]?.dataIn as Uint8Array, pattern(size, lba)) !== -1);
      expect(wrong).toEqual([]);
    });

    it("gives up at once when the signal fires, though nobody answers", async ({ skip }) => {
      if (subject.stall === undefined) return skip("the factory cannot make it stall");
      await subject.stall();
      const controller = new AbortController();
      const call = rejection(transport.execute(testUnitReady, { signal: controller.signal }));
      await new Promise((resolve) => setTimeout(resolve, 10));
      controller.abort();
      expect((await call).code).toBe("ABORTED");
    });

    it("rejects with TIMEOUT when nobody answers in time", async ({ skip }) => {
      if (subject.stall === undefined) return skip("the factory cannot make it stall");
      await subject.stall();
      const error = await rejection(transport.execute(testUnitReady, { timeoutMs: 20 }));
      expect(error.code).toBe("TIMEOUT");
      expect(["no", "unknown"]).toContain(error.delivered);
    });

    it("rejects the calls under way when it is disposed", async ({ skip }) => {
      if (subject.stall === undefined) return skip("the factory cannot make it stall");
      await subject.stall();
      const calls = [transport.execute(testUnitReady), transport.execute(inquiry(36))].map(rejection);
      await new Promise((resolve) => setTimeout(resolve, 10));
      await transport[Symbol.asyncDispose]();
      for (const error of await Promise.all(calls)) expect(error.code).toBe("CLOSED");
    });

    it("is closed by disposal, twice as well as once", async () => {
      await transport[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
      const error = await rejection(transport.execute(testUnitReady));
      expect(error.code).toBe("CLOSED");
      expect(error.delivered).toBe("no");
    });
  });
}
