import type { UpstreamFault } from "../../core/round.ts";
import type { Incoming, Unreadable } from "../messages/response-envelope.ts";
import type { HttpFailure } from "./response.ts";

/** The fault that a failed HTTP exchange amounts to. `sent`: whether the request may have reached the upstream. */
export function failureFault(
  failure: HttpFailure | { readonly kind: "timeout"; readonly detail: string },
  sent: boolean,
): Pick<UpstreamFault, "code" | "executed" | "detail"> {
  const executed = sent ? "unknown" : "no";
  const { detail } = failure;
  switch (failure.kind) {
    case "unreachable":
      return { code: "UPSTREAM_UNAVAILABLE", executed: "no", detail };
    case "broken":
      return { code: "UPSTREAM_CLOSED", executed, detail };
    case "too_large":
      return { code: "UPSTREAM_TOO_LARGE", executed, detail };
    case "encoded":
    case "flooded":
      return { code: "UPSTREAM_INVALID", executed, detail };
    case "timeout":
      return { code: "UPSTREAM_TIMEOUT", executed, detail };
    default:
      return failure satisfies never;
  }
}

/** A fault without the name of its upstream. */
export type StatusFault = Pick<UpstreamFault, "code" | "executed" | "detail" | "http">;

/**
 * The fault that an HTTP status amounts to whatever the body says, `undefined` where the body decides. 401, 403 and
 * 5xx say nothing about the era of a server. `credential`: one is configured. `target`: where a redirect leads.
 */
export function statusFault(status: number, credential: boolean, target?: string): StatusFault | undefined {
  if (status === 401 || status === 403 || status === 407) {
    const detail = `HTTP ${status}: ${credential ? "it refused the gateway's credential. Check the headers configured for it." : UNASKED}`;
    return { code: "UPSTREAM_REFUSED", executed: "no", detail };
  }
  if (status === 429) return { code: "UPSTREAM_BUSY", executed: "no", detail: "HTTP 429: too many requests." };
  if (status >= 500) return { code: "UPSTREAM_UNAVAILABLE", executed: "unknown", detail: `HTTP ${status}.` };
  if (status >= 300 && status < 400) {
    const where = target === undefined ? "" : `: ${target}`;
    const detail = `HTTP ${status}: redirects are not followed. Configure the address that it redirects to${where}.`;
    return { code: "UPSTREAM_INVALID", executed: "no", detail };
  }
  return undefined;
}

/** It may want a credential, or refuse whoever asks: nobody knows. */
const UNASKED = "it refused the gateway, for which no credential is configured.";

/** The fault that a result under a status amounts to that says that there is none: whoever has one has run something. */
export function resultFault(status: number): StatusFault {
  return { code: "UPSTREAM_INVALID", executed: "unknown", detail: `HTTP ${status} with a result, which is no answer.` };
}

/** The fault that a body beyond the limits amounts to, whatever its status. */
export function tooMuch(message: Incoming | Unreadable): StatusFault | undefined {
  if (message.kind !== "unreadable" || message.code !== "UPSTREAM_TOO_LARGE") return undefined;
  return { code: message.code, executed: "unknown", detail: `The answer was not taken. ${message.detail}` };
}

/** A status that nothing explains. */
export function unexpectedStatus(status: number): StatusFault {
  const executed = status >= 200 && status < 300 ? "unknown" : "no";
  return { code: "UPSTREAM_INVALID", executed, detail: `HTTP ${status} without a JSON-RPC response.` };
}
