import { numberIn } from "../../core/exact-json.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Round } from "../../core/round.ts";
import { META, MODERN_REVISION } from "../../mcp/revisions.ts";
import { dispatchListen } from "../http/listen.ts";
import { modernRound } from "../messages/modern-result.ts";
import { plainRequest } from "../messages/plain-request.ts";
import { notificationText, requestText } from "../messages/request-text.ts";
import { readDiscoverResult, type ServerFacts } from "../messages/server-facts.ts";
import type { RequestAttempt } from "../protocol/connection.ts";
import { lostRound } from "../protocol/lost-round.ts";
import type { ListenHandlers, ModernChannel } from "../protocol/modern-channel.ts";
import { PendingRequest } from "../protocol/pending-request.ts";
import type { UpstreamRequest } from "../upstream.ts";
import { Link, type LinkEvents, type LinkOptions } from "./link.ts";

export interface ModernLinkOptions extends LinkOptions {
  readonly clientInfo: JsonObject;
  readonly timeoutMs: number;
  readonly parkedMs: number;
  readonly nextId: () => number;
  /** The child ended by itself. */
  readonly onClosed: (detail: string) => void;
}

/** What a server answered to `server/discover` over a message channel. */
export type LinkDiscovery =
  | { readonly kind: "modern"; readonly facts: ServerFacts }
  /** It may be a legacy server. `detail` says what came instead. */
  | { readonly kind: "other"; readonly detail: string }
  /** It is a modern one whose answer is of no use. */
  | { readonly kind: "invalid"; readonly detail: string }
  | { readonly kind: "unopened"; readonly detail: string };

/** Revision 2026-07-28 over stdio: one child that serves every peer. basic/transports/stdio. */
export class ModernLink implements ModernChannel, LinkEvents {
  readonly #options: ModernLinkOptions;
  readonly #link: Link;
  readonly #listeners = new Map<number, ListenHandlers>();

  constructor(options: ModernLinkOptions) {
    this.#options = options;
    this.#link = new Link(options, this);
  }

  /** Opens the channel and asks `server/discover`, waiting `timeoutMs` for the answer. */
  async discover(timeoutMs: number): Promise<LinkDiscovery> {
    const problem = await this.#link.open();
    if (problem !== undefined) return { kind: "unopened", detail: problem };
    const attempt = await this.#call(plainRequest("server/discover", {}), {}, undefined, timeoutMs, () => {});
    switch (attempt.kind) {
      case "result": {
        const read = readDiscoverResult(attempt.result.value(), MODERN_REVISION);
        if (read?.ok === true) return { kind: "modern", facts: read.facts };
        return read === undefined
          ? { kind: "other", detail: `It does not offer revision ${MODERN_REVISION}.` }
          : { kind: "invalid", detail: read.detail };
      }
      case "error":
        return { kind: "other", detail: `It answered server/discover with JSON-RPC error ${attempt.error.code}.` };
      case "fault":
        return { kind: "other", detail: this.#link.described(attempt.fault.detail) };
      case "lost":
        return { kind: "other", detail: this.#link.described(attempt.detail) };
      case "input_required":
        return { kind: "other", detail: "It asked back on server/discover." };
      default:
        return attempt satisfies never;
    }
  }

  call(request: UpstreamRequest, capabilities: JsonObject, onDone: () => void): Promise<RequestAttempt> {
    return this.#call(request, capabilities, undefined, this.#options.timeoutMs, onDone);
  }

  listen(filter: JsonObject, handlers: ListenHandlers): { close(): void } {
    const id = this.#options.nextId();
    const modern = { clientInfo: this.#options.clientInfo, capabilities: {}, logLevel: undefined };
    if (this.#link.ended !== undefined) {
      this.#options.intake.later(() => handlers.onEnd("unreachable", "The child has ended."), 0);
      return { close() {} };
    }
    this.#listeners.set(id, handlers);
    this.#link.onSettled(id, (kind, detail) => this.#endListener(id, kind === "error" ? "refused" : "ended", detail));
    this.#link.send(requestText(id, "subscriptions/listen", { notifications: filter }, { modern }));
    return {
      close: () => {
        if (!this.#listeners.delete(id)) return;
        this.#link.onSettled(id, undefined);
        this.#link.send(notificationText("notifications/cancelled", { requestId: id, reason: "closed" }));
      },
    };
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  // A modern server makes no requests; one that does so is told, so that it does not wait.
  onRequest(id: string | number, method: string): void {
    this.#link.respond(
      id,
      method === "ping"
        ? { ok: true, result: {} }
        : { ok: false, error: { code: -32601, message: "Method not found" } },
    );
  }

  onNotification(method: string, params: JsonObject): void {
    const meta = params["_meta"];
    const stream = isObject(meta) ? numberIn(meta[META.subscriptionId]) : undefined;
    if (stream !== undefined) {
      const handlers = this.#listeners.get(stream);
      if (handlers !== undefined) dispatchListen(stream, { method, params }, handlers);
      return;
    }
    if (method === "notifications/cancelled") {
      const requestId = numberIn(params["requestId"]);
      if (requestId !== undefined) this.#endListener(requestId, "ended", "The server ended the subscription.");
      return;
    }
    // All peers share this child and log messages name no request: with two calls in flight nobody may see them.
    const [only, another] = this.#link.pending.values();
    if (method === "notifications/message" && only?.request.logLevel !== undefined && another === undefined) {
      only.receive({ kind: "notification", method, params });
    }
  }

  onClosed(detail: string): void {
    for (const id of [...this.#listeners.keys()]) this.#endListener(id, "unreachable", detail);
    this.#options.onClosed(detail);
  }

  #endListener(id: number, reason: "ended" | "refused" | "unreachable", detail: string): void {
    const handlers = this.#listeners.get(id);
    if (handlers === undefined) return;
    this.#listeners.delete(id);
    this.#link.onSettled(id, undefined);
    handlers.onEnd(reason, detail);
  }

  #call(
    request: UpstreamRequest,
    capabilities: JsonObject,
    additions: JsonObject | undefined,
    timeoutMs: number,
    onDone: () => void,
  ): Promise<RequestAttempt> {
    const { intake, clientInfo, parkedMs, nextId } = this.#options;
    const { upstream } = intake;
    const id = nextId();
    const given = additions === undefined ? request.params : { ...request.params, ...additions };
    const modern = { clientInfo, capabilities, logLevel: request.logLevel };
    const own = { progressToken: request.wantsProgress ? id : undefined, meta: request.meta, modern };
    const again = async (more: JsonObject): Promise<Round> => {
      const attempt = await this.#call(request, capabilities, more, timeoutMs, () => {});
      return attempt.kind === "lost" ? lostRound(upstream, attempt, "UPSTREAM_CLOSED", "unknown") : attempt;
    };
    const exchange: PendingRequest = new PendingRequest({
      id,
      intake,
      request,
      capabilities,
      timeoutMs,
      parkedMs,
      wire: this.#link,
      interpret: (result) => modernRound(upstream, result, again),
      onDone: () => {
        this.#link.forget(exchange);
        onDone();
      },
    });
    this.#link.request(exchange, requestText(id, request.method, given, own));
    return exchange.first;
  }
}
