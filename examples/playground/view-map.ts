/**
 * The map: hosts as columns, units as rows, and in each cell what the unit knows about the host. Built once for a number of hosts and
 * units and then only changed, so that the focus stays where it is.
 */

import { reservationTypes } from "../../transports/browser.ts";
import { actionOf } from "./actions.ts";
import { button, byId, element, say } from "./dom.ts";
import { hostName, keyText, type PathStep, type Step, type UnitStep, unitName } from "./steps.ts";
import { typeMeaning, typeTitles } from "./words.ts";
import type { CellView, Outcome, UnitView } from "./world.ts";

/** What the map asks for. */
export interface MapActions {
  take(step: Step): void;
  /** This host and unit are those of the next command. */
  choose(host: number, unit: number): void;
}

interface CellNodes {
  readonly cell: HTMLElement;
  readonly role: HTMLElement;
  readonly key: HTMLElement;
  readonly access: HTMLElement;
  readonly notes: HTMLElement;
  readonly choose: HTMLButtonElement;
  readonly cut: HTMLButtonElement;
}

interface UnitNodes {
  readonly state: HTMLElement;
  readonly meaning: HTMLElement;
  readonly facts: HTMLElement;
  readonly cells: readonly CellNodes[];
}

const sends = (host: number, unit: number, action: "read" | "write"): Step => ({
  kind: "command",
  host,
  unit,
  action,
  arguments: action === "write" ? { text: `from ${hostName(host)}` } : {},
});

function cellNodes(host: number, unit: number, actions: MapActions): CellNodes {
  const where = `${hostName(host)}, ${unitName(unit)}`;
  const role = element("span", { class: "role" });
  const key = element("span", { class: "key" });
  const access = element("p", { class: "access" });
  const notes = element("ul", { class: "notes" });
  const happens = (event: PathStep["event"]): void => actions.take({ kind: "path", host, unit, event });
  const choose = button("Command…", { class: "quiet", "aria-label": `Command from ${where}` }, () =>
    actions.choose(host, unit),
  );
  const read = button("Read", { "aria-label": `Read: ${where}` }, () => actions.take(sends(host, unit, "read")));
  const write = button("Write", { "aria-label": `Write: ${where}` }, () => actions.take(sends(host, unit, "write")));
  const cut = button("Cut path", { class: "quiet" }, () => happens(cut.dataset.cut === "yes" ? "mend" : "cut"));
  const lose = button("Lose answer", { class: "quiet", "aria-label": `Lose the next answer: ${where}` }, () =>
    happens("lose-answer"),
  );
  const cell = element(
    "td",
    {},
    element("p", { class: "standing" }, role, key),
    access,
    notes,
    element("div", { class: "tries" }, read, write),
    element("div", { class: "tries faults" }, choose, cut, lose),
  );
  return { cell, role, key, access, notes, choose, cut };
}

/** What has just been tried from a cell. */
function endedNote({ step, ending }: Outcome): HTMLElement | undefined {
  if (step.kind !== "command") return undefined;
  const signs: Partial<Record<Outcome["ending"], string>> = { good: "✓", conflict: "✕", told: "!", silence: "?" };
  return element(
    "li",
    { class: `ended ${ending}`, "aria-hidden": "true" },
    `${signs[ending]} ${actionOf(step.action).name}`,
  );
}

function showCell(nodes: CellNodes, view: CellView, reserved: boolean, where: string, last?: Outcome): void {
  const { cell, role, key, access, notes, cut } = nodes;
  const standing = view.holder ? "holds" : view.key === undefined ? "stranger" : "registered";
  cell.className = view.cut ? `${standing} cut` : standing;
  say(role, view.holder ? "Holder" : view.key === undefined ? "Not registered" : "Registered");
  say(key, view.key === undefined ? "" : keyText(view.key));
  const may = (allowed: boolean, what: string): HTMLElement =>
    element("span", { class: allowed ? "may" : "may-not" }, allowed ? `may ${what}` : `may not ${what}`);
  access.replaceChildren(
    ...(reserved ? [may(view.access.read, "read"), " ", may(view.access.write, "write")] : ["may read and write"]),
  );
  access.classList.toggle("free", !reserved);
  const ended = last === undefined ? undefined : endedNote(last);
  notes.replaceChildren(
    ...(ended === undefined ? [] : [ended]),
    ...(view.cut ? [element("li", { class: "broken" }, "path is cut")] : []),
    ...(view.losesAnswer ? [element("li", { class: "broken" }, "next answer gets lost")] : []),
    ...view.attentions.map((attention) =>
      element(
        "li",
        { class: "attention" },
        element("span", { class: "visually-hidden" }, "unit attention: "),
        attention,
      ),
    ),
  );
  cut.dataset.cut = view.cut ? "yes" : "no";
  say(cut, view.cut ? "Mend path" : "Cut path");
  cut.setAttribute("aria-label", `${view.cut ? "Mend" : "Cut"} the path: ${where}`);
}

function stateText({ lost, reservation }: UnitView): readonly [state: string, meaning: string] {
  if (lost) return ["Reservation information is lost", ""];
  if (reservation === undefined) return ["Not reserved", ""];
  const code = reservationTypes[reservation.type];
  const who = reservation.holder === undefined ? "every registered host" : hostName(reservation.holder);
  return [`${typeTitles[code]}, held by ${who}`, `: ${typeMeaning(code)}`];
}

const fact = (name: string, value: string): HTMLElement =>
  element("span", {}, element("span", { class: "fact" }, name), " ", value);

/** The map, in the page's #map. */
export interface MapView {
  show(units: readonly UnitView[], chosen: { readonly host: number; readonly unit: number }, last?: Outcome): void;
}

const unitButtons: readonly (readonly [label: string, event: UnitStep["event"], about: string])[] = [
  ["Power loss", "power", "Power goes and comes back"],
  ["Reset", "reset", "Logical unit reset"],
  ["Lose reservations", "lose-reservations", "Reservation information is lost"],
];

function unitRows(
  unit: number,
  hosts: number,
  actions: MapActions,
): { readonly body: HTMLElement; readonly nodes: UnitNodes } {
  const state = element("span", { class: "state" });
  const meaning = element("span", { class: "meaning" });
  const facts = element("p", { class: "facts" });
  const events = unitButtons.map(([label, event, about]) =>
    button(label, { class: "quiet", "aria-label": `${about}: ${unitName(unit)}` }, () =>
      actions.take({ kind: "unit", unit, event }),
    ),
  );
  const cells = Array.from({ length: hosts }, (_, host) => cellNodes(host, unit, actions));
  const heading = element(
    "th",
    { scope: "rowgroup", colspan: hosts },
    element(
      "div",
      { class: "unit" },
      element("span", { class: "unit-name" }, unitName(unit)),
      element("p", {}, state, meaning),
      facts,
      element("div", { class: "tries" }, ...events),
    ),
  );
  const body = element("tbody", {}, element("tr", {}, heading), element("tr", {}, ...cells.map(({ cell }) => cell)));
  return { body, nodes: { state, meaning, facts, cells } };
}

/** Builds the map anew. */
export function createMap(hosts: number, units: number, portTexts: readonly string[], actions: MapActions): MapView {
  const heads = portTexts.map((port, host) =>
    element("th", { scope: "col" }, hostName(host), element("small", {}, port)),
  );
  const rows = Array.from({ length: units }, (_, unit) => unitRows(unit, hosts, actions));
  const caption = element(
    "caption",
    { class: "visually-hidden" },
    "Hosts and units: who is registered, who holds, who may read and write",
  );
  const table = element(
    "table",
    { class: "map", "data-hosts": hosts },
    caption,
    element("thead", {}, element("tr", {}, ...heads)),
    ...rows.map(({ body }) => body),
  );
  const region = byId("map");
  // It scrolls sideways where there is no room: then the keyboard must get there.
  region.tabIndex = 0;
  region.replaceChildren(table);
  return {
    show(views, chosen, last) {
      for (const [unit, view] of views.entries()) {
        const { state, meaning, facts, cells } = (rows[unit] as (typeof rows)[number]).nodes;
        const [is, means] = stateText(view);
        say(state, is);
        say(meaning, means);
        state.classList.toggle("reserved", view.reservation !== undefined);
        state.classList.toggle("broken", view.lost);
        facts.replaceChildren(
          fact("PRGENERATION", String(view.generation)),
          " ",
          fact("APTPL", view.aptpl ? "1" : "0"),
          " ",
          fact("Block 0", view.block === "" ? "never written" : `“${view.block}”`),
        );
        for (const [host, nodes] of cells.entries()) {
          const { step } = last ?? {};
          const here = step !== undefined && step.kind !== "unit" && step.host === host && step.unit === unit;
          showCell(
            nodes,
            view.cells[host] as CellView,
            view.reservation !== undefined,
            `${hostName(host)}, ${unitName(unit)}`,
            here ? last : undefined,
          );
          const isChosen = chosen.host === host && chosen.unit === unit;
          nodes.cell.classList.toggle("chosen", isChosen);
          nodes.choose.setAttribute("aria-pressed", String(isChosen));
        }
      }
    },
  };
}
