import { cut, escapeForDisplay } from "../../core/display.ts";
import { digitsOf } from "../../core/exact-number.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import type { ExpressionProblem } from "../syntax/expression-problem.ts";
import type { CompiledText, Expression, PolicyLanguage } from "./environment.ts";

/** The message of a policy, ready to be filled in for a call. */
export interface Template {
  /** The text for the agent; plain, bounded, one placeholder for every value that is not to be had. @throws never */
  render(context: object): string;
}

/** Stands where a value could not be computed. */
export const UNAVAILABLE = "[not available]";

/** In UTF-16 units: of one value, of a whole message. */
const MAX_VALUE = 200;
const MAX_MESSAGE = 4000;
/** Of a list or an object shown in a message. */
const MAX_SHOWN_ITEMS = 20;

/** Compiles a text with `{{ CEL }}` in it. Offsets in problems are offsets into `text`. */
export function compileTemplate(text: string, language: PolicyLanguage): CompiledText<Template> {
  const parts: (string | Expression)[] = [];
  const problems: ExpressionProblem[] = [];
  const reads = new Set<string>();
  const looksAt: ArgumentPath[] = [];
  let at = 0;
  for (let open = text.indexOf("{{"); open >= 0; open = text.indexOf("{{", at)) {
    const close = text.indexOf("}}", open + 2);
    if (close < 0) {
      const hint = "Close it with }}.";
      problems.push({ start: open, end: text.length, message: "This {{ is never closed.", hint });
      break;
    }
    parts.push(text.slice(at, open));
    const inner = text.slice(open + 2, close);
    const from = open + 2 + (inner.length - inner.trimStart().length);
    const compiled = language.expression(inner.trim());
    if (compiled.ok) {
      parts.push(compiled.run);
      for (const name of compiled.reads) reads.add(name);
      looksAt.push(...compiled.looksAt);
    } else for (const it of compiled.problems) problems.push({ ...it, start: it.start + from, end: it.end + from });
    at = close + 2;
  }
  if (problems.length > 0) return { ok: false, problems };
  parts.push(text.slice(at));
  return { ok: true, run: { render: (context) => render(parts, context) }, reads, looksAt };
}

function render(parts: readonly (string | Expression)[], context: object): string {
  let message = "";
  for (const part of parts) {
    if (message.length > MAX_MESSAGE) break;
    message += typeof part === "string" ? part : renderExpression(part, context);
  }
  return cut(message, MAX_MESSAGE - 1);
}

function renderExpression(expression: Expression, context: object): string {
  const result = expression(context);
  return "error" in result ? UNAVAILABLE : renderValue(result.value);
}

/** One value as plain text: no line breaks, no control or direction marks, at most 200 characters. @throws never */
export function renderValue(value: unknown): string {
  // Cut before it is cleaned, so that a megabyte of text costs what its first line costs.
  const text = show(value, 0).slice(0, MAX_VALUE * 4);
  const line = escapeForDisplay(text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " "), () => "");
  return cut(line, MAX_VALUE - 1);
}

/** One value for an author: as `renderValue`, with texts in quotes. @throws never */
export function quoteValue(value: unknown): string {
  return renderValue(typeof value === "string" ? JSON.stringify(value.slice(0, MAX_VALUE * 4)) : value);
}

function show(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string":
      return depth === 0 ? value : JSON.stringify(value.slice(0, MAX_VALUE));
    case "number":
      return digitsOf(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "object":
      break;
    default:
      return UNAVAILABLE;
  }
  if (value === null) return "null";
  if (value instanceof Date) return value.toISOString();
  if (depth > 2) return "…";
  if (Array.isArray(value)) return `[${showItems(value, (item) => show(item, depth + 1))}]`;
  if (value instanceof Map) {
    return `{${showItems(value, ([key, item]: [unknown, unknown]) => `${show(key, 1)}: ${show(item, depth + 1)}`)}}`;
  }
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto === Object.prototype) {
    return `{${showItems(Object.entries(value), ([key, item]) => `${show(key, 1)}: ${show(item, depth + 1)}`)}}`;
  }
  // Of the engine's own kinds only durations, unsigned integers and types write themselves; the rest is not for reading.
  return SELF_WRITING.test(Object.prototype.toString.call(value)) ? String(value) : UNAVAILABLE;
}

const SELF_WRITING = /^\[object (?:google\.protobuf\.Duration|value = |Type<)/;

function showItems<T>(items: Iterable<T>, showItem: (item: T) => string): string {
  const shown: string[] = [];
  for (const item of items) {
    if (shown.length === MAX_SHOWN_ITEMS) {
      shown.push("…");
      break;
    }
    shown.push(showItem(item));
  }
  return shown.join(", ");
}
