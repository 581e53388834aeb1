/**
 * A scripted initiator for tests: it sends just what each test says, right or wrong, and hands out what comes back, PDU
 * by PDU. No rule of a real initiator lives here.
 */
import { connect, type Socket } from "node:net";
import { BHS_LENGTH, FINAL, Field, get24, get32, joinPdu, Opcode, padded } from "../../transports/iscsi/pdu.ts";
import {
  type LoginRequestFields,
  loginRequest,
  putDataOut,
  putScsiCommand,
  type RequestFields,
} from "../../transports/iscsi/request-pdus.ts";
import { readLoginResponse } from "../../transports/iscsi/response-pdus.ts";
import { decodePairs, encodeText } from "../../transports/iscsi/text.ts";

/** A PDU from the target. */
export interface Received {
  readonly opcode: number;
  readonly header: Uint8Array;
  readonly data: Uint8Array;
}

/** The target closed the connection. */
export class Closed extends Error {}

/** A word of a header. */
export const word = (pdu: Received, at: number): number => get32(pdu.header, at);

/** One connection to a target. */
export interface RawInitiator {
  /** The CmdSN of the next command that {@link RawInitiator.command} sends. */
  cmdSn: number;
  raw(bytes: Uint8Array): void;
  next(): Promise<Received>;
  expect(opcode: number): Promise<Received>;
  /** Resolves once the target has closed the connection; PDUs that come before are thrown away. */
  closed(): Promise<void>;
  /** Is there nothing to read for so long? */
  silent(ms: number): Promise<boolean>;
  login(keys: Record<string, string>, fields?: Partial<LoginRequestFields>): Promise<LoginAnswer>;
  /** A normal login without authentication. */
  logIn(target: string, keys?: Record<string, string>, isid?: bigint): Promise<LoginAnswer>;
  /** A request header of any kind, with the next CmdSN unless it is immediate or says one. */
  request(make: (fields: RequestFields) => Uint8Array, fields: Partial<RequestFields>, data?: Uint8Array): void;
  command(options: RawCommand): void;
  dataOut(options: RawDataOut): void;
  pause(): void;
  destroy(): void;
}

/** A SCSI Command. */
export interface RawCommand {
  readonly cdb: readonly number[];
  readonly tag: number;
  readonly flags?: number;
  readonly expected?: number;
  readonly cmdSn?: number;
  readonly lun?: number;
  readonly data?: Uint8Array;
  readonly immediate?: boolean;
}

/** A Data-Out. */
export interface RawDataOut {
  readonly tag: number;
  readonly transferTag: number;
  readonly dataSn: number;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly final: boolean;
}

/** What a login request was answered. */
export interface LoginAnswer extends ReturnType<typeof readLoginResponse> {
  readonly keys: readonly (readonly [string, string])[];
}

export const INITIATOR = "iqn.2026-01.test:raw";
export const ISID = 0x8000_0000_0001n;

/** Connects. */
export async function rawInitiator({ port }: { readonly port: number }): Promise<RawInitiator> {
  const socket: Socket = connect(port, "127.0.0.1");
  let buffer = new Uint8Array(0);
  let ended = false;
  let wake = (): void => {};
  socket.on("data", (chunk: Uint8Array) => {
    const joined = new Uint8Array(buffer.length + chunk.length);
    joined.set(buffer);
    joined.set(chunk, buffer.length);
    buffer = joined;
    wake();
  });
  const end = () => {
    ended = true;
    wake();
  };
  for (const event of ["close", "end", "error"]) socket.on(event, end);
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const woken = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });

  function cut(): Received | undefined {
    if (buffer.length < BHS_LENGTH) return undefined;
    const length = get24(buffer, Field.DATA_SEGMENT_LENGTH);
    const total = BHS_LENGTH + padded(length);
    if (buffer.length < total) return undefined;
    const header = buffer.slice(0, BHS_LENGTH);
    const data = buffer.slice(BHS_LENGTH, BHS_LENGTH + length);
    buffer = buffer.slice(total);
    return { opcode: (header[0] as number) & 0x3f, header, data };
  }

  const initiator: RawInitiator = {
    cmdSn: 1,
    raw(bytes) {
      if (!ended) socket.write(bytes);
    },
    async next() {
      for (;;) {
        const pdu = cut();
        if (pdu !== undefined) return pdu;
        if (ended) throw new Closed("the target closed the connection");
        await woken();
      }
    },
    async expect(opcode) {
      const pdu = await initiator.next();
      if (pdu.opcode !== opcode) throw new Error(`expected ${opcode.toString(16)}, got ${pdu.opcode.toString(16)}`);
      return pdu;
    },
    async closed() {
      while (!ended) await woken();
    },
    async silent(ms) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return buffer.length === 0 && !ended;
    },
    async login(keys, fields = {}) {
      const data = encodeText(Object.entries(keys));
      const header = loginRequest({
        transit: true,
        continues: false,
        currentStage: 1,
        nextStage: 3,
        isid: ISID,
        tsih: 0,
        initiatorTaskTag: 0,
        cid: 0,
        cmdSn: 1,
        expStatSn: 0,
        dataSegmentLength: data.length,
        ...fields,
      });
      initiator.raw(joinPdu(header, data));
      const answer = await initiator.expect(Opcode.LOGIN_RESPONSE);
      return { ...readLoginResponse(answer.header, 0, answer.data.length), keys: decodePairs(answer.data) };
    },
    logIn: (target, keys = {}, isid = ISID) =>
      initiator.login({ InitiatorName: INITIATOR, TargetName: target, ...keys }, { isid }),
    request(make, fields, data = new Uint8Array(0)) {
      const cmdSn = fields.cmdSn ?? (fields.immediate === true ? initiator.cmdSn : initiator.cmdSn++);
      const header = make({
        flags: FINAL,
        initiatorTaskTag: 0x77,
        expStatSn: 0,
        dataSegmentLength: data.length,
        ...fields,
        cmdSn,
      });
      initiator.raw(joinPdu(header, data));
    },
    command({ cdb, tag, flags = FINAL | 1, expected = 0, cmdSn, lun = 0, data = new Uint8Array(0), immediate }) {
      const header = new Uint8Array(BHS_LENGTH);
      const number = cmdSn ?? (immediate === true ? initiator.cmdSn : initiator.cmdSn++);
      const bytes = new Uint8Array(16);
      bytes.set(cdb);
      putScsiCommand(header, 0, flags, data.length, lun * 0x1_0000, 0, tag, expected, number, 0, bytes);
      if (immediate === true) header[0] = (header[0] as number) | 0x40;
      initiator.raw(joinPdu(header, data));
    },
    dataOut({ tag, transferTag, dataSn, offset, data, final }) {
      const header = new Uint8Array(BHS_LENGTH);
      putDataOut(header, 0, final ? FINAL : 0, data.length, 0, 0, tag, transferTag, 0, dataSn, offset);
      initiator.raw(joinPdu(header, data));
    },
    pause() {
      socket.pause();
    },
    destroy() {
      socket.destroy();
    },
  };
  return initiator;
}

/** Byte 1 of a SCSI Command. */
export const READ = 0x40;
export const WRITE = 0x20;

export const testUnitReady = [0, 0, 0, 0, 0, 0];
export const read10 = (lba: number, blocks: number) => [
  0x28,
  0,
  0,
  0,
  lba >>> 8,
  lba & 255,
  0,
  blocks >>> 8,
  blocks & 255,
  0,
];
export const write10 = (lba: number, blocks: number) => [0x2a, ...read10(lba, blocks).slice(1)];
