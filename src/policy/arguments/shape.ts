import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { SchemaPatterns } from "./patterns.ts";
import { SchemaReferences } from "./references.ts";

/** What a schema says about one value: all of these terms hold for it. */
export type Terms = readonly Term[];

/** A schema, or several of which one holds. */
export type Term = SchemaNode | Alternatives;

export interface Alternatives {
  readonly any: readonly Terms[];
}

/**
 * The part of a JSON Schema that closes objects: `properties`, `patternProperties`, `additionalProperties`, items, and what
 * holds besides (`allOf`, `anyOf`, `oneOf`, references within the document). Conditional keywords (`if`, `not`,
 * `dependentSchemas`, `unevaluatedProperties`) close nothing here. JSON Schema 2020-12 and draft-07. Each schema object is
 * read once, when an argument first reaches it.
 */
export class SchemaNode {
  readonly #document: SchemaDocument;
  readonly #schema: JsonObject;
  /** As it stands in the document. */
  readonly #source: JsonObject;
  readonly #properties: JsonObject;
  readonly #patterns: readonly string[];
  /** A pattern that RE2 does not know could fit any key, and then none is refused. */
  readonly #open: boolean;
  #besides: Terms | undefined;

  constructor(schema: JsonObject, document: SchemaDocument) {
    // Before 2019-09 nothing beside a reference counts.
    this.#schema = document.isOld && schema["$ref"] !== undefined ? { $ref: schema["$ref"] } : schema;
    this.#source = schema;
    this.#document = document;
    const { properties, patternProperties } = this.#schema;
    this.#properties = isObject(properties) ? properties : {};
    const patterns = isObject(patternProperties) ? Object.keys(patternProperties) : [];
    this.#patterns = patterns.filter((pattern) => document.patterns.knows(pattern));
    this.#open = this.#patterns.length < patterns.length;
  }

  names(key: string): boolean {
    return Object.hasOwn(this.#properties, key);
  }

  /** Whether the schema itself lets an object have this key. */
  admits(key: string): boolean {
    if (this.#schema["additionalProperties"] !== false || this.#open) return true;
    return this.names(key) || this.#matching(key).length > 0;
  }

  /** What it says about the value under this key. */
  under(key: string): Terms {
    const { patternProperties, additionalProperties } = this.#schema;
    const found = this.names(key) ? [this.#properties[key]] : [];
    const matching = this.#matching(key);
    if (isObject(patternProperties)) for (const pattern of matching) found.push(patternProperties[pattern]);
    if (found.length === 0) found.push(additionalProperties);
    return this.#document.terms(found);
  }

  /** What it says about the item at this position, from 0. */
  at(index: number): Terms {
    const { items, prefixItems, additionalItems } = this.#schema;
    const listed = Array.isArray(items) ? items : Array.isArray(prefixItems) ? prefixItems : [];
    if (index < listed.length) return this.#document.terms([listed[index]]);
    return this.#document.terms([Array.isArray(items) ? additionalItems : items]);
  }

  /** Whether a value of this kind can fit at all. */
  canBe(kind: "object" | "array"): boolean {
    const { type } = this.#schema;
    return type === undefined || type === kind || (Array.isArray(type) && type.includes(kind));
  }

  /** What holds for the same value besides. */
  get besides(): Terms {
    if (this.#besides === undefined) {
      const { allOf, anyOf, oneOf } = this.#schema;
      const choices = [anyOf, oneOf].flatMap((branches) => (Array.isArray(branches) ? [this.#choice(branches)] : []));
      const all = Array.isArray(allOf) ? allOf : [];
      this.#besides = [...this.#document.terms([...all, ...this.#document.referred(this.#source)]), ...choices];
    }
    return this.#besides;
  }

  #choice(branches: readonly Json[]): Alternatives {
    const possible = branches.filter((branch) => branch !== false);
    return { any: possible.map((branch) => this.#document.terms([branch])) };
  }

  #matching(key: string): readonly string[] {
    return this.#patterns.filter((pattern) => this.#document.patterns.mayFit(key, pattern));
  }
}

/** One `inputSchema`, with what its parts refer to. */
export class SchemaDocument {
  readonly patterns = new SchemaPatterns();
  readonly isOld: boolean;
  readonly #root: JsonObject;
  readonly #nodes = new Map<JsonObject, SchemaNode>();
  #references: SchemaReferences | undefined;

  constructor(root: JsonObject) {
    this.#root = root;
    const dialect = root["$schema"];
    this.isOld = typeof dialect === "string" && /draft-0[3-7]/.test(dialect);
  }

  /** The terms that these schemas are; what is no object says nothing. */
  terms(schemas: readonly (Json | undefined)[]): Terms {
    return schemas.filter(isObject).map((schema) => this.#node(schema));
  }

  get root(): Terms {
    return this.terms([this.#root]);
  }

  get references(): SchemaReferences {
    this.#references ??= new SchemaReferences(this.#root);
    return this.#references;
  }

  /** What a schema refers to, where that is one schema of the document whatever led to it. */
  referred(schema: JsonObject): readonly (Json | undefined)[] {
    return this.references.referred(schema).certain;
  }

  #node(schema: JsonObject): SchemaNode {
    let node = this.#nodes.get(schema);
    if (node === undefined) {
      node = new SchemaNode(schema, this);
      this.#nodes.set(schema, node);
    }
    return node;
  }
}
