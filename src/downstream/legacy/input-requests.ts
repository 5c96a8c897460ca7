import type { Call, InputRequest, InputResponse } from "../../core/call.ts";
import { Cancellation } from "../../core/cancellation.ts";
import type { AnsweredOutcome, InputRequiredOutcome, SettledOutcome } from "../../core/outcome.ts";
import { RawJson } from "../../core/raw-json.ts";
import { missingCapability } from "../../mcp/missing-capability.ts";
import { notPossible, RAN_UP_TO_QUESTION } from "../render-common.ts";
import type { OpenCall } from "./incoming.ts";

/** A modern server that only wants to be called again is called again after so long. */
const STATE_ONLY_DELAY_MS = 250;

/**
 * Puts what an upstream asks to a legacy client, as requests on the stream of the call itself, until the call ends.
 * 2025-11-25 client/elicitation, client/sampling, client/roots.
 */
export async function settleInputRequests(open: OpenCall, first: InputRequiredOutcome): Promise<SettledOutcome> {
  const { call } = open;
  let outcome: AnsweredOutcome = first;
  for (let round = 0; outcome.kind === "input_required"; round++) {
    const stop = stopReason(open, outcome, round);
    if (stop !== undefined) {
      outcome.abandon(stop.reason);
      return stop.outcome;
    }
    const responses = await askAll(open, outcome);
    if (call.cancellation.cancelled) {
      outcome.abandon(call.cancellation.reason ?? "cancelled");
      return ended(call, "The call was cancelled.");
    }
    outcome = await outcome.resume(responses);
  }
  return outcome;
}

interface Stop {
  readonly reason: string;
  readonly outcome: SettledOutcome;
}

function stopReason(open: OpenCall, outcome: InputRequiredOutcome, round: number): Stop | undefined {
  const { edge, call } = open;
  if (round >= edge.limits.maxRounds) {
    return {
      reason: "too many rounds",
      outcome: ended(call, `The server asked too many times. ${RAN_UP_TO_QUESTION}`),
    };
  }
  // A legacy server takes an error for an answer and goes on; a modern one has no way to be told of one.
  if (outcome.era === "legacy") return undefined;
  const inputRequests = Object.values(outcome.inputRequests);
  const lacking = inputRequests.find((inputRequest) => !canAnswer(open, inputRequest));
  if (lacking === undefined) return undefined;
  const text =
    `The server needs ${lacking.method} from the client, which this client does not offer here. ` +
    `Use a client that declares this capability and accepts event streams. ${RAN_UP_TO_QUESTION}`;
  return { reason: "the client lacks a capability", outcome: ended(call, text) };
}

async function askAll(open: OpenCall, outcome: InputRequiredOutcome): Promise<Readonly<Record<string, InputResponse>>> {
  const { call } = open;
  const inputRequests = Object.entries(outcome.inputRequests);
  if (inputRequests.length === 0) await delay(STATE_ONLY_DELAY_MS, call);
  // A server that gave up waiting has ended the call: the question is withdrawn, so that the end is not kept back.
  const withdrawal = new Cancellation();
  const stopListening = call.cancellation.onCancel((reason, by) => withdrawal.cancel(reason, by));
  outcome.onSuperseded(() => withdrawal.cancel("the server does not wait for the answer any more"));
  const answers = await Promise.all(
    inputRequests.map(async ([key, inputRequest]) => [key, await askOne(open, withdrawal, inputRequest)] as const),
  );
  stopListening();
  return Object.fromEntries(answers);
}

async function askOne(open: OpenCall, withdrawal: Cancellation, inputRequest: InputRequest): Promise<InputResponse> {
  const { session, reply } = open;
  if (!canAnswer(open, inputRequest)) {
    return { ok: false, error: { code: -32601, message: `The client does not support ${inputRequest.method}.` } };
  }
  return session.inputRequests.put(inputRequest, (message) => reply.send(message), withdrawal);
}

function canAnswer({ session, reply }: OpenCall, inputRequest: InputRequest): boolean {
  return reply.streams && missingCapability(inputRequest, session.facts.capabilities) === undefined;
}

function ended(call: Call, text: string): SettledOutcome {
  const answer = notPossible(call, text);
  return answer.kind === "result"
    ? { kind: "result", result: RawJson.fromValue(answer.result) }
    : { kind: "error", error: answer.error };
}

function delay(ms: number, call: Call): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    call.cancellation.onCancel(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
