import type { Call, InputRequest } from "../core/call.ts";
import { ERRORS } from "../core/errors.ts";
import type { DeniedOutcome, StepUpOutcome, TokenNeed } from "../core/outcome.ts";
import { signInMeta, signInQuestion, signInText } from "../gateway/step-up/texts.ts";
import { encodeError } from "../mcp/encode.ts";
import type { RpcId } from "../mcp/messages.ts";
import type { RequestContext } from "./edge.ts";
import { deniedAnswer, namedIn, type OwnAnswer, toldInstead } from "./render-common.ts";
import type { Reply } from "./reply.ts";

/** Shows the user of a call where to sign in. 2025-11-25 and 2026-07-28 client/elicitation, "URL Mode" */
export function stepUpInputRequest(call: Call, stepUp: StepUpOutcome): InputRequest {
  const { id, url } = stepUp.link;
  const message = signInQuestion(stepUp, namedIn(call));
  // The later revision has no such id: the state says which one it is.
  const named = call.era === "legacy" ? { elicitationId: id } : {};
  return { method: "elicitation/create", params: { mode: "url", ...named, url, message } };
}

/** The same in words, for a model whose client cannot show it. It is no denial. */
export function signInAnswer(call: Call, stepUp: StepUpOutcome): OwnAnswer {
  return toldInstead(call, signInText(stepUp, namedIn(call)), { "portcullis/step_up": signInMeta(stepUp) });
}

/** The same for a legacy client that has no stream to be asked on. 2025-11-25 client/elicitation, "URL Elicitation Required Error" */
export function signInRequired(call: Call, stepUp: StepUpOutcome): OwnAnswer {
  const { code, message, status } = { code: -32042, message: signInText(stepUp, namedIn(call)), status: 200 };
  return {
    kind: "error",
    error: { code, message, data: { elicitations: [stepUpInputRequest(call, stepUp).params] } },
    status,
  };
}

/**
 * Says over HTTP which token a denied call needs; `false` if that cannot be said here, or nothing of the kind is
 * needed, and the call is to be answered like any other. RFC 6750 §3.1, RFC 9470 §3
 */
export function endForToken(
  id: RpcId,
  call: Call,
  outcome: { readonly kind: string } | DeniedOutcome,
  context: Pick<RequestContext, "authenticate">,
  reply: Reply,
): boolean {
  if (!isDenied(outcome) || outcome.token === undefined || context.authenticate === undefined) return false;
  const answer = deniedAnswer(outcome.decision, call, "protocol");
  if (answer.kind !== "error") return false;
  const status = STATUS[outcome.token.error];
  return reply.endUnauthorized(encodeError(id, answer.error), status, context.authenticate(outcome.token));
}

const STATUS = {
  insufficient_scope: ERRORS.SCOPE_INSUFFICIENT.status,
  insufficient_user_authentication: 401,
} as const satisfies Record<TokenNeed["error"], number>;

function isDenied(outcome: { readonly kind: string } | DeniedOutcome): outcome is DeniedOutcome {
  return outcome.kind === "denied";
}
