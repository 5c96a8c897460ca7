import { compileGlob, compileGlobs } from "../core/glob.ts";
import { isObject, type Json } from "../core/json.ts";
import type { PolicyInput } from "./policy-set.ts";
import type { PolicyTarget } from "./schema.ts";

/** A target, ready to be matched. All of its keys must match, and within a key one entry is enough. */
export interface CompiledTarget {
  /** Where to look the policy up by the path `upstream/tool`. */
  readonly places: readonly Place[];
  /** The part that depends on the tool alone. */
  matchesTool(tool: PolicyInput["tool"], path: string): boolean;
  /** The part that depends on the caller, `undefined` where every caller will do. */
  readonly matchesCaller: ((input: PolicyInput) => boolean) | undefined;
}

/** A policy can be about one tool, about tools of one upstream, or about any. */
export type Place =
  | { readonly kind: "tool"; readonly path: string }
  | { readonly kind: "upstream"; readonly upstream: string }
  | { readonly kind: "any" };

/** Compiles a target; none is about every call. */
export function compileTarget(target: PolicyTarget | undefined): CompiledTarget {
  const { tools, upstreams, annotations } = target ?? {};
  const toolGlobs = tools && compileGlobs(tools);
  const upstreamGlobs = upstreams && compileGlobs(upstreams);
  return {
    places: tools?.map(placeOfTools) ?? upstreams?.map(placeOfUpstream) ?? [{ kind: "any" }],
    matchesTool: (tool, path) =>
      (toolGlobs === undefined || toolGlobs(path)) &&
      (upstreamGlobs === undefined || upstreamGlobs(tool.upstream)) &&
      (annotations === undefined || hasAnnotations(tool.definition["annotations"], annotations)),
    matchesCaller: compileCaller(target ?? {}),
  };
}

function compileCaller(target: PolicyTarget): CompiledTarget["matchesCaller"] {
  const checks: ((input: PolicyInput) => boolean)[] = [];
  const { users, roles, groups, clients, endpoints } = target;
  if (users !== undefined) {
    const ids = compileGlobs(users);
    // The same mailbox however it is spelt; a different spelling must not be a way around a refusal.
    const emails = compileGlobs(users.map((user) => user.toLowerCase()));
    checks.push(({ principal: { email, subject } }) => {
      return ids(subject) || (email !== undefined && emails(email.toLowerCase()));
    });
  }
  if (roles !== undefined) {
    const any = hasAny(compileAny(roles));
    checks.push(({ principal }) => any(principal.roles));
  }
  if (groups !== undefined) {
    const any = hasAny(compileAny(groups));
    checks.push(({ principal }) => any(principal.groups));
  }
  if (clients !== undefined) {
    const globs = compileAny(clients);
    checks.push(({ client }) => globs(client.name) || (client.id !== undefined && globs(client.id)));
  }
  if (endpoints !== undefined) {
    const globs = compileAny(endpoints);
    checks.push(({ request }) => globs(request.endpoint));
  }
  const [first, ...others] = checks;
  if (first === undefined || others.length === 0) return first;
  return (input) => first(input) && others.every((check) => check(input));
}

// Most targets name one role, group or client outright, and a call may meet a thousand of them.
function compileAny(patterns: readonly string[]): (text: string) => boolean {
  const [only = "", ...others] = patterns;
  return others.length === 0 ? compileGlob(only) : compileGlobs(patterns);
}

function hasAny(matches: (text: string) => boolean): (texts: readonly string[]) => boolean {
  return (texts) => {
    for (const text of texts) if (matches(text)) return true;
    return false;
  };
}

/** What a tool is taken for where it does not say. MCP 2025-11-25, schema, ToolAnnotations */
export const ANNOTATION_DEFAULTS: Readonly<Record<string, boolean>> = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
};

function hasAnnotations(given: Json | undefined, wanted: NonNullable<PolicyTarget["annotations"]>): boolean {
  const hints = isObject(given) ? given : {};
  return Object.entries(wanted).every(([name, value]) => {
    const hint = Object.hasOwn(hints, name) ? hints[name] : undefined;
    return (typeof hint === typeof value ? hint : ANNOTATION_DEFAULTS[name]) === value;
  });
}

/** The part of a path that names the upstream. */
export function upstreamOfPath(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? path : path.slice(0, slash);
}

function placeOfTools(glob: string): Place {
  if (!isGlob(glob)) return { kind: "tool", path: glob };
  const upstream = upstreamOfPath(glob);
  return isGlob(upstream) || upstream === glob ? { kind: "any" } : { kind: "upstream", upstream };
}

function placeOfUpstream(glob: string): Place {
  return isGlob(glob) || glob.includes("/") ? { kind: "any" } : { kind: "upstream", upstream: glob };
}

function isGlob(pattern: string): boolean {
  return pattern.includes("*") || pattern.includes("?");
}
