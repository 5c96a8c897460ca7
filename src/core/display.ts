/**
 * What nobody sees, or what changes how the text around it reads: control, format, surrogate, private and unassigned
 * characters, odd separators, and fillers that show nothing. The one selector that makes a picture of the emoji before it
 * is no secret writing. For a regular expression with the flag `u`. Unicode, general categories and
 * Default_Ignorable_Code_Point.
 */
export const UNSEEN =
  "[\\p{C}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}\\u2800](?<!\\p{Extended_Pictographic}\\ufe0f)";

const EACH_UNSEEN = new RegExp(UNSEEN, "gu");

/** How a character that nobody sees is shown. */
export type DisplayStyle = (character: string) => string;

/** `[U+202E]`: for pages, where a person compares. */
export const asCodePoint: DisplayStyle = (character) => `[U+${hexOf(character).toUpperCase().padStart(4, "0")}]`;

/** `\u{202e}`: for terminals and logs, where it can be pasted into code. */
export const asEscape: DisplayStyle = (character) => `\\u{${hexOf(character)}}`;

/** `�`, as wide as before: where columns count, and where a name has to be short. */
export const asReplacement: DisplayStyle = (character) => "\ufffd".repeat(character.length);

/**
 * A text of somebody else's as it can be shown: nothing in it hides, turns round, breaks lines or speaks to the terminal.
 * Not escaped for markup. @throws never
 */
export function escapeForDisplay(text: string, style: DisplayStyle): string {
  return text.replace(EACH_UNSEEN, style);
}

/** The first `max` UTF-16 units, and an ellipsis for what is left out; half a character is none. @throws never */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const half = /[\ud800-\udbff]/.test(text.charAt(max - 1)) ? 1 : 0;
  return `${text.slice(0, max - half)}…`;
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
