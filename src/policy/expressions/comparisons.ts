import { ExactNumber } from "../../core/exact-number.ts";
import type { Json } from "../../core/json.ts";
import { suggest } from "../../core/suggest.ts";
import { type AstNode, isComparison, MIRRORED } from "../syntax/ast.ts";
import { canBeValue } from "../tool-schemas/domain.ts";
import { compareRange, EVERYWHERE, exactly, rangeText } from "../tool-schemas/number-range.ts";
import { areApart } from "../values/apart.ts";
import { numberOf, outcomeOf } from "../values/constants.ts";
import { canBe, canCompare, canEqual, itemOf, kindText, type Value } from "../values/values.ts";
import type { Finding } from "./findings.ts";
import type { Sides } from "./words.ts";

/** What is wrong with `==`, `!=`, `<`, `<=`, `>` or `>=` between these. */
export function checkComparison(node: AstNode, sides: Sides): readonly Finding[] {
  const { left, right, first, second, text } = sides;
  const [a, b] = [text.slice(first.start, first.end), text.slice(second.start, second.end)];
  const equality = node.op === "==" || node.op === "!=";
  if (equality ? !canEqual(left, right) : !canCompare(left, right)) {
    const message = `\`${a}\` is ${kindText(left)} and \`${b}\` is ${kindText(right)}: ${equality ? "they are never equal" : `\`${node.op}\` does not compare the two`}.`;
    const hint = quoteHint(left, right);
    const found = mistake(equality ? "never" : "type", node.start, message, hint);
    return [
      { kind: "compared", start: node.start },
      { ...found, proposes: true },
    ];
  }
  const findings: Finding[] = [];
  const read = (value: Value, literal: Value, at: AstNode, written: string, operator: string): void => {
    if (literal.literal === undefined && numberOf(literal) === undefined) return;
    findings.push({ kind: "compared", start: at.start });
    const constant = literal.literal;
    const place = { node, at, written };
    const wrong =
      constant === undefined
        ? undefined
        : equality
          ? valueMistake(value, constant, place)
          : doubtOf(value, constant, place);
    const decided = wrong === undefined ? rangeMistake(value, literal, node, written, operator) : undefined;
    if (wrong !== undefined) findings.push(wrong);
    if (decided !== undefined) findings.push({ kind: "compared", start: node.start }, decided);
  };
  read(left, right, second, a, node.op);
  read(right, left, first, b, isComparison(node.op) ? MIRRORED[node.op] : node.op);
  const written = outcomeOf(node.op, left.literal, right.literal);
  if (written !== undefined) {
    const always = mistake("decided", node.start, `This is always ${written}: both sides are written out.`, undefined);
    return [{ kind: "compared", start: node.start }, always];
  }
  const outcome = sides.between && compareRange(sides.between.range, node.op, 0);
  if (outcome !== undefined) {
    const message = `This is always ${outcome}: \`${a}\` less \`${b}\` is ${rangeText(sides.between?.range ?? EVERYWHERE)}.`;
    findings.push(
      { kind: "compared", start: node.start },
      mistake("decided", node.start, message, sides.between?.says),
    );
  }
  // What is written out was looked at by itself.
  if (equality && left.literal === undefined && right.literal === undefined && areApart(left, right)) {
    findings.push({ kind: "compared", start: node.start });
    findings.push(mistake("never", node.start, `\`${a}\` and \`${b}\` are never equal.`, left.domain.says));
  }
  return findings;
}

/** What is wrong with `in` between these; `items` are those of a list that is written out. */
export function checkMembership(
  node: AstNode,
  { left, right, first, second, text }: Sides,
  items: readonly { readonly node: AstNode; readonly value: Value }[],
): readonly Finding[] {
  const [a, b] = [text.slice(first.start, first.end), text.slice(second.start, second.end)];
  if (!canBe(right, "list", "map")) {
    const contains = canBe(right, "string") ? `Write \`${b}.contains(${a})\` to look for a part of a text.` : undefined;
    const found = `\`${b}\` is ${kindText(right)}; \`in\` looks into lists and objects.`;
    return [{ ...mistake("type", second.start, found, contains), proposes: true }];
  }
  const holds = right.item ?? itemOf(right);
  const findings: Finding[] = [{ kind: "compared", start: node.start }];
  if (!canEqual(left, holds)) {
    const message = `\`${a}\` is ${kindText(left)} and \`${b}\` holds ${kindText(holds)}: it is never in it.`;
    return [...findings, { ...mistake("never", node.start, message, quoteHint(left, holds)), proposes: true }];
  }
  if (items.length === 0 && left.literal === undefined && areApart(left, holds)) {
    const says = right.domain.says ?? left.domain.says;
    findings.push(mistake("never", node.start, `\`${a}\` is never in \`${b}\`.`, says));
    return findings;
  }
  const dead: Finding[] = [];
  for (const { node: at, value } of items) {
    const found =
      value.literal !== undefined
        ? memberMistake(left, value, { node, at, written: a })
        : left.literal === undefined
          ? undefined
          : memberMistake(value, left, { node, at: first, written: text.slice(at.start, at.end) });
    if (value.literal !== undefined || left.literal === undefined) findings.push({ kind: "compared", start: at.start });
    if (found !== undefined) dead.push(found);
    else if (value.literal === undefined && left.literal === undefined && areApart(left, value)) {
      dead.push(mistake("never", at.start, `\`${a}\` is never \`${text.slice(at.start, at.end)}\`.`, left.domain.says));
    }
  }
  // One that cannot occur beside others that can is a list kept wide; a list of nothing else is never true.
  const wide = dead.length < items.length;
  findings.push(
    ...dead.map((it) =>
      it.kind === "mistake" && it.what === "never" && wide ? { ...it, what: "decided" as const } : it,
    ),
  );
  if (left.literal !== undefined && items.length === 0) {
    findings.push({ kind: "compared", start: first.start });
    const { keys, says } = right.domain;
    const key = typeof left.literal === "string" ? left.literal : undefined;
    const wrong =
      key !== undefined && keys !== undefined && !keys.includes(key)
        ? mistake("never", first.start, `\`${b}\` never has ${JSON.stringify(key)}.`, says)
        : memberMistake(holds, left, { node, at: first, written: `an item of ${b}` });
    if (wrong !== undefined) findings.push(wrong);
  }
  return findings;
}

interface Place {
  /** The comparison. */
  readonly node: AstNode;
  /** What is written out. */
  readonly at: AstNode;
  readonly written: string;
}

function mistake(
  what: "type" | "never" | "decided" | "doubtful",
  start: number,
  message: string,
  hint: string | undefined,
): Extract<Finding, { kind: "mistake" }> {
  return { kind: "mistake", what, start, message, hint };
}

// In a list a number out of range is as dead as any other value.
function memberMistake(value: Value, literal: Value, place: Place): Finding | undefined {
  if (literal.literal === undefined) return undefined;
  const wrong = valueMistake(value, literal.literal, place);
  if (wrong !== undefined || typeof literal.literal !== "number") return wrong;
  if (compareRange(value.domain.range, "==", literal.literal) !== false) return undefined;
  return mistake(
    "never",
    place.at.start,
    `${nameOf(place)} is never ${literal.literal}.`,
    `It is ${rangeText(value.domain.range)}.`,
  );
}

function noDouble(place: Place): Finding {
  const hint = "It is no double: a call that has it is refused, or fails where it is read.";
  return mistake("never", place.at.start, `${nameOf(place)} is never that number.`, hint);
}

const MAX_LISTED = 12;

function valueMistake(value: Value, literal: Json, place: Place): Finding | undefined {
  const { node, at } = place;
  const { values, says, steps } = value.domain;
  if (typeof literal === "number" && values === undefined) {
    if (!canBeValue(value.domain, literal)) {
      const hint = `It is a multiple of ${steps?.join(" or ")}.`;
      return mistake("never", at.start, `${nameOf(place)} is never ${literal}.`, hint);
    }
    const whole = value.kinds?.size === 1 && value.kinds.has("int");
    if (!whole || Number.isInteger(literal)) return undefined;
    return mistake("never", at.start, `${nameOf(place)} is an integer and never ${literal}.`, undefined);
  }
  if (canBeValue(value.domain, literal)) return doubtOf(value, literal, place);
  if (literal instanceof ExactNumber) return noDouble(place);
  const message = `${nameOf(place)} is never ${JSON.stringify(literal)}.`;
  if (values === undefined) return mistake("never", at.start, message, says ?? "The tool's schema rules it out.");
  const texts = values.filter((it) => typeof it === "string");
  const closer = typeof literal === "string" ? suggest(literal, texts) : undefined;
  const listed = values.slice(0, MAX_LISTED).map((it) => JSON.stringify(it));
  const more = values.length > MAX_LISTED ? ` and ${values.length - MAX_LISTED} more` : "";
  const found = mistake("never", at.start, message, says ?? `It is one of ${listed.join(", ")}${more}.`);
  if (closer === undefined) return found;
  const { start, end } = node;
  return { ...found, closer: { text: JSON.stringify(closer), start, end, sooner: node.op !== "!=" } };
}

function doubtOf({ domain }: Value, literal: Json, place: Place): Finding | undefined {
  const doubt = typeof literal === "string" ? domain.doubts(literal, "whole") : undefined;
  if (doubt === undefined) return undefined;
  const compared = `${nameOf(place)} is compared with ${JSON.stringify(literal)} letter by letter.`;
  return mistake("doubtful", place.at.start, compared, doubt);
}

function nameOf({ written }: Place): string {
  return written.startsWith("an item") ? written.replace(/ of (.*)$/s, " of `$1`") : `\`${written}\``;
}

function rangeMistake(
  value: Value,
  literal: Value,
  node: AstNode,
  written: string,
  operator: string,
): Finding | undefined {
  const limit = numberOf(literal);
  if (limit === undefined) return undefined;
  const { values, range, says } = value.domain;
  if (values !== undefined && values.length > 0 && values.every((it) => typeof it === "number")) {
    const outcomes = new Set(values.map((it) => compareRange(exactly(it), operator, limit)));
    const [outcome] = outcomes;
    if (outcomes.size > 1 || outcome === undefined) return undefined;
    return mistake(
      "decided",
      node.start,
      `This is always ${outcome}: \`${written}\` is ${values.join(" or ")}.`,
      undefined,
    );
  }
  for (const known of [value.type?.range ?? range, range]) {
    const outcome = compareRange(known, operator, limit);
    if (outcome === undefined) continue;
    const message = `This is always ${outcome}: \`${written}\` is ${rangeText(known)}.`;
    return mistake("decided", node.start, message, says);
  }
  return undefined;
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
