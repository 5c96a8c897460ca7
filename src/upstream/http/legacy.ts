import type { UpstreamFault } from "../../core/round.ts";
import { LEGACY_REVISIONS } from "../../mcp/revisions.ts";
import { requestText } from "../messages/request-text.ts";
import { withWords } from "../messages/said.ts";
import { readInitializeResult } from "../messages/server-facts.ts";
import type { Connection } from "../protocol/connection.ts";
import { LegacyHttpConnection, type LegacyHttpOptions } from "./legacy-connection.ts";
import { sendOnce } from "./once.ts";
import { mayAnswer, type ReplyHeaders } from "./response.ts";
import { failureFault } from "./status.ts";

/** `status` is there where the upstream answered the handshake with an HTTP error. */
export type LegacyHttpOpened =
  | { readonly ok: true; readonly connection: Connection }
  | { readonly ok: false; readonly fault: UpstreamFault; readonly status: number | undefined };

/** Opens a session: `initialize`, `notifications/initialized`, the GET stream. 2025-11-25 basic/lifecycle. */
export async function openLegacyHttp(options: LegacyHttpOptions): Promise<LegacyHttpOpened> {
  const { endpoint, upstream, timeoutMs } = options;
  const refuse = (
    fault: Pick<UpstreamFault, "code" | "detail">,
    status: number | undefined = undefined,
  ): LegacyHttpOpened => ({ ok: false, status, fault: { ...fault, upstream, executed: "no" } });

  const params = {
    protocolVersion: LEGACY_REVISIONS[0],
    capabilities: options.capabilities,
    clientInfo: options.clientInfo,
  };
  const text = requestText(options.nextId(), "initialize", params, {});
  // A server may ask before it answers, if only whether anybody is there. 2025-11-25 basic/lifecycle, "Initialization"
  const onAsked = (reply: string, headers: ReplyHeaders): void => {
    endpoint.intake.own(sendOnce(endpoint, endpoint.postHeaders(sessionHeader(headers)), reply, { timeoutMs }));
  };
  const answer = await sendOnce(endpoint, endpoint.postHeaders([]), text, { timeoutMs, onAsked });
  if (answer.kind === "failure") return refuse(failureFault(answer.failure, false));
  const { status, message, said } = answer;
  const fault = endpoint.faultOf(status, answer.headers);
  if (fault !== undefined) return refuse({ ...fault, detail: withWords(fault.detail, said, null) }, status);
  if (message?.kind === "error") {
    const detail = `It refused initialize with JSON-RPC error ${message.error.code}.`;
    return refuse({ code: "UPSTREAM_INVALID", detail }, status);
  }
  if (message?.kind !== "result" || !mayAnswer(status)) {
    const detail = `HTTP ${status} to initialize, without an initialize result.`;
    return refuse({ code: "UPSTREAM_INVALID", detail: withWords(detail, said, null) }, status);
  }
  const read = readInitializeResult(message.result.value());
  if (!read.ok) return refuse({ code: "UPSTREAM_INVALID", detail: read.detail });
  const sessionId = answer.headers["mcp-session-id"];
  const connection = new LegacyHttpConnection(
    options,
    read.facts,
    typeof sessionId === "string" ? sessionId : undefined,
  );
  await connection.announce();
  return { ok: true, connection };
}

function sessionHeader({ "mcp-session-id": id }: ReplyHeaders): readonly string[] {
  return typeof id === "string" ? ["mcp-session-id", id] : [];
}
