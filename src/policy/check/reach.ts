import { FINAL_VERDICTS } from "../../core/decision.ts";
import { compileGlob } from "../../core/glob.ts";
import { upstreamOfPath } from "../decide/target.ts";
import type { PolicyTarget } from "../file/schema.ts";
import type { CheckedPolicy } from "./policies.ts";
import type { TargetProblem } from "./targets.ts";

const CALLER_KEYS = ["users", "roles", "groups", "clients", "endpoints"] as const;

const OTHER_SUBJECTS = ["prompts", "resources"] as const;

/**
 * Tells of policies whose calls are all refused by another one that has no condition, whatever tools there will be and
 * whatever servers say of them. Of two that refuse the same calls, the later one is told of. Policies in shadow neither
 * refuse nor are they refused: recording is all that they do.
 */
export function findUnreachable(
  policies: readonly CheckedPolicy[],
): readonly { readonly policy: CheckedPolicy; readonly problem: TargetProblem }[] {
  const applied = policies.filter(({ entry }) => entry.mode !== "shadow");
  const finals = applied.flatMap((policy) => {
    const strength = FINAL_VERDICTS.findIndex((effect) => policy.entry.then[effect] !== undefined);
    return strength >= 0 && isUnconditional(policy) ? [{ policy, strength }] : [];
  });
  return applied.flatMap((policy) => {
    const own = FINAL_VERDICTS.findIndex((effect) => policy.entry.then[effect] !== undefined);
    const stronger = finals.find(({ policy: other, strength }) => {
      const wins = own < 0 || strength < own || (strength === own && other.order < policy.order);
      return wins && other !== policy && covers(other, policy);
    });
    if (stronger === undefined) return [];
    const { entry, file, line } = stronger.policy;
    const does = stronger.strength === 0 ? "hides the tools" : "denies all";
    const message = `This policy never takes effect: \`${entry.id}\` (${file}:${line}) ${does} of its calls.`;
    const hint = "Remove this one, or leave both: a narrower target of the other one lets calls through.";
    return [{ policy, problem: { severity: "warning", path: [...policy.path, "id"], message, hint } }];
  });
}

function isUnconditional({ entry, texts }: CheckedPolicy): boolean {
  if (entry.when === undefined) return true;
  const root = texts.when?.root;
  return root?.op === "value" && root.args === true;
}

function covers(other: CheckedPolicy, policy: CheckedPolicy): boolean {
  if (policy.tools.length === 0 || other.tools.length < policy.tools.length) return false;
  // What does not even hold for the tools of today needs no look at the patterns.
  for (let index = 0; index < policy.bits.length; index++) {
    if (((policy.bits[index] ?? 0) & ~(other.bits[index] ?? 0)) !== 0) return false;
  }
  const [outer, inner] = [other.entry.target ?? {}, policy.entry.target ?? {}];
  const covered = policy.scope.methods.every((method) => other.scope.methods.includes(method));
  if (!covered || !OTHER_SUBJECTS.every((key) => coversEntries(outer[key], inner[key]))) return false;
  return coversTools(outer, inner) && CALLER_KEYS.every((key) => coversEntries(outer[key], inner[key]));
}

type Entries = NonNullable<PolicyTarget["users"]>;

// Of tools that do not exist yet, too: by the patterns alone. What a server says of its tools may be something else tomorrow.
function coversTools(outer: PolicyTarget, inner: PolicyTarget): boolean {
  if (outer.annotations !== undefined) return false;
  const below = inner.upstreams?.flatMap((entry) => (entry.startsWith("!") ? [] : [`${entry}/*`]));
  const above = inner.tools?.flatMap((entry) => (entry.startsWith("!") ? [] : [upstreamOf(entry)]));
  const tools = [inner.tools, below].some((entries) => coversEntries(outer.tools, entries));
  return tools && [inner.upstreams, above].some((entries) => coversEntries(outer.upstreams, entries));
}

// A star takes in slashes, so what stands before the slash of a pattern is the upstream only where it is a plain name.
function upstreamOf(glob: string): string {
  const upstream = upstreamOfPath(glob);
  return /[*?]/.test(upstream) || upstream === glob ? "*" : upstream;
}

// By the patterns themselves: every caller that fits `inner` fits `outer`. Where that cannot be told, it is not said.
function coversEntries(outer: Entries | undefined, inner: Entries | undefined): boolean {
  if (outer === undefined) return true;
  if (inner === undefined) return false;
  const excluded = outer.filter((entry) => entry.startsWith("!"));
  if (!excluded.every((entry) => inner.includes(entry))) return false;
  const wide = outer.filter((entry) => !entry.startsWith("!"));
  const narrow = inner.filter((entry) => !entry.startsWith("!"));
  if (wide.length === 0) return true;
  return narrow.length > 0 && narrow.every((entry) => wide.some((pattern) => coversGlob(pattern, entry)));
}

/** Whether every text that fits `narrow` fits `wide`, as far as that can be told. */
// A `*` of the wider one takes in whatever stands in the narrower one, stars included; a `?` might not.
export function coversGlob(wide: string, narrow: string): boolean {
  return wide === narrow || (!wide.includes("?") && compileGlob(wide)(narrow));
}
