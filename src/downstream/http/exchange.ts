import type { IncomingMessage, ServerResponse } from "node:http";
import { ERRORS, type Refusal } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ClientAddress } from "../../http/addresses/client-address.ts";
import { encodeError } from "../../mcp/encode.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { refusalError } from "../edge.ts";

/** One HTTP request to an MCP endpoint and its response. */
export interface HttpExchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly from: ClientAddress;
  /** `/mcp` or `/mcp/<name>` */
  readonly path: string;
  /** `""` for `/mcp`, else the name after it. */
  readonly endpoint: string;
}

/** A request header, its values joined when it came more than once. */
export function headerOf(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** `MCP-Protocol-Version`; an empty one says nothing. */
export function versionOf(incoming: IncomingMessage): string | undefined {
  return headerOf(incoming, "mcp-protocol-version") || undefined;
}

/** What an answer to a refusal carries besides the refusal. */
export interface RefusalExtras {
  readonly id?: RpcId | undefined;
  readonly data?: JsonObject | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Answers with the refusal's status and a JSON-RPC error. */
export function answerRefusal(outgoing: ServerResponse, refusal: Refusal, extras: RefusalExtras = {}): void {
  if (outgoing.headersSent || outgoing.destroyed) return;
  const body = encodeError(extras.id, refusalError(refusal, extras.data));
  outgoing.writeHead(ERRORS[refusal.code].status, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    ...extras.headers,
  });
  outgoing.end(body);
}

/** Answers with a status and no body. */
export function answerEmpty(outgoing: ServerResponse, status: number): void {
  if (!outgoing.headersSent && !outgoing.destroyed) outgoing.writeHead(status).end();
}
