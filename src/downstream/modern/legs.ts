import type { Call, InputRequest } from "../../core/call.ts";
import type { PausedOutcome } from "../../core/outcome.ts";
import { RawJson } from "../../core/raw-json.ts";
import { approvalStatus } from "../../gateway/approval-texts.ts";
import { encodeResult } from "../../mcp/encode.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { missingCapability } from "../../mcp/missing-capability.ts";
import type { Edge } from "../edge.ts";
import { pendingAnswer } from "../render-common.ts";
import { type ModernAnswer, ownResult, renderModern, renderModernOwn } from "./render.ts";
import { createdTask } from "./render-task.ts";

/** The response to a paused call, and what to do once it has reached the client. */
export interface PausedAnswer extends ModernAnswer {
  readonly delivered?: () => void;
}

/**
 * Answers a paused call: with a task where the client takes one, else with legs. A leg waits as long as clients do, and
 * then sends the client away with a state that brings it back; the last one sends it away with words instead. A client
 * that can show a link to its user is given it on the first leg, at once. 2026-07-28 patterns/mrtr; SEP-2663.
 */
export async function answerPaused(edge: Edge, id: RpcId, call: Call, paused: PausedOutcome): Promise<PausedAnswer> {
  const { limits } = edge;
  const polls = paused.pollMs !== undefined;
  const inputRequest = polls || call.acceptsTasks || paused.leg > 0 ? undefined : linkFor(call, paused);
  // No wait for these two, only a look: what ended before anybody asked again is told at once.
  const ms = (call.acceptsTasks && !polls) || inputRequest !== undefined ? 0 : (paused.pollMs ?? limits.legMs);
  const held = await edge.holds.hold(call, paused, ms);
  if (held.ended) return { ...renderModern(edge, id, call, held.outcome), delivered: () => held.delivered() };
  if (call.acceptsTasks && !polls) return createdTask(edge, id, { request: held.request, link: paused.link });
  if (polls || !held.timeUp || paused.leg + 1 >= limits.maxLegs) {
    return renderModernOwn(edge, id, pendingAnswer(call, held, paused.link));
  }
  const result = ownResult(edge, "input_required", {
    ...(inputRequest === undefined
      ? {}
      : { inputRequests: { approval: { method: inputRequest.method, params: inputRequest.params } } }),
    requestState: paused.state(paused.leg + 1),
  });
  return { message: encodeResult(id, RawJson.fromValue(result)), status: 200 };
}

// What the user answers to it changes nothing: the page shows where the request is, and who may decide does it there.
function linkFor(call: Call, { request, link }: PausedOutcome): InputRequest | undefined {
  if (request.state !== "pending") return undefined;
  const message = `${approvalStatus(request)}. This page shows where the request is. Nothing is asked of you here.`;
  const inputRequest: InputRequest = { method: "elicitation/create", params: { mode: "url", url: link, message } };
  return missingCapability(inputRequest, call.peer.capabilities) === undefined ? inputRequest : undefined;
}
