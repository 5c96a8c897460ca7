import type { AskResponse } from "../core/call.ts";
import type { JsonObject } from "../core/json.ts";
import type { RpcId } from "../mcp/messages.ts";
import { sendableAnswer } from "./ask-answer.ts";
import type { ConnectionHost } from "./connection.ts";
import { isAllowedAsk } from "./exchange.ts";

/** Answers a server's request that belongs to no call: `ping` here, what the client declared by the client. */
export async function answerOutside(
  host: ConnectionHost,
  capabilities: JsonObject,
  ask: { readonly method: string; readonly params: JsonObject },
): Promise<AskResponse> {
  if (ask.method === "ping") return { ok: true, result: {} };
  if (!isAllowedAsk(ask.method, capabilities)) {
    return { ok: false, error: { code: -32601, message: "Method not found" } };
  }
  try {
    return sendableAnswer(ask.method, await host.onAsk({ method: ask.method, params: ask.params }));
  } catch {
    // The server waits for an answer whatever went wrong on the way to the client; that side has logged its fault.
    return { ok: false, error: { code: -32603, message: "The client could not be asked." } };
  }
}

/** The text of a JSON-RPC response. */
export function responseText(id: RpcId, response: AskResponse): string {
  return JSON.stringify(
    response.ok ? { jsonrpc: "2.0", id, result: response.result } : { jsonrpc: "2.0", id, error: response.error },
  );
}
