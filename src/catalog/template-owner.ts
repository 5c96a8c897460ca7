import type { ListedEntry } from "./entries.ts";

/**
 * Characters of URIs that are looked through for one upstream's templates in one look-up: what a search costs, at 1 to 2 ns for
 * each, is the server's choice and the caller's. Real templates need a few hundred.
 */
const MAX_STEPS = 2_000_000;

/** The literal parts of a URI template, between its expressions. */
interface Template {
  readonly upstream: string;
  readonly first: string;
  readonly middle: readonly string[];
  /** Absent where there is no expression. */
  readonly last: string | undefined;
}

/**
 * Makes the function that finds whose template a URI fits, the first one's that does. An expression stands for any text: this
 * decides who is asked, not what may be read. RFC 6570
 */
export function templateOwner(entries: readonly ListedEntry[]): (uri: string) => string | undefined {
  const templates = entries.map(compile);
  return (uri) => {
    const left = new Map<string, number>();
    for (const template of templates) {
      const steps = left.get(template.upstream) ?? MAX_STEPS;
      if (steps <= 0) continue;
      left.set(template.upstream, steps - 1 - template.middle.length * uri.length);
      if (fits(template, uri)) return template.upstream;
    }
    return undefined;
  };
}

function compile({ upstream, key }: ListedEntry): Template {
  const [first = "", ...rest] = key.split(/\{[^{}]*\}/);
  const last = rest.pop();
  return { upstream, first, middle: rest.filter((part) => part !== ""), last };
}

function fits({ first, middle, last }: Template, uri: string): boolean {
  if (last === undefined) return uri === first;
  if (!uri.startsWith(first) || !uri.endsWith(last)) return false;
  // The leftmost place of each part leaves the most room for those behind it.
  let at = first.length;
  for (const part of middle) {
    const found = uri.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= uri.length;
}
