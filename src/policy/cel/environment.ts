import { type ASTNode, EvaluationError, type ParseResult, serialize } from "@marcbachmann/cel-js";
import { createPatterns } from "../patterns/patterns.ts";
import { countSteps, type Meter } from "../step-budget/count-steps.ts";
import { type EvaluationFailure, explainFailure, LimitExceeded } from "../step-budget/evaluation-failure.ts";
import { Work } from "../step-budget/work.ts";
import { type ArgumentPath, argumentPathsOf } from "../syntax/argument-paths.ts";
import { type AstNode, childrenOf, isNode, readParts, selectionPath, type TextPart } from "../syntax/ast.ts";
import type { ExpressionProblem } from "../syntax/expression-problem.ts";
import { applyRules, SAFE, typeName } from "../syntax/expression-rules.ts";
import { createToLocal } from "../syntax/timestamps.ts";
import { isRecordName, VARIABLES } from "../syntax/vocabulary.ts";
import { CallContext } from "./context.ts";
import { createEngine } from "./declarations.ts";
import { hintFor, isEngineError, sentence } from "./engine-error.ts";
import { type QuickCheck, quickCheckOf } from "./quick-check.ts";

/**
 * CEL as policies may use it. Only this file and `declarations.ts` know the engine, `@marcbachmann/cel-js` (pinned exactly,
 * because the rules read its tree); they are the place that closes what the engine leaves open:
 *
 * - names, types and functions are checked at load, `has()` included, and a condition that cannot be a bool is refused;
 * - `matches` is RE2 with literal patterns; `timestamp` is RFC 3339; time zones do not depend on this process;
 * - comprehensions nest at most twice, `split` is bounded, values beyond the limits of `json-values.ts` are errors;
 * - work is counted, and beyond the limits of `work/work.ts` every evaluation of a decision fails;
 * - evaluation never throws, and anything but exactly `true` or `false` is an error.
 *
 * Known to differ from the CEL specification, and harmless for arguments that are JSON: no overflow error for the
 * negation or division of the smallest integer, and timestamps have milliseconds.
 */
export interface PolicyLanguage {
  /** Compiles a condition: its value is `true`, `false` or a failure. */
  condition(text: string): CompiledText<Condition>;
  /** Compiles an expression of any type, for message templates. */
  expression(text: string): CompiledText<Expression>;
  /** Makes the patterns of a text before it is compiled, one in each step: each may take long. */
  prepare(text: string): Generator<void>;
  /** The parts of a text that compiles, each written as a text of its own; `undefined` for any other text. */
  parts(text: string): TextPart | undefined;
  /** The tree of a text as its author wrote it, for a text that compiles; `undefined` for one that is no expression. */
  tree(text: string): AstNode | undefined;
}

export type CompiledText<T> =
  | {
      readonly ok: true;
      readonly run: T;
      /** The variables and fields that it names, as `args`, `user.roles`. */
      readonly reads: ReadonlySet<string>;
      /** Places of the arguments that it reads. */
      readonly looksAt: readonly ArgumentPath[];
    }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

/** A compiled condition. @throws never */
export interface Condition {
  (context: object): boolean | EvaluationFailure;
  /** Tells of many calls that the condition is false, without evaluating it. */
  readonly quick: QuickCheck | undefined;
  /** Places of the arguments whose values it reads. */
  readonly values: readonly ArgumentPath[];
}

/** A compiled expression. @throws never */
export interface Expression {
  (context: object): { readonly value: unknown } | EvaluationFailure;
  /** Places of the arguments whose values it reads. */
  readonly values: readonly ArgumentPath[];
}

/** A compiled text that counts its work. */
interface Counted {
  readonly quick: QuickCheck | undefined;
  readonly values: readonly ArgumentPath[];
  /** @throws whatever the engine does, and LimitExceeded */
  run(context: object): unknown;
  /** What `run` has just thrown. @throws never */
  explain(error: unknown): EvaluationFailure;
}

/**
 * Makes the language of one policy set. Patterns live as long as it does.
 * Long because all that is done with a text shares one engine, its patterns and its meter.
 */
export function createPolicyLanguage(): PolicyLanguage {
  const patterns = createPatterns();
  const toLocal = createToLocal();
  const meter: Meter = { work: new Work() };
  const engine = createEngine(patterns.test, toLocal);

  function compile(text: string, wanted: "bool" | "any"): CompiledText<Counted> {
    let parsed: ParseResult;
    const reads = new Set<string>();
    let looksAt: readonly ArgumentPath[];
    try {
      parsed = engine.parse(text);
      addReads(parsed.ast, reads);
      looksAt = argumentPathsOf(parsed.ast);
      const problems = applyRules(parsed.ast, { toLocal, addPattern: patterns.add });
      if (problems.length > 0) return { ok: false, problems };
    } catch (error) {
      return { ok: false, problems: [describe(error, text)] };
    }
    const checked = parsed.check();
    if (!checked.valid) return { ok: false, problems: [describe(checked.error, text)] };
    if (wanted === "bool" && checked.type !== "bool" && checked.type !== "dyn") {
      const message = `A condition must be true or false; the type of this is ${typeName(checked.type ?? "unknown")}.`;
      return { ok: false, problems: [{ start: 0, end: text.length, message, hint: undefined }] };
    }
    return { ok: true, run: counted(parsed, text), reads, looksAt };
  }

  function patternsIn(text: string): ReadonlySet<string> {
    const found = new Set<string>();
    const addPattern = (pattern: string) => {
      found.add(pattern);
      return { ok: true } as const;
    };
    // Of a message its expressions.
    const texts = text.includes("{{") ? [...text.matchAll(/\{\{(.*?)\}\}/gs)].map(([, inner = ""]) => inner) : [text];
    for (const each of texts) {
      try {
        applyRules(engine.parse(each.trim()).ast, { toLocal, addPattern });
      } catch {
        // Whoever compiles it will say what is wrong.
      }
    }
    return found;
  }

  function counted(parsed: ParseResult, text: string): Counted {
    const steps = countSteps(parsed.ast, meter, text.length, patterns.weight);
    return {
      quick: quickCheckOf(parsed.ast),
      values: argumentPathsOf(parsed.ast, "values"),
      run(context) {
        const work = context instanceof CallContext ? context.work : new Work();
        meter.work = work;
        work.begin();
        work.spend(steps.once);
        const value: unknown = parsed(context);
        // The engine swallows what is thrown where it does not need to know: false and an error is false.
        if (work.excess !== undefined) throw new LimitExceeded(work.excess);
        return value;
      },
      explain(error) {
        const { work } = meter;
        work.note(steps.error);
        if (work.excess !== undefined) return { error: work.excess };
        return explainFailure(error, error instanceof EvaluationError ? error : undefined);
      },
    };
  }

  function functionNames(): readonly string[] {
    const names = new Set(engine.getDefinitions().functions.map(({ name }) => name));
    return [...names].filter((name) => !name.startsWith(SAFE));
  }

  function describe(error: unknown, text: string): ExpressionProblem {
    // Not an error of the engine's own: the text is too large for its recursion.
    if (!isEngineError(error)) {
      return { start: 0, end: text.length, message: "This is too long or too deeply nested.", hint: undefined };
    }
    const { start, end } = error.range ?? { start: 0, end: 0 };
    return { start, end, message: sentence(error.summary), hint: hintFor(error, text, functionNames()) };
  }

  return {
    condition(text) {
      const compiled = compile(text, "bool");
      if (!compiled.ok) return compiled;
      const { run: counted, reads, looksAt } = compiled;
      const condition = (context: object): boolean | EvaluationFailure => {
        const spent = excessOf(context);
        if (spent !== undefined) return { error: spent };
        try {
          const value = counted.run(context);
          return value === true || value === false ? value : { error: "its value is neither true nor false" };
        } catch (error) {
          return counted.explain(error);
        }
      };
      const { quick, values } = counted;
      return { ok: true, reads, looksAt, run: Object.assign(condition, { quick, values }) };
    },
    expression(text) {
      const compiled = compile(text, "any");
      if (!compiled.ok) return compiled;
      const { run: counted, reads, looksAt } = compiled;
      const expression = (context: object): { readonly value: unknown } | EvaluationFailure => {
        const spent = excessOf(context);
        if (spent !== undefined) return { error: spent };
        try {
          return { value: counted.run(context) };
        } catch (error) {
          return counted.explain(error);
        }
      };
      return { ok: true, reads, looksAt, run: Object.assign(expression, { values: counted.values }) };
    },
    *prepare(text) {
      if (!text.includes("matches")) return;
      for (const pattern of patternsIn(text)) {
        patterns.add(pattern);
        yield;
      }
    },
    parts(text) {
      if (!compile(text, "any").ok) return undefined;
      // Parsed anew: compiling has pointed calls to functions that no text can name.
      return readParts(engine.parse(text).ast, (node) => (isEngineNode(node) ? serialize(node) : ""));
    },
    tree(text) {
      try {
        return engine.parse(text).ast;
      } catch (error) {
        if (isEngineError(error)) return undefined;
        throw error;
      }
    },
  };
}

// After everything was spent no condition is begun: making thousands of errors takes its time, too.
function excessOf(context: object): string | undefined {
  return context instanceof CallContext ? context.work.excessOfDecision : undefined;
}

// A variable of a comprehension cannot have the name of one of these, so that names are enough.
function addReads(node: AstNode, reads: Set<string>): void {
  const path = selectionPath(node);
  const [root, field] = path ?? [];
  if (root !== undefined) {
    if (VARIABLES.includes(root)) reads.add(isRecordName(root) && field !== undefined ? `${root}.${field}` : root);
    return;
  }
  for (const child of childrenOf(node)) addReads(child, reads);
}

function isEngineNode(node: AstNode): node is ASTNode {
  return isNode(node);
}
