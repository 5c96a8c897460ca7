import { grouped } from "../../core/counted.ts";
import { asEscape, UNSEEN } from "../../core/display.ts";
import { writeExact } from "../../core/exact-json.ts";
import { isObject, type Json } from "../../core/json.ts";
import type { Colour } from "../terminal/output.ts";

/** How much of a value is shown. */
export interface TreeLimits {
  /** Characters of one text. */
  readonly maxText: number;
  readonly maxLines: number;
}

/** What fits a screen and a person's patience. */
export const SCREEN: TreeLimits = { maxText: 300, maxLines: 200 };

/** Everything there is. */
export const UNLIMITED: TreeLimits = { maxText: Number.POSITIVE_INFINITY, maxLines: Number.POSITIVE_INFINITY };

/** A value for people to read. */
export interface Tree {
  readonly lines: readonly string[];
  /** Texts that were cut. */
  readonly cut: number;
  /** Lines that were left out. */
  readonly omitted: number;
  /** Characters that show as nothing, or turn the text around them; they stand as `\u{…}`. */
  readonly hidden: number;
}

// And every space that is not the usual one: people decide on what stands here.
const HIDDEN = new RegExp(`${UNSEEN}|(?! )\\p{Zs}`, "gu");

/** Text from outside on one line, harmless for a terminal: whatever shows as nothing stands as `\u{…}`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, asEscape);
}

/**
 * A JSON value as an indented tree. Texts stand in quotes with backslashes doubled, so that nothing in them can look
 * like a line, a mark or an escape of this program.
 */
export function valueTree(
  value: Json | undefined,
  limits: TreeLimits,
  paint: (colour: Colour, text: string) => string,
): Tree {
  const lines: string[] = [];
  let cut = 0;
  let omitted = 0;
  let hidden = 0;

  const add = (depth: number, text: string): void => {
    if (lines.length < limits.maxLines) lines.push(`${"  ".repeat(depth)}${text}`);
    else omitted += 1;
  };
  const quoted = (text: string): string => {
    hidden += hiddenIn(text);
    const shown = text.length <= limits.maxText ? text : wellFormed(text.slice(0, limits.maxText));
    const literal = JSON.stringify(shown).replace(HIDDEN, (char) => paint("red", asEscape(char)));
    if (shown === text) return literal;
    cut += 1;
    return `${literal} ${paint("yellow", `… cut: ${grouped(text.length)} characters in all`)}`;
  };
  const named = (name: string): string => (/^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : quoted(name));
  const walk = (depth: number, label: string, member: Json | undefined): void => {
    if (Array.isArray(member) && member.length > 0) {
      add(depth, `${label}${paint("dim", `list of ${member.length}`)}`);
      for (const item of member) walk(depth + 1, "- ", item);
    } else if (isObject(member) && Object.keys(member).length > 0) {
      add(depth, label.trimEnd());
      for (const key of Object.keys(member)) walk(depth + 1, `${named(key)}: `, member[key]);
    } else add(depth, `${label}${typeof member === "string" ? quoted(member) : writeExact(member ?? null)}`);
  };

  if (isObject(value)) for (const key of Object.keys(value)) walk(0, `${named(key)}: `, value[key]);
  else walk(0, "", value);
  return { lines, cut, omitted, hidden };
}

// Line breaks and tabs stand as \n and \t, as everybody expects of a quoted text: they hide nothing.
function hiddenIn(text: string): number {
  return text.replaceAll(/[\n\r\t]/g, "").match(HIDDEN)?.length ?? 0;
}

// A cut in the middle of a pair would show half a character.
function wellFormed(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}
