import { EFFECTS, type Effect } from "../../core/decision.ts";
import { isObject } from "../../core/json.ts";
import type { PolicyLanguage } from "../cel/environment.ts";
import type { DocumentPath } from "../file/document.ts";
import type { PolicyEntry } from "../file/schema.ts";
import { type AstNode, childrenOf } from "../syntax/ast.ts";
import { comparedPlace, readStep } from "../syntax/guards.ts";

/** One CEL text of a policy that compiles. */
export interface CheckedText {
  /** Of the scalar that it stands in. */
  readonly path: DocumentPath;
  /** Where it starts in the scalar. */
  readonly offset: number;
  readonly text: string;
  readonly root: AstNode;
  /** In a message, where a value that cannot be had is only not shown. */
  readonly shown: boolean;
  /** Its value must be a number. */
  readonly isCost: boolean;
}

/** The texts of one policy: the condition and what is evaluated after it came out as true. */
export interface PolicyTexts {
  readonly effect: Effect;
  readonly when: CheckedText | undefined;
  readonly others: readonly CheckedText[];
  /** It writes arguments, though it may read none. */
  readonly writes: boolean;
}

/** Finds every CEL text of a policy that compiles. `path` is the policy's own. */
export function textsOf(entry: PolicyEntry, path: DocumentPath, language: PolicyLanguage): PolicyTexts {
  const found = (text: string, at: DocumentPath, more?: Partial<CheckedText>): readonly CheckedText[] => {
    const root = language.tree(text);
    return root === undefined ? [] : [{ path: at, offset: 0, text, root, shown: false, isCost: false, ...more }];
  };
  const [when] = entry.when === undefined ? [] : found(entry.when, [...path, "when"]);
  const others: CheckedText[] = [];
  let given: Effect = "deny";
  for (const effect of EFFECTS) {
    const settings: unknown = entry.then[effect];
    if (!isObject(settings)) continue;
    given = effect;
    for (const [part, written] of Object.entries(effect === "transform" ? settings : {})) {
      const set = isObject(written) && isObject(written["set"]) ? written["set"] : {};
      for (const [name, text] of Object.entries(set)) {
        if (typeof text === "string") others.push(...found(text, [...path, "then", effect, part, "set", name]));
      }
    }
    for (const [name, value] of Object.entries(settings)) {
      if (typeof value !== "string") continue;
      const at = [...path, "then", effect, name];
      if (name === "key") others.push(...found(value, at));
      if (name === "cost") others.push(...found(value, at, { isCost: true }));
      if (name !== "message") continue;
      for (const { text, offset } of insertionsOf(value)) others.push(...found(text, at, { offset, shown: true }));
    }
  }
  return { effect: given, when, others, writes: entry.then.transform?.arguments !== undefined };
}

/** The variables that decide what a policy with these texts is about; see `decide/scope.ts`. */
export function scopeNamesOf({ when, others, writes }: PolicyTexts): ReadonlySet<string> {
  const names = new Set<string>(writes ? ["args"] : []);
  const add = (node: AstNode): void => {
    if (node.op === "id" && typeof node.args === "string") names.add(node.args);
    for (const child of childrenOf(node)) add(child);
  };
  for (const text of when === undefined ? others : [when, ...others]) if (!text.shown) add(text.root);
  return names;
}

/** The expressions between `{{` and `}}`, and where each starts. */
function insertionsOf(message: string): readonly { readonly text: string; readonly offset: number }[] {
  return [...message.matchAll(/\{\{(.*?)\}\}/gs)].map(({ index, 1: inner = "" }) => ({
    text: inner.trim(),
    offset: index + 2 + (inner.length - inner.trimStart().length),
  }));
}

/** What texts depend on besides themselves. */
export interface Dependencies {
  /** Names of arguments that they read; `undefined` if they look at the arguments as a whole. */
  readonly names: readonly string[] | undefined;
  /** They read `tool`. */
  readonly tool: boolean;
  /** They read `result`. */
  readonly result: boolean;
}

/** What these texts depend on. */
export function dependenciesOf(texts: readonly CheckedText[]): Dependencies {
  const names = new Set<string>();
  const seen = { whole: false, tool: false, result: false };
  for (const { root } of texts) collect(root, names, seen);
  return { names: seen.whole ? undefined : [...names].sort(), tool: seen.tool, result: seen.result };
}

const ROOTS = new Map([["args", "args"]]);

function collect(node: AstNode, names: Set<string>, seen: { whole: boolean; tool: boolean; result: boolean }): void {
  if (node.op === "id") {
    seen.whole ||= node.args === "args";
    seen.tool ||= node.args === "tool";
    seen.result ||= node.args === "result";
    return;
  }
  const step = readStep(node);
  if (step?.name !== undefined && comparedPlace(step.operand, ROOTS) === "args") {
    names.add(step.name);
    return;
  }
  for (const child of childrenOf(node)) collect(child, names, seen);
}
