import { parseExact } from "../../core/exact-json.ts";
import { JSON_LIMITS } from "../../core/limits.ts";
import { scanJson } from "../../core/scan-json.ts";

/** A policy that matched, as it stands in a row. */
export interface RecordedMatch {
  readonly policy: string;
  readonly shadow: boolean;
  readonly effect: string | undefined;
  readonly because: string | undefined;
  readonly error: string | undefined;
  readonly satisfied: string | undefined;
  /** Places that the call left out, where it matched with the tool's defaults in them. */
  readonly defaults: readonly string[] | undefined;
  /** What a decision point or a guard said, in words: `corp: deny (over budget)`. */
  readonly said: string | undefined;
}

/**
 * The policies that matched, of a `policies` column. An `allow` whose condition failed is on record because it failed: it
 * is none of them. A column that somebody tampered with says nothing.
 */
export function readMatches(policies: string | null): readonly RecordedMatch[] {
  const list = jsonIn(policies);
  if (!Array.isArray(list)) return [];
  return list.flatMap((match: unknown) => {
    if (typeof match !== "object" || match === null || !("policy" in match)) return [];
    if (typeof match.policy !== "string") return [];
    const text = (key: string): string | undefined => {
      const value: unknown = Object.entries(match).find(([name]) => name === key)?.[1];
      return typeof value === "string" ? value : undefined;
    };
    const read = { policy: match.policy, shadow: "mode" in match && match.mode === "shadow" };
    const why = {
      effect: text("effect"),
      because: text("because"),
      error: text("error"),
      satisfied: text("satisfied"),
      defaults: "defaults" in match ? textsOf(match.defaults) : undefined,
      said: "said" in match ? saidText(match.said) : undefined,
    };
    return why.effect === "allow" && why.because === "error" ? [] : [{ ...read, ...why }];
  });
}

/** Those that matched a call and those that matched its result, each policy once: a guard may have seen both. */
export function matchesOf({
  policies,
  resultPolicies,
}: {
  readonly policies: string | null;
  readonly resultPolicies: string | null;
}): readonly RecordedMatch[] {
  const seen = new Map<string, RecordedMatch>();
  for (const match of [policies, resultPolicies].flatMap(readMatches)) {
    if (!seen.has(match.policy)) seen.set(match.policy, match);
  }
  return [...seen.values()];
}

function saidText(said: unknown): string | undefined {
  if (typeof said !== "object" || said === null || !("by" in said) || !("answer" in said)) return undefined;
  const labels = "labels" in said ? (textsOf(said.labels) ?? []) : [];
  const reason = "reason" in said && typeof said.reason === "string" ? [said.reason] : [];
  const why = [...reason, ...labels].join("; ");
  return `${String(said.by)}: ${String(said.answer)}${why === "" ? "" : ` (${why})`}`;
}

function textsOf(list: unknown): readonly string[] | undefined {
  return Array.isArray(list) ? list.filter((it) => typeof it === "string") : undefined;
}

/** A JSON column as data; the text itself where it is no JSON, or none within bounds, so that a list shows even a row tampered with. */
export function jsonIn(text: string | null): unknown {
  if (text === null) return null;
  if (scanJson(Buffer.from(text), JSON_LIMITS).kind !== "json") return text;
  try {
    return parseExact(text);
  } catch {
    return text;
  }
}
