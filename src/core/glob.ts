import { fold } from "./fold.ts";

/**
 * Compiles a glob to a predicate: `*` stands for any run of characters (a slash too, so that a deny cannot be dodged
 * by a name with one in it), `?` for exactly one, everything else for itself. Case counts. Linear in the text.
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  if (!pattern.includes("*") && !pattern.includes("?")) return (text) => text === pattern;
  return (text) => matches(pattern, text);
}

/** Whether any of `patterns` matches; an empty list matches nothing. */
export function compileGlobs(patterns: readonly string[]): (text: string) => boolean {
  const globs = patterns.map(compileGlob);
  return (text) => globs.some((glob) => glob(text));
}

/** What a text is compared as besides itself; the first one also for a glob over such texts. */
export type Spellings = (text: string) => readonly [string, ...string[]];

/** As a reader could take it. */
export const foldedOnly: Spellings = (text) => [fold(text)];

/**
 * Whether any of `patterns` matches a text as it stands, or as a reader could take it. For what restricts: who
 * chooses the text must not get out of it by another spelling.
 */
export function compileLooseGlobs(
  patterns: readonly string[],
  spellings: Spellings = foldedOnly,
): (text: string) => boolean {
  const exact = compileGlobs(patterns);
  const loose = compileGlobs(patterns.map((pattern) => spellings(pattern)[0]));
  return (text) => exact(text) || spellings(text).some(loose);
}

// Greedy with one backtrack point: the classic two-pointer walk, no regular expression, no exponential case.
function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let starText = 0;
  while (t < text.length) {
    const wanted = pattern[p];
    if (wanted === "*") {
      star = p++;
      starText = t;
    } else if (wanted !== undefined && (wanted === "?" || wanted === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
