/** The verbs of mhd(7I): its calls by short names. Each parses, calls one function of src/multihost, and prints. */
import {
  type AccessStatus,
  accessStatus,
  type Command,
  clearShared,
  commands,
  createMultihostDisk,
  inKeys,
  inReservations,
  type MultihostDisk,
  preemptAndAbortShared,
  preemptShared,
  quickReserve,
  registerHost,
  registerHostAndIgnoreKey,
  releaseOwnership,
  reserveShared,
  takeOwnership,
  type Unit,
} from "../src/index.ts";
import { withErrno } from "../src/multihost/failing.ts";
import { delaysOf } from "../src/multihost/ownership.ts";
import { keysCommand, reservationsCommand, scoped } from "../src/multihost/shared.ts";
import { type Json, long } from "./json.ts";
import { failfast } from "./mhd-failfast.ts";
import { RESERVE_IS_ONE_NEXUS } from "./mhd-values.ts";
import type { Values, VerbOptionName } from "./options.ts";
import { type Cell, count, foldingTable, keyText, table } from "./output.ts";
import { openSinglePath, openUnit, type Report, type Session, type Verb, type With } from "./verb.ts";

/** Access denied is an answer of its own: 1, as the manual has it. */
const NO_ACCESS = 1;
const LIST_SIZE = 1024;

function mhd<Names extends VerbOptionName = never>(
  spec: Pick<Verb, "name" | "summary" | "about" | "examples"> & {
    readonly required?: readonly Names[];
    /** Why it takes one path only; absent: it takes several, or a map. */
    readonly singlePath?: string;
    readonly options?: readonly VerbOptionName[];
    readonly effect: string | ((values: With<Names>) => string);
    commands(values: With<Names>): readonly Command<unknown>[];
    act(disk: MultihostDisk, values: With<Names>, session: Session): Promise<Report>;
  },
): Verb {
  const { required = [], options = [], effect, commands: build, act, ...text } = spec;
  const { singlePath } = text;
  const read = (values: Values): With<Names> => values as With<Names>;
  return {
    ...text,
    takes: "unit",
    options: [...required, ...options],
    required,
    plan: (values) => ({
      commands: build(read(values)),
      effect: typeof effect === "string" ? effect : effect(read(values)),
    }),
    async run(session) {
      const open = () => (singlePath === undefined ? openUnit(session) : openSinglePath(session, singlePath));
      const disk = createMultihostDisk(await withErrno<Unit>(open));
      return act(disk, read(session.values), session);
    },
  };
}

/** What is said after something was done. */
const done = ({ paint, name }: Session, what: string, result: Json = {}): Report => ({
  result,
  lines: [`${paint("green", "Done:")} ${what} on ${name}.`],
});

const delaysAsked = ({ minimumOwnershipDelay, maximumOwnershipDelay }: Values) => ({
  minimumOwnershipDelayMs: minimumOwnershipDelay,
  maximumOwnershipDelayMs: maximumOwnershipDelay,
});

const takeown = mhd({
  name: "mhd takeown",
  summary: "take a disk for this host by force (MHIOCTKOWN)",
  about: [
    "RESERVE; if another host has the disk, a reset of the logical unit, of the target or of the bus, whichever this way to the disk can do, and RESERVE again. The reservation must then stand for the minimum ownership delay.",
    "It lasts until release, a reset, or the end of the I_T nexus: over iSCSI that is the end of this program. To keep it, run mhd failfast --reinstate.",
    "A disk on which hosts are registered is refused: the two kinds of reservation must not be mixed.",
  ],
  examples: [["mhd takeown /dev/sg1 --min-ownership-delay 2s", "take the disk, whoever has it"]],
  singlePath: RESERVE_IS_ONE_NEXUS,
  options: ["minimumOwnershipDelay", "maximumOwnershipDelay"],
  commands(values) {
    delaysOf(delaysAsked(values));
    return [commands.readKeys(), commands.reserve6()];
  },
  effect:
    "It would reserve the disk for this host; if another host has it, after a reset, which ends all hosts' commands.",
  async act(disk, values, session) {
    const { reset, tookMs, lostToResets } = await takeOwnership(disk, {
      ...delaysAsked(values),
      reinstate: false,
      signal: session.openOptions.signal,
      timeoutMs: values.timeout,
    });
    const by = reset === undefined ? "nobody had it" : `after a reset of the ${reset.replace("-", " ")}`;
    return done(session, `took ownership (${by})`, { reset: reset ?? null, tookMs: Math.round(tookMs), lostToResets });
  },
});

const release = mhd({
  name: "mhd release",
  summary: "give a disk free (MHIOCRELEASE)",
  about: [
    "A host that does not have the disk changes nothing. Through several paths, or a map, each of them releases: whichever has it.",
  ],
  examples: [["mhd release /dev/sg1", "what takeown or qreserve has taken"]],
  commands: () => [commands.release6()],
  effect: "It would end this host's RESERVE, through whichever path it has it.",
  async act(disk, values, session) {
    await releaseOwnership(disk, { signal: session.openOptions.signal, timeoutMs: values.timeout });
    return done(session, "RELEASE");
  },
});

const accessWord = (access: boolean | undefined): Exclude<Cell, string> =>
  access === undefined ? ["yellow", "no answer"] : access ? ["green", "access"] : ["red", "no access"];

const statusReport = ({ access, because, paths }: AccessStatus, { paint, width }: Session): Report => ({
  result: {
    access,
    because,
    paths: paths?.map((one) => ({ path: one.path, access: one.access ?? null, because: one.because })) ?? null,
  },
  lines: [
    `${paint(...accessWord(access))}  ${because}`,
    ...(paths === undefined
      ? []
      : [
          "",
          ...foldingTable(
            paths.map((one): Cell[] => [one.path, accessWord(one.access), one.because]),
            paint,
            width,
          ),
        ]),
  ],
  exit: access ? 0 : NO_ACCESS,
});

const status = mhd({
  name: "mhd status",
  summary: "has this host access to a disk? (MHIOCSTATUS)",
  about: [
    "Ends with 0 if it has, with 1 if it has not, and with another code if that could not be found out. Several paths, or a map, are asked one by one: access is through every path that answers, or there is none.",
    "--key names this host's key where the disk does not tell whose keys are whose.",
  ],
  examples: [["mhd status /dev/sg1 --key 0xabc", "for a script"]],
  options: ["key"],
  commands: () => [commands.testUnitReady(), commands.readKeys(), commands.readReservation()],
  effect: "It only reads: it would change nothing.",
  act: async (disk, { key, timeout }, session) =>
    statusReport(await accessStatus(disk, { key, timeoutMs: timeout, signal: session.openOptions.signal }), session),
});

const qreserve = mhd({
  name: "mhd qreserve",
  summary: "one RESERVE, for a quorum disk (MHIOCQRESERVE)",
  about: ["No reset before it, and nothing that keeps it afterwards."],
  examples: [["mhd qreserve /dev/sg1", "who is first has the quorum"]],
  singlePath: RESERVE_IS_ONE_NEXUS,
  commands: () => [commands.reserve6()],
  effect: "It would reserve the disk for this host if no other host has it.",
  async act(disk, values, session) {
    await quickReserve(disk, { signal: session.openOptions.signal, timeoutMs: values.timeout });
    return done(session, "RESERVE");
  },
});

const inkeys = mhd({
  name: "mhd inkeys",
  summary: "the registered keys (MHIOCGRP_INKEYS)",
  about: ["Ends with an error if the disk has no persistent reservations: the way to find out whether it has."],
  examples: [["mhd inkeys /dev/sg1 --list-size 4", "at most four, and how many there are"]],
  options: ["listSize"],
  commands: ({ listSize = LIST_SIZE }) => [keysCommand(listSize)],
  effect: "It only reads: it would change nothing.",
  async act(disk, { listSize = LIST_SIZE }, { paint }) {
    const { generation, listLength, list } = await inKeys(disk, { listSize });
    return {
      result: { generation, listSize, listLength, list: list.map(long) },
      lines: [
        `${count(listLength, "key")}, generation ${generation}`,
        ...table(
          list.map((key) => [keyText(key)]),
          paint,
        ),
      ],
    };
  },
});

const inresv = mhd({
  name: "mhd inresv",
  summary: "the reservations (MHIOCGRP_INRESV)",
  about: ["None or one: key, type and scope. Key 0 where all registrants hold."],
  examples: [["mhd inresv /dev/sg1", "who holds"]],
  options: ["listSize"],
  commands: ({ listSize = LIST_SIZE }) => [reservationsCommand(listSize)],
  effect: "It only reads: it would change nothing.",
  async act(disk, { listSize = LIST_SIZE }, { paint }) {
    const { generation, listLength, list } = await inReservations(disk, { listSize });
    const rows = list.map(({ key, type, typeCode, scope }) => [
      keyText(key),
      type ?? `type ${typeCode}`,
      scope === 0 ? "logical unit" : `scope ${scope}`,
    ]);
    return {
      result: {
        generation,
        listSize,
        listLength,
        list: list.map((one) => ({ ...one, key: long(one.key), type: one.type ?? null })),
      },
      lines: [`${count(listLength, "reservation")}, generation ${generation}`, ...table(rows, paint)],
    };
  },
});

const register = mhd({
  name: "mhd register",
  summary: "register, or change the key (MHIOCGRP_REGISTER)",
  about: ["--key is the key that the disk has for this host, if it has one; --new-key 0x0 unregisters."],
  examples: [["mhd register /dev/sg1 --new-key 0xabc --persist", "as the manual recommends"]],
  required: ["newKey"],
  options: ["key", "persist"],
  commands: ({ key, newKey, persist }) => [commands.register({ key, newKey, persistThroughPowerLoss: persist })],
  effect: ({ newKey }) =>
    newKey === 0n ? "It would unregister this host." : `It would register key ${keyText(newKey)}.`,
  async act(disk, { key = 0n, newKey, persist = false }, session) {
    await registerHost(disk, { oldKey: key, newKey, aptpl: persist });
    return done(session, "REGISTER");
  },
});

const registerIgnore = mhd({
  name: "mhd register-ignore",
  summary: "register (MHIOCGRP_REGISTERANDIGNOREKEY)",
  about: ["Whatever key the disk has for this host. --new-key 0x0 unregisters."],
  examples: [["mhd register-ignore /dev/sg1 --new-key 0xabc", "after a restart"]],
  required: ["newKey"],
  options: ["persist"],
  commands: ({ newKey, persist }) => [
    commands.registerAndIgnoreExistingKey({ newKey, persistThroughPowerLoss: persist }),
  ],
  effect: ({ newKey }) => `It would register key ${keyText(newKey)}, whatever key there is now.`,
  async act(disk, { newKey, persist = false }, session) {
    await registerHostAndIgnoreKey(disk, { newKey, aptpl: persist });
    return done(session, "REGISTER AND IGNORE EXISTING KEY");
  },
});

const reserve = mhd({
  name: "mhd reserve",
  summary: "reserve (MHIOCGRP_RESERVE)",
  about: ["The host must be registered with the key. A scope other than 0 is sent as given; today's disks refuse it."],
  examples: [["mhd reserve /dev/sg1 --key 0xabc --type write-exclusive-registrants-only", "take the reservation"]],
  required: ["key", "type"],
  options: ["scope"],
  commands: ({ key, type, scope }) => [scoped(commands.reserve({ key, type }), { type, scope })],
  effect: ({ key, type }) => `It would reserve the disk for key ${keyText(key)}, as ${type}.`,
  async act(disk, { key, type, scope }, session) {
    await reserveShared(disk, { key, type, scope });
    return done(session, "RESERVE");
  },
});

const preempting = (name: string, ioctl: string, aborts: boolean): Verb =>
  mhd({
    name,
    summary: `fence another host (${ioctl})`,
    about: ["If the victim holds the reservation, this host holds it afterwards, with the type given."],
    examples: [[`${name} /dev/sg1 --key 0xb --victim-key 0xa --type write-exclusive`, "fence 0xa"]],
    required: ["key", "victimKey", "type"],
    options: ["scope"],
    commands: ({ key, victimKey, type, scope }) => [
      scoped((aborts ? commands.preemptAndAbort : commands.preempt)({ key, victimKey, type }), { type, scope }),
    ],
    effect: ({ victimKey }) =>
      `It would unregister every host with key ${keyText(victimKey)}${aborts ? " and abort their commands" : ""}.`,
    async act(disk, { key, victimKey, type, scope }, session) {
      const call = aborts ? preemptAndAbortShared : preemptShared;
      await call(disk, { reservation: { key, type, scope }, victimKey });
      return done(session, aborts ? "PREEMPT AND ABORT" : "PREEMPT");
    },
  });

const clear = mhd({
  name: "mhd clear",
  summary: "remove every registration (MHIOCGRP_CLEAR)",
  about: ["Everybody's, not only this host's."],
  examples: [["mhd clear /dev/sg1 --key 0xabc", "start from nothing"]],
  required: ["key"],
  commands: ({ key }) => [commands.clear({ key })],
  effect: "It would remove every host's registration, and the reservation whoever holds it.",
  async act(disk, { key }, session) {
    await clearShared(disk, { key });
    return done(session, "CLEAR");
  },
});

/** All of them, in the manual's order. */
export const mhdVerbs: readonly Verb[] = [
  takeown,
  release,
  status,
  qreserve,
  inkeys,
  inresv,
  register,
  registerIgnore,
  reserve,
  preempting("mhd preempt-abort", "MHIOCGRP_PREEMPTANDABORT", true),
  preempting("mhd preempt", "MHIOCGRP_PREEMPT", false),
  clear,
  failfast,
];
