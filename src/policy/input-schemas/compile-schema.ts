import { Ajv, type AnySchema, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { canonicalJson, type Json } from "../../core/json.ts";
import { createPatterns, type PatternLimits } from "../patterns/patterns.ts";
import { COST, type SchemaCopy, type SchemaDialect } from "./schema-copy.ts";

/** What holding one value against a foreign schema may come to, in looks at a keyword or at 16 characters: some 50 ms. */
const MAX_COST = 2_000_000;
const CHARACTERS = 16;
/** A look at an instruction of a pattern for a character costs as much as this part of one at a keyword. */
const INSTRUCTIONS = 4;

const PATTERNS: PatternLimits = { maxCharacters: 1_000, maxPatterns: 200, maxProgram: 20_000, maxMachine: 0 };

const OPTIONS: Options = {
  strict: false,
  allErrors: true,
  messages: false,
  // What a prototype has is no argument.
  ownProperties: true,
  // A schema that is referred to twice would be compiled twice, and one that doubles itself for ever.
  inlineRefs: false,
  // In 2020-12 a format says something about a value, and refuses none.
  validateFormats: false,
  validateSchema: false,
  logger: false,
};

/** Knows the schemas of schemas; nothing foreign is ever compiled or kept in them. Made when first needed. */
const META: Partial<Record<SchemaDialect, Ajv>> = {};

/** What is wrong with a value, or why nobody can tell: it takes too long, or the library fails at it. @throws never */
export type SchemaTest = (value: Json) => readonly ErrorObject[] | "too dear" | "failed";

class TooDear extends Error {}

/**
 * Compiles a copy of a foreign schema. No text of it or of a value makes a test take long: patterns are RE2's, and every
 * schema that is looked at says first what it costs. @throws what the library throws where the schema is none
 */
export function compileSchema({ schema, dialect }: Extract<SchemaCopy, { ok: true }>): SchemaTest {
  if (metaOf(dialect).validateSchema(schema as AnySchema) !== true) throw new Error("It is no schema of its dialect.");
  const purse = { left: 0 };
  const spend = (cost: number): void => {
    purse.left -= cost;
    if (purse.left < 0) throw new TooDear();
  };
  // One for each: what an instance once compiled, it keeps.
  const ajv = instanceOf(dialect, { ...OPTIONS, meta: false, code: { regExp: patternsFor(spend) } });
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    errors: false,
    // Not each with each.
    validate: (wanted: boolean, items: readonly Json[]) => !wanted || allDiffer(items, spend),
  });
  ajv.addKeyword({
    keyword: COST,
    schemaType: "number",
    errors: false,
    before: "$ref",
    validate: (cost: number, value: Json) => {
      spend(cost * (1 + sizeOf(value)));
      return true;
    },
  });
  const validate = ajv.compile(schema as AnySchema);
  return (value) => {
    purse.left = MAX_COST;
    return errorsOf(validate, value);
  };
}

function errorsOf(validate: ValidateFunction, value: Json): ReturnType<SchemaTest> {
  try {
    if (validate(value)) return [];
    return validate.errors ?? [];
  } catch (error) {
    // A schema that refers to itself at the same value runs out of stack before it is too dear.
    if (error instanceof TooDear || error instanceof RangeError) return "too dear";
    // Some schemas make the library write code that fails at some values, such as patternProperties beside an anyOf that
    // has properties. Its message could quote the value.
    return "failed";
  } finally {
    // Errors would hold on to what they were found in.
    validate.errors = null;
  }
}

function metaOf(dialect: SchemaDialect): Ajv {
  META[dialect] ??= instanceOf(dialect, { ...OPTIONS, allErrors: false });
  return META[dialect];
}

function instanceOf(dialect: SchemaDialect, options: Options): Ajv {
  return dialect === "2020-12" ? new Ajv2020(options) : new Ajv(options);
}

/** How the library has patterns compiled and tested. */
function patternsFor(spend: (cost: number) => void): NonNullable<NonNullable<Options["code"]>["regExp"]> {
  const patterns = createPatterns(PATTERNS);
  const regExp = (source: string) => {
    const pattern = inRe2(source);
    const added = patterns.add(pattern);
    if (!added.ok) throw new Error("A pattern in it is not one of RE2, or too large.");
    const weight = patterns.weight(pattern);
    return {
      test(text: string) {
        spend(1 + (text.length * weight) / INSTRUCTIONS);
        return patterns.test(text, pattern);
      },
      // The library tells patterns apart by it.
      toString: () => JSON.stringify(source),
    };
  };
  // Only for code that is written out, which this is not.
  return Object.assign(regExp, { code: "undefined" });
}

/** `\u00e9` and `\u{e9}` of ECMA-262 as RE2 writes them. */
function inRe2(source: string): string {
  return source.replace(/\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|.)/gs, (whole, braced, four) => {
    const code: unknown = braced ?? four;
    return typeof code === "string" ? `\\x{${code}}` : whole;
  });
}

function allDiffer(items: readonly Json[], spend: (cost: number) => void): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const text = canonicalJson(item);
    spend(1 + text.length / CHARACTERS);
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}

function sizeOf(value: Json): number {
  if (typeof value === "string") return value.length / CHARACTERS;
  if (typeof value !== "object" || value === null) return 0;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}
