import type { Decision } from "../../src/core/decision.ts";
import { DECIDED_METHODS, type DecidedMethod, type SubjectKind } from "../../src/core/subject.ts";
import type { PolicyInput, Viewer } from "../../src/policy/policy-set.ts";
import { type InputSketch, policyInput } from "./policy-inputs.ts";

/* Requests of every kind, for properties of decisions. */

/** Each method with each kind of subject that it is about. */
export const REQUESTS: readonly (readonly [DecidedMethod, SubjectKind])[] = (
  Object.keys(DECIDED_METHODS) as DecidedMethod[]
).flatMap((method) => DECIDED_METHODS[method].map((kind) => [method, kind] as const));

/** A request about what is called so there: a resource has the URI `x:<name>`. `v` is its argument, where it has any. */
export function requestAbout(
  [method, kind]: (typeof REQUESTS)[number],
  { name, upstream, v }: { readonly name: string; readonly upstream: string; readonly v: string },
  sketch: Pick<InputSketch, "principal" | "client" | "request">,
): PolicyInput {
  const own = kind === "resource" ? `x:${name}` : name;
  const definition = kind === "resource" ? { uri: own, name } : { name };
  const input = policyInput({ ...sketch, request: { ...sketch.request, method } });
  const args = method.startsWith("resources/") ? {} : { v };
  return { ...input, subject: { kind, name: own, upstream, definition }, arguments: args };
}

export const viewerOf = ({ principal, client, request: { endpoint } }: PolicyInput): Viewer => ({
  principal,
  client,
  endpoint,
});

/** Verdicts by how much they refuse. */
export const STRENGTH = { allow: 0, request_approval: 1, step_up: 2, deny: 3, rate_limit: 3, hide: 4 } as const;

/** How much a decision refuses. What is hidden is answered as what nobody has, by whatever policy. */
export const strengthOf = ({ effect, hidden }: Decision): number => (hidden ? STRENGTH.hide : STRENGTH[effect]);
