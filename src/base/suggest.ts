/** Suggestions for mistyped words. */

/** Number of letters to insert, delete or replace to turn one word into the other (Levenshtein 1966). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let column = 1; column <= to.length; column++) {
      const same = from[line - 1] === to[column - 1] ? 0 : 1;
      next.push(Math.min((row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1, (row[column - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The known word closest to a mistyped one, if one is close: a word of which no letter is right resembles none. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const nearest = [...known].sort((one, other) => distance(word, one) - distance(word, other))[0];
  const near = Math.max(2, Math.floor(word.length / 3));
  const limit = Math.min(near, word.length - 1);
  return nearest !== undefined && distance(word, nearest) <= limit ? nearest : undefined;
}

/** A question that follows an error message, or an empty text. */
export function didYouMean(word: string, known: readonly string[], prefix = ""): string {
  const nearest = suggest(word, known);
  return nearest === undefined ? "" : `; did you mean ${prefix}${nearest}?`;
}
