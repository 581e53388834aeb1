/**
 * A bare node:net server that answers each login and logout PDU with fixed text: the floor under a target on this runtime.
 * Not a target: it takes every chunk for one PDU, believes all that it is told, and knows no session. Prints where it
 * listens, as `serve` does, and ends at SIGINT.
 */
import { createServer } from "node:net";

const HEADER = 48;
const ISID = 8;
const TSIH = 14;
const ITT = 16;
const STAT_SN = 24;
const CMD_SN = 24;
const EXP_CMD_SN = 28;
const MAX_CMD_SN = 32;
const LOGIN_RESPONSE = 0x23;
const LOGOUT_REQUEST = 0x06;
const LOGOUT_RESPONSE = 0x26;

/** A response with this text (RFC 7143 11.13), in which the numbers are still missing. */
function response(opcode: number, pairs: readonly string[]): Uint8Array {
  const text = new TextEncoder().encode(pairs.map((pair) => `${pair}\0`).join(""));
  const pdu = new Uint8Array(HEADER + ((text.length + 3) & ~3));
  pdu.set([opcode, 0x80, 0, 0, 0, 0, text.length >> 8, text.length & 0xff]);
  pdu.set(text, HEADER);
  return pdu;
}

const security = response(LOGIN_RESPONSE, ["AuthMethod=None", "TargetPortalGroupTag=1"]);
const operational = response(LOGIN_RESPONSE, [
  "HeaderDigest=None",
  "DataDigest=None",
  "InitialR2T=Yes",
  "ImmediateData=Yes",
  "MaxBurstLength=262144",
  "FirstBurstLength=65536",
  "MaxRecvDataSegmentLength=262144",
  "DefaultTime2Wait=0",
  "DefaultTime2Retain=0",
  "MaxOutstandingR2T=1",
  "ErrorRecoveryLevel=0",
  "MaxConnections=1",
  "DataPDUInOrder=Yes",
  "DataSequenceInOrder=Yes",
  "IFMarker=No",
  "OFMarker=No",
]);
const goodbye = response(LOGOUT_RESPONSE, []);

/** Of a login request: T, CSG, NSG are returned as they came. */
const stage = (flags: number): number => (flags >> 2) & 3;
const endsLogin = (flags: number): boolean => (flags & 0x83) === 0x83;

const server = createServer({ noDelay: true }, (socket) => {
  let statSn = 1;
  socket.on("error", () => {});
  socket.on("data", (chunk: Uint8Array) => {
    const asked = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    const flags = chunk[1] as number;
    const leaves = ((chunk[0] as number) & 0x3f) === LOGOUT_REQUEST;
    const pdu = (leaves ? goodbye : stage(flags) === 0 ? security : operational).slice();
    const said = new DataView(pdu.buffer);
    if (!leaves) {
      pdu[1] = flags;
      for (let i = ISID; i < TSIH; i++) pdu[i] = chunk[i] as number;
      if (endsLogin(flags)) said.setUint16(TSIH, 1);
    }
    said.setUint32(ITT, asked.getUint32(ITT));
    said.setUint32(STAT_SN, statSn++);
    said.setUint32(EXP_CMD_SN, asked.getUint32(CMD_SN));
    said.setUint32(MAX_CMD_SN, asked.getUint32(CMD_SN) + 31);
    socket.write(pdu);
    if (leaves) socket.end();
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  console.log(`serving iscsi://127.0.0.1:${port}/`);
});
process.on("SIGINT", () => process.exit());
