/**
 * Every sequence of commands up to a length, from two hosts over a small alphabet, on LIO and on `serve` side by side. The first
 * command is host a's: the other half is the same with the names exchanged. Shorter sequences are the beginnings of longer ones.
 *
 *   LAB_LENGTH   how long; default 3
 *   LAB_PART     which of how many parts, e.g. 2/6 or 2-4/6: of every six beginnings the second, or the second to the fourth; default 1/1
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands } from "../../../src/index.ts";
import { SA } from "../../simulated/lab.ts";
import { everySequence, type Pair } from "./comparing.ts";
import { createReport } from "./report.ts";
import { command, out, type Step, types } from "./steps.ts";
import { counts, openTargets, portOfHost, type Targets } from "./targets.ts";

const length = Number(process.env.LAB_LENGTH ?? 3);
const [which = "1", parts = "1"] = (process.env.LAB_PART ?? "1/1").split("/");
const [first = 1, last = first] = which.split("-").map(Number);
const hosts = ["a", "b"];
const keys = [0xa1n, 0xb1n] as const;
const data = new Uint8Array(512);

const lettersOf = (host: 0 | 1): Step[] => {
  const key = keys[host];
  const other = keys[1 - host] as bigint;
  const typeCode = types["write-exclusive"];
  const registrants = types["exclusive-access-registrants-only"];
  return [
    out(host, { serviceAction: SA.REGISTER, serviceActionKey: key }),
    out(host, { serviceAction: SA.REGISTER, key, serviceActionKey: 0n }),
    out(host, { serviceAction: SA.RESERVE, key, typeCode }),
    out(host, { serviceAction: SA.RESERVE, key, typeCode: registrants }),
    out(host, { serviceAction: SA.RESERVE, key, typeCode: types["write-exclusive-all-registrants"] }),
    out(host, { serviceAction: SA.RELEASE, key, typeCode }),
    out(host, { serviceAction: SA.RELEASE, key, typeCode: registrants }),
    out(host, { serviceAction: SA.PREEMPT, key, serviceActionKey: other, typeCode: types["exclusive-access"] }),
    out(host, { serviceAction: SA.CLEAR, key }),
    command(host, commands.write10({ lba: 0, data })),
  ];
};
const firsts = lettersOf(0);
const alphabet = [...firsts, ...lettersOf(1)];

let targets: Targets;
beforeAll(async () => {
  targets = await openTargets();
});
afterAll(async () => {
  await targets?.close();
});

test(`every sequence of up to ${length} commands of two hosts, part ${which} of ${parts}, is the same on LIO and here, or explained`, async () => {
  const report = createReport();
  const { ours, theirs } = await targets.open("iqn.2026-11.lab:many", [...hosts, "look"]);
  const beginnings = firsts
    .flatMap((_, first) => alphabet.map((__, second) => [first, second]))
    .filter((_, index) => {
      const part = (index % Number(parts)) + 1;
      return first <= part && part <= last;
    });
  const lane = async (lun: number): Promise<void> => {
    const pair: Pair = { ours: ours.unit(lun), theirs: theirs.unit(lun), ports: hosts.map(portOfHost) };
    for (;;) {
      const beginning = beginnings.shift();
      if (beginning === undefined) return;
      await everySequence(pair, alphabet, beginning, length, (ended) => report.add(`begins ${beginning}`, ended));
    }
  };
  await Promise.all(Array.from({ length: counts.many }, (_, lun) => lane(lun)));
  await Promise.all([ours.close(), theirs.close()]);
  console.log([`${alphabet.length} commands in the alphabet`, ...report.figures(theirs.sent)].join("\n"));
  expect(report.failures().join("\n\n")).toBe("");
}, 3_600_000);
