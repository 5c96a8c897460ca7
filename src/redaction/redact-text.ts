import { FORMS } from "./detect.ts";
import { type Folded, fold } from "./fold.ts";
import { type KeyedHash, textMark, withoutMarks } from "./marks.ts";
import { DETECTORS, type Detector, type Replacement, stronger } from "./redaction.ts";
import type { Span } from "./span.ts";

/** What is looked for, and what is done with it. */
export interface Search {
  readonly detectors: ReadonlyMap<Detector, Replacement>;
  readonly hash: KeyedHash;
  /** Told of everything that is taken out. */
  readonly count: (what: Detector | "path") => void;
}

interface Finding extends Span {
  readonly detector: Detector;
  readonly how: Replacement;
}

// What was taken out can uncover what stood too close to it to be seen. Only a text made for it does so again and again.
const MAX_ROUNDS = 6;

/**
 * `text` without what is looked for; `key` is the member that it stands under, if any. Looking at the answer again finds
 * nothing. Where findings overlap, all that they cover goes. Linear. @throws never
 */
export function redactText(text: string, key: string | undefined, search: Search): string {
  let current = text;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const folded = fold(current);
    const findings = merge(findAll(folded.text, key, search));
    if (findings.length === 0) return current;
    current = replaceAll(current, folded, findings, search);
  }
  return findAll(fold(current).text, key, search).length === 0 ? current : "[redacted]";
}

const MAX_NAME = 100;

function findAll(text: string, key: string | undefined, search: Search): Finding[] {
  const findings: Finding[] = [];
  const name = key === undefined ? undefined : withoutMarks(key.slice(0, MAX_NAME));
  for (const [detector, how] of search.detectors) {
    const { find, minimum, named } = FORMS[detector];
    if (name !== undefined && named?.key.test(name) === true && named.value.test(text)) {
      findings.push({ start: 0, end: text.length, detector, how });
    }
    if (text.length < minimum) continue;
    for (const { start, end } of find(text)) findings.push({ start, end, detector, how });
  }
  return findings;
}

// Overlapping findings become one: as wide as all of them, named after the longest, treated as the strongest says.
function merge(findings: Finding[]): Finding[] {
  findings.sort((a, b) => a.start - b.start || b.end - a.end || rank(a) - rank(b));
  const merged: Finding[] = [];
  let longest = 0;
  for (const finding of findings) {
    const last = merged.at(-1);
    if (last === undefined || finding.start >= last.end) {
      merged.push(finding);
      longest = finding.end - finding.start;
      continue;
    }
    const wins = finding.end - finding.start > longest;
    longest = Math.max(longest, finding.end - finding.start);
    merged[merged.length - 1] = {
      start: last.start,
      end: Math.max(last.end, finding.end),
      detector: wins ? finding.detector : last.detector,
      how: stronger(last.how, finding.how),
    };
  }
  return merged;
}

// A telephone number proves itself by least: of two readings of the same text it is the poorer.
function rank(finding: Finding): number {
  return finding.detector === "phone" ? DETECTORS.length : DETECTORS.indexOf(finding.detector);
}

function replaceAll(text: string, folded: Folded, findings: readonly Finding[], search: Search): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, detector, how } of findings) {
    search.count(detector);
    const match = FORMS[detector].normal(folded.text.slice(start, end));
    const begin = folded.origin(start);
    parts.push(text.slice(from, begin), textMark(detector, how, match, search.hash));
    from = Math.max(begin, folded.origin(end));
  }
  parts.push(text.slice(from));
  return parts.join("");
}
