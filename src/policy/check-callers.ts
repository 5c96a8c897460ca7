import { compileGlob } from "../core/glob.ts";
import { suggest } from "../core/suggest.ts";
import type { KnownFacts } from "./check-facts.ts";
import type { CheckedPolicy } from "./check-policies.ts";
import { coversGlob } from "./check-reach.ts";
import type { TargetProblem } from "./check-targets.ts";
import { didYouMean } from "./expression-rules.ts";

const KEYS = ["users", "roles", "groups", "clients", "endpoints"] as const;

/** Entries of a target that fit no endpoint, and lists that exclude all that they include. */
export function checkCallers(
  { entry, path, texts }: CheckedPolicy,
  { endpoints }: KnownFacts,
): readonly TargetProblem[] {
  const problems: TargetProblem[] = [];
  for (const key of KEYS) {
    const entries = entry.target?.[key] ?? [];
    const out = entries.filter(isExclusion).map((it) => it.slice(1));
    const into = entries.filter((it) => !isExclusion(it));
    // Who has no role at all is not excluded by `!*` alone.
    const nobody = into.length > 0 && into.every((it) => out.some((glob) => coversGlob(glob, it)));
    if (!nobody) continue;
    const message = "This fits nobody: what it names is excluded as well.";
    problems.push({ severity: "error", path: [...path, "target", key], message, hint: undefined });
  }
  if (endpoints === undefined) return problems;
  const names = ["", ...endpoints];
  for (const [index, glob] of (entry.target?.endpoints ?? []).entries()) {
    const excludes = isExclusion(glob);
    const name = excludes ? glob.slice(1) : glob;
    if (names.some(compileGlob(name))) continue;
    // A name is proposed only where calls get no further by it.
    const close = excludes === (texts.effect === "allow") ? suggest(name, endpoints) : undefined;
    const known =
      endpoints.length === 0 ? "There is /mcp only, whose name is empty." : `Known are ${endpoints.join(", ")}.`;
    const at = [...path, "target", "endpoints", index];
    const what = excludes
      ? `\`${glob}\` excludes nothing: there is no such endpoint.`
      : `There is no endpoint \`${glob}\`.`;
    problems.push({
      severity: excludes ? "warning" : "error",
      path: at,
      message: what,
      hint: didYouMean(close) ?? known,
    });
  }
  return problems;
}

function isExclusion(entry: string): boolean {
  return entry.startsWith("!");
}
