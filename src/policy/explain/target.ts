import { isObject, type Json } from "../../core/json.ts";
import { clientIdOf, userIdOf } from "../../core/policy-names.ts";
import { scopeText } from "../decide/scope.ts";
import { ANNOTATION_DEFAULTS, compileTarget, pathOfSubject } from "../decide/target.ts";
import type { PolicyTarget } from "../file/schema.ts";
import type { PolicyInput, PolicyScope } from "../policy-set.ts";

/** A part of a target that does not fit a call. */
export interface TargetMiss {
  readonly key: keyof PolicyTarget;
  /** What the target asks for. */
  readonly wanted: string;
  /** What the call has. */
  readonly actual: string;
}

const SUBJECT_KEYS = ["methods", "tools", "prompts", "resources", "annotations"] as const;

/** The parts of a target that do not fit a call, each checked by the same rules as the whole. `widens`: of an `allow`. */
export function explainTarget(
  target: PolicyTarget | undefined,
  scope: PolicyScope,
  input: PolicyInput,
  widens: boolean,
): readonly TargetMiss[] {
  const { tools, prompts, resources, upstreams, annotations, users, roles, groups, clients, endpoints } = target ?? {};
  const { principal, client, subject, request } = input;
  if (!scope.kinds.has(subject.kind) || !scope.methods.some((method) => method === request.method)) {
    const actual = `${request.method} of a ${subject.kind}`;
    return [{ key: SUBJECT_KEYS.find((key) => target?.[key]) ?? "methods", wanted: scopeText(scope), actual }];
  }
  const path = pathOfSubject(subject);
  const viewer = { principal, client, endpoint: request.endpoint };
  const misses: TargetMiss[] = [];
  const check = (part: PolicyTarget, key: keyof PolicyTarget, wanted: string, actual: string): void => {
    const compiled = compileTarget(part, scope, widens);
    if (compiled.matchesSubject(subject, path) && compiled.matchesCaller?.(viewer) !== false) return;
    misses.push({ key, wanted, actual });
  };
  if (tools) check({ tools }, "tools", tools.join(", "), path);
  if (prompts) check({ prompts }, "prompts", prompts.join(", "), path);
  if (resources) check({ resources }, "resources", resources.join(", "), path);
  if (upstreams) check({ upstreams }, "upstreams", upstreams.join(", "), subject.upstream);
  if (annotations) {
    check(
      { annotations },
      "annotations",
      hintsText(annotations),
      toolHints(annotations, subject.definition["annotations"]),
    );
  }
  if (users) check({ users }, "users", users.join(", "), textOr([principal.email, userIdOf(principal)], "nobody"));
  if (roles) check({ roles }, "roles", roles.join(", "), textOr(principal.roles, "no roles"));
  if (groups) check({ groups }, "groups", groups.join(", "), textOr(principal.groups, "no groups"));
  if (clients)
    check({ clients }, "clients", clients.join(", "), textOr([client.name, clientIdOf(client, principal)], "no name"));
  if (endpoints) check({ endpoints }, "endpoints", endpoints.join(", "), request.endpoint || "/mcp itself");
  return misses;
}

function textOr(texts: readonly (string | undefined)[], otherwise: string): string {
  return [...new Set(texts.filter((text) => text !== undefined && text !== ""))].join(", ") || otherwise;
}

function hintsText(hints: Readonly<Record<string, unknown>>): string {
  return Object.entries(hints)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(", ");
}

function toolHints(wanted: Readonly<Record<string, unknown>>, given: Json | undefined): string {
  const hints = isObject(given) ? given : {};
  return Object.keys(wanted)
    .map((name) => {
      const value = hints[name];
      if (value !== undefined) return `${name}: ${typeof value === "object" ? "…" : value}`;
      const assumed = ANNOTATION_DEFAULTS[name];
      return assumed === undefined ? `no ${name}` : `${name}: ${assumed} (the default)`;
    })
    .join(", ");
}
