import type { z } from "zod";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { suggest } from "../../core/suggest.ts";
import { MAX_MISTAKES, type PolicyError } from "../policy-set.ts";
import { didYouMean } from "../syntax/expression-rules.ts";
import type { DocumentPath, PolicyDocument } from "./document.ts";
import { policyJsonSchema } from "./schema.ts";

/** What an author of a kind of file is told besides what is wrong. */
export interface FileFormat {
  /** Names the keys that there are. */
  jsonSchema(): JsonObject;
  /** What to write, by the key that is missing or wrong. */
  readonly hints: Readonly<Record<string, string>>;
}

/** Puts what the schema found wrong with a file into words, each at its place in the text, so many as are told. */
export function schemaErrors(
  file: string,
  document: PolicyDocument,
  issues: readonly z.core.$ZodIssue[],
  format: FileFormat = POLICY_FORMAT,
): readonly PolicyError[] {
  const hintFor = (name: string) => (Object.hasOwn(format.hints, name) ? format.hints[name] : undefined);
  const unknown = new Set(issues.filter(({ code }) => code === "unrecognized_keys").map(({ path }) => path.join("/")));
  const errors: PolicyError[] = [];
  for (const issue of issues) {
    // One more than are told, so that it is told that there are more.
    const room = MAX_MISTAKES + 1 - errors.length;
    if (room <= 0) break;
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys.slice(0, room)) {
        const place = document.locateKey([...issue.path, key]);
        errors.push({ file, ...place, ...explainUnknown(key, issue.path, format) });
      }
      continue;
    }
    // An object with an unknown key has one mistake: the key, not what is missing because of it.
    if (issue.code === "custom" && unknown.has(issue.path.join("/"))) continue;
    const name = String(issue.path.at(-1) ?? "");
    if (issue.code === "invalid_type" && valueAt(document.value, issue.path) === undefined && issue.path.length > 0) {
      const place = document.locate(issue.path.slice(0, -1));
      errors.push({ file, ...place, message: `\`${name}\` is missing.`, hint: hintFor(name) });
    } else errors.push({ file, ...document.locate(issue.path), message: explain(issue), hint: hintFor(name) });
  }
  return errors;
}

const POLICY_HINTS: Readonly<Record<string, string>> = {
  policies: "A policy file starts with `policies:` and a list below it.",
  // biome-ignore lint/suspicious/noThenProperty: the file format's own key; nothing here is ever awaited.
  then: 'Write, for example: then: { deny: { message: "Why not." } }',
  when: "A condition is text. Write it below `when: |`.",
  flow: "Name one of approval_flows in the configuration.",
  by: "Name one of decision_points or of guards in the configuration; of a limit, list user, client or tool.",
  deny: "Without a message, write: deny: {}",
  allow: "Write: allow: {}",
  hide: "Write: hide: {}",
  limit: "Write, for example: rate_limit: { limit: 10, per: 1m }",
  per: "Write, for example: rate_limit: { limit: 10, per: 1m }",
};

const POLICY_FORMAT: FileFormat = { jsonSchema: policyJsonSchema, hints: POLICY_HINTS };

function explainUnknown(
  key: string,
  path: DocumentPath,
  format: FileFormat,
): { readonly message: string; readonly hint: string | undefined } {
  const known = keysAt(path, format.jsonSchema());
  const hint = didYouMean(suggest(key, known)) ?? (known.length === 0 ? undefined : `Known are ${known.join(", ")}.`);
  return { message: `There is no key \`${key}\` here.`, hint };
}

function explain(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `This must be ${ARTICLES[issue.expected] ?? issue.expected}.`;
    case "invalid_value":
      return `This must be ${issue.values.map(String).join(" or ")}.`;
    case "too_small":
      if (issue.origin !== "number") return "This must not be empty.";
      return `This must be ${issue.inclusive === true ? "at least" : "more than"} ${issue.minimum}.`;
    case "too_big":
      return issue.origin === "number"
        ? `This must be at most ${issue.maximum}.`
        : `This is longer than ${issue.maximum}.`;
    default:
      return issue.message;
  }
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys and values",
};

function keysAt(path: DocumentPath, root: JsonObject): readonly string[] {
  let schema: Json | undefined = root;
  for (const step of path) {
    if (!isObject(schema)) return [];
    const properties: Json | undefined = schema["properties"];
    const named: Json | undefined = isObject(properties) ? properties[String(step)] : schema["additionalProperties"];
    schema = typeof step === "number" ? schema["items"] : named;
  }
  const properties = isObject(schema) ? schema["properties"] : undefined;
  return isObject(properties) ? Object.keys(properties) : [];
}

function valueAt(value: unknown, path: DocumentPath): unknown {
  let at = value;
  for (const step of path) {
    if (Array.isArray(at) && typeof step === "number") at = at[step];
    else if (isObject(at)) at = at[String(step)];
    else return undefined;
  }
  return at;
}
