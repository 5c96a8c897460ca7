import { LRUCache } from "lru-cache";
import { fold } from "../../core/fold.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Principal } from "../../core/principal.ts";
import { readToolFacts, type ToolFacts } from "../cel/context.ts";
import type { PolicyInput } from "../policy-set.ts";
import { type CompiledTarget, upstreamOfPath } from "./target.ts";

/** What is known of a tool before any caller is looked at. */
export interface ToolMatch<T> {
  /** The policies whose target fits the tool, in file order. */
  readonly policies: readonly T[];
  /** Those of them that can fit this caller, in file order. */
  policiesFor(principal: Principal): readonly T[];
  /** Computed when a condition first needs it. */
  facts(): ToolFacts;
}

// Tools are as many as the upstreams list; the bound only stops a set from growing with names that are made up.
const MAX_TOOLS = 10_000;

/**
 * Finds the policies of a tool: by its path, by its upstream, and those about any. The answer is kept until the tool's
 * definition changes, so that a call pays for the policies about its tool and for no others.
 */
export function indexPolicies<T extends { readonly target: CompiledTarget }>(
  policies: readonly T[],
): (tool: PolicyInput["tool"]) => ToolMatch<T> {
  const byPath = new Map<string, number[]>();
  const byUpstream = new Map<string, number[]>();
  const any: number[] = [];
  policies.forEach(({ target }, index) => {
    for (const place of target.places) {
      switch (place.kind) {
        case "tool":
          append(byPath, place.path, index);
          break;
        case "upstream":
          append(byUpstream, place.upstream, index);
          break;
        case "any":
          any.push(index);
          break;
        default:
          place satisfies never;
      }
    }
  });

  function find(tool: PolicyInput["tool"], path: string): readonly T[] {
    const found = new Set([...(byPath.get(fold(path)) ?? []), ...(byUpstream.get(upstreamOfPath(path)) ?? []), ...any]);
    const order = [...found].sort((a, b) => a - b);
    return order.flatMap((index) => policies[index] ?? []).filter(({ target }) => target.matchesTool(tool, path));
  }

  // Counted as sizes of one: with `max`, every set begins with tables for that many, which takes longer than to compile it.
  const known = new LRUCache<string, ToolMatch<T> & { readonly tool: PolicyInput["tool"] }>({
    maxSize: MAX_TOOLS,
    sizeCalculation: () => 1,
  });
  return (tool) => {
    const path = `${tool.upstream}/${tool.name}`;
    const before = known.get(path);
    // Names with a slash in them can make equal paths, and a definition can change under the same name.
    if (before !== undefined && isSame(before.tool, tool)) return before;
    let facts: ToolFacts | undefined;
    const found = find(tool, path);
    const match = {
      tool: { name: tool.name, upstream: tool.upstream, definition: tool.definition },
      policies: found,
      policiesFor: indexCallers(found),
      facts() {
        facts ??= readToolFacts(tool);
        return facts;
      },
    };
    known.set(path, match);
    return match;
  };
}

// Among policies that each name a role, a call looks only at those that name one of its caller's.
function indexCallers<T extends { readonly target: CompiledTarget }>(
  policies: readonly T[],
): (principal: Principal) => readonly T[] {
  const byRole = new Map<string, number[]>();
  const byGroup = new Map<string, number[]>();
  const anybody: number[] = [];
  policies.forEach(({ target: { anchor } }, index) => {
    if (anchor === undefined) anybody.push(index);
    else for (const name of anchor.names) append(anchor.fact === "roles" ? byRole : byGroup, name, index);
  });
  if (byRole.size + byGroup.size === 0) return () => policies;
  const known = new WeakMap<Principal, readonly T[]>();
  return (principal) => {
    // There may be others that nobody could read.
    if (principal.unread !== undefined) return policies;
    const before = known.get(principal);
    if (before !== undefined) return before;
    const found = new Set(anybody);
    for (const role of principal.roles) for (const index of byRole.get(role) ?? []) found.add(index);
    for (const group of principal.groups) for (const index of byGroup.get(group) ?? []) found.add(index);
    const chosen = [...found].sort((a, b) => a - b).flatMap((index) => policies[index] ?? []);
    known.set(principal, chosen);
    return chosen;
  };
}

function isSame(a: { name: string; definition: JsonObject }, b: { name: string; definition: JsonObject }): boolean {
  return a.definition === b.definition && a.name === b.name;
}

function append(places: Map<string, number[]>, key: string, index: number): void {
  const list = places.get(key);
  if (list === undefined) places.set(key, [index]);
  else list.push(index);
}
