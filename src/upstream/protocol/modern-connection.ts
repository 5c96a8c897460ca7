import type { Notification } from "../../core/call.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ServerFacts } from "../messages/server-facts.ts";
import type { UpstreamRequest } from "../upstream.ts";
import type { Connection, ConnectionHost, RequestAttempt, SubscribeAnswer } from "./connection.ts";
import type { ModernChannel } from "./modern-channel.ts";
import type { ModernListener } from "./modern-listener.ts";

/** One peer's share of a stateless upstream: its capabilities go with each request, nothing has to be opened. */
export class ModernConnection implements Connection {
  readonly facts: ServerFacts;
  readonly #channel: ModernChannel;
  readonly #listener: ModernListener;
  readonly #capabilities: JsonObject;
  readonly #uris = new Set<string>();
  readonly #onUpdated: (notification: Notification) => void;

  constructor(options: {
    readonly facts: ServerFacts;
    readonly channel: ModernChannel;
    readonly listener: ModernListener;
    readonly capabilities: JsonObject;
    readonly host: ConnectionHost;
  }) {
    this.facts = options.facts;
    this.#channel = options.channel;
    this.#listener = options.listener;
    this.#capabilities = options.capabilities;
    this.#onUpdated = (notification) => options.host.onNotification(notification);
  }

  request(request: UpstreamRequest, onDone: () => void): Promise<RequestAttempt> {
    return this.#channel.call(request, this.#capabilities, onDone);
  }

  // Modern servers take no notifications about the client: what it can do stands in each request.
  notify(): void {}

  subscribe(uri: string): Promise<SubscribeAnswer> {
    this.#uris.add(uri);
    return this.#listener.watch(uri, this.#onUpdated);
  }

  unsubscribe(uri: string): void {
    if (this.#uris.delete(uri)) this.#listener.unwatch(uri, this.#onUpdated);
  }

  async close(): Promise<void> {
    for (const uri of [...this.#uris]) this.unsubscribe(uri);
  }
}
