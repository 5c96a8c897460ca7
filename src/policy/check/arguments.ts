import { createHash } from "node:crypto";
import { canonicalJson, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { SCHEMA_PATTERNS } from "../arguments/patterns.ts";
import { readToolFacts, type ToolFacts } from "../cel/context.ts";
import type { PolicyLanguage } from "../cel/environment.ts";
import { checkCondition, checkCost, checkExpression, guardsOfText } from "../expressions/expression.ts";
import { type Finding, reportedPlaces } from "../expressions/findings.ts";
import type { ExpressionDeps } from "../expressions/scope.ts";
import { type KnownTool, pathOf } from "../known-tool.ts";
import { createPatterns, type Patterns } from "../patterns/patterns.ts";
import { both, type GuardCache, type Narrowing, NO_FACTS, withPlaces } from "../syntax/guards.ts";
import { type ArgumentType, readArgumentType } from "../tool-schemas/argument-types.ts";
import { schemaMembers } from "../tool-schemas/schema-members.ts";
import { type FactTable, factsOfTools } from "../values/facts.ts";
import { canBe, kindText } from "../values/values.ts";
import { createConstants } from "./constants.ts";
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
 * that are not known, too. @throws never
 */
export type ArgumentTypeCheck = (
  texts: PolicyTexts,
  tools: readonly number[],
  others: boolean,
) => readonly TextProblems[];

// Steps for one policy and one tool. Far more than any condition takes that a person has written.
const MAX_STEPS = 50_000;

const TOO_INTRICATE: Problem = {
  start: 0,
  severity: "warning",
  message: "This is too intricate to be checked against the tools in full.",
  hint: "Split the condition up.",
};

interface Schema {
  readonly type: ArgumentType | undefined;
  /** The schema, where what it says of one argument can be told apart from the rest. */
  readonly plain: JsonObject | undefined;
  readonly id: number;
}

/**
 * Makes the check of arguments. Tools that say the same of the arguments that a policy reads are looked at once, so that
 * thousands of policies over a thousand tools take seconds.
 */
export function createArgumentTypeCheck(
  known: readonly KnownTool[],
  language: PolicyLanguage,
  calls: FactTable,
): ArgumentTypeCheck {
  const matches = createPatternTest(createPatterns());
  const schemas = new Map<string, Schema>();
  const ofTool = known.map(({ definition }) => {
    const { inputSchema } = definition;
    const key = canonicalJson(inputSchema);
    const read = schemas.get(key) ?? {
      type: readArgumentType(inputSchema, createPatternTest(createPatterns(SCHEMA_PATTERNS))),
      plain: isObject(inputSchema) && isPlain(inputSchema, key) ? inputSchema : undefined,
      id: schemas.size,
    };
    schemas.set(key, read);
    return read;
  });
  const signatures = new Map<string, Map<Schema, string>>();
  const facts = new Map<number, ToolFacts>();
  const paths = known.map(pathOf);

  function groupsOf({ names, tool }: Dependencies, tools: readonly number[]): readonly (readonly number[])[] {
    const namesKey = JSON.stringify(names ?? null);
    const known = signatures.get(namesKey) ?? new Map<Schema, string>();
    signatures.set(namesKey, known);
    const groups = new Map<string, number[]>();
    for (const index of tools) {
      const schema = ofTool[index];
      if (schema === undefined) continue;
      let signature = known.get(schema);
      if (signature === undefined) {
        signature = signatureOf(schema, names);
        known.set(schema, signature);
      }
      const key = tool ? `${index}` : signature;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [index]);
      else group.push(index);
    }
    return [...groups.values()];
  }

  function toolFacts(index: number, { upstream, name, definition }: KnownTool): ToolFacts {
    const read = facts.get(index) ?? readToolFacts({ upstream, name, definition });
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

  return ({ when, others, effect }, tools, mayBeOthers) => {
    const all = when === undefined ? others : [when, ...others];
    const dependencies = dependenciesOf(all);
    const about = dependencies.tool && !mayBeOthers ? tools.flatMap((index) => known[index] ?? []) : [];
    const facts = about.length === 0 ? calls : new Map([...calls, ...factsOfTools(about)]);
    const general = checkFacts(when, others, facts, tools.length > 0);
    // What reads no tool and no arguments is looked at once only.
    const needed = dependencies.tool || dependencies.names?.length !== 0;
    const found = new Map<CheckedText, ToolFindings[]>(all.map((text) => [text, []]));
    const constants = createConstants(all, language);
    let guards: GuardCache = new Map();
    let complete = true;
    for (const group of needed ? groupsOf(dependencies, tools) : []) {
      const [first] = group;
      const tool = first === undefined ? undefined : known[first];
      if (first === undefined || tool === undefined) continue;
      if (dependencies.tool) guards = new Map();
      const context = { tool: dependencies.tool ? toolFacts(first, tool).view : undefined };
      const deps: ExpressionDeps = {
        args: ofTool[first]?.type,
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

const texts = new WeakMap<object, string>();

/** The digest of a schema, which may be large and which many policies ask for. */
function digestOf(schema: Json): string {
  if (typeof schema !== "object" || schema === null) return canonicalJson(schema);
  const known = texts.get(schema) ?? createHash("sha256").update(canonicalJson(schema)).digest("base64");
  texts.set(schema, known);
  return known;
}

/** Equal for schemas that say the same of these arguments. */
function signatureOf({ plain, id }: Schema, names: readonly string[] | undefined): string {
  if (plain === undefined || names === undefined) return `${id}`;
  const { properties, additionalProperties } = plain;
  const declared = schemaMembers(plain);
  const own = isObject(properties) ? properties : {};
  const said = names.map((name) => (Object.hasOwn(own, name) ? [digestOf(own[name] ?? null)] : []));
  const needed = names.map((name) => declared.required.has(name));
  return canonicalJson([said, needed, digestOf(additionalProperties ?? null), declared.properties.length > 0]);
}

const PLAIN = new Set([
  "$schema",
  "$id",
  "title",
  "description",
  "type",
  "properties",
  "required",
  "additionalProperties",
]);

function isPlain(schema: JsonObject, text: string): boolean {
  return schema["type"] === "object" && Object.keys(schema).every((key) => PLAIN.has(key)) && !text.includes('"$ref"');
}

// Linear time or no answer: patterns of schemas come from upstreams, and so do the values that a policy's are held against.
function createPatternTest(patterns: Patterns): (pattern: string, name: string) => boolean | undefined {
  return (pattern, name) => (patterns.add(pattern).ok ? patterns.test(name, pattern) : undefined);
}
