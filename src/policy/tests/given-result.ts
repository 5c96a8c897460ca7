import type { Match } from "../../core/decision.ts";
import { sha256 } from "../../core/digest.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { redactResult } from "../../redaction/redact.ts";
import type { ResultKind } from "../../redaction/shapes/result-kinds.ts";
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
 * is keyed, and no test could name it. `came`: it, as it was before guards saw it. Pure. @throws never
 */
export function resultOutcome(
  set: PolicySet,
  call: PolicyInput,
  given: GivenResult | undefined,
  came = given,
): ResultOutcome {
  if (given === undefined) {
    return {
      matched: [],
      structured: undefined,
      text: came === undefined ? undefined : "withheld: a guard refuses it",
    };
  }
  const { is_error: isError = false, structured, text } = given;
  const decision = set.decideResult(call, { isError, structured, text: text ?? "" });
  const { matched, unapplied } = decision;
  const evaluated = { matched, ...(unapplied && { unapplied }) };
  const kind = resultKindOf(call);
  const redacted = redactResult(kind, written(kind, given), decision.redactions, sha256);
  if (!redacted.ok) return { ...evaluated, structured: undefined, text: `withheld: ${redacted.reason}` };
  const { result } = redacted;
  return { ...evaluated, structured: result["structuredContent"], text: textIn(kind, result) };
}

function resultKindOf({ subject: { kind }, request: { method } }: PolicyInput): ResultKind {
  return method === "completion/complete" ? "completion" : kind;
}

/** A result of this kind with what the author wrote; only that of a tool has a structure. */
function written(kind: ResultKind, { structured, text }: GivenResult): JsonObject {
  const block = { type: "text", text: text ?? "" };
  switch (kind) {
    case "tool":
      return {
        ...(text === undefined ? {} : { content: [block] }),
        ...(structured === undefined ? {} : { structuredContent: structured }),
      };
    case "prompt":
      return { messages: [{ role: "user", content: block }] };
    case "resource":
      return { contents: [{ uri: "about:given", text: text ?? "" }] };
    case "completion":
      return { completion: { values: [text ?? ""] } };
    default:
      return kind satisfies never;
  }
}

function textIn(kind: ResultKind, result: JsonObject): string | undefined {
  const first = (list: Json | undefined): Json | undefined => (Array.isArray(list) ? list[0] : undefined);
  const memberOf = (value: Json | undefined, name: string): Json | undefined =>
    isObject(value) ? value[name] : undefined;
  const found = {
    tool: () => memberOf(first(result["content"]), "text"),
    prompt: () => memberOf(memberOf(first(result["messages"]), "content"), "text"),
    resource: () => memberOf(first(result["contents"]), "text"),
    completion: () => first(memberOf(result["completion"], "values")),
  }[kind]();
  return typeof found === "string" ? found : undefined;
}
