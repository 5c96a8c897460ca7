import { allows, type Effect } from "../../core/decision.ts";
import { refusalText } from "../../core/errors.ts";
import { canonicalJson, type Json, type JsonObject } from "../../core/json.ts";
import { suggest } from "../../core/suggest.ts";
import { createAnswers, type PolicyAnswer, sentBy } from "../answer.ts";
import { compilePolicies } from "../compile/compile.ts";
import type { CompileOptions } from "../compile/entries.ts";
import { createInputSchemas } from "../input-schemas/input-schemas.ts";
import type { PolicyError, PolicyFile, PolicyInput, PolicySet } from "../policy-set.ts";
import { didYouMean } from "../syntax/expression-rules.ts";
import { type AnswerSources, consultGiven, guardGiven } from "./given-answers.ts";
import { givenSubject, inputOfCall } from "./given-call.ts";
import { type ResultOutcome, resultOutcome } from "./given-result.ts";
import { type ReadyTests, readTests } from "./read.ts";
import { definitionIn, type PolicyTestCase, REFUSED } from "./schema.ts";

/** One way in which a decision is not what a test expects. */
export interface Difference {
  readonly what: "effect" | "policies" | "shadow" | "listed" | "limits" | "result" | "arguments" | "message";
  readonly expected: string;
  readonly actual: string;
}

/** A test that ran. */
export interface TestResult {
  readonly name: string;
  readonly line: number;
  readonly effect: Effect | typeof REFUSED;
  /** The policies that matched and applied. */
  readonly policies: readonly string[];
  /** Empty for a test that passed. */
  readonly differences: readonly Difference[];
}

/** The tests of one file, in its order. */
export interface TestFileResult {
  readonly file: string;
  readonly tests: readonly TestResult[];
}

export type TestRun =
  | {
      readonly ok: true;
      readonly files: readonly TestFileResult[];
      /** Enabled policies that matched in no test, in file order. */
      readonly untested: readonly string[];
    }
  /** Mistakes in policies or tests: nothing ran. */
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

export interface TestRunInput {
  readonly policies: readonly PolicyFile[];
  readonly tests: readonly PolicyFile[];
  readonly default: "allow" | "deny";
  readonly levels?: CompileOptions["levels"];
  readonly flows: readonly string[] | undefined;
  readonly decisionPoints?: readonly string[] | undefined;
  readonly guards?: readonly string[] | undefined;
}

/** Runs files of tests against policies. Pure. @throws never for what stands in the files */
export function runPolicyTests(input: TestRunInput): TestRun {
  const { policies, default: fallback, levels, flows, decisionPoints, guards } = input;
  const known = { levels, flows, decisionPoints, guards };
  const whole = compilePolicies(policies, { default: fallback, ...known });
  if (!whole.ok) return whole;

  const errors: PolicyError[] = [];
  const files: TestFileResult[] = [];
  const matched = new Set<string>();
  const answers = createAnswers();
  const inputSchemas = createInputSchemas();
  const names = policies.map(({ name }) => name);
  for (const file of input.tests) {
    const read = readTests(file, names);
    if (!read.ok) {
      errors.push(...read.errors);
      continue;
    }
    const { content, policyFiles } = read.tests;
    const chosen = policyFiles === undefined ? policies : policies.filter(({ name }) => policyFiles.includes(name));
    const compiled = compilePolicies(chosen, { default: content.default ?? fallback, ...known });
    if (!compiled.ok) return compiled;
    const unknown = unknownPolicies(read.tests, compiled.set);
    errors.push(...unknown);
    if (unknown.length > 0) continue;
    const tests = content.tests.map((test, index) => {
      const subject = givenSubject(test.given);
      const call = inputOfCall(test.given, subject && definitionIn(content, subject));
      const { line, column } = read.tests.locate(["tests", index]);
      const decided = decideCase(compiled.set, test, call, { answers, inputSchemas });
      const { answer, sent, outcome } = decided;
      for (const [by, can] of decided.unanswered) {
        const hint = `given: { answers: { ${by}: … } }, with ${can}.`;
        errors.push({ file: file.name, line, column, message: `Say what \`${by}\` answers.`, hint });
      }
      const all = [answer.decision, outcome].flatMap((it) => [...it.matched, ...(it.unapplied ?? [])]);
      for (const { policy } of all) matched.add(policy);
      return resultOf(test, line, answer, { ...outcome, sent: sent.arguments });
    });
    files.push({ file: file.name, tests });
  }
  if (errors.length > 0) return { ok: false, errors };
  const untested = whole.set.policies.filter(({ id, enabled }) => enabled && !matched.has(id)).map(({ id }) => id);
  return { ok: true, files, untested };
}

/** What a test's request comes to, with the answers that it gives. `unanswered`: of whom it gives none, and what they could answer. */
function decideCase(
  set: PolicySet,
  { given }: PolicyTestCase,
  call: PolicyInput,
  deps: Pick<AnswerSources, "answers" | "inputSchemas">,
) {
  const unanswered = new Map<string, string>();
  const sources: AnswerSources = { ...deps, given: given.answers, unanswered: (by, hint) => unanswered.set(by, hint) };
  const first = deps.answers.ofGiven(set, call);
  const answer = consultGiven(set, { ...first, input: sentBy(first, call) }, sources);
  const sent = answer.input;
  const looking = allows(answer.decision) ? (answer.decision.guards ?? []) : [];
  const result = given.result && guardGiven(looking, given.result, sources);
  return { answer, sent, unanswered, outcome: resultOutcome(set, sent, result, given.result) };
}

function resultOf(
  test: PolicyTestCase,
  line: number,
  answer: PolicyAnswer,
  outcome: ResultOutcome & { readonly sent: JsonObject },
): TestResult {
  const { decision, refusal } = answer;
  const { sent } = outcome;
  const effect = refusal === undefined ? decision.effect : REFUSED;
  const policies = [...decision.matched, ...outcome.matched].map(({ policy }) => policy);
  const differences: Difference[] = [];
  const compare = (what: Difference["what"], expected: string, actual: string): void => {
    if (expected !== actual) differences.push({ what, expected, actual });
  };
  const { expect } = test;
  compare("effect", expect.effect, refusal && expect.effect !== effect ? `${effect}: ${refusalText(refusal)}` : effect);
  if (expect.policies !== undefined) compare("policies", listOf(expect.policies), listOf(policies));
  if (expect.shadow !== undefined) {
    const unapplied = [...(decision.unapplied ?? []), ...(outcome.unapplied ?? [])];
    const shadow = unapplied.filter(({ mode }) => mode === "shadow").map(({ policy }) => policy);
    compare("shadow", listOf(expect.shadow), listOf(shadow));
  }
  if (expect.listed !== undefined) compare("listed", String(expect.listed), String(decision.hidden !== true));
  if (expect.limits !== undefined) {
    // What is refused draws on nothing.
    const actual = (refusal === undefined ? decision.limits : undefined) ?? [];
    // A cost that a test leaves out is not compared.
    const wanted = expect.limits.map(({ policy, cost }, at) => limitText(policy, cost ?? actual[at]?.cost));
    const drawn = actual.map(({ policy, cost }) => limitText(policy, cost));
    compare("limits", wanted.join(", ") || "none", drawn.join(", ") || "none");
  }
  if (expect.arguments !== undefined) compare("arguments", canonicalJson(expect.arguments), canonicalJson(sent));
  for (const part of ["structured", "text"] as const) {
    const wanted: Json | undefined = expect.result?.[part];
    if (wanted !== undefined) compare("result", canonicalJson(wanted), canonicalJson(outcome[part] ?? null));
  }
  if (expect.message !== undefined) {
    const decided = decision.effect === "allow" ? "" : decision.message;
    const message = refusal === undefined ? decided : refusalText(refusal);
    if (!message.includes(expect.message)) {
      differences.push({ what: "message", expected: `… ${expect.message} …`, actual: message || "none" });
    }
  }
  return { name: test.name, line, effect, policies, differences };
}

function limitText(policy: string, cost: number | undefined): string {
  return `${policy} (${cost ?? "any cost"})`;
}

function listOf(ids: readonly string[]): string {
  return ids.length === 0 ? "none" : [...new Set(ids)].sort().join(", ");
}

// A misspelt id would pass wherever no policy is expected to match under it.
function unknownPolicies(tests: ReadyTests, set: PolicySet): readonly PolicyError[] {
  const ids = set.policies.map(({ id }) => id);
  return tests.content.tests.flatMap(({ expect }, index) =>
    (["policies", "shadow"] as const).flatMap((key) =>
      (expect[key] ?? []).flatMap((id, at): PolicyError[] => {
        if (ids.includes(id)) return [];
        const place = tests.locate(["tests", index, "expect", key, at]);
        const hint = didYouMean(suggest(id, ids)) ?? "Is its file among those that this file names under `files`?";
        return [{ file: tests.file, ...place, message: `There is no policy \`${id}\`.`, hint }];
      }),
    ),
  );
}
