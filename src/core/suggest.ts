/** The candidate that was probably meant by `word`: one or two slips away, relative to its length. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = normalise(word);
  let best: string | undefined;
  let bestDistance = Math.min(MAX_SLIPS, Math.max(1, Math.floor(wanted.length / 3))) + 1;
  for (const candidate of candidates.slice(0, MAX_CANDIDATES)) {
    const near = normalise(candidate);
    // So far apart they are by their lengths alone.
    if (Math.abs(near.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, near, bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Nobody means a word that is further away, however long it is. */
const MAX_SLIPS = 4;
/** Looking through more would take longer than a hint is worth. */
const MAX_CANDIDATES = 1_000;

// maxAge, max-age and max_age are one word to whoever wrote it.
function normalise(word: string): string {
  return word
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[-_\s]/g, "");
}

/**
 * Insertions, deletions, replacements and swaps of neighbours (optimal string alignment); `most` if they are not fewer. Further than
 * that from the diagonal no way leads back, and nothing is computed there.
 */
function editDistance(a: string, b: string, most: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => Math.min(j, most));
  for (let i = 1; i <= a.length; i++) {
    const row = new Array<number>(b.length + 1).fill(most);
    if (i < most) row[0] = i;
    let least = row[0] ?? most;
    for (let j = Math.max(1, i - most); j <= Math.min(b.length, i + most); j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? most) + 1, (row[j - 1] ?? most) + 1, (last[j - 1] ?? most) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] ?? most) + 1);
      row[j] = cost;
      least = Math.min(least, cost);
    }
    // The next row grows from this one and, at a swap, from the one before: one less than here at best.
    if (least >= most) return most;
    beforeLast = last;
    last = row;
  }
  return Math.min(most, last[b.length] ?? most);
}
