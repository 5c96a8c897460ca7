import type { AskResponse } from "../core/call.ts";
import type { JsonObject } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import type { RpcId } from "../mcp/messages.ts";
import type { Exchange, ExchangeWire } from "./exchange.ts";
import { describeError } from "./fault.ts";
import type { MessageChannel, MessageChannelEvents, OpenChannel } from "./message-channel.ts";
import { responseText } from "./outside-ask.ts";
import { notificationText } from "./request-text.ts";
import { readIncoming } from "./response-envelope.ts";

export interface LinkEvents {
  /** A request of the server. */
  onRequest(id: RpcId, method: string, params: JsonObject): void;
  /** A notification that is no progress of a request in flight. */
  onNotification(method: string, params: JsonObject): void;
  onClosed(detail: string): void;
}

export interface LinkOptions {
  readonly upstream: string;
  readonly log: Log;
  readonly open: OpenChannel;
}

/** Requests and answers over one message channel: matches them by id, and fails what is open when it ends. */
export class Link implements ExchangeWire, MessageChannelEvents {
  readonly pending = new Map<RpcId, Exchange>();
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  #channel: MessageChannel | undefined;
  #closing: Promise<void> | undefined;
  /** Why it is of no use any more. */
  #ended: string | undefined;
  readonly #writes = new Set<Promise<void>>();
  readonly #settled = new Map<RpcId, (kind: "result" | "error", detail: string) => void>();

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Opens the channel. The problem, if there is one. */
  async open(): Promise<string | undefined> {
    const opened = await this.#options.open(this);
    if (!opened.ok) {
      this.#ended = opened.detail;
      return opened.detail;
    }
    this.#channel = opened.channel;
    if (this.#closing !== undefined) await opened.channel.close();
    return this.#ended;
  }

  get ended(): string | undefined {
    return this.#ended;
  }

  /** Sends a request; its exchange hears the answer. */
  request(exchange: Exchange, text: string): void {
    if (!exchange.begin()) return;
    this.dispatch(exchange, text);
  }

  /** The same for an exchange whose deadline runs already. */
  dispatch(exchange: Exchange, text: string): void {
    if (exchange.done) return;
    const channel = this.#channel;
    if (channel === undefined || this.#ended !== undefined) {
      exchange.finish({ kind: "lost", cause: "session", detail: this.#ended ?? "The connection is closed." });
      return;
    }
    this.pending.set(exchange.id, exchange);
    exchange.markSent();
    void this.#write(channel, text);
  }

  /** Takes an exchange off the books; answers that come later belong to nobody. */
  forget(exchange: Exchange): void {
    this.pending.delete(exchange.id);
  }

  respond(id: RpcId, response: AskResponse): void {
    this.send(responseText(id, response));
  }

  giveUp(exchange: Exchange, reason: string): void {
    if (exchange.sent) this.send(notificationText("notifications/cancelled", { requestId: exchange.id, reason }));
  }

  /** Sends what has no answer. */
  send(text: string): void {
    if (this.#channel !== undefined && this.#ended === undefined) void this.#write(this.#channel, text);
  }

  /** Cancels what is in flight, waits until that is written, and closes the channel. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  onMessage(bytes: Buffer): void {
    const message = readIncoming(bytes);
    if (message === undefined) {
      // Servers print to stdout by mistake; one stray line must not end everybody's calls.
      this.#options.log.warn({ upstream: this.#options.upstream }, "An upstream wrote a line that is not JSON-RPC.");
      return;
    }
    switch (message.kind) {
      case "result":
      case "error":
        if (message.id === undefined) return;
        this.pending.get(message.id)?.receive(message);
        this.#settle(message.id, message.kind, message.kind === "error" ? `JSON-RPC error ${message.error.code}.` : "");
        return;
      case "notification": {
        const token = message.method === "notifications/progress" ? message.params["progressToken"] : undefined;
        if (typeof token === "number") this.pending.get(token)?.receive(message);
        else this.#events.onNotification(message.method, message.params);
        return;
      }
      case "request":
        this.#events.onRequest(message.id, message.method, message.params);
        return;
      default:
        message satisfies never;
    }
  }

  /** Calls back once when a request that is no exchange (a long-lived stream) is answered. */
  onSettled(id: number, callback: ((kind: "result" | "error", detail: string) => void) | undefined): void {
    if (callback === undefined) this.#settled.delete(id);
    else this.#settled.set(id, callback);
  }

  onOversize(edges: Buffer): void {
    const found = /"id":(\d{1,15})\b/.exec(edges.toString("latin1"));
    const exchange = found === null ? undefined : this.pending.get(Number(found[1]));
    this.#options.log.warn({ upstream: this.#options.upstream }, "An upstream sent a message beyond the size limit.");
    exchange?.fail("UPSTREAM_TOO_LARGE", "The answer is larger than the configured limit.");
  }

  onClosed(detail: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = detail;
    for (const exchange of [...this.pending.values()]) exchange.fail("UPSTREAM_CLOSED", detail);
    this.#events.onClosed(detail);
  }

  #settle(id: RpcId, kind: "result" | "error", detail: string): void {
    const callback = this.#settled.get(id);
    if (callback === undefined) return;
    this.#settled.delete(id);
    callback(kind, detail);
  }

  async #close(): Promise<void> {
    for (const exchange of [...this.pending.values()]) exchange.cancel("The upstream session was closed.");
    await Promise.all(this.#writes);
    this.#ended ??= "The connection was closed.";
    await this.#channel?.close();
  }

  async #write(channel: MessageChannel, text: string): Promise<void> {
    const write = channel.send(text).catch((error: unknown) => {
      this.onClosed(describeError(error));
      return channel.close();
    });
    this.#writes.add(write);
    await write;
    this.#writes.delete(write);
  }
}
