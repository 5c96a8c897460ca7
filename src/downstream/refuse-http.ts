import type { Refusal } from "../core/errors.ts";
import type { CredentialClaim } from "../core/refusals.ts";
import { claimIn } from "../identity/claimed.ts";
import type { RefusedMessage } from "../mcp/refused-call.ts";
import { type Edge, type RequestContext, recordRefused } from "./edge.ts";
import { answerRefusal, type HttpExchange, type RefusalExtras } from "./http/exchange.ts";

/** What is known of a request that is refused, besides what its answer carries. */
interface Known extends RefusalExtras {
  /** Who asks; `undefined`: nobody has proven that. */
  readonly context?: RequestContext | undefined;
  /** What can be read of the message. Left out: nothing was read. */
  readonly message?: RefusedMessage | undefined;
}

/** Answers a request with a refusal, and puts that on record. */
export function refuseHttp(edge: Edge, exchange: HttpExchange, refusal: Refusal, known: Known = {}): void {
  const { incoming, outgoing, from, endpoint } = exchange;
  const { context, message } = known;
  if (context === undefined) {
    const { code } = refusal;
    const { headers } = incoming;
    const byHeader = edge.apiKeyHeader !== undefined && headers[edge.apiKeyHeader] !== undefined;
    const claim = (): CredentialClaim => claimIn(headers.authorization, code, byHeader);
    edge.refusals.refused({ code, at: "mcp", ip: from.ip, claim, endpoint });
  } else {
    // Calls that are refused for their form are on record by then.
    void recordRefused(edge, context, refusal, { method: message?.method, call: undefined });
  }
  answerRefusal(outgoing, refusal, known);
}
