import type { AstCall, AstNode } from "../syntax/ast.ts";
import { ANY, itemOf, type Value } from "../values/values.ts";
import type { Checked, Finding } from "./findings.ts";
import { callMistake, checkCall } from "./functions.ts";
import { checkTextTest, domainOfCall, itemOfCall } from "./methods.ts";

/** What a function or method is given, and what it is called on. */
export interface CallDeps {
  readonly target: Value | undefined;
  readonly given: readonly Value[];
  /** The text that the call stands in. */
  readonly text: string;
  /** Whether a text fits a pattern; `undefined` for a pattern that cannot be used. */
  matches(pattern: string, text: string): boolean | undefined;
}

/** Checks a call of a function or method all arguments of which are evaluated, for what it makes of them. */
export function checkCallWith(node: AstNode, call: AstCall, { target, given, text, matches }: CallDeps): Checked {
  const { name } = call;
  const items = target === undefined ? ANY : itemOf(target);
  const checked = checkCall(name, target, given, items);
  const returns = checked.returns ?? ANY;
  const item = itemOfCall(name, target, given) ?? returns.item;
  return {
    value: { ...returns, item, domain: domainOfCall(name, target, given[0]) },
    findings: [
      ...(checked.ok ? [] : [callMistake(node, call, checked, { target, given, items, text })]),
      ...dayFindings(node, call, given, text),
      ...checkTextTest(node, call, target, given[0], { text, matches }),
    ],
  };
}

/** A day by the schema, which is no time. */
function dayFindings(
  node: AstNode,
  { name, args }: AstCall,
  [day]: readonly Value[],
  text: string,
): readonly Finding[] {
  if (name !== "timestamp" || day?.type?.format !== "date") return [];
  const { start, end } = args[0] ?? node;
  const written = text.slice(start, end);
  const message = `\`${written}\` is a day by the tool's schema, and timestamp() takes a time of it, too.`;
  const hint = `Write \`timestamp(${written} + "T00:00:00Z")\`.`;
  return [
    { kind: "compared", start },
    { kind: "mistake", what: "doubtful", start, message, hint, proposes: true },
  ];
}
