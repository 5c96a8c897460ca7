import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { formatPolicyError } from "../../src/policy/file/format-error.ts";
import type { PolicyLevel } from "../../src/policy/levels.ts";
import type { PolicyFile, PolicySet } from "../../src/policy/policy-set.ts";

/** Policies of several levels, as the lists of their files. */
export type Levels = Partial<
  Record<PolicyLevel, { readonly default?: "allow" | "deny"; readonly policies: readonly string[] }>
>;

/** Files and options as they are read from folders. */
export function levelFiles(levels: Levels) {
  const entries = Object.entries(levels) as [PolicyLevel, NonNullable<Levels[PolicyLevel]>][];
  const files = entries.map(([level, { policies }]): PolicyFile => {
    const file = { name: `${level.replace("/", "-")}.yaml`, text: `policies: [${policies.join(", ")}]` };
    return level === "gateway" ? file : { ...file, level };
  });
  const others = entries.filter(([level]) => level !== "gateway");
  const options = {
    default: levels.gateway?.default ?? ("allow" as const),
    flows: ["finance"],
    levels: others.map(([level, it]) => ({ level, default: it.default ?? ("allow" as const) })),
  };
  return { files, options };
}

/** Compiles them, or fails the test with the mistakes. */
export function leveledSet(levels: Levels): PolicySet {
  const { files, options } = levelFiles(levels);
  const compiled = compilePolicies(files, options);
  if (!compiled.ok) throw new Error(compiled.errors.map((error) => formatPolicyError(error, "")).join("\n"));
  return compiled.set;
}
