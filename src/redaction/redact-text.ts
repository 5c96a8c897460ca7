import { FORMS } from "./detect/detect.ts";
import { type Folded, foldWithPlaces } from "./detect/fold.ts";
import type { Span } from "./detect/span.ts";
import { type MarkHash, textMark, withoutMarks } from "./marks.ts";
import { DETECTORS, type Detector, type Replacement, stronger } from "./redaction.ts";

/** What is looked for, and what is done with it. */
export interface TextSearch {
  readonly detectors: ReadonlyMap<Detector, Replacement>;
  readonly hash: MarkHash;
  /** Told of everything that is taken out. */
  readonly count: (what: Detector | "path") => void;
}

interface Finding extends Span {
  readonly detector: Detector;
  readonly how: Replacement;
  /** What was found, as the detector read it. */
  readonly match: string;
  /** How much it says for itself, of several that overlap: its length. */
  readonly weight: number;
}

// What was taken out can uncover what stood too close to it to be seen. Only a text made for it does so again and again.
const MAX_ROUNDS = 6;

/**
 * `text` without what is looked for; `key` is the member that it stands under, if any. Looking at the answer again finds
 * nothing. Where findings overlap, all that they cover goes. Linear. @throws never
 */
export function redactText(text: string, key: string | undefined, search: TextSearch): string {
  let current = text;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const findings = merge(findAll(current, key, search));
    if (findings.length === 0) return current;
    current = replaceAll(current, findings, search);
  }
  return findAll(current, key, search).length === 0 ? current : "[redacted]";
}

/**
 * What names of members are once all that is looked for is taken out of them. Only where something is dropped: no mark is
 * part of a name that anybody asks for. What was found is kept, because rows repeat their names.
 */
export function leavingNames(search: TextSearch): (name: string) => string {
  if (![...search.detectors.values()].includes("drop")) return (name) => name;
  const silent: TextSearch = { ...search, count: () => {} };
  const known = new Map<string, string>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const left = redactText(name, undefined, silent);
    known.set(name, left);
    return left;
  };
}

const MAX_NAME = 100;

function findAll(text: string, key: string | undefined, search: TextSearch): Finding[] {
  const folded = foldWithPlaces(text);
  const findings = findIn(folded, key, search);
  if (folded.text === text) return findings;
  // Folding can also push together what stood apart: the digits of `10%4111111111111111` lose two to a letter, and those
  // before a soft hyphen meet the word behind it. What is found only in these other readings counts for less.
  const apart = foldWithPlaces(text, " ");
  if (apart.text !== folded.text) for (const finding of findIn(apart, key, search)) findings.push(asLesser(finding));
  const asWritten = { text, origin: (index: number) => index };
  for (const finding of findIn(asWritten, key, search)) findings.push(asLesser(finding));
  return findings;
}

function asLesser(finding: Finding): Finding {
  return { ...finding, weight: 0 };
}

/** Places are those of the text that was folded. */
function findIn({ text, origin }: Folded, key: string | undefined, search: TextSearch): Finding[] {
  const findings: Finding[] = [];
  const add = (start: number, end: number, detector: Detector, how: Replacement): void => {
    const from = origin(start);
    const match = text.slice(start, end);
    findings.push({ start: from, end: Math.max(from, origin(end)), detector, how, match, weight: end - start });
  };
  const name = key === undefined ? undefined : withoutMarks(key.slice(0, MAX_NAME));
  for (const [detector, how] of search.detectors) {
    const { find, minimum, named } = FORMS[detector];
    if (name !== undefined && named?.key.test(name) === true && named.value.test(text)) {
      add(0, text.length, detector, how);
    }
    if (text.length < minimum) continue;
    for (const { start, end } of find(text)) add(start, end, detector, how);
  }
  return findings;
}

// Overlapping findings become one: as wide as all of them, named after the longest, treated as the strongest says. Of one
// detector a lesser finding adds nothing: the `n` of `\nann@acme.com` is a line break's. Were it more, the next round
// would find it.
function merge(findings: Finding[]): Finding[] {
  findings.sort((a, b) => a.start - b.start || b.end - a.end || rank(a) - rank(b));
  const merged: Finding[] = [];
  for (const finding of findings) {
    const last = merged.at(-1);
    if (last === undefined || finding.start >= last.end) {
      merged.push(finding);
      continue;
    }
    if (finding.detector === last.detector && (finding.weight === 0) !== (last.weight === 0)) {
      if (last.weight === 0) merged[merged.length - 1] = finding;
      continue;
    }
    const longest = finding.weight > last.weight ? finding : last;
    const end = Math.max(last.end, finding.end);
    merged[merged.length - 1] = { ...longest, start: last.start, end, how: stronger(last.how, finding.how) };
  }
  return merged;
}

// A telephone number proves itself by least: of two readings of the same text it is the poorer.
function rank(finding: Finding): number {
  return finding.detector === "phone" ? DETECTORS.length : DETECTORS.indexOf(finding.detector);
}

function replaceAll(text: string, findings: readonly Finding[], search: TextSearch): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, detector, how, match } of findings) {
    search.count(detector);
    parts.push(text.slice(from, start), textMark(detector, how, FORMS[detector].normal(match), search.hash));
    from = end;
  }
  parts.push(text.slice(from));
  return parts.join("");
}
