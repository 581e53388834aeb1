/**
 * A bare node:net socket that moves the bytes of a command and of its answer, and looks at none: the floor under an initiator
 * on this runtime. Against echo.c, or against the target itself after a login with fixed text. Not an initiator: it trusts
 * every answer and keeps no state but two counters.
 */
import { connect, type Socket } from "node:net";
import type { BareJob, Sample } from "../jobs.ts";
import { start } from "./stopwatch.ts";

const HEADER = 48;
const ITT = 16;
const CMD_SN = 24;
const EXP_STAT_SN = 28;
const SCSI_RESPONSE = 0x21;

/** A SCSI Command PDU for LUN 1 (RFC 7143 11.3) with the CDB that our library sends for the operation. */
function request(operation: BareJob["operation"]): Uint8Array {
  const pdu = new Uint8Array(HEADER);
  const view = new DataView(pdu.buffer);
  let expected = 0;
  if (operation === "keys") {
    expected = 8192;
    pdu.set([0x5e, 0, 0, 0, 0, 0, 0, expected >> 8, expected & 0xff], 32);
  } else if (operation !== "tur") {
    expected = Number(operation.slice("read:".length));
    pdu.set([0x28, 0, 0, 0, 0, 0, 0, expected >> 17, (expected >> 9) & 0xff], 32);
  }
  pdu[0] = 0x01;
  pdu[1] = expected > 0 ? 0xc1 : 0x81;
  pdu[9] = 1;
  view.setUint32(20, expected);
  return pdu;
}

/** A Login Request straight to the full-feature phase (RFC 7143 11.12). */
function loginRequest(target: string): Uint8Array {
  const keys = {
    InitiatorName: "iqn.2026-01.test:bench-bare",
    SessionType: "Normal",
    TargetName: target,
    HeaderDigest: "None",
    DataDigest: "None",
    MaxRecvDataSegmentLength: "262144",
    MaxBurstLength: "1048576",
    DefaultTime2Wait: "0",
  };
  const text = new TextEncoder().encode(
    Object.entries(keys)
      .map(([key, value]) => `${key}=${value}\0`)
      .join(""),
  );
  const pdu = new Uint8Array(HEADER + ((text.length + 3) & ~3));
  pdu.set([0x43, 0x87, 0, 0, 0, 0, text.length >> 8, text.length & 0xff, 0x80, 0, 0, 0xbe]);
  pdu.set(text, HEADER);
  return pdu;
}

/** Sends, and takes everything that comes until nothing has come for a while. */
async function exchange(socket: Socket, bytes: Uint8Array): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  socket.write(bytes);
  await new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, 1000);
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      clearTimeout(timer);
      timer = setTimeout(resolve, 50);
    });
  });
  socket.removeAllListeners("data");
  return Buffer.concat(chunks);
}

export async function measureBare(job: BareJob): Promise<Sample> {
  const socket = connect({ port: job.port, host: "127.0.0.1", noDelay: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  let pdu = request(job.operation);
  let responseBytes = job.responseBytes ?? 0;
  let serial = 0;
  let statSn = 0;

  /** So many requests in one buffer, numbered. */
  const requests = (count: number): Uint8Array => {
    const bytes = new Uint8Array(count * HEADER);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += HEADER) {
      bytes.set(pdu, at);
      view.setUint32(at + ITT, serial);
      view.setUint32(at + CMD_SN, serial++);
      view.setUint32(at + EXP_STAT_SN, statSn);
    }
    return bytes;
  };

  if (job.target !== undefined) {
    const answer = await exchange(socket, loginRequest(job.target));
    if (answer.length < HEADER || answer[36] !== 0) throw new Error("the target refuses the bare login");
    statSn = answer.readUInt32BE(24) + 1;
    serial = answer.readUInt32BE(28);
    // The first answers on a new nexus may be unit attentions.
    const wanted = pdu;
    pdu = request("tur");
    for (let tries = 0; ; tries++) {
      const first = await exchange(socket, requests(1));
      statSn++;
      if (first[0] === SCSI_RESPONSE && first[3] === 0) break;
      if (tries === 5) throw new Error(`the target answers TEST UNIT READY with status ${first[3]}`);
    }
    pdu = wanted;
    responseBytes = (await exchange(socket, requests(1))).length;
    statSn++;
  }

  const watch = start(job);
  let pending = 0;
  socket.on("error", (error) => {
    throw error;
  });
  socket.on("data", (chunk) => {
    pending += chunk.length;
    if (pending < responseBytes) return;
    const answers = Math.floor(pending / responseBytes);
    pending -= answers * responseBytes;
    watch.done += answers;
    statSn += answers;
    if (!watch.stopped) socket.write(requests(answers));
  });
  socket.write(requests(job.depth));
  const sample = await watch.sample;
  socket.destroy();
  return { ...sample, responseBytes };
}
