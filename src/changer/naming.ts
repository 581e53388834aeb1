/**
 * What people call elements: `slot 3`, `drive 1`, `mailslot`, `robot`; by address; or by the volume that is in one. Numbers of
 * each kind count from 1, in the order of addresses (mtx counts drives from 0).
 */
import type { Element, ElementType } from "./elements.ts";

/**
 * An element: its address (0 to 65535), or a text: `slot 3`, `drive 1`, `mailslot 2`, `robot`, an address such as `0x3e8`, or
 * `volume LABEL`: wherever the medium with that volume tag is. The number may be left out where there is only one.
 */
export type ElementReference = number | string;

/** The words, by type. */
const words = {
  "medium-transport": "robot",
  storage: "slot",
  "import-export": "mailslot",
  "data-transfer": "drive",
} as const satisfies Record<ElementType, string>;

const typesByWord = new Map(Object.entries(words).map(([type, word]) => [word as string, type as ElementType]));

/** An element with its name and number. */
export interface NamedElement extends Element {
  /** Counted from 1 among those of its type. */
  readonly number: number;
  /** `slot 3`. */
  readonly name: string;
}

/** Names elements, in the order of the list. */
export function named(elements: readonly Element[]): NamedElement[] {
  const numbers = new Map<Element, number>();
  for (const type of typesByWord.values()) {
    const own = elements.filter((element) => element.type === type).sort((a, b) => a.address - b.address);
    for (const [index, element] of own.entries()) numbers.set(element, index + 1);
  }
  return elements.map((element) => {
    const number = numbers.get(element) as number;
    return { ...element, number, name: `${words[element.type]} ${number}` };
  });
}

/** A reference, read. */
export type ParsedReference =
  | { readonly address: number }
  | { readonly type: ElementType; readonly number: number | undefined }
  | { readonly volumeTag: string };

const MAX_ADDRESS = 0xffff;

/**
 * Reads a reference; asks nobody.
 *
 * @throws TypeError or RangeError for what is none
 */
export function parseElement(reference: ElementReference): ParsedReference {
  if (typeof reference !== "number" && typeof reference !== "string") {
    throw new TypeError(`An element is a number or a text such as "slot 3", not ${String(reference)}`);
  }
  const text = String(reference).trim();
  const volumeTag = /^volume[ :=]\s*(\S+)$/i.exec(text)?.[1];
  if (volumeTag !== undefined) return { volumeTag };
  const [, word, digits] = /^([a-z]+)[ :=]?\s*([0-9]{1,5})?$/i.exec(text) ?? [];
  const type = typesByWord.get(word?.toLowerCase() ?? "");
  if (type !== undefined) return { type, number: digits === undefined ? undefined : Number(digits) };
  const address = /^(0x[0-9a-f]{1,4}|[0-9]{1,5})$/i.test(text) ? Number(text) : -1;
  if (address < 0 || address > MAX_ADDRESS) {
    const forms = `slot N, drive N, mailslot N, robot, volume LABEL, or an address from 0 to ${MAX_ADDRESS}`;
    throw new RangeError(`An element is ${forms}; not ${JSON.stringify(text)}`);
  }
  return { address };
}

/**
 * The element that is meant.
 *
 * @throws RangeError if there is none, or several
 */
export function findElement(elements: readonly NamedElement[], reference: ElementReference): NamedElement {
  const parsed = parseElement(reference);
  const asked = JSON.stringify(String(reference));
  if ("address" in parsed) {
    const found = elements.find(({ address }) => address === parsed.address);
    if (found === undefined) throw new RangeError(`No element has the address ${parsed.address}`);
    return found;
  }
  if ("volumeTag" in parsed) {
    const found = elements.filter(({ volumeTag }) => volumeTag === parsed.volumeTag);
    if (found.length === 1) return found[0] as NamedElement;
    if (found.length === 0) throw new RangeError(`No element has the volume ${JSON.stringify(parsed.volumeTag)}`);
    const where = found.map(({ name }) => name).join(", ");
    throw new RangeError(`Several elements have the volume ${JSON.stringify(parsed.volumeTag)}: ${where}`);
  }
  const own = elements.filter(({ type }) => type === parsed.type);
  const word = words[parsed.type];
  if (own.length === 0) throw new RangeError(`This changer has no ${word}, and so no ${asked}`);
  if (parsed.number === undefined && own.length > 1) {
    throw new RangeError(`${asked} is one of ${own.length}: say ${word} 1 to ${word} ${own.length}`);
  }
  const found = own.find(({ number }) => number === (parsed.number ?? 1));
  if (found === undefined) throw new RangeError(`This changer has ${word} 1 to ${own.length}, and no ${asked}`);
  return found;
}
