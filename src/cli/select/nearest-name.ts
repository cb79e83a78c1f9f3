// Finds the name that was probably meant, for "Did you mean".

/** Returns the first known name that starts with `word`, else the nearest one; undefined when none is similar. */
export function nearestName(word: string, known: readonly string[]): string | undefined {
  const prefixed = word && known.find((candidate) => candidate.startsWith(word.toLowerCase()));
  if (prefixed) return prefixed;
  const [best] = known
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= Math.max(word.length, candidate.length) / 2)
    .sort((a, b) => a.edits - b.edits);
  return best?.candidate;
}

/** Returns how many letters must be inserted, removed or replaced (Levenshtein distance). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(
        Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + Number(letter !== other)),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
