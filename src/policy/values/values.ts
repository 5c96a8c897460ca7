import { type ExactNumber, numberOfInteger } from "../../core/exact-number.ts";
import type { ArgumentType } from "../tool-schemas/argument-types.ts";
import { ANYTHING, type Domain, eitherOf, oneOf } from "../tool-schemas/domain.ts";
import { doubtsOf, readsAs } from "../tool-schemas/schema-formats.ts";
import type { JsonKind } from "../tool-schemas/schema-kinds.ts";

/** What a value can be to the engine. */
export type Kind =
  | "null"
  | "bool"
  | "string"
  | "int"
  | "double"
  | "list"
  | "map"
  | "timestamp"
  | "duration"
  | "bytes"
  | "uint"
  | "type";

const KINDS: readonly Kind[] = [
  "null",
  "bool",
  "string",
  "int",
  "double",
  "list",
  "map",
  "timestamp",
  "duration",
  "bytes",
  "uint",
  "type",
];

/** What is known of the value of an expression before there is a call. */
export interface Value {
  /** `undefined`: any. Never empty. */
  readonly kinds: ReadonlySet<Kind> | undefined;
  /** What a tool's schema says, for a value out of the arguments. */
  readonly type: ArgumentType | undefined;
  /** Which values it can have. */
  readonly domain: Domain;
  /** Of a list. */
  readonly item: Value | undefined;
  /** Of a list that is written out: each of its items. */
  readonly elements?: readonly Value[];
  /** Of an object that is written out: all of its members. */
  readonly members?: ReadonlyMap<string, Value>;
  /** Where it is read from, `undefined` for what is computed: see `check-guards.ts`. */
  readonly place: string | undefined;
  /** The fact of a call that it is: `request.time`. */
  readonly fact?: string | undefined;
  /** It is this very value. */
  readonly literal: string | number | ExactNumber | boolean | null | undefined;
  /** Places below each of its items that are there. */
  readonly itemFacts: readonly string[];
}

/** A value of which nothing is known. */
export const ANY: Value = {
  kinds: undefined,
  type: undefined,
  domain: ANYTHING,
  item: undefined,
  place: undefined,
  literal: undefined,
  itemFacts: [],
};

/** A value of one of these kinds. */
export function ofKind(...kinds: readonly Kind[]): Value {
  return { ...ANY, kinds: new Set(kinds) };
}

/** A value as a schema describes it. */
export function ofType(type: ArgumentType | undefined, place: string | undefined): Value {
  if (type === undefined) return { ...ANY, domain: { ...ANYTHING, isRead: true }, place };
  const kinds =
    type.kinds === undefined ? undefined : new Set([...type.kinds].map((kind) => engineKind(kind, type.integer)));
  const { values, range, steps, shapes, size, format } = type;
  const domain = {
    ...ANYTHING,
    values,
    steps,
    shapes,
    size,
    range,
    isRead: true,
    doubts: doubtsOf(format),
    reads: readsAs(format),
    allows: (text: string) => type.allows(text),
  };
  return { ...ANY, kinds, type, domain, place };
}

function engineKind(kind: JsonKind, integer: boolean): Kind {
  switch (kind) {
    case "null":
    case "string":
      return kind;
    case "boolean":
      return "bool";
    case "number":
      return integer ? "int" : "double";
    case "array":
      return "list";
    case "object":
      return "map";
    default:
      return kind satisfies never;
  }
}

/** A value of a type that the vocabulary names: `string`, `list<string>`, `map`, … */
export function ofTypeName(name: string): Value {
  const item = /^list<(.+)>$/.exec(name)?.[1];
  if (item !== undefined) return { ...ofKind("list"), item: ofTypeName(item) };
  const short = name.replace("google.protobuf.", "").toLowerCase();
  const kind = KINDS.find((it) => it === short);
  return kind === undefined ? ANY : ofKind(kind);
}

/** What an item of this list, or a key of this map, can be. */
export function itemOf(value: Value): Value {
  const { kinds, item, type } = value;
  const { keys, says } = value.domain;
  if (kinds === undefined || (kinds.has("list") && kinds.has("map"))) return ANY;
  if (kinds.has("map")) return { ...ofKind("string"), domain: keys === undefined ? ANYTHING : oneOf(keys, says) };
  return item ?? ofType(type?.item(), undefined);
}

/** Whether the value can be one of `wanted`. */
export function canBe(value: Value, ...wanted: readonly Kind[]): boolean {
  return value.kinds === undefined || wanted.some((kind) => value.kinds?.has(kind));
}

const NUMBERS: ReadonlySet<Kind> = new Set(["int", "double", "uint"]);

/** Whether a value can be a number, or anything else that compares with one. */
export function isNumber(kind: Kind): boolean {
  return NUMBERS.has(kind);
}

/** Whether it is one of these, and nothing else. */
export function isOnly(value: Value | undefined, ...wanted: readonly Kind[]): boolean {
  return value?.kinds !== undefined && [...value.kinds].every((kind) => wanted.includes(kind));
}

/** Whether two values can be equal by their kinds. */
export function canEqual(left: Value, right: Value): boolean {
  if (left.kinds === undefined || right.kinds === undefined) return true;
  for (const kind of left.kinds) {
    if (right.kinds.has(kind)) return true;
    if (isNumber(kind) && [...right.kinds].some(isNumber)) return true;
  }
  return false;
}

type Overload = readonly [left: Kind, right: Kind, result: Kind];

const SAME = (kinds: readonly Kind[]): readonly Overload[] => kinds.map((kind) => [kind, kind, kind]);

const ARITHMETIC: Readonly<Record<string, readonly Overload[]>> = {
  "+": [
    ...SAME(["int", "double", "uint", "string", "list", "bytes", "duration"]),
    ["timestamp", "duration", "timestamp"],
    ["duration", "timestamp", "timestamp"],
  ],
  "-": [
    ...SAME(["int", "double", "uint", "duration"]),
    ["timestamp", "timestamp", "duration"],
    ["timestamp", "duration", "timestamp"],
  ],
  "*": SAME(["int", "double", "uint"]),
  "/": SAME(["int", "double", "uint"]),
  "%": SAME(["int", "uint"]),
};

/** The kinds of `left operator right`; `undefined` if the engine has no such operation for any kinds of the two. */
export function arithmetic(operator: string, left: Value, right: Value): Value | undefined {
  const overloads = ARITHMETIC[operator];
  if (overloads === undefined) return ANY;
  const fitting = overloads.filter(([a, b]) => canBe(left, a) && canBe(right, b));
  if (fitting.length === 0) return undefined;
  return ofKind(...new Set(fitting.map(([, , result]) => result)));
}

const ORDERED: readonly Kind[] = ["bool", "string", "timestamp", "duration"];

/** Whether the engine can order two values: numbers of all kinds, and other kinds among themselves. */
export function canCompare(left: Value, right: Value): boolean {
  const numbers = canBe(left, ...NUMBERS) && canBe(right, ...NUMBERS);
  return numbers || ORDERED.some((kind) => canBe(left, kind) && canBe(right, kind));
}

const NAMES: Readonly<Record<Kind, string>> = {
  null: "null",
  bool: "true or false",
  string: "a text",
  int: "an integer",
  double: "a number",
  list: "a list",
  map: "an object",
  timestamp: "a time",
  duration: "a duration",
  bytes: "bytes",
  uint: "an unsigned integer",
  type: "a type",
};

/** The kinds of a value in words: `a text or null`. */
export function kindText(value: Value): string {
  return value.kinds === undefined ? "anything" : [...value.kinds].map((kind) => NAMES[kind]).join(" or ");
}

/** A value that is written out. */
export function literalValue(literal: unknown): Value {
  switch (typeof literal) {
    case "string":
      return { ...ofKind("string"), literal };
    case "boolean":
      return { ...ofKind("bool"), literal };
    case "number":
      return { ...ofKind("double"), literal };
    case "bigint":
      return { ...ofKind("int"), literal: numberOfInteger(literal) };
    default:
      return literal === null ? { ...ofKind("null"), literal: null } : ANY;
  }
}

/** What a list of these values has as its items. */
export function listItem(values: readonly Value[]): Value {
  if (values.length === 0) return ANY;
  const known = values.every((value) => value.kinds !== undefined);
  const kinds = known ? new Set(values.flatMap((value) => [...(value.kinds ?? [])])) : undefined;
  const items = values.flatMap(({ item }) => item ?? []);
  const item = items.length === values.length ? listItem(items) : undefined;
  return { ...ANY, kinds, domain: eitherOf(values.map(domainOf)), item };
}

/** Which values something can have: what is written out is itself. */
export function domainOf({ literal, domain }: Value): Domain {
  return literal === undefined ? domain : { ...ANYTHING, values: [literal] };
}
