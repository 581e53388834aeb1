/** The script: its steps in order, with how each ended; which one the page stands at; and the link that holds it. */
import { byId, element, say } from "./dom.ts";
import type { Script } from "./steps.ts";
import { stepText } from "./words.ts";
import type { Outcome } from "./world.ts";

const marks: Readonly<Record<Outcome["ending"], readonly [sign: string, word: string]>> = {
  good: ["✓", "GOOD"],
  conflict: ["✕", "RESERVATION CONFLICT"],
  told: ["!", "CHECK CONDITION"],
  silence: ["?", "no answer"],
  event: ["•", ""],
};

interface Item {
  readonly node: HTMLElement;
  readonly go: HTMLButtonElement;
  readonly mark: HTMLElement;
  readonly who: HTMLElement;
  readonly what: HTMLElement;
  readonly how: HTMLElement;
  readonly ended: HTMLElement;
}

export interface ScriptView {
  /**
   * @param done how the steps so far ended; those that follow have not been taken
   */
  show(script: Script, done: readonly Outcome[]): void;
}

/**
 * The list, in the page's #steps. Its items are kept as long as they can be, so that the focus stays.
 *
 * @param goTo goes to where `count` steps have been taken
 */
export function createScriptView(goTo: (count: number) => void): ScriptView {
  const listNode = byId("steps");
  const items: Item[] = [];

  function add(): Item {
    const index = items.length;
    const mark = element("span", { class: "mark", "aria-hidden": "true" });
    const who = element("span", { class: "who" });
    const what = element("span", { class: "what" });
    const how = element("span", { class: "how" });
    const ended = element("span", { class: "visually-hidden" });
    const go = element("button", { type: "button", class: "step" }, mark, who, " ", what, " ", how, ended);
    go.addEventListener("click", () => goTo(index + 1));
    const item = { node: element("li", {}, go), go, mark, who, what, how, ended };
    items.push(item);
    listNode.append(item.node);
    return item;
  }

  return {
    show(script, done) {
      const { steps, units } = script;
      while (items.length > steps.length) items.pop()?.node.remove();
      byId("no-steps").hidden = steps.length > 0;
      listNode.hidden = steps.length === 0;
      for (const [index, step] of steps.entries()) {
        const { go, mark, who, what, how, ended } = items[index] ?? add();
        const outcome = done[index];
        const [sign, word] = outcome === undefined ? ["", "not taken"] : marks[outcome.ending];
        const [actor, action, details] = stepText(step, units);
        say(who, actor);
        say(what, action);
        say(how, details);
        say(mark, sign);
        say(ended, word === "" ? "" : `: ${word}`);
        go.className = `step ${outcome?.ending ?? "ahead"}`;
        if (index === done.length - 1) go.setAttribute("aria-current", "step");
        else go.removeAttribute("aria-current");
      }
      const current = items[done.length - 1];
      if (current !== undefined && listNode.scrollHeight > listNode.clientHeight) {
        const top = current.node.offsetTop - listNode.offsetTop;
        if (top < listNode.scrollTop || top > listNode.scrollTop + listNode.clientHeight - 40)
          listNode.scrollTop = Math.max(0, top - listNode.clientHeight / 2);
      }
    },
  };
}
