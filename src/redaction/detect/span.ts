/** A part of a text, in UTF-16 units; `end` is past its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The whole matches of a global pattern. The pattern's own position is set back first. */
export function spansOf(pattern: RegExp, text: string): Span[] {
  const spans: Span[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    spans.push({ start: match.index, end: pattern.lastIndex });
  }
  return spans;
}
