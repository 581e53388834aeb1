/** Which word was meant: for suggestions after a typing error. */

/** How many letters must change, be added, be left out or change places to make one word of the other. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const at = (r: number, c: number): number => (rows[r] as number[])[c] as number;
      let least = Math.min(at(i - 1, j) + 1, (row[j - 1] as number) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(i - 2, j - 2) + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return (rows[a.length] as number[])[b.length] as number;
}

/** The known word that a text resembles most, or undefined if it resembles none. */
export function nearest(text: string, words: readonly string[]): string | undefined {
  const lower = text.toLowerCase();
  const beginning = words.filter((word) => lower.length >= 3 && word.startsWith(lower));
  if (beginning.length === 1) return beginning[0];
  const ranked = words.map((word) => ({ word, far: distance(lower, word) })).sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best !== undefined && best.far <= Math.max(1, Math.floor(best.word.length / 3)) ? best.word : undefined;
}

/** ` Did you mean …?`, or nothing. */
export function didYouMean(text: string, words: readonly string[], prefix = ""): string {
  const word = nearest(text, words);
  return word === undefined ? "" : ` Did you mean ${prefix}${word}?`;
}
