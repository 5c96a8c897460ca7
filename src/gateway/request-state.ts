import type { Call } from "../core/call.ts";
import { digestOf } from "../core/digest.ts";
import type { JsonObject } from "../core/json.ts";
import { principalKey } from "../core/principal.ts";
import type { Seal } from "../core/seal.ts";

/** How long a client may take to answer an upstream's questions, in ms. */
const STATE_TTL_MS = 600_000;

/**
 * An upstream's `requestState`, sealed for the way through the client: bound to the principal, the upstream and the exact
 * request, so that it opens for nobody and nothing else. 2026-07-28 patterns/mrtr, "Server Requirements"
 */
export interface RequestStates {
  seal(call: Call, upstream: string, state: string): string;
  /** The upstream's own state, or `undefined` when the text was not sealed for this very request. */
  open(call: Call, upstream: string, text: string): string | undefined;
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
    seal: (call, upstream, state) => seal.seal({ for: binding(call, upstream), state }, now() + STATE_TTL_MS),
    open(call, upstream, text) {
      const payload = seal.open(text, now());
      if (payload === undefined || payload["for"] !== binding(call, upstream)) return undefined;
      const state = payload["state"];
      return typeof state === "string" ? state : undefined;
    },
  };
}

// The parameters that a retry must repeat; what answers the questions is what may differ.
function subjectOf(params: JsonObject): JsonObject {
  return { name: params["name"], uri: params["uri"], arguments: params["arguments"] };
}
