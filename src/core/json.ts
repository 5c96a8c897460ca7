import { ExactNumber } from "./exact-number.ts";

/**
 * JSON as the gateway handles it: parsed once, checked once, written canonically.
 *
 * `JSON.parse` keeps the last of several equal keys; from there on policy, audit and upstream all see that one value,
 * because the upstream gets a re-serialisation of what was parsed, never the bytes that came in.
 */

/** Any JSON value. Where it came from outside, numbers that would lose digits are exact ones. */
export type Json = null | boolean | number | string | ExactNumber | readonly Json[] | JsonObject;

/** A JSON object. Absent keys read as `undefined`. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** Whether `value` is a JSON object (not an array, not null, not an exact number). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/** One step of a JSON path: the key where it looks like a name, `[?]` for what could be data. */
export function pathStep(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(key) ? `.${key}` : "[?]";
}

/** Whether a value holds others: an object or a list. */
export function holdsValues(value: Json | undefined): value is readonly Json[] | JsonObject {
  return typeof value === "object" && value !== null && !(value instanceof ExactNumber);
}

/**
 * Writes `value` as RFC 8785 canonical JSON (keys in UTF-16 order, no white space): equal values give equal text, 1 and 1.0
 * too. For digests; `keptJson` loses no digits.
 */
export function canonicalJson(value: Json | undefined): string {
  return writeOrdered(value, canonicalNumber);
}

/** The same with all numbers as they stood: for what is kept, shown and sent. `canonical`: what `canonicalJson` gives. */
export function keptJson(value: Json): { readonly canonical: string; readonly kept: string } {
  const before = ExactNumber.rounded;
  const canonical = canonicalJson(value);
  return { canonical, kept: ExactNumber.rounded === before ? canonical : writeOrdered(value, (number) => number.text) };
}

function canonicalNumber(number: ExactNumber): string {
  return number.canonical;
}

function writeOrdered(value: Json | undefined, numberText: (number: ExactNumber) => string): string {
  if (value instanceof ExactNumber) return numberText(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) text += `${text === "" ? "" : ","}${writeOrdered(item, numberText)}`;
    return `[${text}]`;
  }
  const object = value as JsonObject;
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member !== undefined)
      text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${writeOrdered(member, numberText)}`;
  }
  return `{${text}}`;
}
