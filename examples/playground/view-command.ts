/**
 * The form for one command: who sends it to which unit, which it is, and its arguments, with the CDB as it would be sent. What it
 * starts with is what most probably is wanted, from what the unit knows.
 */

import { type Command, reservationTypes } from "../../transports/browser.ts";
import { type ActionName, type ArgumentName, actionNames, actionOf, actions, groups } from "./actions.ts";
import { byId, element, say } from "./dom.ts";
import { isWritable } from "./link.ts";
import { type Arguments, type CommandStep, hostName, keyText, limits, ownKey, unitName } from "./steps.ts";
import { typeMeaning, typeTitles } from "./words.ts";
import type { UnitView, World } from "./world.ts";

/** What the form needs from the page. */
export interface CommandSurroundings {
  world(): World;
  units(): readonly UnitView[];
  send(step: CommandStep): void;
  /** What would be sent now. */
  composed(command: Command<unknown>): void;
  chosen(host: number, unit: number): void;
}

export interface CommandView {
  readonly host: number;
  readonly unit: number;
  /** Puts a command into the form, with what is given and the rest as it probably is wanted; the focus goes there. */
  prepare(host: number, unit: number, action?: ActionName, given?: Arguments): void;
  /** Hosts and units are others, or there are more of them. */
  rebuild(hosts: number, units: number): void;
  /** After a step: what would be sent now. */
  refresh(): void;
}

type KeyName = "key" | "newKey" | "victimKey";

const keyLabels: Readonly<Record<KeyName, readonly [label: string, field: string]>> = {
  key: ["Key of this host", "RESERVATION KEY"],
  newKey: ["New key", "SERVICE ACTION RESERVATION KEY"],
  victimKey: ["Key to remove", "SERVICE ACTION RESERVATION KEY"],
};

const flagLabels = {
  aptpl: ["APTPL", "survive a loss of power"],
  allTgPt: ["ALL_TG_PT", "through all target ports"],
  unreg: ["UNREG", "unregister this host"],
} as const;

/** The types, and two codes that a unit refuses. */
const typeCodes = [...Object.values(reservationTypes), 2, 0];

/** The key that a text means: hexadecimal, with or without 0x. */
function keyIn(text: string): bigint | undefined {
  const digits = /^\s*(?:0x)?([0-9a-f]{1,16})\s*$/i.exec(text)?.[1];
  return digits === undefined ? undefined : BigInt(`0x${digits}`);
}

/** What an argument most probably is to be. */
function probable(name: ArgumentName, action: ActionName, host: number, view: UnitView, hosts: number): Arguments {
  const mine = view.cells[host]?.key;
  const holder = view.reservation?.holder;
  switch (name) {
    case "key":
      return { key: mine ?? (action === "register" ? 0n : ownKey(host)) };
    case "newKey":
      return { newKey: action === "move" ? ownKey((host + 1) % hosts) : ownKey(host) };
    case "victimKey": {
      const other = view.cells.find(({ key }, index) => index !== host && key !== undefined)?.key;
      const holders = holder === undefined || holder === host ? undefined : view.cells[holder]?.key;
      return { victimKey: holders ?? other ?? ownKey((host + 1) % hosts) };
    }
    case "type":
      return { type: view.reservation === undefined ? 5 : reservationTypes[view.reservation.type] };
    case "to":
      return { to: (host + 1) % hosts };
    case "text":
      return { text: `written by ${hostName(host)}` };
    default:
      return {};
  }
}

interface Fields {
  readonly keys: Readonly<Record<KeyName, HTMLInputElement>>;
  readonly type: HTMLSelectElement;
  readonly flags: Readonly<Record<keyof typeof flagLabels, HTMLInputElement>>;
  readonly ports: HTMLElement;
  readonly to: HTMLSelectElement;
  readonly text: HTMLInputElement;
  readonly wrappers: Readonly<Record<ArgumentName, HTMLElement>>;
}

function labelled(label: string, hint: string, control: HTMLElement): HTMLElement {
  const id = control.id;
  return element(
    "div",
    { class: "argument" },
    element("label", { for: id }, label),
    control,
    element("p", { class: "hint", id: `${id}-hint` }, hint),
  );
}

function keyInput(name: KeyName): HTMLInputElement {
  return element("input", {
    id: `argument-${name}`,
    class: "mono",
    inputmode: "text",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 18,
    "aria-describedby": `argument-${name}-hint`,
  });
}

function check(
  id: string,
  label: string,
  hint: string,
): { readonly input: HTMLInputElement; readonly label: HTMLElement } {
  const input = element("input", { type: "checkbox", id });
  const text = element("label", { for: id }, label, hint !== "" && " ", hint !== "" && element("small", {}, hint));
  return { input, label: element("div", { class: "check" }, input, text) };
}

function createFields(): Fields {
  const keys = { key: keyInput("key"), newKey: keyInput("newKey"), victimKey: keyInput("victimKey") };
  const type = element(
    "select",
    { id: "argument-type", "aria-describedby": "argument-type-hint" },
    ...typeCodes.map((code) =>
      element("option", { value: code }, `${code.toString(16)}h ${typeTitles[code] ?? "obsolete"}`),
    ),
  );
  const to = element("select", { id: "argument-to", "aria-describedby": "argument-to-hint" });
  const text = element("input", {
    id: "argument-text",
    maxlength: limits.text,
    autocomplete: "off",
    "aria-describedby": "argument-text-hint",
  });
  const made = (Object.keys(flagLabels) as (keyof typeof flagLabels)[]).map(
    (name) => [name, check(`argument-${name}`, flagLabels[name][0], flagLabels[name][1])] as const,
  );
  const flags = Object.fromEntries(made.map(([name, { input }]) => [name, input])) as Fields["flags"];
  const flagWrappers = Object.fromEntries(made.map(([name, { label }]) => [name, label])) as Record<
    keyof typeof flagLabels,
    HTMLElement
  >;
  const ports = element("div", { class: "ports" });
  const portsField = element(
    "fieldset",
    { class: "argument" },
    element("legend", {}, "SPEC_I_PT: register these hosts too"),
    ports,
  );
  const keyField = (name: KeyName) => labelled(keyLabels[name][0], keyLabels[name][1], keys[name]);
  return {
    keys,
    type,
    flags,
    ports,
    to,
    text,
    wrappers: {
      key: keyField("key"),
      newKey: keyField("newKey"),
      victimKey: keyField("victimKey"),
      type: labelled("Type", " ", type),
      to: labelled("To host", "RELATIVE TARGET PORT IDENTIFIER 1", to),
      text: labelled("Text", `block 0, at most ${limits.text} characters`, text),
      ...flagWrappers,
      ports: portsField,
    },
  };
}

/** The radio buttons, one for each action. */
function actionChoices(): HTMLElement[] {
  return groups.map((group) =>
    element(
      "fieldset",
      { class: "actions" },
      element("legend", {}, group),
      element(
        "div",
        {},
        ...actionNames
          .filter((name) => actions[name].group === group)
          .map((name) => {
            const input = element("input", { type: "radio", name: "action", id: `action-${name}`, value: name });
            return element(
              "span",
              { class: "chip" },
              input,
              element("label", { for: `action-${name}` }, actions[name].name),
            );
          }),
      ),
    ),
  );
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");

/** The form, in the page's #command-form. */
export function createCommandView(around: CommandSurroundings): CommandView {
  const form = byId<HTMLFormElement>("command-form");
  const hostSelect = byId<HTMLSelectElement>("from");
  const unitSelect = byId<HTMLSelectElement>("unit");
  const about = byId("action-about");
  const problem = byId("command-problem");
  const preview = byId("preview");
  const sendButton = byId<HTMLButtonElement>("send");
  const fields = createFields();
  byId("actions").replaceChildren(...actionChoices());
  byId("arguments").replaceChildren(
    ...(["key", "newKey", "victimKey", "type", "to", "text", "aptpl", "allTgPt", "unreg", "ports"] as const).map(
      (name) => fields.wrappers[name],
    ),
  );
  let action: ActionName = "register";
  let hosts = 2;
  /** Has anything been put in by hand, or prepared? Then it stays; otherwise it follows what the unit knows. */
  let edited = false;
  const host = (): number => Number(hostSelect.value);
  const unit = (): number => Number(unitSelect.value);

  function fill(given: Arguments): void {
    for (const name of ["key", "newKey", "victimKey"] as const) {
      const value = given[name];
      if (value !== undefined) fields.keys[name].value = keyText(value);
    }
    if (given.type !== undefined) fields.type.value = String(given.type);
    if (given.to !== undefined) fields.to.value = String(given.to);
    if (given.text !== undefined) fields.text.value = given.text;
    for (const name of ["aptpl", "allTgPt", "unreg"] as const) fields.flags[name].checked = given[name] === true;
    for (const input of fields.ports.querySelectorAll("input"))
      input.checked = given.ports?.includes(Number(input.value)) === true;
  }

  /** The arguments as they stand in the form; a text says what is wrong with them. */
  function read(): Arguments | string {
    let given: Arguments = {};
    for (const name of actionOf(action).takes) {
      switch (name) {
        case "key":
        case "newKey":
        case "victimKey": {
          const key = keyIn(fields.keys[name].value);
          if (key === undefined) return `${keyLabels[name][0]}: 1 to 16 hexadecimal digits`;
          given = { ...given, [name]: key };
          break;
        }
        case "type":
          given = { ...given, type: Number(fields.type.value) };
          break;
        case "to":
          given = { ...given, to: Number(fields.to.value) };
          break;
        case "text":
          if (!isWritable(fields.text.value)) return "Text: printable characters only";
          given = { ...given, text: fields.text.value };
          break;
        case "ports": {
          const ports = [...fields.ports.querySelectorAll("input")].filter(
            (one) => one.checked && Number(one.value) !== host(),
          );
          if (ports.length > 0) given = { ...given, ports: ports.map((one) => Number(one.value)) };
          break;
        }
        default:
          if (fields.flags[name].checked) given = { ...given, [name]: true };
      }
    }
    return given;
  }

  function refresh(): void {
    const given = read();
    const wrong = typeof given === "string" ? given : "";
    say(problem, wrong);
    problem.hidden = wrong === "";
    sendButton.disabled = wrong !== "";
    for (const name of ["key", "newKey", "victimKey"] as const)
      fields.keys[name].setAttribute("aria-invalid", String(keyIn(fields.keys[name].value) === undefined));
    const typeHint = fields.wrappers.type.querySelector<HTMLElement>(".hint");
    if (typeHint !== null) say(typeHint, typeMeaning(Number(fields.type.value)));
    if (typeof given !== "string") {
      const command = actionOf(action).command(given, around.world());
      say(preview, hex(command.cdb));
      around.composed(command);
    }
    say(sendButton, `Send ${actionOf(action).name}`);
    for (const input of fields.ports.querySelectorAll("input")) {
      input.disabled = Number(input.value) === host();
      if (input.disabled) input.checked = false;
    }
  }

  function choose(name: ActionName, given: Arguments = {}): void {
    action = name;
    byId<HTMLInputElement>(`action-${name}`).checked = true;
    const { takes, says } = actionOf(name);
    const view = around.units()[unit()];
    for (const [one, wrapper] of Object.entries(fields.wrappers))
      wrapper.hidden = !takes.some((taken) => taken === one);
    const present = name === "register" ? `${keyLabels.key[1]}: the present one, 0 if there is none` : keyLabels.key[1];
    const hint = fields.wrappers.key.querySelector<HTMLElement>(".hint");
    if (hint !== null) say(hint, present);
    say(about, says);
    const likely =
      view === undefined ? {} : Object.assign({}, ...takes.map((one) => probable(one, name, host(), view, hosts)));
    fill({ ...likely, ...given });
    edited = Object.keys(given).length > 0;
    refresh();
  }

  form.addEventListener("change", (event) => {
    const { target } = event;
    if (target instanceof HTMLInputElement && target.name === "action") choose(target.value as ActionName);
    else if (target === hostSelect || target === unitSelect) {
      around.chosen(host(), unit());
      choose(action);
    } else refresh();
  });
  byId("arguments").addEventListener("input", () => {
    edited = true;
    refresh();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = read();
    if (typeof given === "string") return;
    edited = false;
    around.send({ kind: "command", host: host(), unit: unit(), action, arguments: given });
  });

  return {
    get host() {
      return host();
    },
    get unit() {
      return unit();
    },
    prepare(toHost, toUnit, name = action, given = {}) {
      hostSelect.value = String(toHost);
      unitSelect.value = String(toUnit);
      around.chosen(toHost, toUnit);
      choose(name, given);
      byId(`action-${name}`).focus();
    },
    rebuild(newHosts, units) {
      const was = { host: host(), unit: unit() };
      hosts = newHosts;
      const options = (count: number, nameOf: (index: number) => string) =>
        Array.from({ length: count }, (_, index) => element("option", { value: index }, nameOf(index)));
      hostSelect.replaceChildren(...options(hosts, hostName));
      unitSelect.replaceChildren(...options(units, unitName));
      fields.to.replaceChildren(...options(hosts, hostName));
      hostSelect.value = String(was.host < hosts ? was.host : 0);
      unitSelect.value = String(was.unit < units ? was.unit : 0);
      fields.ports.replaceChildren(
        ...Array.from({ length: hosts }, (_, index) => {
          const { input, label } = check(`argument-port-${index}`, hostName(index), "");
          input.value = String(index);
          return label;
        }),
      );
      choose(action);
    },
    refresh() {
      if (edited) refresh();
      else choose(action);
    },
  };
}
