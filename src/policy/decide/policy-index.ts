import { LRUCache } from "lru-cache";
import type { JsonObject } from "../../core/json.ts";
import type { Principal } from "../../core/principal.ts";
import { SUBJECT_KINDS, type SubjectKind } from "../../core/subject.ts";
import { readSubjectFacts, type SubjectFacts } from "../cel/context.ts";
import type { PolicySubject } from "../policy-set.ts";
import { type CompiledTarget, pathOfSubject, SPELLINGS, upstreamOfPath } from "./target.ts";

/** What is known of a subject before any caller is looked at. */
export interface SubjectMatch<T> {
  /** The policies whose target fits it, in file order. */
  readonly policies: readonly T[];
  /** Those of them that can fit this caller, in file order. */
  policiesFor(principal: Principal): readonly T[];
  /** Computed when a condition first needs it. */
  facts(): SubjectFacts;
}

// Tools are as many as the upstreams list; the bound only stops a set from growing with names and URIs that are made up.
const MAX_SUBJECTS = 10_000;

type Targeted = { readonly target: CompiledTarget };

/**
 * Finds the policies of a subject: by its path, by its upstream, and those about any of its kind. The answer is kept until the
 * definition changes, so that a request pays for the policies about its subject and for no others.
 */
export function indexPolicies<T extends Targeted>(policies: readonly T[]): (subject: PolicySubject) => SubjectMatch<T> {
  const finders = SUBJECT_KINDS.map((kind) => [kind, indexKind(policies, kind)] as const);
  const byKind = Object.fromEntries(finders) as Readonly<
    Record<SubjectKind, (subject: PolicySubject) => SubjectMatch<T>>
  >;
  return (subject) => byKind[subject.kind](subject);
}

function indexKind<T extends Targeted>(
  policies: readonly T[],
  kind: SubjectKind,
): (subject: PolicySubject) => SubjectMatch<T> {
  const byPath = new Map<string, number[]>();
  const byUpstream = new Map<string, number[]>();
  const any: number[] = [];
  policies.forEach(({ target }, index) => {
    if (!target.kinds.has(kind)) return;
    for (const place of target.places(kind)) {
      switch (place.kind) {
        case "subject":
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

  function find(subject: PolicySubject, path: string): readonly T[] {
    const named = SPELLINGS[kind](path).flatMap((spelling) => byPath.get(spelling) ?? []);
    const found = new Set([...named, ...(byUpstream.get(upstreamOfPath(path)) ?? []), ...any]);
    const order = [...found].sort((a, b) => a - b);
    return order.flatMap((index) => policies[index] ?? []).filter(({ target }) => target.matchesSubject(subject, path));
  }

  // Counted as sizes of one: with `max`, every set begins with tables for that many, which takes longer than to compile it.
  const known = new LRUCache<string, SubjectMatch<T> & { readonly subject: PolicySubject }>({
    maxSize: MAX_SUBJECTS,
    sizeCalculation: () => 1,
  });
  return (subject) => {
    const path = pathOfSubject(subject);
    const before = known.get(path);
    // Names with a slash in them can make equal paths, and a definition can change under the same name.
    if (before !== undefined && isSame(before.subject, subject)) return before;
    let facts: SubjectFacts | undefined;
    const found = find(subject, path);
    const match = {
      subject: { kind, name: subject.name, upstream: subject.upstream, definition: subject.definition },
      policies: found,
      policiesFor: indexCallers(found),
      facts() {
        facts ??= readSubjectFacts(subject);
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
