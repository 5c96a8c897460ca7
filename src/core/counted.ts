/** A whole number for people, its thousands apart: `12,480`. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** How many of something there are: `1 policy`, `2 policies`, `12,480 calls`. `noun`: one of them. */
export function counted(amount: number, noun: string): string {
  if (amount === 1) return `1 ${noun}`;
  return `${grouped(amount)} ${/[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}
