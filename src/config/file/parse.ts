import { isObject, type Json } from "../../core/json.ts";
import { configJsonSchema } from "../schema/json-schema.ts";
import { type Config, configSchema } from "../schema/schema.ts";
import type { FilledConfig } from "./fill.ts";
import { type ConfigIssue, explainIssue, MAX_ISSUES, valueAtPath } from "./issues.ts";
import { pathKey, type YamlPath } from "./yaml-source.ts";

/** What the schema made of a file. `root` holds its values as the schema took them. */
export interface Parsed {
  readonly root: Json;
  readonly config: Config | undefined;
  readonly findings: readonly ConfigIssue[];
}

/** Holds a file's values against the schema. @throws never */
export function parse(filled: FilledConfig): Parsed {
  let root = filled.root;
  let result = configSchema.safeParse(root);
  // A substituted text takes the type that its key wants: port: "${PORT}" is a number.
  for (const issue of result.error?.issues ?? []) {
    if (issue.code !== "invalid_type") continue;
    const path = issue.path.filter((step) => typeof step !== "symbol");
    const value = valueAtPath(root, path);
    if (typeof value !== "string" || !filled.substituted.has(pathKey(path))) continue;
    const typed = convert(value, issue.expected);
    if (typed !== undefined) root = replaceAt(root, path, typed);
  }
  if (root !== filled.root) result = configSchema.safeParse(root);
  if (result.success) return { root, config: result.data, findings: [] };
  const schema = configJsonSchema();
  const findings: ConfigIssue[] = [];
  for (const issue of result.error.issues) {
    if (findings.length > MAX_ISSUES) break;
    const isFailed = filled.failed.has(pathKey(issue.path.filter((step) => typeof step !== "symbol")));
    if (!isFailed) findings.push(...explainIssue(issue, root, schema));
  }
  return { root, config: undefined, findings };
}

function convert(text: string, expected: string): Json | undefined {
  if (expected === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  const numeric = expected === "number" || expected === "int";
  return numeric && /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

function replaceAt(root: Json, path: YamlPath, value: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(root)) return root.map((item, index) => (index === step ? replaceAt(item, rest, value) : item));
  if (!isObject(root)) return root;
  return { ...root, [step]: replaceAt(root[step] ?? null, rest, value) };
}
