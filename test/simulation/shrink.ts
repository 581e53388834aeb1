/** Delta debugging: of a run that fails, as few steps as still fail. Knows nothing of what the steps are. */

/** Parts of a list, each about as long. */
function split(list: readonly number[], parts: number): number[][] {
  const size = Math.ceil(list.length / parts);
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

/**
 * Leaves out steps as long as the run still fails: large parts first, then smaller ones, until no single step can be left
 * out (Zeller and Hildebrandt's ddmin).
 *
 * @param steps of a run that fails, ascending
 * @param fails does a run of these steps fail?
 * @param runs at most so many runs
 */
export async function shrink(
  steps: readonly number[],
  fails: (steps: readonly number[]) => Promise<boolean>,
  runs = 2000,
): Promise<readonly number[]> {
  let needed = steps;
  let left = runs;
  let parts = 2;
  while (needed.length > 1 && left > 0) {
    let smaller: readonly number[] | undefined;
    for (const part of split(needed, parts)) {
      if (left-- <= 0) break;
      const gone = new Set(part);
      const rest = needed.filter((step) => !gone.has(step));
      if (rest.length < needed.length && (await fails(rest))) {
        smaller = rest;
        break;
      }
    }
    if (smaller !== undefined) {
      needed = smaller;
      parts = Math.max(2, parts - 1);
    } else if (parts >= needed.length) return needed;
    else parts = Math.min(needed.length, parts * 2);
  }
  return needed;
}
