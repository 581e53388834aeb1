/**
 * The stream of bytes is cut into PDUs whatever its chunks are, and what cannot be right is refused before it does
 * harm.
 */
import { expect, test } from "vitest";
import { crc32c } from "../../src/core/index.ts";
import { Opcode } from "../../transports/iscsi/pdu.ts";
import { createReceiver, type ReceiverRules } from "../../transports/iscsi/receiver.ts";
import { putScsiCommand } from "../../transports/iscsi/request-pdus.ts";
import { responseHeader } from "../../transports/iscsi/response-pdus.ts";
import { frame, join } from "./fake-target.ts";

const numbers = { statSn: 1, expCmdSn: 2, maxCmdSn: 3 };

function rulesOf(headerDigest: boolean, dataDigest: boolean): ReceiverRules {
  return { headerDigest, dataDigest, maxDataSegmentLength: 4096, maxAhsLength: 0 };
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + 7) & 0xff);
}

/** Feeds chunks and lists what came out: tag and data of each PDU. Data-In is placed, everything else gathered. */
function receive(rules: ReceiverRules, chunks: readonly Uint8Array[]): [number, string][] {
  const seen: [number, string][] = [];
  let placed: Uint8Array | undefined;
  const receiver = createReceiver(rules, {
    header(bytes, at, length) {
      placed = undefined;
      if (bytes[at] === Opcode.DATA_IN && length > 0) placed = new Uint8Array(length);
      return placed;
    },
    pdu(bytes, at, _headerLength, data, dataAt, dataLength) {
      const taken = placed ?? data.slice(dataAt, dataAt + dataLength);
      seen.push([bytes[at + 19] as number, Array.from(taken).join(",")]);
    },
  });
  // Each chunk is in memory of its own that is overwritten afterwards, as a socket's buffer is.
  for (const chunk of chunks) {
    const buffer = chunk.slice();
    receiver.push(buffer);
    buffer.fill(0xdd);
  }
  return seen;
}

function stream(headerDigest: boolean, dataDigest: boolean) {
  const lengths = [0, 1, 4, 70, 203];
  const parts: Uint8Array[] = [];
  const wanted: [number, string][] = [];
  let tag = 0;
  for (const opcode of [Opcode.DATA_IN, Opcode.TEXT_RESPONSE]) {
    for (const length of lengths) {
      const data = pattern(length);
      tag++;
      const header = responseHeader(opcode, { ...numbers, initiatorTaskTag: tag, dataSegmentLength: length });
      parts.push(frame(header, data, headerDigest, dataDigest));
      wanted.push([tag, Array.from(data).join(",")]);
    }
  }
  return { bytes: join(parts), wanted };
}

for (const headerDigest of [false, true]) {
  for (const dataDigest of [false, true]) {
    test(`PDUs survive every way of cutting the stream in two (header digest ${headerDigest}, data digest ${dataDigest})`, () => {
      const { bytes, wanted } = stream(headerDigest, dataDigest);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const seen = receive(rulesOf(headerDigest, dataDigest), [bytes.subarray(0, cut), bytes.subarray(cut)]);
        if (JSON.stringify(seen) !== JSON.stringify(wanted)) expect(seen, `cut at ${cut}`).toEqual(wanted);
      }
      for (const size of [1, 47, 49]) {
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
        expect(receive(rulesOf(headerDigest, dataDigest), chunks)).toEqual(wanted);
      }
    });
  }
}

test("every single wrong bit is found by one of the digests", () => {
  const header = responseHeader(Opcode.DATA_IN, { ...numbers, initiatorTaskTag: 1, dataSegmentLength: 5 });
  const pdu = frame(header, pattern(5), true, true);
  // Lengths decide where a PDU ends: with those wrong, the digest is looked for elsewhere, or the length itself is
  // refused.
  for (let bit = 8 * 8; bit < pdu.length * 8; bit++) {
    const bad = pdu.slice();
    bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(() => receive(rulesOf(true, true), [bad]), `bit ${bit}`).toThrow(/Wrong (?:header|data) digest/);
  }
});

test("a wrong digest is reported with both values and the PDU", () => {
  const header = responseHeader(Opcode.SCSI_RESPONSE, { ...numbers, initiatorTaskTag: 0x1234 });
  const pdu = frame(header, new Uint8Array(0), true, false);
  pdu[48] = (pdu[48] as number) ^ 1;
  const computed = crc32c(header).toString(16).toUpperCase().padStart(8, "0");
  expect(() => receive(rulesOf(true, false), [pdu])).toThrow(
    new RegExp(
      `Wrong header digest \\(scsi response \\(21h\\), initiator task tag 00001234h\\).*computed ${computed}h`,
    ),
  );
});

test("a data segment longer than was declared is refused by its header alone", () => {
  const header = responseHeader(Opcode.TEXT_RESPONSE, { ...numbers, dataSegmentLength: 4097 });
  expect(() => receive(rulesOf(false, false), [header])).toThrow(/DataSegmentLength is 4097 bytes.*4096/);
});

test("additional header segments are refused where none can be", () => {
  const header = responseHeader(Opcode.TEXT_RESPONSE, numbers);
  header[4] = 1;
  expect(() => receive(rulesOf(false, false), [header])).toThrow(/TotalAHSLength is 4 bytes, at most 0/);
});

test("a target's receiver takes an extended CDB, however it is cut", () => {
  const command = new Uint8Array(76);
  putScsiCommand(command, 0, 0x81, 0, 0, 0, 9, 0, 1, 1, pattern(32));
  const rules = { ...rulesOf(true, false), maxAhsLength: 252 };
  const length = 48 + 20;
  const pdu = frame(command.subarray(0, length), new Uint8Array(0), true, false);
  for (let cut = 0; cut <= pdu.length; cut++) {
    let seen = 0;
    const receiver = createReceiver(rules, {
      header: () => undefined,
      pdu: (_bytes, _at, headerLength) => {
        seen = headerLength;
      },
    });
    receiver.push(pdu.subarray(0, cut));
    receiver.push(pdu.subarray(cut));
    expect(seen, `cut at ${cut}`).toBe(length);
  }
});
