import type { Cancellation } from "../../core/cancellation.ts";
import type { Match } from "../../core/decision.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import { personKey } from "../../core/principal.ts";
import { RawJson } from "../../core/raw-json.ts";
import type { PolicyInput, PolicyResult, PolicySet, ResultDecision } from "../../policy/policy-set.ts";
import { parseEmbedded } from "../../redaction/embedded.ts";
import { LONG_BYTES, type LongRedactions } from "../../redaction/long-redactions.ts";
import { type MarkHash, redactJson, redactResult } from "../../redaction/redact.ts";
import type { Redaction } from "../../redaction/redaction.ts";
import type { ResultKind } from "../../redaction/shapes/result-kinds.ts";
import type { ResponseFilter } from "./response-filter.ts";

export interface RedactionFilterDeps {
  /** The set that decided the call. */
  readonly set: PolicySet;
  readonly input: PolicyInput;
  readonly hash: MarkHash;
  readonly longRedactions: Pick<LongRedactions, "redact">;
  readonly log: Log;
  /** Of the call, if whoever made it can stop it: a long result that nobody waits for is not searched to its end. */
  readonly cancellation?: Cancellation;
}

/**
 * Takes out what policies of the effect `redact` want out. What a server says beside its result is decided on as if the result
 * were not known.
 */
export function createRedactionFilter(deps: RedactionFilterDeps): ResponseFilter {
  const { set, input, hash, longRedactions, log, cancellation } = deps;
  const resultKind = resultKindOf(input);
  const matches = new Map<string, Match>();
  let besideDecision: ResultDecision | undefined;

  const applied = ({ matched, unapplied = [], redactions }: ResultDecision): readonly Redaction[] => {
    for (const match of [...matched, ...unapplied]) matches.set(match.policy, match);
    return redactions;
  };
  const decideBeside = (): ResultDecision => {
    besideDecision ??= set.decideResult(input, undefined);
    return besideDecision;
  };
  const beside = (value: JsonObject): JsonObject => {
    const redacted = redactJson(value, applied(decideBeside()), hash);
    return isObject(redacted) ? redacted : {};
  };
  const withhold = (reason: string): undefined => {
    const { kind, upstream, name } = input.subject;
    log.error(
      { reason, call: input.request.id, upstream, [kind]: kind === "resource" ? "a resource" : name },
      "A result was withheld.",
    );
  };

  const longResult = async (result: RawJson): Promise<RawJson | undefined> => {
    try {
      const value = result.value();
      if (!isObject(value)) return withhold("It is not a JSON object.");
      const redactions = applied(set.decideResult(input, policyResult(value)));
      const owner = { source: input.subject.upstream, holder: personKey(input.principal) };
      const redacted = await longRedactions.redact(resultKind, result.bytes, redactions, owner, cancellation);
      if (cancellation?.cancelled === true) return undefined;
      if (redacted.kind === "same") return result;
      if (redacted.kind === "withheld") return withhold(redacted.reason);
      return RawJson.fromBytes(
        Buffer.from(redacted.bytes.buffer, redacted.bytes.byteOffset, redacted.bytes.byteLength),
      );
    } catch (err) {
      // A message could quote the result.
      return withhold(err instanceof Error ? err.name : "unknown");
    }
  };
  const shortResult = (result: RawJson): RawJson | undefined => {
    try {
      const read = parseEmbedded(result.bytes.toString("utf8"));
      if (read === undefined || !isObject(read.value)) return withhold("It is not a JSON object.");
      const redactions = applied(set.decideResult(input, policyResult(read.value)));
      const redacted = redactResult(resultKind, read.value, redactions, hash);
      if (!redacted.ok) return withhold(redacted.reason);
      // A member that is there twice was looked at once: what is sent on is what was looked at.
      return redacted.result === read.value && read.faithful ? result : RawJson.fromValue(redacted.result);
    } catch (err) {
      // A message could quote the result.
      return withhold(err instanceof Error ? err.name : "unknown");
    }
  };
  return {
    // A long one is searched beside the event loop.
    result: (result) => (result.bytes.length < LONG_BYTES ? shortResult(result) : longResult(result)),
    error(error) {
      const { message, data } = beside({
        message: error.message,
        ...(error.data !== undefined && { data: error.data }),
      });
      const text = typeof message === "string" ? message : "[redacted]";
      return { code: error.code, message: text, ...(data !== undefined && { data }) };
    },
    notification: ({ method, params }) => ({ method, params: beside(params) }),
    inputRequests: (given) =>
      Object.fromEntries(
        Object.entries(given).map(([key, { method, params }]) => [key, { method, params: beside(params) }]),
      ),
    beside: () => decideBeside().redactions,
    matched: () => [...matches.values()],
  };
}

/** What the result of a request is. */
function resultKindOf({ subject: { kind }, request }: PolicyInput): ResultKind {
  return request.method === "completion/complete" ? "completion" : kind;
}

/** What conditions see of a result: of a tool its content, of a prompt its messages, of a resource its contents, else the values. */
function policyResult({
  content,
  isError,
  structuredContent,
  messages,
  contents,
  completion,
}: JsonObject): PolicyResult {
  const blocks = [...listOf(content), ...listOf(messages).flatMap(contentOf), ...listOf(contents)];
  const values = isObject(completion) ? listOf(completion["values"]).filter((value) => typeof value === "string") : [];
  const text = [...blocks.flatMap(textOf), ...values].join("\n");
  return { isError: isError === true, structured: structuredContent, text };
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** The content of a message: one block, or several. */
function contentOf(message: Json): readonly Json[] {
  if (!isObject(message)) return [];
  const { content } = message;
  return Array.isArray(content) ? content : content === undefined ? [] : [content];
}

/** A block's own text, or that of the resource in it. */
function textOf(block: Json): readonly string[] {
  if (!isObject(block)) return [];
  const holder = isObject(block["resource"]) ? block["resource"] : block;
  return typeof holder["text"] === "string" ? [holder["text"]] : [];
}
