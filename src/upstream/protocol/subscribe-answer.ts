import type { RequestAttempt, SubscribeAnswer } from "./connection.ts";

/** What a `resources/subscribe` came to. */
export function subscribeAnswer(upstream: string, attempt: RequestAttempt): SubscribeAnswer {
  switch (attempt.kind) {
    case "result":
      return { ok: true };
    case "error":
      return { ok: false, error: attempt.error };
    case "fault":
      return { ok: false, fault: attempt.fault };
    case "input_required":
      attempt.abandon("A subscription asks nothing.");
      return {
        ok: false,
        fault: { code: "UPSTREAM_INVALID", upstream, detail: "It asked back on resources/subscribe.", executed: "no" },
      };
    case "lost":
      return { ok: false, fault: { code: "UPSTREAM_CLOSED", upstream, detail: attempt.detail, executed: "no" } };
    default:
      return attempt satisfies never;
  }
}
