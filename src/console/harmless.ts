import { asCodePoint, escapeForDisplay } from "../core/display.ts";

/** A text of somebody else's as it can be shown. */
export interface HarmlessText {
  /** What would hide, turn round or break lines stands there as a visible mark: `[U+202E]`. Still to be escaped. */
  readonly text: string;
  /** How many characters were replaced. */
  readonly marked: number;
  /** How many characters beyond `max` are not shown. */
  readonly cut: number;
}

/**
 * Makes a text harmless to look at. Whoever reads it must see what a program would get, so that characters without a
 * shape become their code points. `multiline` keeps line feeds and tabs. `max` counts UTF-16 units. @throws never
 */
export function harmless(
  text: string,
  max = Number.POSITIVE_INFINITY,
  { multiline = false }: { readonly multiline?: boolean } = {},
): HarmlessText {
  const kept = text.length > max ? text.slice(0, max) : text;
  let marked = 0;
  const shown = escapeForDisplay(kept, (character) => {
    if (multiline && (character === "\n" || character === "\t")) return character;
    marked += 1;
    return asCodePoint(character);
  });
  return { text: kept.length < text.length ? `${shown}…` : shown, marked, cut: text.length - kept.length };
}
