/**
 * Elements, made from data without ever becoming HTML text: what is shown is a text node or an attribute, whatever it says. The page's
 * policy forbids the other way besides (require-trusted-types-for).
 */

export type Child = Node | string | undefined | false;

interface Properties {
  readonly class?: string;
  readonly id?: string;
  /** Attributes by name; false or undefined leaves one out. */
  readonly [attribute: string]: string | number | boolean | undefined;
}

/** An element. Attributes that are true are there without a value. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return made;
}

/** A button that does something. */
export function button(label: string, properties: Properties, press: () => void): HTMLButtonElement {
  const made = element("button", { type: "button", ...properties }, label);
  made.addEventListener("click", press);
  return made;
}

/** The element of the page with an id. */
export function byId<Type extends HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as Type;
}

/** Sets a text only where it changes: what a screen reader announces is then news. */
export function say(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
