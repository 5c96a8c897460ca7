import type { Call } from "../core/call.ts";
import { digestOf } from "../core/digest.ts";
import type { JsonObject } from "../core/json.ts";
import { principalKey } from "../core/principal.ts";
import type { Seal } from "../core/seal.ts";

/** How long a client may take to answer an upstream's questions, in ms. */
const STATE_TTL_MS = 600_000;

/** What a client carries from a question to the call that brings the answer. */
export interface Continuation {
  /** The upstream's own state, if it gave one. */
  readonly state: string | undefined;
  /** See `Receipts`. */
  readonly receipt: string | undefined;
}

/** What the first request of a call continues. */
export const NOTHING_CONTINUED: Continuation = { state: undefined, receipt: undefined };

/**
 * An upstream's `requestState`, sealed for the way through the client: bound to the principal, the upstream and the exact
 * request, so that it opens for nobody and nothing else. 2026-07-28 patterns/mrtr, "Server Requirements"
 */
export interface RequestStates {
  seal(call: Call, upstream: string, continuation: Continuation): string;
  /** What was sealed, or `undefined` when it was not sealed for this very request. */
  open(call: Call, upstream: string, text: string): Continuation | undefined;
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
    seal: (call, upstream, { state, receipt }) =>
      seal.seal({ for: binding(call, upstream), state, receipt }, now() + STATE_TTL_MS),
    open(call, upstream, text) {
      const payload = seal.open(text, now());
      if (payload === undefined || payload["for"] !== binding(call, upstream)) return undefined;
      return { state: textIn(payload, "state"), receipt: textIn(payload, "receipt") };
    },
  };
}

function textIn(payload: JsonObject, key: string): string | undefined {
  const value = payload[key];
  return typeof value === "string" ? value : undefined;
}

// The parameters that a retry must repeat; what answers the questions is what may differ.
function subjectOf(params: JsonObject): JsonObject {
  return { name: params["name"], uri: params["uri"], arguments: params["arguments"] };
}
