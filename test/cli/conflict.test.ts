/** What people are told when they meet a RESERVATION CONFLICT or a unit attention: who, why, and what to do. */
import { expect, test } from "vitest";
import { answer, checkCondition, cli, scripted, twoHosts } from "./harness.ts";

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ");

test("a reservation of another host: who holds it, which type, how to take it over", async () => {
  const { a, b, portA, portB } = twoHosts();
  await cli(`register ${a} --new-key 0xa`);
  await cli(`register ${b} --new-key 0xb`);
  await cli(`reserve ${a} --key 0xa --type 5`);
  const { exit, out, err } = await cli(`reserve ${b} --key 0xb --type 5`);
  expect(exit).toBe(24);
  expect(out).toBe("");
  expect(err).toBe(
    `scsi-persist: Cannot RESERVE: the target answered RESERVATION CONFLICT

  The reservation is held by key 0xa (${portA}), of
  type write-exclusive-registrants-only.

  If that host is alive, let it release.
  Only if that host is known to be dead or must be fenced.
    scsi-persist preempt '${b}' --key 0xb --victim-key 0xa --type write-exclusive-registrants-only

What the target reports now:

  Reservation    write-exclusive-registrants-only
                 every registered host may write, everybody may read
  Held by        0xa
  Registrations  2
  PRGENERATION   2

  KEY  HOLDS  PORT             INITIATOR PORT
  0xa  yes    1                ${portA}
  0xb         1     this host  ${portB}
`,
  );
});

test("the command line that is suggested works", async () => {
  const { a } = twoHosts();
  const { err } = await cli(`reserve ${a} --key 0xa --type 1`);
  expect(err).toContain("This host is not registered.");
  const suggested = /scsi-persist (register .*)$/m.exec(err)?.[1]?.replaceAll("'", "") as string;
  expect((await cli(suggested)).exit).toBe(0);
  expect((await cli(`reserve ${a} --key 0xa --type 1`)).exit).toBe(0);
});

test("registered with another key: which one", async () => {
  const { a } = twoHosts();
  await cli(`register ${a} --new-key 0xa`);
  expect(oneLine((await cli(`clear ${a} --key 0xb`)).err)).toContain("This host is registered with key 0xa, not 0xb.");
  expect(oneLine((await cli(`register ${a} --new-key 0xb`)).err)).toContain("--key 0xa --new-key 0xb");
});

test("preempting a key that nobody has", async () => {
  const { a } = twoHosts();
  await cli(`register ${a} --new-key 0xa`);
  const { err } = await cli(`preempt ${a} --key 0xa --victim-key 0xdead --type 1`);
  expect(oneLine(err)).toContain("No host is registered with key 0xdead");
});

test("an older RESERVE that forbids even looking", async () => {
  const reserved = scripted(() => answer(0x18));
  for (const line of ["status sim:x", "register sim:x --new-key 0xa"]) {
    const { exit, err } = await cli(line, reserved);
    expect(exit).toBe(24);
    expect(oneLine(err)).toContain(
      "Another host holds the unit by RESERVE, which is older than persistent reservations",
    );
  }
});

test("if looking fails for another reason, that is said", async () => {
  const { err } = await cli(
    "clear sim:x --key 0xa --no-retry",
    scripted((request) => (request.cdb[0] === 0x5f ? answer(0x18) : answer(0x08))),
  );
  expect(oneLine(err)).toContain("Why could not be found out: Cannot READ KEYS: the target answered BUSY");
});

test("a change held up by RESERVATIONS PREEMPTED was not executed, and the state is shown", async () => {
  const { exit, err } = await cli(
    "release sim:x --key 0xa --type 1",
    scripted((request) => {
      if (request.cdb[0] === 0x5f) return checkCondition(0x06, 0x2a, 0x03);
      if (request.cdb[1] === 3) return checkCondition(0x05, 0x24, 0x00);
      return answer(0, "00000009 00000000");
    }),
  );
  expect(exit).toBe(6);
  expect(oneLine(err)).toContain("UNIT ATTENTION, RESERVATIONS PREEMPTED (2Ah/03h)");
  expect(err).toContain("  Nothing was executed. Look whether it is still right, then try again.\n");
  expect(err).toContain("PRGENERATION   9");
});
