/** Values of the options of the mhd verbs. Nothing is guessed. */

/** A whole number. */
export function readWhole(text: string): number {
  if (!/^[0-9]{1,10}$/.test(text)) throw new RangeError(`a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

/** Milliseconds, as mhd(7I) has them; 0 is off. */
export function readInterval(text: string): number {
  const match = /^([0-9]{1,10})(?:ms)?$/.exec(text);
  if (match === null) throw new RangeError(`whole milliseconds such as 1000, not ${JSON.stringify(text)}`);
  return Number(match[1]);
}

/** One of some words. */
export const readOneOf =
  <Word extends string>(...words: readonly Word[]) =>
  (text: string): Word => {
    const word = words.find((one) => one === text);
    if (word === undefined) throw new RangeError(`one of ${words.join(", ")}; not ${JSON.stringify(text)}`);
    return word;
  };

/** Why RESERVE takes no map and no second path. */
export const RESERVE_IS_ONE_NEXUS =
  "RESERVE is one I_T nexus's and shuts this host's other paths out too; mhd register and mhd reserve share a disk through all paths";
