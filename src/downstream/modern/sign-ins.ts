import type { Call } from "../../core/call.ts";
import type { Outcome, StepUpOutcome } from "../../core/outcome.ts";
import { RawJson } from "../../core/raw-json.ts";
import { SIGN_IN_KEY } from "../../gateway/step-up/sign-in.ts";
import { encodeResult } from "../../mcp/encode.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { missingCapability } from "../../mcp/missing-capability.ts";
import type { Edge } from "../edge.ts";
import { signInAnswer, stepUpInputRequest } from "../sign-ins.ts";
import { type ModernAnswer, ownResult, renderModernOwn } from "./render.ts";

/** What came of a call that lacked a sign-in: an answer that says so, or what it came to once that was made. */
export type SignedIn =
  | { readonly kind: "answer"; readonly answer: ModernAnswer }
  | { readonly kind: "outcome"; readonly outcome: Exclude<Outcome, StepUpOutcome> };

/**
 * Has the user of a call sign in: a client that can show links gets this one, at once, and comes back with a state; then
 * it waits in legs, as a call that waits for people does. Others are told in words, and the agent calls again.
 */
export async function settleModernSignIn(
  edge: Edge,
  id: RpcId,
  call: Call,
  outcome: Outcome,
  round = 0,
): Promise<SignedIn> {
  if (outcome.kind !== "step_up") return { kind: "outcome", outcome };
  const inputRequest = stepUpInputRequest(call, outcome);
  const words = (): SignedIn => ({ kind: "answer", answer: renderModernOwn(edge, id, signInAnswer(call, outcome)) });
  const unable = missingCapability(inputRequest, call.peer.capabilities) !== undefined;
  if (unable || outcome.leg + 1 >= edge.limits.maxLegs || round > 1) return words();
  if (outcome.shown) {
    const ended = await edge.holds.holdSignIn(call, outcome, edge.limits.legMs);
    // Whatever it ended with: who has signed in goes on, and who comes too late gets another link.
    if (ended.wait !== "waiting") return settleModernSignIn(edge, id, call, await outcome.again(), round + 1);
    if (!ended.timeUp) return words();
  }
  const result = ownResult(edge, "input_required", {
    ...(outcome.shown
      ? {}
      : { inputRequests: { [SIGN_IN_KEY]: { method: inputRequest.method, params: inputRequest.params } } }),
    requestState: outcome.state(outcome.leg + 1),
  });
  return { kind: "answer", answer: { message: encodeResult(id, RawJson.fromValue(result)), status: 200 } };
}
