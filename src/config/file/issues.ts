import type { z } from "zod";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { suggest } from "../../core/suggest.ts";
import { keysAt, schemaAt } from "../schema/json-schema.ts";
import type { YamlPath } from "./yaml-source.ts";

/** A mistake at a path. `at` says whether the key or its value is the place to point at. */
export interface ConfigIssue {
  readonly path: YamlPath;
  readonly at: "key" | "value";
  readonly message: string;
  readonly hint: string | undefined;
}

/** More mistakes than these are not told. */
export const MAX_ISSUES = 100;

/** The value at a path, `undefined` if there is none. */
export function valueAtPath(root: Json, path: YamlPath): Json | undefined {
  let value: Json | undefined = root;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === "number") value = value[step];
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step];
    else return undefined;
  }
  return value;
}

/** Turns what the schema says into what a person can act on. No text of the file is repeated, only names of keys. */
export function explainIssue(issue: z.core.$ZodIssue, root: Json, schema: JsonObject): readonly ConfigIssue[] {
  const path = issue.path.filter((step) => typeof step !== "symbol");
  const value = valueAtPath(root, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.slice(0, MAX_ISSUES + 1).map((key) => ({
        path: [...path, key],
        at: "key",
        message: "This key is not known.",
        hint: hintForKey(key, path, schema),
      }));
    case "invalid_key":
      return [{ path, at: "key", message: issue.issues[0]?.message ?? "This cannot be a name.", hint: undefined }];
    case "invalid_value": {
      const options = issue.values.map(String);
      const meant = typeof value === "string" ? suggest(value, options) : undefined;
      const hint = meant === undefined ? undefined : `Did you mean ${meant}?`;
      return [{ path, at: "value", message: `Must be one of: ${options.join(", ")}.`, hint }];
    }
    case "invalid_type": {
      if (value === undefined) {
        const about = schemaAt(schema, path)?.["description"];
        const key = path.at(-1) ?? "";
        return [
          { path, at: "key", message: `${key} is missing.`, hint: typeof about === "string" ? about : undefined },
        ];
      }
      // The schema's own texts ("Write a duration…") say more than the names of types.
      const own = issue.message.startsWith("Invalid input") ? undefined : issue.message;
      const message = own ?? `Must be ${typeName(issue.expected)}, but is ${nameOf(value)}.`;
      return [{ path, at: "value", message, hint: own === undefined ? typeHint(issue.expected, value) : undefined }];
    }
    case "too_small":
      return [
        { path, at: "value", message: boundary(issue.message, issue.minimum, issue.origin, "least"), hint: undefined },
      ];
    case "too_big":
      return [
        { path, at: "value", message: boundary(issue.message, issue.maximum, issue.origin, "most"), hint: undefined },
      ];
    case "custom":
      // About an entry as a whole: its name is the place to look at.
      return [{ path, at: isObject(value) ? "key" : "value", message: issue.message, hint: undefined }];
    case "invalid_union":
    case "invalid_format":
    case "invalid_element":
    case "not_multiple_of":
      return [{ path, at: "value", message: issue.message, hint: undefined }];
    default:
      issue satisfies never;
      return [];
  }
}

// Keys of other clients' files, and what says the same here.
const APPROVALS = "Policies decide which calls need an approval.";
const NO_ENTRY = "Remove the entry, or comment it out.";
const SOME_TOOLS = "Write tools: { allow: [...] }.";
const OTHER_TOOLS = "Write tools: { deny: [...] }.";
const BEARER = `Write headers: { Authorization: "Bearer \${TOKEN}" }.`;
const FOREIGN: Readonly<Record<string, string>> = {
  serverUrl: "Write url.",
  httpUrl: "Write url.",
  transport: "Write type.",
  transportType: "Write type.",
  transport_type: "Write type.",
  disabled: NO_ENTRY,
  enabled: NO_ENTRY,
  autoapprove: APPROVALS,
  autoApprove: APPROVALS,
  alwaysAllow: APPROVALS,
  trust: APPROVALS,
  includeTools: SOME_TOOLS,
  enabled_tools: SOME_TOOLS,
  excludeTools: OTHER_TOOLS,
  disabledTools: OTHER_TOOLS,
  disabled_tools: OTHER_TOOLS,
  envFile: `Write the variables under env, with \${NAME} or \${file:PATH} as their values.`,
  http_headers: "Write headers.",
  bearer_token: BEARER,
  bearer_token_env_var: BEARER,
  startup_timeout_sec: "Write timeout, as 60s.",
  tool_timeout_sec: "Write timeout, as 60s.",
};

function hintForKey(key: string, path: YamlPath, schema: JsonObject): string | undefined {
  const known = keysAt(schema, path);
  const meant = suggest(key, known);
  if (meant !== undefined) return `Did you mean ${meant}?`;
  if (path[0] === "upstreams" && Object.hasOwn(FOREIGN, key)) return FOREIGN[key];
  if (path.length === 0 && key === "mcpServers") return "Write upstreams; its entries work as they are.";
  const section = keysAt(schema, []).find((name) => keysAt(schema, [name]).includes(key));
  if (section !== undefined && section !== path[0]) return `It belongs under ${section}.`;
  return known.length === 0 ? undefined : `Known here: ${known.join(", ")}.`;
}

function typeName(expected: string): string {
  switch (expected) {
    case "string":
      return "text";
    case "int":
      return "a whole number";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "object":
    case "record":
      return "a group of keys";
    default:
      return `of type ${expected}`;
  }
}

function nameOf(value: Json): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a group of keys" : typeof value === "string" ? "text" : `a ${typeof value}`;
}

function typeHint(expected: string, value: Json): string | undefined {
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) return "Put it in quotes.";
  if (expected === "array" && typeof value === "string") return "Put it in brackets: [ … ].";
  if (expected === "boolean" && typeof value === "string") return "Without quotes; yes and on are text in YAML 1.2.";
  return undefined;
}

function boundary(message: string, limit: number | bigint, origin: string, word: "least" | "most"): string {
  if (!message.startsWith("Too ")) return message;
  if (origin === "array") return `Must have at ${word} ${limit} ${limit === 1 ? "item" : "items"}.`;
  return origin === "string" ? `Must have at ${word} ${limit} characters.` : `Must be at ${word} ${limit}.`;
}
