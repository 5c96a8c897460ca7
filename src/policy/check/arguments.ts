import { readSubjectFacts, type SubjectFacts } from "../cel/context.ts";
import type { PolicyLanguage } from "../cel/environment.ts";
import { checkCondition, checkCost, checkExpression, guardsOfText } from "../expressions/expression.ts";
import { type Finding, reportedPlaces } from "../expressions/findings.ts";
import type { ExpressionDeps } from "../expressions/scope.ts";
import { type KnownTool, pathOf } from "../known-tool.ts";
import { createPatterns } from "../patterns/patterns.ts";
import { both, type GuardCache, type Narrowing, NO_FACTS, withPlaces } from "../syntax/guards.ts";
import { type FactTable, factsOfTools } from "../values/facts.ts";
import { canBe, kindText } from "../values/values.ts";
import { createConstants } from "./constants.ts";
import { createPatternTest, type KnownSchemas } from "./known-schemas.ts";
import { type Problem, reportFindings, type ToolFindings } from "./report.ts";
import { type CheckedText, type Dependencies, dependenciesOf, type PolicyTexts } from "./texts.ts";
import { createTrial } from "./trial.ts";

/** The mistakes of one text. */
export interface TextProblems {
  readonly text: CheckedText;
  readonly problems: readonly Problem[];
}

/**
 * Checks the texts of one policy against the tools that it is about, by their indices. `others`: it may be about tools
 * that are not known, too; `narrower`: what facts can be where its target fits. @throws never
 */
export type ArgumentTypeCheck = (
  texts: PolicyTexts,
  tools: readonly number[],
  others: boolean,
  narrower: FactTable,
) => readonly TextProblems[];

// Steps for one policy and one tool. Far more than any condition takes that a person has written.
const MAX_STEPS = 50_000;

const TOO_INTRICATE: Problem = {
  start: 0,
  severity: "warning",
  message: "This is too intricate to be checked against the tools in full.",
  hint: "Split the condition up.",
};

/**
 * Makes the check of arguments. Tools that say the same of the arguments that a policy reads are looked at once, so that
 * thousands of policies over a thousand tools take seconds.
 */
export function createArgumentTypeCheck(
  known: readonly KnownTool[],
  schemas: KnownSchemas,
  language: PolicyLanguage,
  calls: FactTable,
): ArgumentTypeCheck {
  const matches = createPatternTest(createPatterns());
  const facts = new Map<number, SubjectFacts>();
  const paths = known.map(pathOf);

  function groupsOf(needs: Dependencies, tools: readonly number[]): readonly (readonly number[])[] {
    const groups = new Map<string, number[]>();
    for (const index of tools) {
      const key = needs.tool ? `${index}` : schemas.signatureOf(index, needs);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [index]);
      else group.push(index);
    }
    return [...groups.values()];
  }

  function toolFacts(index: number, { upstream, name, definition }: KnownTool): SubjectFacts {
    const read = facts.get(index) ?? readSubjectFacts({ kind: "tool", upstream, name, definition });
    facts.set(index, read);
    return read;
  }

  const trial = createTrial(language);
  const compiles = (text: string): boolean => language.condition(text).ok;

  // What does not depend on the single tool is said once, and also where no tool is known.
  function checkFacts(
    when: CheckedText | undefined,
    others: readonly CheckedText[],
    facts: FactTable,
    argumentsLater: boolean,
  ) {
    const deps: ExpressionDeps = {
      args: undefined,
      result: undefined,
      constant: () => undefined,
      guards: new Map(),
      facts,
      matches,
      trial,
      argumentsLater,
      budget: { left: MAX_STEPS },
    };
    return new Map(checkTexts(when, others, deps));
  }

  return ({ when, others, effect }, tools, mayBeOthers, narrower) => {
    const all = when === undefined ? others : [when, ...others];
    const dependencies = dependenciesOf(all);
    const about = dependencies.tool && !mayBeOthers ? tools.flatMap((index) => known[index] ?? []) : [];
    const facts = new Map([...calls, ...narrower, ...(about.length === 0 ? [] : factsOfTools(about))]);
    const general = checkFacts(when, others, facts, tools.length > 0);
    // What reads no tool and no arguments is looked at once only.
    const needed = dependencies.tool || dependencies.result || dependencies.names?.length !== 0;
    // What a tool gives that does not say so may be anything.
    const saysResults =
      dependencies.result && !mayBeOthers && tools.every((index) => schemas.resultOf(index) !== undefined);
    const found = new Map<CheckedText, ToolFindings[]>(all.map((text) => [text, []]));
    const constants = createConstants(all, language);
    let guards: GuardCache = new Map();
    let complete = true;
    for (const group of needed ? groupsOf(dependencies, tools) : []) {
      const [first] = group;
      const tool = first === undefined ? undefined : known[first];
      if (first === undefined || tool === undefined) continue;
      if (dependencies.tool) guards = new Map();
      const context = { tool: dependencies.tool ? toolFacts(first, tool).tool : undefined };
      const deps: ExpressionDeps = {
        args: schemas.argumentsOf(first),
        result: saysResults ? schemas.resultOf(first) : undefined,
        constant: (node) => (dependencies.tool ? constants(node, context) : undefined),
        guards,
        facts: NO_FACT,
        matches,
        trial,
        argumentsLater: false,
        budget: { left: MAX_STEPS },
      };
      const named = group.map((index) => paths[index] ?? pathOf(tool));
      for (const [text, findings] of checkTexts(when, others, deps)) found.get(text)?.push({ tools: named, findings });
      complete &&= deps.budget.left > 0;
    }
    return [...found].map(([text, groups], index) => {
      const subject = { ...text, effect, isCondition: text === when, compiles };
      const findings = general.get(text) ?? [];
      const ofFacts = reportFindings([{ tools: [], findings: needed ? findings.filter(isOfFact) : findings }], subject);
      const told = new Set(ofFacts.map(({ start }) => start));
      const others = reportFindings(groups, subject).filter(({ start, kind }) => kind !== "value" || !told.has(start));
      const rest = complete || index > 0 ? [] : [TOO_INTRICATE];
      return { text, problems: [...ofFacts, ...others, ...rest] };
    });
  };
}

const NO_FACT: FactTable = new Map();

function isOfFact(finding: Finding): boolean {
  return finding.kind === "compared" || (finding.kind === "mistake" && finding.what !== "type");
}

// Messages, keys and costs are evaluated where the condition came out as true.
function checkTexts(
  when: CheckedText | undefined,
  others: readonly CheckedText[],
  deps: ExpressionDeps,
): readonly (readonly [CheckedText, readonly Finding[]])[] {
  const known = when && conditionFacts(when, deps);
  const after = others.map((text) => [text, checkText(text, known?.facts ?? NO_FACTS, deps)] as const);
  return when === undefined || known === undefined ? after : [[when, known.findings], ...after];
}

function conditionFacts(
  { root, text }: CheckedText,
  deps: ExpressionDeps,
): { readonly facts: Narrowing; readonly findings: readonly Finding[] } {
  const findings = checkCondition(root, text, deps);
  return { findings, facts: both(withPlaces(NO_FACTS, reportedPlaces(findings)), guardsOfText(root, deps)) };
}

function checkText({ root, text, isCost }: CheckedText, facts: Narrowing, deps: ExpressionDeps): readonly Finding[] {
  const { value, findings } = (isCost ? checkCost : checkExpression)(root, text, facts, deps);
  if (!isCost || canBe(value, "int", "double")) return findings;
  const message = `This is ${kindText(value)}; a cost is a number.`;
  return [...findings, { kind: "mistake", what: "type", start: root.start, message, hint: undefined }];
}
