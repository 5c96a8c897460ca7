/** The literal parts of a URI template, between its expressions. RFC 6570 */
export interface UriTemplate {
  /** With its colon; `""` where an expression can make it, so that the template could make any URI. */
  readonly scheme: string;
  readonly first: string;
  readonly middle: readonly string[];
  /** Absent where there is no expression. */
  readonly last: string | undefined;
}

/** The scheme that a URI, or the first literal part of a template, begins with, and its colon; `""` without one. RFC 3986 §3.1 */
export function schemeOf(text: string): string {
  return /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(text)?.[0] ?? "";
}

/** Takes a template apart. */
export function readTemplate(text: string): UriTemplate {
  const [first = "", ...rest] = text.split(/\{[^{}]*\}/);
  const last = rest.pop();
  return { scheme: schemeOf(first), first, middle: rest.filter((part) => part !== ""), last };
}

/** What a comparison costs beside its characters. */
const COST_OF_ONE = 16;

/** What it costs at most to hold this URI against a template, in characters looked at. */
export function costOfFit({ first, middle, last = "" }: UriTemplate, uri: string): number {
  return COST_OF_ONE + first.length + last.length + middle.length * uri.length;
}

/** The same for two templates. */
export function costOfMeeting(one: UriTemplate, other: UriTemplate): number {
  return costOfFit(one, other.first) + costOfFit(other, one.first);
}

/** Whether a template could make this URI. An expression stands for any text: this decides who is asked, not what may be read. */
export function fits({ first, middle, last }: UriTemplate, uri: string): boolean {
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

/** Whether two templates could make one URI. Surely not where their beginnings or their ends differ. */
export function mayMeet(one: UriTemplate, other: UriTemplate): boolean {
  if (one.last === undefined) return fits(other, one.first);
  if (other.last === undefined) return fits(one, other.first);
  const begins = one.first.startsWith(other.first) || other.first.startsWith(one.first);
  return begins && (one.last.endsWith(other.last) || other.last.endsWith(one.last));
}
