/**
 * One of the two that are compared: a target's logical unit, as several hosts reach it over iSCSI, each with a session of its own.
 * Commands go through as bytes, and nothing is repeated.
 */
import { decodeSense, type ScsiRequest } from "../../../src/index.ts";
import { connectIscsi, type IscsiSession } from "../../../transports/iscsi/index.ts";

/** What a unit answered. Of sense data sense key, code and qualifier: `6/2a/05`; empty if there were none. */
export interface Answer {
  readonly status: number;
  readonly sense: string;
  readonly dataIn: Uint8Array;
}

/** The ways from several hosts to one logical unit. */
export interface Side {
  readonly name: string;
  /** Sends a command from a host. */
  send(host: number, request: ScsiRequest): Promise<Answer>;
  /** LOGICAL UNIT RESET, from a host. */
  reset(host: number): Promise<void>;
  /** Logs a host out and in again, with the same name and ISID. */
  logInAgain(host: number): Promise<void>;
}

/** The sessions of several hosts with one target. */
export interface Sessions {
  unit(lun: number): Side;
  /** How many commands were sent. */
  readonly sent: number;
  close(): Promise<void>;
}

/** The initiator name of a host. */
export const initiatorNameOf = (host: string): string => `iqn.2026-11.lab:${host}`;

/** However busy the machine: an answer that does not come within a minute never comes. */
const timeoutMs = 60_000;

const hex = (value: number): string => value.toString(16).padStart(2, "0");

/** Logs every host in. */
export async function openSessions(
  name: string,
  port: number,
  target: string,
  hosts: readonly string[],
): Promise<Sessions> {
  const connect = (host: string): Promise<IscsiSession> =>
    connectIscsi({ host: "127.0.0.1", port, target, initiatorName: initiatorNameOf(host), loginTimeoutMs: timeoutMs });
  const sessions = await Promise.all(hosts.map(connect));
  const sessionOf = (host: number): IscsiSession => sessions[host] as IscsiSession;
  let sent = 0;
  return {
    get sent() {
      return sent;
    },
    unit: (lun) => ({
      name,
      async send(host, request) {
        sent++;
        const { status, dataIn, sense } = await sessionOf(host).logicalUnit(lun).execute(request, { timeoutMs });
        const decoded = sense.length === 0 ? undefined : decodeSense(sense);
        return {
          status,
          dataIn,
          sense:
            decoded === undefined ? "" : `${decoded.senseKey.toString(16)}/${hex(decoded.asc)}/${hex(decoded.ascq)}`,
        };
      },
      async reset(host) {
        await sessionOf(host).logicalUnit(lun).reset?.("logical-unit", { timeoutMs });
      },
      async logInAgain(host) {
        await sessionOf(host)[Symbol.asyncDispose]();
        sessions[host] = await connect(hosts[host] as string);
      },
    }),
    async close() {
      await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
    },
  };
}
