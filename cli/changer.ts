/** The verbs for media changers: inventory, move, lock, unlock. Each parses, calls src/changer, and prints. */
import {
  createChanger,
  type ElementReference,
  type Inventory,
  moveMedium,
  type NamedElement,
  parseElement,
  preventAllowMediumRemoval,
  readElementStatus,
} from "../src/changer/index.ts";
import { additionalSenseText, type Command, commands, formatSense } from "../src/index.ts";
import type { Json } from "./json.ts";
import { type Cell, count, foldingTable, heading, wrap } from "./output.ts";
import { UsageError } from "./values.ts";
import { openUnit, type Report, type Session, type Verb } from "./verb.ts";

const EXAMPLE = "iscsi://10.0.0.5/iqn.2026-01.com.example:lib/1";

/** The question that is asked first. */
const question = () => readElementStatus({ currentData: true, deviceIdentifiers: true });

const textOf = ({ asc, ascq }: { readonly asc: number; readonly ascq: number }): string =>
  additionalSenseText(asc, ascq) ?? `${asc.toString(16)}h/${ascq.toString(16)}h`;

export const elementJson = (element: NamedElement): Json => ({
  address: element.address,
  type: element.type,
  number: element.number,
  name: element.name,
  full: element.full,
  accessible: element.accessible,
  exception: element.exception === undefined ? null : { ...element.exception, text: textOf(element.exception) },
  byOperator: element.byOperator,
  importEnabled: element.importEnabled,
  exportEnabled: element.exportEnabled,
  source: element.source ?? null,
  inverted: element.inverted,
  volumeTag: element.volumeTag ?? null,
  alternateVolumeTag: element.alternateVolumeTag ?? null,
  identifier: element.identifier ?? null,
});

/** What is said of an element besides where it is and what is in it. */
function remarks(element: NamedElement, elements: readonly NamedElement[]): string {
  const home = elements.find(({ address }) => address === element.source);
  // Devices that never say ACCESS say nothing by it.
  const outOfReach = !element.accessible && elements.some(({ accessible }) => accessible);
  return [
    element.source === undefined ? "" : `from ${home?.name ?? `address ${element.source}`}`,
    element.byOperator ? "put there by an operator" : "",
    element.type !== "medium-transport" && outOfReach ? "out of the robot's reach" : "",
    element.exception === undefined ? "" : textOf(element.exception),
    element.identifier ?? "",
  ]
    .filter((text) => text !== "")
    .join("; ");
}

function inventoryReport({ elements, truncated, currentData }: Inventory, { paint, width }: Session): Report {
  const rows = elements.map((element): Cell[] => [
    ["bold", element.name],
    String(element.address),
    element.full ? (element.volumeTag ?? "full") : ["dim", "empty"],
    remarks(element, elements),
  ]);
  const full = elements.filter((element) => element.full).length;
  return {
    result: { elements: elements.map(elementJson), truncated, currentData },
    lines: [
      `${count(elements.length, "element")}, ${full} of them full${truncated ? "; there are more" : ""}`,
      "",
      ...foldingTable([heading("element", "address", "volume", ""), ...rows], paint, width),
    ],
  };
}

const inventory: Verb = {
  name: "changer inventory",
  summary: "what is in a media changer, and where",
  about: [
    "READ ELEMENT STATUS of every element. It asks for what the changer knows (CURDATA), so that nothing moves for it, and so that a library answers whoever holds a reservation.",
    "Numbers of each kind count from 1, in the order of addresses; mtx counts drives from 0.",
  ],
  examples: [[`changer inventory ${EXAMPLE}`, "robot, slots, mailslot and drives"]],
  takes: "unit",
  options: [],
  required: [],
  plan: () => ({ commands: [question()], effect: "It only reads: it would change nothing." }),
  async run(session) {
    session.command = question();
    const changer = createChanger(await openUnit(session));
    return inventoryReport(await changer.inventory(), session);
  },
};

/** An element's address where the reference is one: a dry run asks nobody. */
function addressOf(reference: ElementReference | undefined): number | undefined {
  const parsed = reference === undefined ? undefined : parseElement(reference);
  return parsed !== undefined && "address" in parsed ? parsed.address : undefined;
}

/** MOVE MEDIUM, if all that it needs is given as addresses. */
function plainMove(session: Pick<Session, "values">): Command<void> | undefined {
  const { from, to, robot } = session.values;
  const [source, destination, transport] = [from, to, robot].map(addressOf);
  if (source === undefined || destination === undefined) return undefined;
  return robot !== undefined && transport === undefined ? undefined : moveMedium({ source, destination, transport });
}

const move: Verb = {
  name: "changer move",
  summary: "move a medium from one element to another",
  about: [
    'An element is named as in the inventory ("slot 3", "drive 1", "mailslot", "robot"; without the space too: slot3), by its address (1002, 0x3ea), or by the volume that is in it ("volume SIM001L6").',
    "The changer is looked at, then one MOVE MEDIUM is sent. It is never sent twice: if its answer is lost, the inventory shows whether the medium is there.",
    "Under a reservation only its holder may move (types 1 and 3), or only registered hosts (types 5 to 8). With RESERVATION CONFLICT you are told who holds it and what can be done.",
  ],
  examples: [
    [`changer move --from slot3 --to drive1 ${EXAMPLE}`, "load a drive"],
    ["changer move /dev/sg3 --from drive1 --to mailslot", "and bring the cartridge out"],
    ["changer move /dev/sg3 --from 1000 --to 1007 --dry-run", "the bytes of it"],
  ],
  takes: "unit",
  options: ["from", "to", "robot"],
  required: ["from", "to"],
  plan(values) {
    const command = plainMove({ values });
    const where = `from ${values.from} to ${values.to}`;
    const effect =
      command === undefined
        ? `It would look, find the addresses, and then move the medium ${where} with MOVE MEDIUM.`
        : `It would look, and then move the medium ${where}.`;
    return { commands: [question(), ...(command === undefined ? [] : [command])], effect };
  },
  async run(session) {
    const { from, to, robot } = session.values;
    // Who is told why it failed needs a move, and not these addresses.
    session.command = plainMove(session) ?? moveMedium({ source: 0, destination: 0 });
    const changer = createChanger(await openUnit(session));
    const moved = await changer
      .move({ from: from as ElementReference, to: to as ElementReference, transport: robot })
      .catch((error: unknown) => {
        throw error instanceof RangeError ? new UsageError(error.message, session.verb) : error;
      });
    const what = moved.volumeTag ?? "a medium";
    const settled = moved.settledByLooking
      ? ["The answer was lost on the way; the inventory shows that the medium is there."]
      : [];
    return {
      result: {
        volumeTag: moved.volumeTag ?? null,
        from: elementJson(moved.from),
        to: elementJson(moved.to),
        settledByLooking: moved.settledByLooking,
        unitAttentions: moved.unitAttentions.map((sense) => formatSense(sense)),
      },
      lines: [
        `${session.paint("green", "Done:")} moved ${what} from ${moved.from.name} to ${moved.to.name} on ${session.name}.`,
      ],
      notes: settled.flatMap((note) => wrap(note)),
    };
  },
};

/** Waits until the time is over, or the user interrupts. */
const elapsed = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(stop, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop);
  });

const lock: Verb = {
  name: "changer lock",
  summary: "lock a media changer's mailslot",
  about: [
    "PREVENT MEDIUM REMOVAL. Each I_T nexus has a lock of its own; it ends with the nexus, with a reset of the changer, and when another host fences this one with PREEMPT AND ABORT.",
    "Over iSCSI the nexus is this program's session: the lock ends with the program. --hold keeps both for a time; on interruption the mailslot is unlocked.",
  ],
  examples: [
    ["changer lock /dev/sg3", "until unlock: the nexus is this machine's"],
    [`changer lock --hold 600 ${EXAMPLE}`, "for ten minutes"],
  ],
  takes: "unit",
  options: ["hold"],
  required: [],
  plan: () => ({
    commands: [commands.testUnitReady(), preventAllowMediumRemoval({ prevent: true })],
    effect: "It would lock the mailslot for this host.",
  }),
  async run(session) {
    const { hold } = session.values;
    session.command = preventAllowMediumRemoval({ prevent: true });
    const changer = createChanger(await openUnit(session));
    await changer.lockMailslot();
    if (hold !== undefined) {
      await elapsed(hold, session.openOptions.signal);
      await changer.unlockMailslot({ signal: new AbortController().signal });
    }
    const done = hold === undefined ? "locked the mailslot" : "the mailslot was locked, and is unlocked";
    const ends = hold === undefined && /^iscsi:/i.test(session.name);
    return {
      result: { locked: hold === undefined },
      lines: [`${session.paint("green", "Done:")} ${done} on ${session.name}.`],
      notes: ends ? wrap("Over iSCSI the lock ends now, with this program's session; --hold TIME keeps it.") : [],
    };
  },
};

const unlock: Verb = {
  name: "changer unlock",
  summary: "let go of the mailslot",
  about: [
    "ALLOW MEDIUM REMOVAL. It ends this I_T nexus' lock and no other's: the mailslot opens when nobody has one. No reservation forbids it.",
    "To end the locks of a host that is gone, fence it: preempt --abort.",
  ],
  examples: [["changer unlock /dev/sg3", "an operator may open it"]],
  takes: "unit",
  options: [],
  required: [],
  plan: () => ({
    commands: [commands.testUnitReady(), preventAllowMediumRemoval({ prevent: false })],
    effect: "It would let go of the mailslot.",
  }),
  async run(session) {
    session.command = preventAllowMediumRemoval({ prevent: false });
    await createChanger(await openUnit(session)).unlockMailslot();
    return {
      result: { locked: false },
      lines: [`${session.paint("green", "Done:")} this host does not lock the mailslot of ${session.name}.`],
    };
  },
};

/** All of them. */
export const changerVerbs: readonly Verb[] = [inventory, move, lock, unlock];
