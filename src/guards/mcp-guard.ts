import type { ClientPeer } from "../core/call.ts";
import { Cancellation } from "../core/cancellation.ts";
import type { GuardPhase } from "../core/decision.ts";
import { isObject, type Json } from "../core/json.ts";
import type { Round } from "../core/round.ts";
import { plainRequest } from "../upstream/messages/plain-request.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import { type Guard, guardError } from "./guard.ts";
import type { GuardAnswer } from "./guards.ts";
import { questionOf, writtenQuestion } from "./question.ts";
import { readAnswer, readAnswerText } from "./read-answer.ts";
import { createAskWithin } from "./waiting.ts";

/** `guards.<name>.mcp`. */
export interface McpGuardOptions {
  readonly upstream: string;
  /** By the server's own name. */
  readonly tool: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const NAME = "portcullis:guards";

/** The gateway itself, which asks its filters and answers none of their questions. */
const PEER: ClientPeer = {
  key: NAME,
  owner: NAME,
  holder: NAME,
  capabilities: {},
  takesInputRequests: false,
  request: () => Promise.resolve({ ok: false, error: { code: -32601, message: "Method not found" } }),
  notify() {},
};

/**
 * Makes a guard that calls a tool of an upstream with each question. The call goes to the server and through no policy, so that
 * a guard is never asked about another one, nor about itself.
 */
export function createMcpGuard(
  { upstream, tool, timeoutMs, maxBytes }: McpGuardOptions,
  upstreams: Pick<Upstreams, "get">,
): Guard {
  const within = createAskWithin(timeoutMs);
  return async (question) => {
    if (writtenQuestion(question, maxBytes) === undefined) {
      return guardError("The content is larger than the guard's max_bytes.");
    }
    const server = upstreams.get(upstream);
    if (server === undefined) return guardError("Its upstream is not there.");
    return within(question, async (signal) => {
      const cancellation = new Cancellation();
      signal.addEventListener("abort", () => cancellation.cancel("The guard is not waited for any more."), {
        once: true,
      });
      const params = { name: tool, arguments: questionOf(question) };
      const round = await server.session(PEER).request(plainRequest("tools/call", params, cancellation));
      return answerOf(round, question.phase, maxBytes);
    });
  };
}

function answerOf(round: Round, phase: GuardPhase, maxBytes: number): GuardAnswer {
  switch (round.kind) {
    case "result":
      if (round.result.bytes.length > maxBytes) return guardError("Its answer is larger than the guard's max_bytes.");
      return readResult(round.result.value(), phase);
    case "error":
      return guardError(`It answered with JSON-RPC error ${round.error.code}.`);
    case "input_required":
      round.abandon("A guard asks nothing.");
      return guardError("It asked something back.");
    case "fault":
      return guardError(`It could not be asked: ${round.fault.code}.`);
    default:
      return round satisfies never;
  }
}

/** The structured content, or else the one text, as JSON. */
function readResult(result: Json | undefined, phase: GuardPhase): GuardAnswer {
  if (!isObject(result)) return guardError("Its result is no JSON object.");
  if (result["isError"] !== undefined && result["isError"] !== false) return guardError("Its tool failed.");
  const { structuredContent, content } = result;
  if (structuredContent !== undefined) return readAnswer(structuredContent, phase);
  const blocks: readonly Json[] = Array.isArray(content) ? content : [];
  const [block] = blocks;
  const text = blocks.length === 1 && isObject(block) && block["type"] === "text" ? block["text"] : undefined;
  if (typeof text !== "string") return guardError("Its result has neither structured content nor one text.");
  return readAnswerText(Buffer.from(text), phase);
}
