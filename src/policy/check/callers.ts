import { compileGlob } from "../../core/glob.ts";
import { suggest } from "../../core/suggest.ts";
import { isExclusion } from "../decide/glob-selection.ts";
import { didYouMean } from "../syntax/expression-rules.ts";
import { doubtsOfAddress } from "../tool-schemas/address-parts.ts";
import type { KnownFacts } from "../values/facts.ts";
import { checkCallerNames } from "./caller-names.ts";
import type { CheckedPolicy } from "./policies.ts";
import { coversGlob } from "./reach.ts";
import type { TargetProblem } from "./targets.ts";

const KEYS = ["users", "roles", "groups", "clients", "endpoints"] as const;

/** Entries of a target that fit no endpoint or others' addresses as well, and lists that exclude all that they include. */
export function checkCallers({ entry, path, texts }: CheckedPolicy, known: KnownFacts): readonly TargetProblem[] {
  const { endpoints } = known;
  const problems: TargetProblem[] = [...checkCallerNames({ entry, path }, known)];
  for (const key of KEYS) {
    const entries = entry.target?.[key] ?? [];
    const out = entries.filter(isExclusion).map((it) => it.slice(1));
    const into = entries.filter((it) => !isExclusion(it));
    // Who has no role at all is not excluded by `!*` alone; every request has an endpoint.
    const nobody =
      (into.length > 0 || (key === "endpoints" && out.includes("*"))) &&
      into.every((it) => out.some((glob) => coversGlob(glob, it)));
    if (!nobody) continue;
    const message = "This fits nobody: what it names is excluded as well.";
    problems.push({ severity: "error", path: [...path, "target", key], message, hint: undefined });
  }
  for (const [index, glob] of (entry.target?.users ?? []).entries()) {
    const hint = doubtOfUsers(isExclusion(glob) ? glob.slice(1) : glob);
    if (hint === undefined) continue;
    const message = `\`${glob}\` also fits addresses of others.`;
    problems.push({ severity: "warning", path: [...path, "target", "users", index], message, hint });
  }
  if (endpoints === undefined) return problems;
  const names = ["", ...endpoints];
  for (const [index, glob] of (entry.target?.endpoints ?? []).entries()) {
    const excludes = isExclusion(glob);
    const name = excludes ? glob.slice(1) : glob;
    if (names.some(compileGlob(name))) continue;
    // A name is proposed only where calls get no further by it.
    const close = excludes === (texts.effect === "allow") ? suggest(name, endpoints) : undefined;
    const there =
      endpoints.length === 0 ? "There is /mcp only, whose name is empty." : `Known are ${endpoints.join(", ")}.`;
    const at = [...path, "target", "endpoints", index];
    const what = excludes
      ? `\`${glob}\` excludes nothing: there is no such endpoint.`
      : `There is no endpoint \`${glob}\`.`;
    problems.push({
      severity: excludes ? "warning" : "error",
      path: at,
      message: what,
      hint: didYouMean(close) ?? there,
    });
  }
  return problems;
}

// As conditions are: by what is written out at the end, else by each part of an address.
function doubtOfUsers(glob: string): string | undefined {
  const runs = glob.split(/[*?]+/);
  const last = runs.at(-1) ?? "";
  if (runs.length === 1 || glob.includes("|")) return undefined;
  // Without a dot or an `@` it may be about subjects.
  if (last !== "") return /[.@]/.test(last) ? doubtsOfAddress(last, "end") : undefined;
  const parts = runs.map((text, at) => ({ text, where: at === 0 ? ("start" as const) : ("anywhere" as const) }));
  const doubts = parts.map(({ text, where }) => (text.includes("@") ? doubtsOfAddress(text, where) : undefined));
  return doubts.find((it) => it !== undefined);
}
