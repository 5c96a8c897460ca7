import type { Json } from "../core/json.ts";
import { canonicalJson } from "../core/json.ts";
import { DETECTORS, type Detector, type Replacement } from "./redaction.ts";

/** Keyed hash of a text, in hex. The key keeps what has few values, such as a card number, from being guessed back. */
export type MarkHash = (text: string) => string;

const HASH_DIGITS = 16;
// One of sixteen decimal digits is none of ours: see `shorten`.
const PATH_MARK = /^\[(?:redacted|hash:(?!\d{16})[\da-f]{16})\]$/;

/** What stands for a text that a detector found. `text` is its normal form: equal values have equal hashes. */
export function textMark(detector: Detector, how: Replacement, text: string, hash: MarkHash): string {
  switch (how) {
    case "drop":
      return "";
    case "hash":
      return `[${detector}:${shorten(hash(text))}]`;
    case "replace":
      return `[redacted:${detector}]`;
    default:
      return how satisfies never;
  }
}

/** What stands for a value that a path names. A mark stays as it is, so that a second pass changes nothing. */
export function valueMark(how: Exclude<Replacement, "drop">, value: Json, hash: MarkHash): string {
  if (how === "replace") return "[redacted]";
  if (typeof value === "string" && PATH_MARK.test(value)) return value;
  return `[hash:${shorten(hash(canonicalJson(value)))}]`;
}

const TEXT_MARK = new RegExp(`\\[(?:redacted:)?(?:${DETECTORS.join("|")})(?::[\\da-f]{${HASH_DIGITS}})?\\]`, "g");

/** A key as its owner named it: the word in `[redacted:phone]` says nothing about what the key holds. */
export function withoutMarks(key: string): string {
  return key.replace(TEXT_MARK, "");
}

// Sixteen decimal digits could be taken for a card number: one of them then becomes a letter.
function shorten(hex: string): string {
  const digits = hex.slice(0, HASH_DIGITS);
  return /^\d+$/.test(digits) ? `${"abcdefabcd".charAt(Number(digits.charAt(0)))}${digits.slice(1)}` : digits;
}
