import { fold } from "../../core/fold.ts";
import { asciiDomain, readMailbox } from "../../core/mailbox.ts";
import { type AstNode, childrenOf, readCall, stringLiteral } from "./ast.ts";
import type { ExpressionProblem } from "./expression-problem.ts";
import { readStep } from "./guards.ts";

/*
 * `user.email` is in lower case, its domain in ASCII. A comparison with any other spelling never holds, so that a refusal
 * would refuse nobody: what is plainly one does not load. What is written in more steps, the checks find.
 */

type Where = "whole" | "start" | "end" | "anywhere";

/** How an address, or a part of one, is spelt in `user.email`. */
export function addressSpelling(text: string, where: Where): string {
  const at = text.lastIndexOf("@") + 1;
  const [local, rest] = [text.slice(0, at), text.slice(at)];
  // Elsewhere the last label may be cut off, or be of the local part.
  const domain = where === "end" || (where === "whole" && at > 0) ? asciiDomain(rest) : "";
  return fold(local) + (domain === "" ? fold(rest) : domain);
}

/** Whether `user.email` can be this very text. */
export function isAddressAsSeen(text: string): boolean {
  return readMailbox(text)?.address === text;
}

const TESTS: Readonly<Record<string, Where>> = { startsWith: "start", endsWith: "end", contains: "anywhere" };

/** Comparisons of `user.email`, right at this node, with what is spelt as it never is. */
export function misspeltAddresses(node: AstNode): readonly ExpressionProblem[] {
  const [left, right] = childrenOf(node);
  if (left === undefined || right === undefined) return [];
  if (node.op === "==" || node.op === "!=") {
    return isEmail(left) ? misspelt(right, "whole") : isEmail(right) ? misspelt(left, "whole") : [];
  }
  if (node.op === "in" && right.op === "list" && isEmail(left)) {
    const items = childrenOf(right);
    const texts = new Set(items.map(stringLiteral));
    // Who listed both spellings loses nothing.
    const alone = items.filter((item) => !texts.has(addressSpelling(stringLiteral(item) ?? "", "whole")));
    return alone.flatMap((item) => misspelt(item, "whole"));
  }
  const call = readCall(node);
  const [argument] = call?.args ?? [];
  if (call?.receiver === undefined || argument === undefined || !isEmail(call.receiver)) return [];
  if (call.name === "matches") return misspeltPattern(argument);
  const where = Object.hasOwn(TESTS, call.name) ? TESTS[call.name] : undefined;
  return where === undefined ? [] : misspelt(argument, where);
}

function isEmail(node: AstNode): boolean {
  const step = readStep(node);
  return step?.name === "email" && step.operand.op === "id" && step.operand.args === "user";
}

const SPELLING = "Conditions see addresses in lower case, the domain in ASCII:";

function misspelt(node: AstNode, where: Where): readonly ExpressionProblem[] {
  const text = stringLiteral(node);
  const right = text === undefined ? undefined : addressSpelling(text, where);
  if (text === undefined || right === undefined || right === text) return [];
  const { start, end } = node;
  const message = `\`user.email\` is never spelt as in ${JSON.stringify(text)}.`;
  return [{ start, end, message, hint: `${SPELLING} write ${JSON.stringify(right)}.` }];
}

/** Of a pattern what stands for a class, or for a character that is written otherwise. */
const NO_LETTERS = /\\[pP](?:\{[^}]*\}|.)|\\x\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?P?<[^>]*>/gs;

function misspeltPattern(node: AstNode): readonly ExpressionProblem[] {
  const pattern = stringLiteral(node) ?? "";
  if (/\(\?[a-zA-Z]*i/.test(pattern) || !/\p{Lu}/u.test(pattern.replaceAll(NO_LETTERS, ""))) return [];
  const { start, end } = node;
  const message = "`user.email` never has the capitals of this pattern.";
  return [{ start, end, message, hint: `${SPELLING} write the pattern so.` }];
}
