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
 * Control, format, surrogate, private and unassigned characters, odd separators, and fillers that show nothing. The one
 * selector that makes a picture of the emoji before it is no secret writing.
 */
const UNSEEN =
  /(?!(?<=\p{Extended_Pictographic})\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

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
  const shown = kept.replaceAll(UNSEEN, (character) => {
    if (multiline && (character === "\n" || character === "\t")) return character;
    marked += 1;
    return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`;
  });
  return { text: kept.length < text.length ? `${shown}…` : shown, marked, cut: text.length - kept.length };
}
