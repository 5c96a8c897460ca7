import { isObject, type JsonObject } from "../../core/json.ts";
import type { UpstreamFault } from "../../core/round.ts";
import { isLegacyRevision, MODERN_REVISION } from "../../mcp/revisions.ts";
import { requestText } from "../messages/request-text.ts";
import { withWords } from "../messages/said.ts";
import { readDiscoverResult, type ServerFacts } from "../messages/server-facts.ts";
import type { HttpEndpoint } from "./endpoint.ts";
import { sendOnce } from "./once.ts";
import { mayAnswer } from "./response.ts";
import { failureFault } from "./status.ts";

export type EraVerdict =
  | { readonly kind: "modern"; readonly facts: ServerFacts }
  | { readonly kind: "legacy" }
  | { readonly kind: "fault"; readonly fault: Pick<UpstreamFault, "code" | "detail"> };

/**
 * Asks an HTTP server once which era it is of. A discover result or an error that only modern servers know means
 * modern; no connection, a refused credential and 5xx mean nothing; all else means legacy.
 * 2026-07-28 basic/transports/streamable-http, "Backward Compatibility".
 */
export async function probeHttpEra(options: {
  readonly endpoint: HttpEndpoint;
  readonly clientInfo: JsonObject;
  readonly timeoutMs: number;
  readonly id: number;
}): Promise<EraVerdict> {
  const { endpoint, clientInfo, timeoutMs, id } = options;
  const headers = ["mcp-protocol-version", MODERN_REVISION, "mcp-method", "server/discover"];
  const modern = { clientInfo, capabilities: {}, logLevel: undefined };
  const text = requestText(id, "server/discover", {}, { modern });
  const answer = await sendOnce(endpoint, endpoint.postHeaders(headers), text, { timeoutMs });
  if (answer.kind === "failure") {
    const { code, detail } = failureFault(answer.failure, false);
    return { kind: "fault", fault: { code, detail } };
  }
  const { status, message, said } = answer;
  if (message?.kind === "result" && mayAnswer(status)) {
    const value = message.result.value();
    return isObject(value) ? discovered(value) : { kind: "legacy" };
  }
  if (message?.kind === "error" && message.error.code <= -32020 && message.error.code >= -32022) {
    return refused(message.error.code, message.error.data);
  }
  const fault = endpoint.faultOf(status, answer.headers);
  return fault === undefined
    ? { kind: "legacy" }
    : { kind: "fault", fault: { code: fault.code, detail: withWords(fault.detail, said, null) } };
}

function discovered(result: JsonObject): EraVerdict {
  const read = readDiscoverResult(result, MODERN_REVISION);
  if (read === undefined) return supported(result["supportedVersions"]);
  return read.ok
    ? { kind: "modern", facts: read.facts }
    : { kind: "fault", fault: { code: "UPSTREAM_INVALID", detail: read.detail } };
}

function refused(code: number, data: unknown): EraVerdict {
  if (code === -32022 && isObject(data)) return supported(data["supported"]);
  const detail = `It is a modern server, but refused server/discover with JSON-RPC error ${code}.`;
  return { kind: "fault", fault: { code: "UPSTREAM_INVALID", detail } };
}

// A server of both eras may have given up our modern revision and kept a legacy one.
function supported(versions: unknown): EraVerdict {
  if (!Array.isArray(versions)) return { kind: "legacy" };
  if (versions.some(isLegacyRevision)) return { kind: "legacy" };
  const detail = "It speaks only protocol revisions that this gateway does not know.";
  return { kind: "fault", fault: { code: "UPSTREAM_INVALID", detail } };
}
