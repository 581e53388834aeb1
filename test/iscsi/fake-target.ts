/**
 * A scripted iSCSI target for tests: it listens on the loopback interface and does just what each test's script says,
 * right or wrong. No rule of a real target lives here.
 */
import { createServer, type Socket } from "node:net";
import { crc32c } from "../../src/core/index.ts";
import { connectIscsi, type IscsiConnectOptions } from "../../transports/iscsi/index.ts";
import { BHS_LENGTH, get24, get32, joinPdu, Opcode, padded, put32 } from "../../transports/iscsi/pdu.ts";
import { readLoginRequest, readRequest, readScsiCommand } from "../../transports/iscsi/request-pdus.ts";
import { loginResponse, type ResponseFields, responseHeader } from "../../transports/iscsi/response-pdus.ts";

/** A PDU that the initiator sent. */
export interface Received {
  readonly opcode: number;
  /** Basic header and additional header segments. */
  readonly header: Uint8Array;
  /** Without padding. */
  readonly data: Uint8Array;
}

/** One connection, as seen from the target. */
export interface FakeConnection {
  /** How many connections there were before it. */
  readonly index: number;
  /** The target's numbers. A script may change them. */
  statSn: number;
  expCmdSn: number;
  /** How many commands beyond ExpCmdSN are accepted; MaxCmdSN is ExpCmdSN + window - 1. */
  window: number;
  headerDigest: boolean;
  dataDigest: boolean;
  /** The next PDU; rejects with Ended once the initiator has closed the connection. */
  next(): Promise<Received>;
  /** The next PDU, which must have this operation code. */
  expect(opcode: number): Promise<Received>;
  /** The next SCSI Command, with ExpCmdSN counted on. */
  command(): Promise<ReturnType<typeof readScsiCommand> & { readonly data: Uint8Array }>;
  /** Accepts a login that wants no authentication, answering with these keys. Returns the request. */
  acceptLogin(keys?: Record<string, string>): Promise<Received>;
  /** Sends a login response to a request. */
  answerLogin(request: Received, answer?: Partial<Parameters<typeof loginResponse>[0]>, text?: string): void;
  /** Sends a response; `status: true` takes a StatSN. */
  respond(opcode: number, fields: Partial<ResponseFields> & { readonly status?: boolean }, data?: Uint8Array): void;
  /** Sends a SCSI Response. */
  answer(initiatorTaskTag: number, fields?: Partial<ResponseFields>, data?: Uint8Array): void;
  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): void;
  /** Sends all that the action sends in one write, so that it arrives at once. */
  together(action: () => void): void;
  /** Reads no more from the socket. */
  pause(): void;
  /** Resolves when the initiator has closed the connection. */
  closed(): Promise<void>;
  destroy(): void;
}

/** The initiator closed the connection while the script waited for a PDU. */
export class Ended extends Error {}

/** A target under way. */
export interface FakeTarget {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  /** Closes all; rejects with the first error of a script other than Ended. */
  [Symbol.asyncDispose](): Promise<void>;
}

export const TARGET_NAME = "iqn.2026-01.test:fake";
export const INITIATOR_NAME = "iqn.2026-01.test:initiator";

/** Starts a target whose connections each run the script. */
export async function startFakeTarget(script: (connection: FakeConnection) => Promise<void>): Promise<FakeTarget> {
  const sockets = new Set<Socket>();
  const running: Promise<void>[] = [];
  let failure: unknown;
  let connections = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const connection = createConnection(socket, connections++);
    running.push(
      script(connection).catch((error: unknown) => {
        socket.destroy();
        if (!(error instanceof Ended)) failure ??= error;
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    host: "127.0.0.1",
    port: address.port,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all(running);
      if (failure !== undefined) throw failure;
    },
  };
}

function createConnection(socket: Socket, index: number): FakeConnection {
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
  const end = (): void => {
    ended = true;
    wake();
  };
  socket.on("close", end);
  socket.on("end", end);
  socket.on("error", end);

  function cut(): Received | undefined {
    if (buffer.length < BHS_LENGTH) return undefined;
    const headerLength = BHS_LENGTH + (buffer[4] as number) * 4;
    const dataLength = get24(buffer, 5);
    const dataAt = headerLength + (connection.headerDigest ? 4 : 0);
    const dataEnd = dataAt + padded(dataLength);
    const total = dataEnd + (connection.dataDigest && dataLength > 0 ? 4 : 0);
    if (buffer.length < total) return undefined;
    const header = buffer.slice(0, headerLength);
    const data = buffer.slice(dataAt, dataAt + dataLength);
    if (connection.headerDigest) check(crc32c(header), buffer.subarray(headerLength, headerLength + 4));
    if (connection.dataDigest && dataLength > 0) {
      check(crc32c(buffer.slice(dataAt, dataEnd)), buffer.subarray(dataEnd, dataEnd + 4));
    }
    buffer = buffer.slice(total);
    return { opcode: (header[0] as number) & 0x3f, header, data };
  }

  const connection: FakeConnection = {
    index,
    statSn: 1000,
    expCmdSn: 1,
    window: 32,
    headerDigest: false,
    dataDigest: false,
    async next() {
      for (;;) {
        const pdu = cut();
        if (pdu !== undefined) return pdu;
        if (ended) throw new Ended("the initiator closed the connection");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async expect(opcode) {
      const pdu = await connection.next();
      if (pdu.opcode !== opcode) throw new Error(`expected PDU ${opcode.toString(16)}, got ${pdu.opcode.toString(16)}`);
      return pdu;
    },
    async command() {
      const { header, data } = await connection.expect(Opcode.SCSI_COMMAND);
      const command = readScsiCommand(header);
      if (command.cmdSn !== connection.expCmdSn) {
        throw new Error(`expected CmdSN ${connection.expCmdSn}, got ${command.cmdSn}`);
      }
      connection.expCmdSn = (connection.expCmdSn + 1) >>> 0;
      return { ...command, data };
    },
    async acceptLogin(keys = {}) {
      const request = await connection.expect(Opcode.LOGIN_REQUEST);
      connection.expCmdSn = readLoginRequest(request.header).cmdSn;
      const text = Object.entries({ TargetPortalGroupTag: "1", ...keys })
        .map(([key, value]) => `${key}=${value}\0`)
        .join("");
      connection.answerLogin(request, {}, text);
      connection.headerDigest = keys.HeaderDigest === "CRC32C";
      connection.dataDigest = keys.DataDigest === "CRC32C";
      return request;
    },
    answerLogin(request, answer = {}, text = "") {
      const asked = readLoginRequest(request.header);
      const data = new TextEncoder().encode(text);
      const header = loginResponse({
        transit: asked.transit,
        continues: false,
        currentStage: asked.currentStage,
        nextStage: asked.nextStage,
        versionActive: 0,
        isid: asked.isid,
        tsih: 7,
        initiatorTaskTag: asked.initiatorTaskTag,
        statSn: connection.statSn++,
        expCmdSn: connection.expCmdSn,
        maxCmdSn: maxCmdSn(),
        status: 0,
        dataSegmentLength: data.length,
        ...answer,
      });
      connection.raw(joinPdu(header, data));
    },
    respond(opcode, { status = false, ...fields }, data = new Uint8Array(0)) {
      const header = responseHeader(opcode, {
        statSn: connection.statSn,
        expCmdSn: connection.expCmdSn,
        maxCmdSn: maxCmdSn(),
        dataSegmentLength: data.length,
        ...fields,
      });
      if (status) connection.statSn = (connection.statSn + 1) >>> 0;
      connection.raw(frame(header, data, connection.headerDigest, connection.dataDigest));
    },
    answer(initiatorTaskTag, fields = {}, data) {
      connection.respond(
        Opcode.SCSI_RESPONSE,
        { initiatorTaskTag, targetTransferTag: 0, ...fields, status: true },
        data,
      );
    },
    raw(bytes) {
      if (!ended) socket.write(bytes);
    },
    together(action) {
      socket.cork();
      action();
      socket.uncork();
    },
    pause() {
      socket.pause();
    },
    async closed() {
      while (!ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    destroy() {
      socket.destroy();
    },
  };

  function maxCmdSn(): number {
    return (connection.expCmdSn + connection.window - 1) >>> 0;
  }

  return connection;
}

/** A PDU with the digests that were agreed on. */
export function frame(header: Uint8Array, data: Uint8Array, headerDigest: boolean, dataDigest: boolean): Uint8Array {
  const parts = [header];
  if (headerDigest) parts.push(digestBytes(crc32c(header)));
  if (data.length > 0) {
    const whole = new Uint8Array(padded(data.length));
    whole.set(data);
    parts.push(whole);
    if (dataDigest) parts.push(digestBytes(crc32c(whole)));
  }
  return join(parts);
}

function digestBytes(digest: number): Uint8Array {
  const bytes = new Uint8Array(4);
  put32(bytes, 0, digest);
  return bytes.reverse();
}

/** Puts arrays one behind the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function check(digest: number, bytes: Uint8Array): void {
  if (get32(bytes.slice().reverse(), 0) !== digest) throw new Error("the initiator sent a wrong digest");
}

/** Reads a task management, text, logout or NOP-Out request. */
export function requestOf(pdu: Received): ReturnType<typeof readRequest> {
  return readRequest(pdu.header);
}

/** Logs in to it as a test's initiator. */
export function connect(target: FakeTarget, more: Partial<IscsiConnectOptions> = {}) {
  return connectIscsi({
    host: target.host,
    port: target.port,
    target: TARGET_NAME,
    initiatorName: INITIATOR_NAME,
    ...more,
  });
}
