import { type AstNode, selectionPath } from "../syntax/ast.ts";
import { memberPlace, type Narrowing } from "../syntax/guards.ts";
import { fieldType, type RecordName } from "../syntax/vocabulary.ts";
import type { ArgumentType } from "../tool-schemas/argument-types.ts";
import { ANYTHING } from "../tool-schemas/domain.ts";
import { partOfFact } from "../values/facts.ts";
import { ANY, canBe, itemOf, kindText, ofType, ofTypeName, type Value } from "../values/values.ts";
import type { Checked, Finding } from "./findings.ts";
import type { ExpressionDeps } from "./scope.ts";

/** A member as it is written: `operand.name` or `operand[index]`. */
interface Member {
  readonly node: AstNode;
  readonly operand: AstNode;
  /** `undefined` where it is computed or a number. */
  readonly name: string | undefined;
  readonly index: AstNode | undefined;
}

interface MemberContext {
  readonly text: string;
  readonly facts: Narrowing;
  /** By has(): it may be missing. */
  readonly asked: boolean;
  /** What was found in the operand. */
  readonly findings: readonly Finding[];
}

/** Checks the reading of a member, given what its operand and its index come to. */
export function checkMember(
  { node, operand, name, index }: Member,
  { base, key }: { readonly base: Value; readonly key: Value },
  { text, facts, asked, findings: before }: MemberContext,
): Checked {
  const slice = ({ start, end }: AstNode): string => text.slice(start, end);
  const findings = [...before];
  if (index !== undefined && canBe(base, "list") && canBe(key, "int", "double")) {
    const map = base.kinds === undefined || base.kinds.has("map");
    return { value: map ? ANY : itemOf(base), findings };
  }
  if (!canBe(base, "map") || (index !== undefined && !canBe(key, "string"))) {
    const what = index === undefined ? `it has no field \`${name}\`` : `\`${slice(index)}\` is no key of it`;
    const message = `\`${slice(operand)}\` is ${kindText(base)}: ${what}.`;
    findings.push({ kind: "mistake", what: "type", start: node.start, message, hint: undefined });
    return { value: ANY, findings };
  }
  const { keys, says } = base.domain;
  if (keys !== undefined && name !== undefined) {
    const start = index?.start ?? node.end - name.length;
    findings.push({ kind: "compared", start });
    if (!keys.includes(name)) {
      const message = `\`${slice(operand)}\` never has ${JSON.stringify(name)}.`;
      findings.push({ kind: "mistake", what: "never", start, message, hint: says });
    }
  }
  const member = name === undefined ? undefined : base.members?.get(name);
  if (member !== undefined) return { value: member, findings };
  // What is read out of an item has no place, and a type all the same.
  if (base.place === undefined || name === undefined) {
    return { value: ofType(name === undefined ? undefined : base.type?.member(name).type, undefined), findings };
  }
  const place = memberPlace(base.place, name);
  if (base.type === undefined) return { value: ofType(undefined, place), findings };
  const { presence, type } = base.type.member(name);
  const written = slice(node);
  findings.push(named(base, base.type, place, { name, written, start: index?.start ?? node.end - name.length }));
  // A redaction counts where its condition cannot be evaluated: what is optional in a result may be left to that.
  if (
    !asked &&
    base.type.origin === "arguments" &&
    (presence === "optional" || presence === "absent") &&
    !facts.places.has(place)
  ) {
    const selected = selectionPath(node) !== undefined;
    const guard = selected ? `has(${written})` : `${JSON.stringify(name)} in ${slice(operand)}`;
    const missing = { place, written, guard, absent: presence === "absent" };
    // One mistake and one repair, however many steps of the selection may be missing.
    const above = findings.findIndex((it) => it.kind === "missing" && it.arguments.some((a) => a.place === base.place));
    const outer = findings[above];
    if (outer?.kind === "missing") findings[above] = { ...outer, arguments: [...outer.arguments, missing] };
    else findings.push({ kind: "missing", start: node.start, end: node.end, arguments: [missing] });
  }
  return { value: ofType(type, place), findings };
}

/** `"note" in args` names an argument as much as args.note does. `operand` is the map as it is written. */
export function checkNaming(node: AstNode, name: string, map: Value, operand: string): readonly Finding[] {
  if (map.type === undefined || map.place === undefined || !canBe(map, "map")) return [];
  const written = `${operand}.${name}`;
  return [named(map, map.type, memberPlace(map.place, name), { name, written, start: node.start })];
}

function named(
  map: Value,
  type: ArgumentType,
  place: string,
  at: { readonly name: string; readonly written: string; readonly start: number },
): Finding {
  const { presence } = type.member(at.name);
  const known = presence === "required" || presence === "optional" ? "known" : presence;
  // Of a value that need not be an object nothing is missed.
  const sure = map.kinds?.size === 1 ? known : known === "absent" ? "unknown" : known;
  return { kind: "named", place, presence: sure, names: type.names, origin: type.origin, ...at };
}

/** What a field of one of the variables that every condition has can be: `user.id`. */
export function recordField(
  record: RecordName,
  name: string,
  { facts, result }: Pick<ExpressionDeps, "facts" | "result">,
): Value {
  const fact = `${record}.${name}`;
  if (fact === "result.structured" && result !== undefined) return { ...ofType(result, record), fact };
  const value = { ...ofTypeName(fieldType(record, name) ?? "dyn"), domain: facts.get(fact) ?? ANYTHING, fact };
  return { ...value, item: value.item && partOfFact(value.item, `${fact}[]`, facts) };
}
