import { type AstNode, childrenOf, readCall } from "../syntax/ast.ts";
import type { Read } from "../values/reads.ts";
import type { Finding } from "./findings.ts";

const TESTS = new Set(["startsWith", "endsWith", "contains", "matches"]);

/** Whether a part tests the text that it reads as it stands: what is taken out of an address may be tested part by part. */
export function isTestOf(node: AstNode, of: AstNode | undefined): boolean {
  const call = readCall(node);
  return call !== undefined && of !== undefined && call.receiver === of && TESTS.has(call.name);
}

/** An IP address that is compared by the order of texts. */
export function checkOrderOfIps(node: AstNode, only: AstNode | undefined, { written }: Read): readonly Finding[] {
  const { op, start } = node;
  if (only === undefined || !["<", "<=", ">", ">="].includes(op) || !childrenOf(node).includes(only)) return [];
  const message = `\`${written}\` is compared letter by letter: 10.0.0.9 comes after 10.0.0.255, and 9.0.0.1 after 10.0.0.1.`;
  const hint = 'Name the network by its start, in whole parts, as `startsWith("10.1.")`; there is no test of ranges.';
  return [{ kind: "mistake", what: "doubtful", start, message, hint }];
}
