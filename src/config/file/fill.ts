import { isObject, type Json } from "../../core/json.ts";
import type { ConfigIssue } from "./issues.ts";
import { type SubstitutionSources, substitute } from "./substitute.ts";
import { pathKey, type YamlPath, type YamlSource } from "./yaml-source.ts";

/** A file's values with their references replaced. Paths are as `pathKey` writes them. */
export interface FilledConfig {
  readonly root: Json;
  readonly substituted: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  readonly findings: readonly ConfigIssue[];
}

/** Replaces the references in every text; keys stay as they are. @throws never */
export function fill(source: YamlSource, sources: SubstitutionSources): FilledConfig {
  const substituted = new Set<string>();
  const failed = new Set<string>();
  const findings: ConfigIssue[] = [];
  const walk = (value: Json, path: YamlPath): Json => {
    if (typeof value === "string") {
      const result = substitute(value, sources);
      if (result.ok) {
        if (result.changed) substituted.add(pathKey(path));
        return result.text;
      }
      failed.add(pathKey(path));
      findings.push(...result.problems.map((problem) => ({ path, at: "value" as const, ...problem })));
      return value;
    }
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item ?? null, [...path, key])]));
  };
  // An empty file is a configuration in which everything is as by default.
  return { root: walk(source.value ?? {}, []), substituted, failed, findings };
}
