import type { RateLimit } from "../../core/decision.ts";
import { digitsOf } from "../../core/exact-number.ts";
import { clientIdOf } from "../../core/policy-names.ts";
import { personKeys } from "../../core/principal.ts";
import { subjectPath } from "../../core/subject.ts";
import type { CallContext } from "../cel/context.ts";
import { defaultMessage } from "../messages.ts";
import type { PolicyInput } from "../policy-set.ts";
import type { CompiledPolicy, CompiledRate } from "./compiled-policy.ts";

export type Charge =
  /** Several where the caller is known by several names: each has room for the call, or none is charged. */
  | { readonly ok: true; readonly limits: readonly RateLimit[] }
  /** The call cannot be counted: its key or its cost has no usable value. */
  | { readonly ok: false; readonly error: string };

const MAX_KEY = 4096;

/** Works out what a call takes of a policy's budget, and whose budget it is. @throws never */
export function chargeFor(
  policy: Extract<CompiledPolicy, { effect: "rate_limit" }>,
  input: PolicyInput,
  context: CallContext,
): Charge {
  const { id, rate, message } = policy;
  const key = keyOf(rate, context);
  if ("error" in key) return { ok: false, error: key.error };
  const sent = costOf(rate, context);
  if (typeof sent !== "number") return { ok: false, error: sent.error };
  // What a call leaves out, and the tool has a default for, must not make it cheaper or another account's.
  const keyFilled = rate.key && context.withDefaults(rate.key.values).next().value;
  const account = keyFilled === undefined ? key : keyOf(rate, keyFilled.context);
  if ("error" in account) return { ok: false, error: account.error };
  let cost = sent;
  for (const filled of rate.cost === undefined ? [] : context.withDefaults(rate.cost.values)) {
    const meant = costOf(rate, filled.context);
    if (typeof meant !== "number") return { ok: false, error: meant.error };
    cost = Math.max(cost, meant);
  }
  const { limit, windowMs } = rate;
  const text = message?.render(context) ?? defaultMessage(id, "rate_limit", input.subject.kind);
  const callers = rate.by.includes("user") ? personKeys(input.principal) : [""];
  const limits = callers.map((caller) => {
    const counter = JSON.stringify([
      id,
      ...rate.by.map((by) => (by === "user" ? caller : ownerOf(by, input))),
      account.value,
    ]);
    return { policy: id, counter, limit, windowMs, cost, message: text };
  });
  return { ok: true, limits };
}

// A client's own name is anybody's to choose: without a verified id all such calls share one budget.
function ownerOf(by: Exclude<CompiledRate["by"][number], "user">, { client, principal, subject }: PolicyInput): string {
  switch (by) {
    case "client":
      return clientIdOf(client, principal) ?? "";
    case "tool":
      return subjectPath(subject);
    default:
      return by satisfies never;
  }
}

function keyOf(rate: CompiledRate, context: CallContext): { readonly value: string } | { readonly error: string } {
  if (rate.key === undefined) return { value: "" };
  const result = rate.key(context);
  if ("error" in result) return result;
  const { value } = result;
  const isPlain = value === null || ["string", "number", "bigint", "boolean"].includes(typeof value);
  // 5, 5.0 and "5" are one account: many a tool takes each of them, and a budget must not be had once per spelling.
  const text = typeof value === "number" ? digitsOf(value) : isPlain ? String(value) : undefined;
  if (text === undefined) return { error: "the key of the limit is neither a text nor a number" };
  return text.length > MAX_KEY ? { error: "the key of the limit is too long" } : { value: text.normalize() };
}

function costOf(rate: CompiledRate, context: CallContext): number | { readonly error: string } {
  if (rate.cost === undefined) return 1;
  const result = rate.cost(context);
  if ("error" in result) return result;
  const value = typeof result.value === "bigint" ? Number(result.value) : result.value;
  // A cost below zero would give budget back.
  return typeof value === "number" && value >= 0 && Number.isFinite(value)
    ? value
    : { error: "the cost of the call is not a number from 0 up" };
}
