import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { readSchemaHints, type SchemaHints } from "../inputs/input-schema.ts";
import { stepOf } from "./multiples.ts";
import { type Range, rangeOf, unionOfRanges } from "./number-range.ts";
import { type Alternative, allowsText, expand, ownValue, type PatternTest } from "./schema-alternatives.ts";
import { formatOf } from "./schema-formats.ts";
import { type JsonKind, kindsOf, unionOf, valuesOfAll } from "./schema-kinds.ts";
import { schemaMembers } from "./schema-members.ts";
import { shapeOf, sizeOf } from "./schema-sizes.ts";
import { few, type Shape } from "./text-shape.ts";

/** What a tool's `inputSchema` says of one value of the arguments, or its `outputSchema` of one of its results. */
export interface ArgumentType {
  readonly origin: "arguments" | "result";
  /** `undefined`: of any kind. */
  readonly kinds: ReadonlySet<JsonKind> | undefined;
  /** Numbers reach a condition as integers, see `input-schema.ts`. */
  readonly integer: boolean;
  /** Of `enum` and `const`; `undefined` where others are possible. */
  readonly values: readonly Json[] | undefined;
  /** Of its numbers. */
  readonly range: Range;
  /** What its numbers are multiples of, each of one of these; `undefined` where any is possible. */
  readonly steps: readonly number[] | undefined;
  /** What the schema says that its texts are: `date`, `date-time`. Nobody holds them against it. */
  readonly format: string | undefined;
  /** What its texts look like; `undefined` where that is not known. */
  readonly shapes: readonly Shape[] | undefined;
  /** How many characters, or items, it has, where it is a text or a list and nothing else. */
  readonly size: Range;
  /** `false` for a text that is too short or too long for it, or that its patterns do not fit. */
  allows(text: string): boolean;
  /** One member of an object. */
  member(name: string): ArgumentMember;
  /** The members that the schema names. */
  readonly names: readonly string[];
  /** Whether an object can have members that it does not name. */
  hasOthers(): boolean;
  /** The items of a list; `undefined` where nothing is said of them. */
  item(): ArgumentType | undefined;
}

/** A member of an object. */
export interface ArgumentMember {
  /** `absent`: the schema names others and not this one; `unknown`: it says nothing of which there are. */
  readonly presence: "required" | "optional" | "absent" | "unknown";
  /** `undefined`: anything. */
  readonly type: ArgumentType | undefined;
}

const ANYTHING: ArgumentMember = { presence: "unknown", type: undefined };

/**
 * Reads an `inputSchema` for the checks of policies; `undefined` if it says nothing of the arguments. What it does not
 * understand (references to elsewhere, `if`, `dependentSchemas`, more than a few dozen alternatives) counts as saying nothing:
 * the checks stay silent rather than raise a false alarm. `matches` tests a name against a pattern of `patternProperties`.
 * @throws never
 */
export function readArgumentType(inputSchema: Json | undefined, matches: PatternTest): ArgumentType | undefined {
  if (!isObject(inputSchema)) return undefined;
  const type = typeOf(
    [[inputSchema]],
    { root: inputSchema, matches, origin: "arguments" },
    readSchemaHints(inputSchema),
  );
  return type?.kinds?.has("object") === false ? undefined : type;
}

/** Reads an `outputSchema` in the same way. All numbers of a result reach a condition as doubles. @throws never */
export function readResultType(outputSchema: Json | undefined, matches: PatternTest): ArgumentType | undefined {
  if (!isObject(outputSchema)) return undefined;
  return typeOf([[outputSchema]], { root: outputSchema, matches, origin: "result" }, undefined);
}

interface Source {
  readonly root: JsonObject;
  readonly matches: PatternTest;
  readonly origin: ArgumentType["origin"];
}

/** Each of `choices` is schemas that hold together; the value is described by one of the choices. */
function typeOf(
  choices: readonly (readonly Json[])[],
  source: Source,
  hints: SchemaHints | undefined,
): ArgumentType | undefined {
  const alternatives = expand(choices, source.root);
  return alternatives === undefined || alternatives.length === 0 ? undefined : new Type(alternatives, source, hints);
}

class Type implements ArgumentType {
  readonly origin: ArgumentType["origin"];
  readonly kinds: ReadonlySet<JsonKind> | undefined;
  readonly integer: boolean;
  readonly values: readonly Json[] | undefined;
  readonly range: Range;
  readonly steps: readonly number[] | undefined;
  readonly names: readonly string[];
  readonly format: string | undefined;
  readonly shapes: readonly Shape[] | undefined;
  readonly size: Range;
  readonly #alternatives: readonly Alternative[];
  readonly #source: Source;
  readonly #hints: SchemaHints | undefined;
  readonly #members = new Map<string, ArgumentMember>();
  #item: ArgumentType | undefined | null = null;

  constructor(alternatives: readonly Alternative[], source: Source, hints: SchemaHints | undefined) {
    const read = alternatives.map((alternative) => ({ alternative, kinds: kindsOf(alternative) }));
    // An alternative that no value satisfies is none.
    const possible = read.filter(({ kinds }) => kinds === undefined || kinds.size > 0);
    this.#alternatives = possible.map(({ alternative }) => alternative);
    this.origin = source.origin;
    this.#source = source;
    this.#hints = hints;
    this.kinds = possible.length === 0 ? undefined : unionOf(possible.map(({ kinds }) => kinds));
    this.integer = hints?.integer === true;
    this.values = possible.length === 0 ? undefined : valuesOfAll(this.#alternatives);
    const [kind] = this.kinds?.size === 1 ? this.kinds : [];
    const said = this.#alternatives.map(({ schemas }) => schemas);
    this.format = formatOf(said);
    this.size = unionOfRanges(said.map((schemas) => sizeOf(schemas, kind)));
    this.shapes = kind === "string" ? few(said.map((schemas) => shapeOf(schemas, source.matches))) : undefined;
    this.range = unionOfRanges(this.#alternatives.map(({ schemas }) => rangeOf(schemas)));
    const steps = this.#alternatives.map(({ schemas }) => stepOf(schemas));
    const known = steps.filter((step) => step !== undefined);
    this.steps = known.length === 0 || known.length < steps.length ? undefined : known;
    const all = this.#alternatives.flatMap(({ schemas }) => schemas.map((schema) => schemaMembers(schema).properties));
    this.names = all.length === 1 ? (all[0] ?? []) : [...new Set(all.flat())];
  }

  allows(text: string): boolean {
    const texts = this.#alternatives.filter((alternative) => kindsOf(alternative)?.has("string") !== false);
    return (
      texts.length === 0 ||
      texts.some(({ schemas }) => schemas.every((schema) => allowsText(schema, text, this.#source.matches)))
    );
  }

  member(name: string): ArgumentMember {
    const known = this.#members.get(name);
    if (known !== undefined) return known;
    const read = this.#readMember(name);
    this.#members.set(name, read);
    return read;
  }

  hasOthers(): boolean {
    return this.#objects().some((alternative) => {
      if (alternative.schemas.some((schema) => schemaMembers(schema).patterns.length > 0)) return true;
      return memberOf(alternative, UNNAMED, this.#source.matches).presence !== "absent";
    });
  }

  item(): ArgumentType | undefined {
    if (this.#item === null) this.#item = this.#readItem();
    return this.#item;
  }

  #objects(): readonly Alternative[] {
    return this.#alternatives.filter((alternative) => kindsOf(alternative)?.has("object") !== false);
  }

  #readMember(name: string): ArgumentMember {
    const found = this.#objects().map((alternative) => memberOf(alternative, name, this.#source.matches));
    if (found.length === 0 || found.some(({ presence }) => presence === "unknown")) return ANYTHING;
    const presences = new Set(found.map(({ presence }) => presence));
    const [only] = presences;
    const presence = presences.size === 1 && only !== undefined ? only : "optional";
    const choices = found.flatMap((it) => (it.presence === "absent" ? [] : [it.schemas]));
    return { presence, type: typeOf(choices, this.#source, this.#hints?.member(name)) };
  }

  #readItem(): ArgumentType | undefined {
    const lists = this.#alternatives.filter((alternative) => kindsOf(alternative)?.has("array") !== false);
    const choices: (readonly Json[])[] = [];
    for (const { schemas, open } of lists) {
      const items = schemas.flatMap((schema) => (isObject(schema["items"]) ? [schema["items"]] : []));
      // Positions with types of their own: what stands at which is not looked into.
      const positions = schemas.some(
        (schema) => Array.isArray(schema["prefixItems"]) || Array.isArray(schema["items"]),
      );
      if (open || positions || items.length === 0) return undefined;
      choices.push(items);
    }
    return typeOf(choices, this.#source, this.#hints?.item());
  }
}

/** A name that no schema has. */
const UNNAMED = "\0";

interface FoundMember {
  readonly presence: ArgumentMember["presence"];
  readonly schemas: readonly Json[];
}

// A schema that names properties is taken to name all of them, unless it says that there are more: that is what authors
// of tools mean, and what a misspelt argument in a policy is held against.
function memberOf({ schemas, open }: Alternative, name: string, matches: PatternTest): FoundMember {
  const required = schemas.some((schema) => schemaMembers(schema).required.has(name));
  const found: Json[] = [];
  let names = false;
  let more: "unsaid" | "none" | "any" = "unsaid";
  const additional: Json[] = [];
  for (const schema of schemas) {
    const own = isObject(schema["properties"]) ? schema["properties"] : {};
    const { properties, patterns } = schemaMembers(schema);
    names ||= properties.length > 0;
    const declared = ownValue(own, name);
    if (declared !== undefined) found.push(declared);
    for (const [pattern, value] of patterns) {
      names = true;
      const fits = matches(pattern, name);
      if (fits === undefined) return { presence: "unknown", schemas: [] };
      if (fits && value !== undefined) found.push(value);
    }
    const rest = schema["additionalProperties"];
    if (isObject(rest) && Object.keys(rest).length > 0) additional.push(rest);
    else if (rest === false) more = "none";
    else if (rest !== undefined && more === "unsaid") more = "any";
  }
  if (found.includes(false)) return { presence: "absent", schemas: [] };
  if (found.length > 0) return { presence: required ? "required" : "optional", schemas: found };
  if (more === "none") return { presence: "absent", schemas: [] };
  if (additional.length > 0) return { presence: required ? "required" : "optional", schemas: additional };
  if (required) return { presence: "required", schemas: [] };
  return { presence: open || !names || more === "any" ? "unknown" : "absent", schemas: [] };
}
