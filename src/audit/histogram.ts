/** Each bucket ends a tenth above the one before: a time read back is within 5% of what it was. */
const GROWTH = Math.log(1.1);

/** The bucket of a time (ms, 0 and up): 1 for all up to a tenth of a millisecond, then each a tenth longer. */
export function bucketOf(ms: number): number {
  return ms <= FIRST ? 1 : 1 + Math.ceil(Math.log(ms / FIRST) / GROWTH);
}

const FIRST = 0.1;

/** The time in the middle of a bucket, ms. */
export function middleOf(bucket: number): number {
  return bucket <= 1 ? FIRST : FIRST * Math.exp((bucket - 1.5) * GROWTH);
}

/** How many times fell into each bucket. */
export type Histogram = Map<number, number>;

/** The time that so much of all (0 to 1) stays within, ms, to about a twentieth; `undefined` of nothing. */
export function quantileOf(histogram: ReadonlyMap<number, number>, share: number): number | undefined {
  const buckets = [...histogram].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, n]) => sum + n, 0);
  let seen = 0;
  for (const [bucket, n] of buckets) {
    seen += n;
    if (seen >= share * total) return middleOf(bucket);
  }
  return undefined;
}
