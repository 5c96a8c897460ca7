import type { Match } from "../../core/decision.ts";
import { sha256 } from "../../core/digest.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { redactResult } from "../../redaction/redact.ts";
import type { PolicyInput, PolicySet } from "../policy-set.ts";
import type { GivenResult } from "./given-call.ts";

/** What of a result reaches the agent, and which policies had a say in it. */
export interface ResultOutcome {
  readonly matched: readonly Match[];
  readonly unapplied?: readonly Match[];
  readonly structured: Json | undefined;
  readonly text: string | undefined;
}

/**
 * Runs the result policies of a set over a result that an author wrote down. A hash is plain SHA-256 here: the gateway's
 * is keyed, and no test could name it. Pure. @throws never
 */
export function resultOutcome(set: PolicySet, call: PolicyInput, given: GivenResult | undefined): ResultOutcome {
  if (given === undefined) return { matched: [], structured: undefined, text: undefined };
  const { is_error: isError = false, structured, text } = given;
  const decision = set.decideResult(call, { isError, structured, text: text ?? "" });
  const { matched, unapplied } = decision;
  const evaluated = { matched, ...(unapplied && { unapplied }) };
  const whole: JsonObject = {
    ...(text === undefined ? {} : { content: [{ type: "text", text }] }),
    ...(structured === undefined ? {} : { structuredContent: structured }),
  };
  const redacted = redactResult("tool", whole, decision.redactions, sha256);
  if (!redacted.ok) return { ...evaluated, structured: undefined, text: `withheld: ${redacted.reason}` };
  const { result } = redacted;
  const block = Array.isArray(result["content"]) ? result["content"][0] : undefined;
  const seen: Json | undefined = isObject(block) ? block["text"] : undefined;
  return { ...evaluated, structured: result["structuredContent"], text: typeof seen === "string" ? seen : undefined };
}
