import type { Json } from "../core/json.ts";
import { suggest } from "../core/suggest.ts";
import type { AstNode } from "./ast.ts";
import type { Finding } from "./check-findings.ts";
import { canBe, canCompare, canEqual, itemOf, kindText, type Value } from "./check-values.ts";
import type { Sides } from "./check-words.ts";
import { didYouMean } from "./expression-rules.ts";
import { compareRange, rangeText } from "./number-range.ts";

/** What is wrong with `==`, `!=`, `<`, `<=`, `>` or `>=` between these. */
export function checkComparison(node: AstNode, sides: Sides): readonly Finding[] {
  const { left, right, first, second, text } = sides;
  const [a, b] = [text.slice(first.start, first.end), text.slice(second.start, second.end)];
  const equality = node.op === "==" || node.op === "!=";
  if (equality ? !canEqual(left, right) : !canCompare(left, right)) {
    const message = `\`${a}\` is ${kindText(left)} and \`${b}\` is ${kindText(right)}: ${equality ? "they are never equal" : `\`${node.op}\` does not compare the two`}.`;
    const mistake = {
      kind: "mistake",
      what: equality ? "never" : "type",
      start: node.start,
      message,
      hint: quoteHint(left, right),
    } as const;
    return [{ kind: "compared", start: node.start }, mistake];
  }
  const findings: Finding[] = [];
  const read = (value: Value, literal: Value, at: AstNode, written: string, operator: string): void => {
    if (value.type === undefined || literal.literal === undefined) return;
    findings.push({ kind: "compared", start: at.start });
    const wrong = equality ? valueMistake(value, literal.literal, at, written) : undefined;
    const decided = wrong === undefined ? rangeMistake(value, literal, node, written, operator) : undefined;
    if (wrong !== undefined) findings.push(wrong);
    if (decided !== undefined) findings.push({ kind: "compared", start: node.start }, decided);
  };
  read(left, right, second, a, node.op);
  read(right, left, first, b, MIRRORED[node.op] ?? node.op);
  return findings;
}

const MIRRORED: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** What is wrong with `in` between these; `items` are the nodes of a list that is written out. */
export function checkMembership(
  node: AstNode,
  { left, right, first, second, text }: Sides,
  items: readonly AstNode[],
  item: Value | undefined,
): readonly Finding[] {
  const [a, b] = [text.slice(first.start, first.end), text.slice(second.start, second.end)];
  if (!canBe(right, "list", "map")) {
    const contains = canBe(right, "string") ? `Write \`${b}.contains(${a})\` to look for a part of a text.` : undefined;
    const message = `\`${b}\` is ${kindText(right)}; \`in\` looks into lists and objects.`;
    return [{ kind: "mistake", what: "type", start: second.start, message, hint: contains }];
  }
  const holds = item ?? itemOf(right);
  const findings: Finding[] = [{ kind: "compared", start: node.start }];
  if (!canEqual(left, holds)) {
    const message = `\`${a}\` is ${kindText(left)} and \`${b}\` holds ${kindText(holds)}: it is never in it.`;
    return [...findings, { kind: "mistake", what: "never", start: node.start, message, hint: quoteHint(left, holds) }];
  }
  for (const at of items) {
    const literal = typeof at.args === "bigint" ? Number(at.args) : at.args;
    if (at.op !== "value" || (typeof literal !== "string" && typeof literal !== "number")) continue;
    if (left.type?.values === undefined) continue;
    findings.push({ kind: "compared", start: at.start });
    const wrong = valueMistake(left, literal, at, a);
    if (wrong !== undefined) findings.push(wrong);
  }
  if (left.literal !== undefined && holds.type?.values !== undefined) {
    findings.push({ kind: "compared", start: first.start });
    const wrong = valueMistake(holds, left.literal, first, `an item of ${b}`);
    if (wrong !== undefined) findings.push(wrong);
  }
  return findings;
}

const MAX_LISTED = 12;

function valueMistake(value: Value, literal: Json, at: AstNode, written: string): Finding | undefined {
  const values = value.type?.values;
  if (values === undefined || values.includes(literal)) return undefined;
  const texts = values.filter((it) => typeof it === "string");
  const close = typeof literal === "string" ? suggest(literal, texts) : undefined;
  const listed = values.slice(0, MAX_LISTED).map((it) => JSON.stringify(it));
  const more = values.length > MAX_LISTED ? ` and ${values.length - MAX_LISTED} more` : "";
  const name = written.startsWith("an item") ? written.replace(/ of (.*)$/, " of `$1`") : `\`${written}\``;
  const message = `${name} is never ${JSON.stringify(literal)}.`;
  const hint = didYouMean(close && JSON.stringify(close)) ?? `It is one of ${listed.join(", ")}${more}.`;
  return { kind: "mistake", what: "never", start: at.start, message, hint };
}

function rangeMistake(
  value: Value,
  literal: Value,
  node: AstNode,
  written: string,
  operator: string,
): Finding | undefined {
  const range = value.type?.range;
  if (range === undefined || typeof literal.literal !== "number") return undefined;
  const outcome = compareRange(range, operator, literal.literal);
  if (outcome === undefined) return undefined;
  const message = `This is always ${outcome}: \`${written}\` is ${rangeText(range)}.`;
  return { kind: "mistake", what: "decided", start: node.start, message, hint: undefined };
}

function quoteHint(left: Value, right: Value): string | undefined {
  for (const [text, number] of [
    [left, right],
    [right, left],
  ] as const) {
    if (typeof text.literal !== "string" || !canBe(number, "int", "double")) continue;
    if (text.literal.trim() !== "" && Number.isFinite(Number(text.literal))) return "Write the number without quotes.";
  }
  return undefined;
}
