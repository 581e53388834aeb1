/** What came of the last step: in words, and every byte that went back and forth, drawn as the standard draws it. */
import { type ConflictRemedy, layoutOf } from "../../src/explain.ts";
import { type Command, reservationTypes, type StructureName } from "../../transports/browser.ts";
import type { ActionName } from "./actions.ts";
import { button, byId, element, say } from "./dom.ts";
import { draw, drawSense } from "./drawing.ts";
import { drawingTable, type Pointer } from "./drawing-table.ts";
import { type Arguments, type CommandStep, keyText } from "./steps.ts";
import type { Outcome } from "./world.ts";

/** Puts a command that may help into the form. */
export type Prepare = (host: number, unit: number, action: ActionName, given: Arguments) => void;

/** What PERSISTENT RESERVE IN and INQUIRY answer, by action. */
const answers: Partial<Record<ActionName, StructureName>> = {
  keys: "ReadKeysData",
  reservation: "ReadReservationData",
  capabilities: "ReportCapabilitiesData",
  status: "ReadFullStatusData",
};

/** A remedy as a command of the form; undefined for what is no command. */
function commandOf(remedy: ConflictRemedy): readonly [ActionName, Arguments, label: string] | undefined {
  if (remedy.do === "register") {
    const action = remedy.ignoreExistingKey === true ? "ignore" : "register";
    const given = {
      ...(remedy.key === undefined ? {} : { key: remedy.key }),
      ...(remedy.newKey === undefined ? {} : { newKey: remedy.newKey }),
    };
    return [action, given, "Prepare REGISTER"];
  }
  if (remedy.do === "preempt") {
    const given = { key: remedy.key, victimKey: remedy.victimKey, type: reservationTypes[remedy.type] };
    return ["preempt", given, `Prepare PREEMPT of ${keyText(remedy.victimKey)}`];
  }
  return undefined;
}

function remedies({ conflict }: Outcome, step: CommandStep, prepare: Prepare): HTMLElement | undefined {
  if (conflict === undefined || conflict.remedies.length === 0) return undefined;
  const items = conflict.remedies.map((remedy) => {
    const command = commandOf(remedy);
    const [action, given, label] = command ?? [];
    return element(
      "li",
      {},
      remedy.when,
      action !== undefined && " ",
      action !== undefined &&
        button(label ?? "", { class: "quiet" }, () => prepare(step.host, step.unit, action, given ?? {})),
    );
  });
  return element("section", { class: "remedies" }, element("h3", {}, "What can be done"), element("ul", {}, ...items));
}

const list = (title: string, items: readonly string[]): HTMLElement | false =>
  items.length > 0 &&
  element("section", {}, element("h3", {}, title), element("ul", {}, ...items.map((item) => element("li", {}, item))));

/** Blocks of data: too many bytes to be drawn, and nothing in them that the standard would draw. */
function dump(title: string, bytes: Uint8Array): HTMLElement {
  const SHOWN = 48;
  const WIDE = 8;
  const rows = Array.from({ length: Math.ceil(Math.min(bytes.length, SHOWN) / WIDE) }, (_, index) => {
    const part = bytes.subarray(index * WIDE, (index + 1) * WIDE);
    const hex = Array.from(part, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
    const text = Array.from(part, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    return `${(index * WIDE).toString(16).padStart(4, "0")}  ${hex}  ${text}`;
  });
  const rest = bytes.length > SHOWN ? [`      … ${bytes.length - SHOWN} bytes more`] : [];
  return element(
    "figure",
    {},
    element("figcaption", {}, title, " ", element("small", {}, `${bytes.length} bytes`)),
    element("pre", { tabindex: 0, "aria-label": `${title}, the first bytes` }, [...rows, ...rest].join("\n")),
  );
}

function drawings({ command, response, sense, step, ending }: Outcome): Node[] {
  if (command === undefined || step.kind !== "command") return [];
  const nodes: Node[] = [];
  const pointer = sense?.fieldPointer;
  const at = (where: "cdb" | "data-out"): Pointer | undefined => (pointer?.in === where ? pointer : undefined);
  const layout = command.layout;
  const name = layoutOf(command.cdb)?.name ?? command.name;
  nodes.push(drawingTable(draw(`CDB: ${name}`, layout.cdb, command.cdb), at("cdb")));
  if (command.dataOut !== undefined) {
    nodes.push(
      layout.dataOut === undefined
        ? dump("Data sent", command.dataOut)
        : drawingTable(draw("Parameter list", layout.dataOut, command.dataOut), at("data-out")),
    );
  }
  if (sense !== undefined) nodes.push(drawingTable(drawSense(sense)));
  else if (ending === "good" && response !== undefined && response.dataIn.length > 0) {
    const structure = answers[step.action];
    nodes.push(
      structure === undefined
        ? dump("Data received", response.dataIn)
        : drawingTable(draw("Parameter data", structure, response.dataIn)),
    );
  }
  return nodes;
}

/** Before anything has been sent: draws what would be. */
export function showPreview(command: Command<unknown>): void {
  const { layout, cdb, dataOut } = command;
  const name = layoutOf(cdb)?.name ?? command.name;
  const list = dataOut !== undefined && layout.dataOut !== undefined;
  byId("last-bytes").replaceChildren(
    drawingTable(draw(`CDB: ${name}`, layout.cdb, cdb)),
    ...(list ? [drawingTable(draw("Parameter list", layout.dataOut as StructureName, dataOut))] : []),
  );
}

/** Shows an outcome in the page's #last; undefined for nothing yet. */
export function showLast(outcome: Outcome | undefined, prepare: Prepare): void {
  const panel = byId("last");
  panel.dataset.ending = outcome?.ending ?? "none";
  byId("last-empty").hidden = outcome !== undefined;
  byId("last-result").hidden = outcome === undefined;
  if (outcome === undefined) {
    byId("last-words").replaceChildren();
    return;
  }
  say(byId("last-title"), outcome.title);
  say(byId("last-verdict"), outcome.verdict);
  say(byId("last-because"), outcome.words.join(" "));
  const { step } = outcome;
  const changed = list("What has changed", outcome.changes);
  const unchanged =
    step.kind === "command" &&
    outcome.changes.length === 0 &&
    element("p", { class: "quiet-text" }, "Registrations, reservation and block 0 are as they were.");
  const helps = step.kind === "command" && remedies(outcome, step, prepare);
  byId("last-words").replaceChildren(...[helps, changed, unchanged].filter((node) => node instanceof Node));
  byId("last-bytes").replaceChildren(...drawings(outcome));
}
