import type { AstNode } from "../syntax/ast.ts";
import { both, itemsPlace, movePlaces, type Narrowing, variablePlace, withPlaces } from "../syntax/guards.ts";
import { ANYTHING } from "../tool-schemas/domain.ts";
import { ANY, canBe, itemOf, ofKind, type Value } from "../values/values.ts";
import { type Checked, type Finding, type PartChecks, reportedPlaces } from "./findings.ts";
import { rangeMistake } from "./words.ts";

/** A call that evaluates its arguments for each item of what it is called on. */
export interface Comprehension {
  readonly name: string;
  readonly receiver: AstNode;
  readonly variable: string;
  readonly second: AstNode;
  readonly third: AstNode | undefined;
}

export interface ComprehensionDeps {
  readonly text: string;
  /** What it is called on. */
  readonly list: Checked;
  /** Its arguments, where the variable stands for this item. */
  inside(item: Value): PartChecks;
}

const NAMES = new Set(["all", "exists", "exists_one", "filter", "map"]);

/** Whether a method with this name is one. */
export function isComprehension(name: string): boolean {
  return NAMES.has(name);
}

/** Checks a comprehension: its arguments once, for an item that can be any of them. */
export function checkComprehension(
  node: AstNode,
  { name, receiver, second, third }: Comprehension,
  facts: Narrowing,
  { text, list, inside }: ComprehensionDeps,
): Checked {
  const findings: Finding[] = [...list.findings];
  if (!canBe(list.value, "list", "map")) {
    findings.push(rangeMistake(receiver, list.value, name, text));
    return { value: ANY, findings };
  }
  const own = variablePlace(node);
  const item = { ...itemOf(list.value), place: own };
  const parts = inside(item);
  const known = withPlaces(facts, [...reportedPlaces(findings), ...placesOfItem(list.value, facts, own)]);
  const isTest = name !== "map" || third !== undefined;
  const body = parts.check(second, known);
  findings.push(...(isTest ? parts.operand(second, known) : body.findings));
  if (name !== "map" && name !== "filter") return { value: ofKind("bool"), findings };
  const guards = isTest ? parts.guards(second) : known;
  if (name === "filter") {
    const itemFacts = [...list.value.itemFacts, ...movePlaces(guards.places, own, "")];
    return { value: { ...listOf(item, list.value, true), itemFacts }, findings };
  }
  if (third === undefined) return { value: listOf(body.value, list.value, false), findings };
  const result = parts.check(third, both(withPlaces(known, reportedPlaces(findings)), guards));
  findings.push(...result.findings);
  return { value: listOf(result.value, list.value, true), findings };
}

/** What is there in each item for certain. */
function placesOfItem({ place, itemFacts }: Value, facts: Narrowing, own: string): readonly string[] {
  const everywhere = place === undefined ? [] : movePlaces(facts.places, itemsPlace(place), own);
  return [...everywhere, ...itemFacts.map((below) => own + below)];
}

/** A list made of another, with as many items, or with those that pass a test. */
function listOf(item: Value, { domain: { size } }: Value, tested: boolean): Value {
  const domain = { ...ANYTHING, size: tested ? { ...size, low: 0 } : size };
  return { ...ofKind("list"), domain, item: { ...item, place: undefined } };
}
