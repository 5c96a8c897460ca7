import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";
import type { SerializedIncrementalTestSuite } from "@bufbuild/cel-spec/testdata/tests.js";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { createPolicyLanguage } from "../../src/policy/cel/environment.ts";

/**
 * What a conformance test came to. `refused`: the language does not take the expression, so that no policy can have it.
 * `error`: it takes it and has no value for it. `no error`: it has one where there should be none.
 */
export type ConformanceOutcome = "pass" | "refused" | "error" | "no error" | "wrong";

/** One test of the CEL specification. */
export interface ConformanceTest {
  /** Suite, section and name; numbered where the same one comes again. */
  readonly id: string;
  readonly suite: string;
  readonly test: JsonObject;
}

/** The suites of the core language; the others are about extensions and protocol buffers. */
const CORE: ReadonlySet<string> = new Set([
  "basic",
  "comparisons",
  "conversions",
  "fields",
  "fp_math",
  "integer_math",
  "lists",
  "logic",
  "macros",
  "namespace",
  "parse",
  "plumbing",
  "string",
  "timestamps",
]);

/** The core tests, those left out that need protocol buffers, a container or qualified names. */
export function coreTests(): readonly ConformanceTest[] {
  const found: ConformanceTest[] = [];
  const counts = new Map<string, number>();
  const walk = (suite: SerializedIncrementalTestSuite, path: readonly string[]): void => {
    for (const inner of suite.suites ?? []) walk(inner, [...path, inner.name]);
    for (const { original } of suite.tests ?? []) {
      const name = [...path, original.name ?? original.expr].join("/");
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const id = count === 1 ? name : `${name} (${count})`;
      const test: JsonObject = JSON.parse(JSON.stringify(original));
      const [first = ""] = path;
      if (CORE.has(first) && isRunnable(test)) found.push({ id, suite: first, test });
    }
  };
  walk(tests, []);
  return found;
}

function isRunnable(test: JsonObject): boolean {
  const text = JSON.stringify(test);
  const names = Object.keys(bindingsOf(test));
  return (
    test["checkOnly"] !== true &&
    test["container"] === undefined &&
    !/TestAllTypes|messageType|enumValue|google\.protobuf\.(?!Timestamp|Duration)/.test(text) &&
    names.every((name) => /^\w+$/.test(name)) &&
    (names.length > 0 || test["typeEnv"] === undefined)
  );
}

function bindingsOf(test: JsonObject): JsonObject {
  const bindings = test["bindings"];
  return isObject(bindings) ? bindings : {};
}

/** Runs one test through the language of policies, its variables bound as arguments of a call. */
export function runConformanceTest({ test }: ConformanceTest): ConformanceOutcome {
  const language = createPolicyLanguage();
  const args = new Map<string, unknown>();
  let text = String(test["expr"]);
  for (const [name, binding] of Object.entries(bindingsOf(test))) {
    // A variable that nothing can name: the words stand for themselves.
    if (["true", "false", "null"].includes(name)) continue;
    args.set(name, fromNotation(isObject(binding) ? binding["value"] : undefined));
    text = `cel.bind(${name}, args.${name}, ${text})`;
  }
  const wantsError = test["evalError"] !== undefined;
  const compiled = language.expression(text);
  if (!compiled.ok) return wantsError ? "pass" : "refused";
  const result = compiled.run({ args });
  if ("error" in result) return wantsError ? "pass" : "error";
  if (wantsError) return "no error";
  // A test without a value expects `true`. conformance/test/simple.proto
  return isEqual(result.value, test["value"] ?? { boolValue: true }) ? "pass" : "wrong";
}

// A value of the tests' notation (cel.expr.Value in JSON) as the engine has it.
function fromNotation(value: Json | undefined): unknown {
  if (!isObject(value)) throw new Error("A binding without a value.");
  const [[kind, content] = ["", undefined]] = Object.entries(value);
  switch (kind) {
    case "int64Value":
      return BigInt(String(content));
    case "doubleValue":
      return Number(content);
    case "uint64Value":
      return literal(`${String(content)}u`);
    case "bytesValue":
      return new Uint8Array(Buffer.from(String(content), "base64"));
    case "listValue":
      return listOf(content).map(fromNotation);
    case "mapValue":
      return new Map(entriesOf(content).map(([key, item]) => [fromNotation(key), fromNotation(item)]));
    case "objectValue":
      return literal(`${isDuration(content) ? "duration" : "timestamp"}("${textOf(content)}")`);
    case "stringValue":
    case "boolValue":
    case "nullValue":
      return content;
    default:
      throw new Error(`A binding of the unknown kind ${kind}.`);
  }
}

function literal(text: string): unknown {
  const compiled = createPolicyLanguage().expression(text);
  const result = compiled.ok ? compiled.run({}) : undefined;
  if (result === undefined || "error" in result) throw new Error(`${text} has no value.`);
  return result.value;
}

function isEqual(actual: unknown, expected: Json | undefined): boolean {
  if (!isObject(expected)) return false;
  const [[kind, content] = ["", undefined]] = Object.entries(expected);
  switch (kind) {
    case "int64Value":
      return typeof actual === "bigint" && actual === BigInt(String(content));
    case "uint64Value":
      return hasValue(actual) && actual.value === BigInt(String(content));
    case "doubleValue":
      return typeof actual === "number" && (actual === Number(content) || Object.is(actual, Number(content)));
    case "stringValue":
    case "boolValue":
    case "nullValue":
      return actual === content;
    case "bytesValue":
      return actual instanceof Uint8Array && Buffer.from(actual).toString("base64") === content;
    case "typeValue":
      return String(actual) === content || String(actual) === `Type<${String(content)}>`;
    case "listValue": {
      const items = listOf(content);
      return (
        Array.isArray(actual) && actual.length === items.length && items.every((item, at) => isEqual(actual[at], item))
      );
    }
    case "mapValue": {
      const entries = entriesOf(content);
      const own = actual instanceof Map ? [...actual] : isObject(actual) ? Object.entries(actual) : [];
      const has = ([key, item]: Pair) => own.some(([k, v]) => isEqual(k, key) && isEqual(v, item));
      return own.length === entries.length && entries.every(has);
    }
    case "objectValue":
      if (isDuration(content)) return hasSeconds(actual) && secondsOf(actual) === Number.parseFloat(textOf(content));
      return actual instanceof Date && actual.getTime() === Date.parse(textOf(content));
    default:
      throw new Error(`A value of the unknown kind ${kind}.`);
  }
}

type Pair = readonly [Json | undefined, Json | undefined];

function listOf(content: Json | undefined): readonly Json[] {
  const values = isObject(content) ? content["values"] : undefined;
  return Array.isArray(values) ? values : [];
}

function entriesOf(content: Json | undefined): readonly Pair[] {
  const entries = isObject(content) ? content["entries"] : undefined;
  return Array.isArray(entries) ? entries.map((it) => [it["key"], it["value"]]) : [];
}

function isDuration(content: Json | undefined): boolean {
  return isObject(content) && content["@type"] === "type.googleapis.com/google.protobuf.Duration";
}

function textOf(content: Json | undefined): string {
  return isObject(content) ? String(content["value"]) : "";
}

function hasValue(value: unknown): value is { readonly value: bigint } {
  return typeof value === "object" && value !== null && "value" in value;
}

function hasSeconds(value: unknown): value is { readonly seconds: bigint; readonly nanos: number } {
  return typeof value === "object" && value !== null && "seconds" in value && "nanos" in value;
}

function secondsOf({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): number {
  return Number(seconds) + nanos / 1e9;
}
