import { compileGlobs } from "../core/glob.ts";
import type { Standing } from "../core/standing.ts";
import { type AstNode, childrenOf, stringLiteral } from "./ast.ts";
import { readStep } from "./check-guards.ts";
import type { CheckedPolicy } from "./check-policies.ts";
import type { TargetProblem } from "./check-targets.ts";

/** An issuer that does not speak for the company, with the names that it may give. */
export interface FurtherIssuer extends Pick<Standing, "roles" | "groups" | "scopes"> {
  readonly issuer: string;
}

/** Names that begin with the issuer where that is not the first one. */
const QUALIFIED = new Set(["user.id", "client.id"]);
/** Lists of names that a further issuer gives as far as the configuration lets it. */
const GIVEN = { "user.roles": "roles", "user.groups": "groups", "user.scopes": "scopes" } as const;

/**
 * Warns of a condition that restricts by a name that some issuer's people never have: `user.id == "bob"` is not the bob of
 * a partner, and a role that the partner may not give is dropped, so that the refusal lets them pass. What is negated
 * stops them, and is not looked at.
 */
export function checkNamesakes(
  { texts, entry }: Pick<CheckedPolicy, "texts" | "entry">,
  further: readonly FurtherIssuer[] = [],
): readonly TargetProblem[] {
  const { when, effect } = texts;
  if (when === undefined || effect === "allow" || entry.mode === "shadow" || further.length === 0) return [];
  const compared = comparedIn(when.root, true);
  // Who writes the issuer, too, has thought of it.
  if (compared.some(({ fact }) => fact === "user.issuer")) return [];
  for (const { fact, name } of compared) {
    const missed = further.filter((issuer) => misses(fact, name, issuer, compared)).map(({ issuer }) => issuer);
    if (missed.length === 0) continue;
    const what = `\`${fact}\` and ${JSON.stringify(name)}`;
    const message = `This goes by ${what}, which never fits people of ${missed.join(", ")}: they pass.`;
    return [{ severity: "warning", path: when.path, message, hint: hintFor(fact, name, missed[0] ?? "") }];
  }
  return [];
}

interface Compared {
  readonly fact: string;
  readonly name: string;
}

function misses(fact: string, name: string, issuer: FurtherIssuer, all: readonly Compared[]): boolean {
  if (QUALIFIED.has(fact)) {
    const own = `${issuer.issuer}|${name}`;
    return !name.includes("|") && !all.some((other) => other.fact === fact && other.name === own);
  }
  const list = Object.entries(GIVEN).find(([known]) => known === fact)?.[1];
  return list !== undefined && !compileGlobs(issuer[list])(name);
}

function hintFor(fact: string, name: string, issuer: string): string {
  if (fact === "user.id")
    return `Name the user in the target (users), which fits any issuer's, or ask for "${issuer}|${name}", too.`;
  if (fact === "client.id")
    return `Name the client in the target (clients), which fits any issuer's, or ask for "${issuer}|${name}", too.`;
  return `Let the issuer give it (${fact.slice("user.".length)} in auth.jwt), or ask for user.issuer, too.`;
}

/** What facts are compared with where the comparison being true makes the condition true. */
function comparedIn(node: AstNode, positive: boolean): readonly Compared[] {
  const children = childrenOf(node);
  if (node.op === "!_") return children.flatMap((child) => comparedIn(child, !positive));
  const [left, right] = children;
  if (left !== undefined && right !== undefined && (node.op === "==" || node.op === "!=")) {
    const found = [...namedBy(left, right), ...namedBy(right, left)];
    // Who asks for the issuer in whichever way tells them apart.
    if ((node.op === "==") === positive || found.some(({ fact }) => fact === "user.issuer")) return found;
    return [];
  }
  if (left !== undefined && right !== undefined && node.op === "in") {
    if (!positive) return [];
    return right.op === "list" ? childrenOf(right).flatMap((item) => namedBy(left, item)) : namedBy(right, left);
  }
  return children.flatMap((child) => comparedIn(child, positive));
}

function namedBy(fact: AstNode, value: AstNode): readonly Compared[] {
  const step = readStep(fact);
  const of = step?.operand.op === "id" ? step.operand.args : undefined;
  const name = stringLiteral(value);
  return name === undefined || step?.name === undefined || typeof of !== "string"
    ? []
    : [{ fact: `${of}.${step.name}`, name }];
}
