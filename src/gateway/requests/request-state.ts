import type { Call } from "../../core/call.ts";
import { digestOf, sha256 } from "../../core/digest.ts";
import type { JsonObject } from "../../core/json.ts";
import { principalKey } from "../../core/principal.ts";
import type { Seal } from "../../core/seal.ts";
import type { Upstream } from "../../upstream/upstream.ts";

/** How long a client may take to answer an upstream's questions, in ms. */
const STATE_TTL_MS = 600_000;

/** What a client carries from the answer that sent it away to the call with which it comes back. */
export type Continuation = UpstreamContinuation | ApprovalContinuation | StepUpContinuation;

/** The client was asked something by the upstream. */
export interface UpstreamContinuation {
  readonly kind: "upstream";
  /** The upstream's own state, if it gave one. */
  readonly state: string | undefined;
  /** The keys of its questions: nothing else is an answer. */
  readonly asked: readonly string[];
  /** See `RetryTokens`. */
  readonly retryToken: string | undefined;
}

/** What the upstream gave of it, and where that was: its state is for no other server of its name. */
export interface SealedByUpstream extends Omit<UpstreamContinuation, "kind"> {
  readonly place: string;
}

/** The call waits for people. What became of it is in the store; this only says which request it is. */
export interface ApprovalContinuation {
  readonly kind: "approval";
  /** The request's id. */
  readonly id: string;
  /** How often the client has come back, this time included. */
  readonly leg: number;
}

/** The caller was to sign in first. Whether that was done is in the store. */
export interface StepUpContinuation {
  readonly kind: "step_up";
  /** The challenge's id. */
  readonly id: string;
  readonly leg: number;
  /** The approval request that the call went on with when the sign-in was asked for. */
  readonly approval: string | undefined;
}

/** What the first request of a call continues. */
export const NOTHING_CONTINUED: UpstreamContinuation = {
  kind: "upstream",
  state: undefined,
  asked: [],
  retryToken: undefined,
};

/**
 * `requestState`, sealed for the way through the client: an upstream's or the gateway's own, bound to the principal, the
 * upstream and the exact request, so that it opens for nobody and nothing else. 2026-07-28 patterns/mrtr, "Server
 * Requirements"
 */
export interface RequestStates {
  seal(call: Call, upstream: string, continuation: SealedByUpstream): string;
  /** `until`: ms since the epoch. */
  sealApproval(call: Call, upstream: string, continuation: Omit<ApprovalContinuation, "kind">, until: number): string;
  sealStepUp(call: Call, upstream: string, continuation: Omit<StepUpContinuation, "kind">, until: number): string;
  /** What was sealed, or `undefined` when it was not sealed for this very request, or by another server of this name. */
  open(call: Call, upstream: Pick<Upstream, "name" | "place">, text: string): Continuation | undefined;
}

export function createRequestStates(seal: Seal, now: () => number): RequestStates {
  const binding = (call: Call, upstream: string): string =>
    digestOf({
      principal: principalKey(call.principal),
      endpoint: call.scope.endpoint,
      upstream,
      method: call.method,
      subject: subjectOf(call.params),
    });
  return {
    seal: (call, upstream, { state, asked, retryToken, place }) =>
      seal.seal(
        { for: binding(call, upstream), kind: "upstream", at: sha256(place), state, asked, receipt: retryToken },
        now() + STATE_TTL_MS,
      ),
    sealApproval: (call, upstream, { id, leg }, until) =>
      seal.seal({ for: binding(call, upstream), kind: "approval", id, leg }, until),
    sealStepUp: (call, upstream, { id, leg, approval }, until) =>
      seal.seal({ for: binding(call, upstream), kind: "step_up", id, leg, approval }, until),
    open(call, { name, place }, text) {
      const payload = seal.open(text, now());
      if (payload === undefined || payload["for"] !== binding(call, name)) return undefined;
      if (payload["kind"] === "upstream" && payload["at"] !== sha256(place)) return undefined;
      return continuationIn(payload);
    },
  };
}

// The kind stands inside the seal: an upstream that chooses its state's text cannot make it one of the gateway's.
function continuationIn(payload: JsonObject): Continuation | undefined {
  const { kind, id, leg } = payload;
  if (kind === "upstream") {
    const { asked } = payload;
    const keys = Array.isArray(asked) ? asked.filter((key) => typeof key === "string") : [];
    return { kind, state: textIn(payload, "state"), asked: keys, retryToken: textIn(payload, "receipt") };
  }
  if ((kind !== "approval" && kind !== "step_up") || typeof id !== "string" || typeof leg !== "number")
    return undefined;
  return kind === "approval" ? { kind, id, leg } : { kind, id, leg, approval: textIn(payload, "approval") };
}

function textIn(payload: JsonObject, key: string): string | undefined {
  const value = payload[key];
  return typeof value === "string" ? value : undefined;
}

// The parameters that a retry must repeat; what answers the questions is what may differ.
function subjectOf(params: JsonObject): JsonObject {
  return { name: params["name"], uri: params["uri"], arguments: params["arguments"] };
}
