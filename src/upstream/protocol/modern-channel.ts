import type { Notification } from "../../core/call.ts";
import type { JsonObject } from "../../core/json.ts";
import type { UpstreamRequest } from "../upstream.ts";
import type { RequestAttempt } from "./connection.ts";

/** Who hears what a `subscriptions/listen` stream says. 2026-07-28 basic/patterns/subscriptions. */
export interface ListenHandlers {
  /** The part of the filter that the server agreed to. */
  onAcknowledged(filter: JsonObject): void;
  onNotification(notification: Notification): void;
  /** Once, unless it was closed by us. `refused`: the server does not serve such streams. */
  onEnd(reason: "ended" | "refused" | "unreachable", detail: string): void;
}

/** The stateless way to a modern server, over HTTP or stdio. */
export interface ModernChannel {
  call(request: UpstreamRequest, capabilities: JsonObject, onDone: () => void): Promise<RequestAttempt>;
  listen(filter: JsonObject, handlers: ListenHandlers): { close(): void };
}
