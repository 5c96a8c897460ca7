import { createHash } from "node:crypto";
import { canonicalJson, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { SCHEMA_PATTERNS } from "../arguments/patterns.ts";
import type { KnownTool } from "../known-tool.ts";
import { createPatterns, type Patterns } from "../patterns/patterns.ts";
import { type ArgumentType, readArgumentType, readResultType } from "../tool-schemas/argument-types.ts";
import type { PatternTest } from "../tool-schemas/schema-alternatives.ts";
import { schemaMembers } from "../tool-schemas/schema-members.ts";
import type { Dependencies } from "./texts.ts";

/** What the known tools, by their indices, say of what they take and give. Tools that say the same share what is read. */
export interface KnownSchemas {
  /** `undefined`: it says nothing of its arguments. */
  argumentsOf(tool: number): ArgumentType | undefined;
  /** Of the structured content; `undefined`: it says nothing of it. */
  resultOf(tool: number): ArgumentType | undefined;
  /** Equal for tools that say the same of what texts depend on. */
  signatureOf(tool: number, needs: Dependencies): string;
}

interface ArgumentSchema {
  readonly type: ArgumentType | undefined;
  /** The schema, where what it says of one argument can be told apart from the rest. */
  readonly plain: JsonObject | undefined;
  readonly id: number;
}

/** Reads the schemas of all tools, each once; those of results when they are first asked for. */
export function createKnownSchemas(tools: readonly KnownTool[]): KnownSchemas {
  const matches = createPatternTest(createPatterns(SCHEMA_PATTERNS));
  const schemas = new Map<string, ArgumentSchema>();
  const ofTool = tools.map(({ definition: { inputSchema } }) => {
    const key = canonicalJson(inputSchema);
    const read = schemas.get(key) ?? {
      type: readArgumentType(inputSchema, createPatternTest(createPatterns(SCHEMA_PATTERNS))),
      plain: isObject(inputSchema) && isPlain(inputSchema, key) ? inputSchema : undefined,
      id: schemas.size,
    };
    schemas.set(key, read);
    return read;
  });
  const results = new Map<string, { readonly type: ArgumentType | undefined; readonly id: number }>();
  const ofResult = new Map<number, { readonly type: ArgumentType | undefined; readonly id: number }>();
  const readResult = (tool: number) => {
    const known = ofResult.get(tool);
    if (known !== undefined) return known;
    const outputSchema = tools[tool]?.definition["outputSchema"];
    const key = canonicalJson(outputSchema);
    const read = results.get(key) ?? { type: readResultType(outputSchema, matches), id: results.size };
    results.set(key, read);
    ofResult.set(tool, read);
    return read;
  };
  const signatures = new Map<string, Map<ArgumentSchema, string>>();
  return {
    argumentsOf: (tool) => ofTool[tool]?.type,
    resultOf: (tool) => readResult(tool).type,
    signatureOf(tool, { names, result }) {
      const schema = ofTool[tool];
      if (schema === undefined) return "";
      const namesKey = JSON.stringify(names ?? null);
      const known = signatures.get(namesKey) ?? new Map<ArgumentSchema, string>();
      signatures.set(namesKey, known);
      const signature = known.get(schema) ?? signatureOf(schema, names);
      known.set(schema, signature);
      return result ? `${readResult(tool).id} ${signature}` : signature;
    },
  };
}

/** Linear time or no answer: patterns of schemas come from upstreams, and so do the values that a policy's are held against. */
export function createPatternTest(patterns: Patterns): PatternTest {
  return (pattern, name) => (patterns.add(pattern).ok ? patterns.test(name, pattern) : undefined);
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
function signatureOf({ plain, id }: ArgumentSchema, names: readonly string[] | undefined): string {
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
