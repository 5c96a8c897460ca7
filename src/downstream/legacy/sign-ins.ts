import type { InputResponse } from "../../core/call.ts";
import { Cancellation } from "../../core/cancellation.ts";
import type { Outcome, StepUpOutcome } from "../../core/outcome.ts";
import { encodeNotification } from "../../mcp/encode.ts";
import { missingCapability } from "../../mcp/missing-capability.ts";
import { signInAnswer, signInRequired, stepUpInputRequest } from "../sign-ins.ts";
import type { OpenCall } from "./incoming.ts";
import { renderLegacyOwn } from "./render.ts";

/** As for modern clients: an answer that says what is lacking, or what the call came to after it. */
export type LegacySignedIn =
  | { readonly kind: "answer"; readonly message: Buffer }
  | { readonly kind: "outcome"; readonly outcome: Exclude<Outcome, StepUpOutcome> };

/** How many links one request shows: the second one in the place of one that was used up. */
const MAX_LINKS = 2;

/**
 * Has the user of a call sign in: where the client can show links, it is asked to on the call's own stream, and the call
 * goes on by itself once that is done. Others are told, and call again.
 */
export async function settleLegacySignIn(open: OpenCall, first: Outcome): Promise<LegacySignedIn> {
  const { session, id, call, reply, holdMs } = open;
  let outcome = first;
  for (let link = 0; outcome.kind === "step_up"; link += 1) {
    const stepUp = outcome;
    const able = missingCapability(stepUpInputRequest(call, stepUp), session.facts.capabilities) === undefined;
    if (able && !reply.streams) {
      return { kind: "answer", message: renderLegacyOwn(id, signInRequired(call, stepUp)) };
    }
    // A question that nobody waits for would be withdrawn at once.
    const ms = holdMs();
    const shows = able && ms > 0 && link < MAX_LINKS;
    const came = shows ? await showAndWait(open, stepUp, ms) : "waiting";
    if (came === "waiting") return { kind: "answer", message: renderLegacyOwn(id, signInAnswer(call, stepUp)) };
    outcome = came === "declined" ? stepUp.declined : await stepUp.again();
  }
  return { kind: "outcome", outcome };
}

// The question is put while the sign-in is waited for: people may sign in before their client has said that they will.
async function showAndWait(
  { edge, session, reply, call }: OpenCall,
  stepUp: StepUpOutcome,
  ms: number,
): Promise<"again" | "declined" | "waiting"> {
  const inputRequest = stepUpInputRequest(call, stepUp);
  const withdrawal = new Cancellation();
  const end = new Cancellation();
  const stopHearing = call.cancellation.onCancel((reason, by) => end.cancel(reason, by));
  let said: InputResponse | undefined;
  const asked = session.inputRequests
    .put(inputRequest, (message) => reply.send(message), withdrawal)
    .then((response) => {
      said = response;
      if (!agrees(response)) end.cancel("the client did not show the link");
    });
  const { wait } = await edge.holds.holdSignIn({ ...call, cancellation: end }, stepUp, ms);
  const answered = said !== undefined;
  withdrawal.cancel("the call has been answered");
  stopHearing();
  await asked;
  if (wait === "elevated") {
    const params = { elicitationId: stepUp.link.id };
    reply.send(encodeNotification("notifications/elicitation/complete", params));
  }
  if (wait !== "waiting") return "again";
  return answered && said?.ok === true && !agrees(said) ? "declined" : "waiting";
}

function agrees(response: InputResponse): boolean {
  return response.ok && response.result["action"] === "accept";
}
