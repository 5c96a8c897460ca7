import { DECIDED_METHODS, type DecidedMethod, SUBJECT_KINDS, type SubjectKind } from "../../core/subject.ts";
import type { PolicyTarget } from "../file/schema.ts";
import type { PolicyScope } from "../policy-set.ts";

/*
 * Which requests a policy is about. `methods` names them outright. Without it, what the policy names decides: tools, prompts or
 * resources, in its target or where it reads `tool`, `prompt` or `resource`; one that reads `args` and names none of these is
 * about calls of tools. A policy that names nothing of all that, because it looks at the caller alone, is about every request.
 */

/** The keys of a target that are about subjects of one kind alone. */
const KEYS: Readonly<Record<SubjectKind, readonly (keyof PolicyTarget)[]>> = {
  tool: ["tools", "annotations"],
  prompt: ["prompts"],
  resource: ["resources"],
};

const METHODS = Object.keys(DECIDED_METHODS) as readonly DecidedMethod[];

type Target = Partial<Pick<PolicyTarget, "tools" | "prompts" | "resources" | "methods">> & {
  readonly annotations?: object | undefined;
};

/**
 * What a policy with this target is about, whose condition and settings name `reads` (as `args`, `tool.name`). `among`: the
 * requests for which its effect makes sense, where these are not all.
 */
export function scopeOf(
  target: Target | undefined,
  reads: ReadonlySet<string>,
  among: readonly DecidedMethod[] = METHODS,
): PolicyScope {
  const named = new Set([...kindsInTarget(target), ...kindsRead(reads)]);
  if (named.size === 0 && target?.methods === undefined && reads.has("args")) named.add("tool");
  const wanted = (kind: SubjectKind): boolean => named.size === 0 || named.has(kind);
  const methods = METHODS.filter(
    (method) => among.includes(method) && (target?.methods?.includes(method) ?? true) && kindsOf(method).some(wanted),
  );
  return { kinds: new Set(methods.flatMap(kindsOf).filter(wanted)), methods };
}

/** Why a policy could not be about what it names, in words for its author; `undefined` if it can. */
export function scopeProblem(
  target: Target | undefined,
  reads: ReadonlySet<string>,
  among: readonly DecidedMethod[] = METHODS,
): string | undefined {
  const read = kindsRead(reads);
  const [first, second] = read;
  if (first !== undefined && second !== undefined) {
    return `A request is about one thing: \`${first}\` and \`${second}\` are never known together. Write two policies.`;
  }
  const inTarget = kindsInTarget(target);
  const odd = inTarget.find((kind) => first !== undefined && kind !== first);
  if (odd !== undefined)
    return `The target is about ${odd}s too, of which \`${first}\` is not known. Write two policies.`;
  const named = [...new Set([...inTarget, ...read])];
  for (const method of target?.methods ?? []) {
    if (named.length > 0 && !kindsOf(method).some((kind) => named.includes(kind))) {
      return `${method} is not about ${named.map((kind) => `${kind}s`).join(" or ")}, which is all that the policy names.`;
    }
  }
  for (const kind of named) {
    if (target?.methods?.some((method) => kindsOf(method).includes(kind)) === false) {
      return `The policy names ${kind}s, and none of its methods is about those.`;
    }
  }
  const senseless = target?.methods?.find((method) => !among.includes(method));
  if (senseless !== undefined) return `${senseless} has nothing that this effect could change.`;
  const { kinds, methods } = scopeOf(target, reads, among);
  const idle = named.find((kind) => !kinds.has(kind));
  if (idle !== undefined)
    return `${idle === "resource" ? "The reading of a resource" : `A ${idle}`} has nothing that this effect could change.`;
  const bare = methods.some((method) => method !== "completion/complete" && kindsOf(method).includes("resource"));
  if (reads.has("args") && kinds.has("resource") && bare) {
    return "The reading of a resource has no arguments: `args` is not known. Name tools or prompts, or take resources out.";
  }
  return undefined;
}

function kindsInTarget(target: Target | undefined): readonly SubjectKind[] {
  return SUBJECT_KINDS.filter((kind) => KEYS[kind].some((key) => target !== undefined && Object.hasOwn(target, key)));
}

function kindsRead(reads: ReadonlySet<string>): readonly SubjectKind[] {
  const roots = new Set([...reads].map((name) => name.split(".")[0]));
  return SUBJECT_KINDS.filter((kind) => roots.has(kind));
}

function kindsOf(method: DecidedMethod): readonly SubjectKind[] {
  return DECIDED_METHODS[method];
}

/** What a policy is about, for people: `calls of tools`, `prompts`, `every request`. */
export function scopeText({ kinds, methods }: PolicyScope): string {
  if (methods.length === METHODS.length && kinds.size === SUBJECT_KINDS.length) return "every request";
  const whole = METHODS.filter((method) => kindsOf(method).some((kind) => kinds.has(kind)));
  if (methods.length < whole.length) return methods.join(", ");
  return SUBJECT_KINDS.filter((kind) => kinds.has(kind))
    .map((kind) => TEXTS[kind])
    .join(", ");
}

/** What a policy is about, as JSON: a set is none. */
export function scopeJson(scope: PolicyScope) {
  return { kinds: [...scope.kinds], methods: [...scope.methods], words: scopeText(scope) };
}

const TEXTS: Readonly<Record<SubjectKind, string>> = {
  tool: "calls of tools",
  prompt: "prompts and their completion",
  resource: "resources and their completion",
};
