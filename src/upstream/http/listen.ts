import { isObject, type JsonObject } from "../../core/json.ts";
import { META } from "../../mcp/revisions.ts";
import type { SseEvent } from "../../mcp/sse.ts";
import type { Intake } from "../messages/intake.ts";
import { Throttle } from "../messages/throttle.ts";
import type { ListenHandlers } from "../protocol/modern-channel.ts";
import { createNoise, FLOOD_DETAIL, type Noise } from "../waiting/flood.ts";
import type { HttpFailure, ReplySink, UpstreamResponse } from "./response.ts";
import { statusFault } from "./status.ts";

/** Reads a `subscriptions/listen` stream over HTTP. */
export class ListenSink implements ReplySink {
  readonly #id: number;
  readonly #handlers: ListenHandlers;
  readonly #intake: Intake;
  readonly #noise: Noise;
  readonly #throttle: Throttle;
  #reply: UpstreamResponse | undefined;
  #muted = false;

  constructor(id: number, handlers: ListenHandlers, intake: Intake, now: () => number) {
    this.#id = id;
    this.#handlers = handlers;
    this.#intake = intake;
    this.#noise = createNoise(now);
    this.#throttle = new Throttle(() => this.#reply, intake, now);
  }

  /** What the stream comes over. */
  attach(reply: UpstreamResponse): void {
    this.#reply = reply;
    if (this.#muted) reply.abort();
  }

  mute(): void {
    this.#muted = true;
  }

  onSent(): void {}

  onStream(): void {}

  onEvent(event: SseEvent): void {
    if (this.#muted || event.data === "") return;
    const bytes = Buffer.from(event.data);
    const message = this.#intake.read(bytes);
    this.#throttle.take(bytes);
    if (message.kind !== "notification" && message.kind !== "request" && !this.#noise.take(bytes)) {
      this.#end("unreachable", FLOOD_DETAIL);
      return;
    }
    if (message.kind === "error") this.#end("refused", `JSON-RPC error ${message.error.code}.`);
    else if (message.kind === "result") this.#end("ended", "The server closed the subscription.");
    else if (message.kind === "notification") dispatchListen(this.#id, message, this.#handlers);
  }

  onStreamEnd(detail: string | undefined): void {
    this.#end("ended", detail ?? "The stream ended.");
  }

  onBody(status: number): void {
    this.#end(statusFault(status, true) === undefined ? "refused" : "unreachable", `HTTP ${status}.`);
  }

  onFailure(failure: HttpFailure): void {
    this.#end("unreachable", failure.detail);
  }

  #end(reason: "ended" | "refused" | "unreachable", detail: string): void {
    if (this.#muted) return;
    this.#muted = true;
    this.#reply?.abort();
    this.#handlers.onEnd(reason, detail);
  }
}

/** Hands a notification of a listen stream on, if it carries the stream's id. */
export function dispatchListen(
  id: number,
  notification: { readonly method: string; readonly params: JsonObject },
  handlers: ListenHandlers,
): void {
  const meta = notification.params["_meta"];
  if (isObject(meta) && meta[META.subscriptionId] !== undefined && meta[META.subscriptionId] !== id) return;
  if (notification.method === "notifications/subscriptions/acknowledged") {
    const filter = notification.params["notifications"];
    handlers.onAcknowledged(isObject(filter) ? filter : {});
    return;
  }
  handlers.onNotification({ method: notification.method, params: withoutStreamId(notification.params) });
}

// The stream's id is a matter between the gateway and this upstream.
function withoutStreamId(params: JsonObject): JsonObject {
  const { _meta: meta, ...rest } = params;
  if (!isObject(meta)) return params;
  const { [META.subscriptionId]: _id, ...others } = meta;
  return Object.keys(others).length === 0 ? rest : { ...rest, _meta: others };
}
