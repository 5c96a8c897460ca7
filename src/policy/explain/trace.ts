import type { PolicyLanguage } from "../cel/environment.ts";
import { quoteValue } from "../cel/template.ts";
import type { TextPart } from "../syntax/ast.ts";

/** What an expression came to for one call, and through which of its parts. */
export interface Trace {
  /** The expression in CEL, evenly spaced. */
  readonly text: string;
  /** Its value, short; absent if it has none. */
  readonly value?: string;
  /** Why it has no value. */
  readonly error?: string;
  /** The parts that decided, each with its own. */
  readonly because: readonly Trace[];
}

type Result = { readonly value: unknown } | { readonly error: string };

interface Evaluated {
  readonly trace: Trace;
  readonly result: Result;
}

/**
 * Evaluates a condition part by part. Of `a && b` that is false only the false parts are told, of `a || b` that is true
 * only the true ones, of a failure only what failed. `mayGoOn` is asked before a part is taken apart: where it says no,
 * its value stands alone. `undefined` if the text does not compile. @throws never
 */
export function traceCondition(
  text: string,
  language: PolicyLanguage,
  context: object,
  mayGoOn: () => boolean = () => true,
): Trace | undefined {
  const part = language.parts(text);
  return part && evaluate(part, { language, context, mayGoOn }).trace;
}

interface Tracing {
  readonly language: PolicyLanguage;
  readonly context: object;
  readonly mayGoOn: () => boolean;
}

function evaluate(part: TextPart, tracing: Tracing): Evaluated {
  const result = run(part.text, tracing);
  const because = tracing.mayGoOn() ? decisive(part, result, tracing).map(({ trace }) => trace) : [];
  const told = "error" in result ? { error: result.error } : { value: quoteValue(result.value) };
  return { trace: { text: part.text, ...told, because }, result };
}

function run(text: string, { language, context }: Tracing): Result {
  const compiled = language.expression(text);
  return compiled.ok ? compiled.run(context) : { error: "cannot be evaluated by itself" };
}

function decisive(part: TextPart, result: Result, tracing: Tracing): readonly Evaluated[] {
  const each = (parts: readonly TextPart[]): readonly Evaluated[] =>
    parts.filter(({ kind }) => kind !== "literal").map((it) => evaluate(it, tracing));
  switch (part.kind) {
    case "and":
    case "or": {
      const operands = each(flatten(part, part.kind));
      if ("error" in result) return operands.filter((it) => "error" in it.result);
      const absorbing = part.kind === "or";
      if (result.value !== absorbing) return operands;
      return operands.filter((it) => "value" in it.result && it.result.value === absorbing);
    }
    case "choice": {
      const [condition, yes, no] = part.parts;
      if (condition === undefined || yes === undefined || no === undefined) return [];
      const asked = evaluate(condition, tracing);
      if ("error" in asked.result) return [asked];
      return [asked, ...each([asked.result.value === true ? yes : no])];
    }
    case "literal":
    case "selection":
      return [];
    case "not":
    case "other":
      return each(part.parts);
    default:
      return part.kind satisfies never;
  }
}

// `a && b && c` is one list to its author.
function flatten(part: TextPart, kind: "and" | "or"): readonly TextPart[] {
  return part.parts.flatMap((it) => (it.kind === kind ? flatten(it, kind) : [it]));
}
