import type { Match } from "../../core/decision.ts";
import { writeExact } from "../../core/exact-json.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { JSON_LIMITS } from "../../core/limits.ts";
import { scanJson } from "../../core/scan-json.ts";
import { CallContext } from "../cel/context.ts";
import type { PolicyInput, Transformed, Viewer } from "../policy-set.ts";
import { Work } from "../step-budget/work.ts";
import { type MemberPath, withoutValueAt, withValueAt } from "../transforms/member-paths.ts";
import { MAX_WRITTEN_CHARS, NoJson, toJson, type WriteBudget, writeBudget } from "../transforms/to-json.ts";
import type { Writing, WrittenName } from "../transforms/transform.ts";
import type { CompiledPolicy } from "./compiled-policy.ts";
import { evaluateCondition } from "./evaluate-condition.ts";
import type { SubjectMatch } from "./policy-index.ts";
import { matchOf } from "./tally.ts";

/** A policy that writes what is sent. */
export type TransformPolicy = Extract<CompiledPolicy, { effect: "transform" }>;

/** What one policy wants to write cannot be written. Its message holds nothing of the request. */
class NotWritten extends Error {}

/** Headers and `_meta` as far as they are written. */
interface Draft {
  arguments: JsonObject;
  headers: Map<string, string | undefined> | undefined;
  meta: Record<string, Json> | undefined;
}

/**
 * What these policies make of a request, in their order: each sees the arguments as those before left them. One that cannot be
 * evaluated, or written, ends it: `decide` denies the request by it. `approved`: people have agreed to the arguments, which
 * stay as they are. `undefined`: nothing of it concerns the request. @throws never
 */
export function transformRequest(
  input: PolicyInput,
  policies: readonly TransformPolicy[],
  match: SubjectMatch<CompiledPolicy>,
  approved: boolean,
): Transformed | undefined {
  const viewer: Viewer = { principal: input.principal, client: input.client, endpoint: input.request.endpoint };
  const work = new Work();
  const budget = writeBudget();
  const matches = new Map<string, Match>();
  let draft: Draft = { arguments: input.arguments, headers: undefined, meta: undefined };
  for (const policy of policies) {
    const { target, condition, transform, shadow } = policy;
    if (target.methods?.has(input.request.method) === false || target.matchesCaller?.(viewer) === false) continue;
    const { headers, meta, result } = transform;
    // What it writes beyond the arguments is written anew for whoever has it run.
    if (approved && headers === undefined && meta === undefined && result === undefined) continue;
    const now = draft.arguments === input.arguments ? input : { ...input, arguments: draft.arguments };
    const context = new CallContext(now, match.facts(), undefined, work);
    const found = condition === undefined ? undefined : evaluateCondition(condition, context, true);
    if (found?.value === false) continue;
    const written = found?.error === undefined ? write(policy, draft, context, approved, budget) : found.error;
    const error = typeof written === "string" ? written : undefined;
    const recorded = matchOf(policy, error, found?.defaults);
    matches.set(policy.id, shadow ? { ...recorded, mode: "shadow" } : recorded);
    if (shadow) continue;
    if (typeof written === "string") break;
    draft = written;
  }
  if (matches.size === 0) return undefined;
  const { headers, meta } = draft;
  return { matches, arguments: draft.arguments, headers, meta };
}

/** The draft with what a policy writes, or why it cannot be written. @throws never */
function write(
  { transform }: TransformPolicy,
  before: Draft,
  context: CallContext,
  approved: boolean,
  budget: WriteBudget,
): Draft | string {
  try {
    const args =
      transform.arguments === undefined || approved
        ? before.arguments
        : writeMembers(before.arguments, transform.arguments, context, budget);
    return { ...before, arguments: args };
  } catch (error) {
    if (error instanceof NotWritten) return error.message;
    throw error;
  }
}

/** The object with what is written to it: first all expressions, then what is left out, then what is set. @throws NotWritten */
export function writeMembers(
  object: JsonObject,
  { set, remove }: Writing<MemberPath>,
  context: object,
  budget: WriteBudget,
): JsonObject {
  const values = set.map((written) => [written, jsonOf(written, context, budget)] as const);
  let changed: JsonObject = object;
  for (const path of remove) {
    changed = withoutValueAt(changed, path) ?? fail(`${path.join(".")}: something on the way is no object`);
  }
  for (const [{ name, place }, value] of values) {
    changed = withValueAt(changed, name, value) ?? fail(`${place}: something on the way is no object`);
  }
  return withinBounds(changed);
}

/** What is sent is no more than a client could have sent. */
function withinBounds(object: JsonObject): JsonObject {
  const text = writeExact(object);
  if (text.length > MAX_WRITTEN_CHARS) return fail("what it makes is longer than a request may be");
  const scanned = scanJson(Buffer.from(text), JSON_LIMITS);
  return scanned.kind === "json" ? object : fail("what it makes is nested too deeply, or has too many values");
}

/** The value of one expression as JSON. @throws NotWritten */
function jsonOf({ place, value }: WrittenName<unknown>, context: object, budget: WriteBudget): Json {
  const evaluated = value(context);
  if ("error" in evaluated) return fail(`${place}: ${evaluated.error}`);
  try {
    return toJson(evaluated.value, budget);
  } catch (error) {
    // A value is read when it is written, and what may not be read of it is told then.
    return fail(`${place}: ${error instanceof NoJson ? error.message : "a value cannot be read"}`);
  }
}

function fail(message: string): never {
  throw new NotWritten(message);
}
