import { stringify } from "yaml";
import type { Decision } from "../../core/decision.ts";
import type { JsonObject } from "../../core/json.ts";
import type { PolicyAnswer } from "../answer.ts";
import { ARGUMENTS_GUARD } from "../file/schema.ts";
import type { PolicyInput } from "../policy-set.ts";
import { type GivenCall, type GivenSubject, givenSubject, inputOfCall } from "./given-call.ts";
import { DEFINITIONS, policyTestSchema, REFUSED } from "./schema.ts";

/**
 * A file of tests with one test: this call, and what it came to. It says no more than it must: the time and the
 * tool's definition only where the decision is another one without them. `again` decides other calls to find that out;
 * without it both stand there. Pure.
 */
export function policyTestText(
  { given, definition, answer }: CallToTest,
  again: ((input: PolicyInput) => PolicyAnswer) | undefined,
): string {
  const same = (call: GivenCall, tool: JsonObject | undefined): boolean =>
    again !== undefined && fingerprint(again(inputOfCall(call, tool))) === fingerprint(answer);
  const { time, ...timeless } = given;
  const call = time === undefined || same(timeless, definition) ? timeless : given;
  const subject = givenSubject(given);
  const needed =
    subject === undefined || same(call, undefined)
      ? undefined
      : { [DEFINITIONS[subject.kind]]: { [subject.path]: testable(definition, subject.kind) } };
  const test = {
    name: nameOf(given, answer),
    given: { ...tidy(call), ...answersOf(answer) },
    expect: expectOf(answer),
  };
  if (holdsMore(test, MAX_VALUES)) return "# This call is too large to be written as a test.\n";
  if (needed === undefined || holdsMore(needed, MAX_VALUES)) {
    const left =
      needed === undefined ? "" : "# Its definition is too large to stand here, and the decision may depend on it.\n";
    return `${left}${stringify({ tests: [test] }, { aliasDuplicateObjects: false })}`;
  }
  return stringify({ ...needed, tests: [test] }, { aliasDuplicateObjects: false });
}

/** Definitions are their servers' to write, and writing one as YAML takes long: everybody waits meanwhile. */
const MAX_VALUES = 5_000;

/** Whether more values than these are in it, which is known after looking at so many. */
function holdsMore(value: unknown, most: number): boolean {
  const open: unknown[] = [value];
  let seen = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    seen += 1;
    if (typeof next !== "object" || next === null) continue;
    const inner: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (seen + open.length + inner.length > most) return true;
    for (const member of inner) if (member !== undefined) open.push(member);
  }
  return false;
}

/** A call, its tool as the server lists it, and what was decided. */
export interface CallToTest {
  readonly given: GivenCall;
  readonly definition: JsonObject;
  readonly answer: PolicyAnswer;
}

/** Those that leave the decision as it is, of whoever would be asked. */
function answersOf({ decision: { authorize = [], guards = [] } }: PolicyAnswer): object {
  const names = [...authorize.map(({ by }) => [by, "allow"]), ...guards.map(({ by }) => [by, "pass"])];
  const given = names.filter(([by]) => by !== ARGUMENTS_GUARD);
  return given.length === 0 ? {} : { answers: Object.fromEntries(given) };
}

function expectOf({ decision, refusal, transformed }: PolicyAnswer): object {
  const shadow = (decision.unapplied ?? []).filter(({ mode }) => mode === "shadow").map(({ policy }) => policy);
  return {
    effect: refusal === undefined ? decision.effect : REFUSED,
    policies: decision.matched.map(({ policy }) => policy),
    ...(shadow.length > 0 && { shadow }),
    ...(decision.hidden === true && { listed: false }),
    ...(transformed !== undefined && { arguments: transformed.arguments }),
    ...(refusal === undefined &&
      decision.limits && { limits: decision.limits.map(({ policy, cost }) => ({ policy, cost })) }),
  };
}

function fingerprint(answer: PolicyAnswer): string {
  const { decision, refusal } = answer;
  return JSON.stringify([expectOf(answer), "message" in decision ? decision.message : "", refusal ?? null]);
}

const DONE: Readonly<Record<Decision["effect"], string>> = {
  allow: "may call",
  deny: "may not call",
  hide: "does not see",
  step_up: "signs in again for",
  request_approval: "needs an approval for",
  rate_limit: "has to wait with",
};

const MAX_NAME = 256;

function nameOf(given: GivenCall, { decision, refusal }: PolicyAnswer): string {
  const { user } = given;
  const { kind, path } = givenSubject(given) ?? { kind: "tool", path: "" };
  const what = kind === "tool" ? path : `${kind} ${path}`;
  const who = user?.email ?? user?.id ?? user?.roles?.[0] ?? "Somebody";
  return `${who} ${refusal === undefined ? DONE[decision.effect] : "gives arguments that are refused to"} ${what}`.slice(
    0,
    MAX_NAME,
  );
}

// What is empty says nothing, and only clutters a file that people review.
function tidy<T extends object>(value: T): object {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]: [string, unknown]) => {
      if (part === undefined || (Array.isArray(part) && part.length === 0)) return [];
      if (key === "args" || key === "arguments" || typeof part !== "object" || part === null || Array.isArray(part))
        return [[key, part]];
      const inner = tidy(part);
      return Object.keys(inner).length === 0 ? [] : [[key, inner]];
    }),
  );
}

// A server may list more about a tool than a test may say of it.
function testable(definition: JsonObject, kind: GivenSubject["kind"]): JsonObject {
  const known = Object.keys(policyTestSchema.shape[DEFINITIONS[kind]].unwrap().valueType.shape);
  return Object.fromEntries(known.flatMap((key) => (definition[key] === undefined ? [] : [[key, definition[key]]])));
}
