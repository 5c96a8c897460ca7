import { findCards } from "../../redaction/detect/bank-numbers.ts";
import { foldWithPlaces } from "../../redaction/detect/fold.ts";

/*
 * Card numbers that redaction of results leaves, for there they are rather something else: right beside letters, as on a
 * magnetic stripe, with `_` between, with decimals. What is shown errs to hiding.
 */

const GLUED = /[A-Za-z]\d|\d[A-Za-z_]|\d{13}\.\d/;

/** `text` with `mark` for them. Linear. @throws never */
export function withoutGluedCards(text: string, mark: string): string {
  const folded = foldWithPlaces(text);
  if (!GLUED.test(folded.text)) return text;
  // As long as before, so that places stay.
  const apart = folded.text
    .replace(/[A-Za-z](?=\d)|(?<=\d)[A-Za-z]/g, "^")
    .replace(/(?<=\d)_(?=\d)/g, "-")
    .replace(/(?<=\d{13})\.(?=\d{1,4}(?!\d))/g, "^");
  let out = "";
  let from = 0;
  for (const { start, end } of findCards(apart)) {
    if (folded.origin(start) < from) continue;
    out += text.slice(from, folded.origin(start)) + mark;
    from = folded.origin(end);
  }
  return out + text.slice(from);
}
