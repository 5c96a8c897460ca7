import type { Notification } from "../../core/call.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { RowOfAttempts } from "../waiting/row-of-attempts.ts";
import type { SubscribeAnswer } from "./connection.ts";
import type { ModernChannel } from "./modern-channel.ts";
import { covers } from "./subscriptions.ts";

export interface ModernListenerOptions {
  readonly upstream: string;
  readonly channel: ModernChannel;
  readonly capabilities: JsonObject;
  /** How long a subscription waits for the server's acknowledgment. */
  readonly timeoutMs: number;
  readonly now: () => number;
  /** Delay in ms before reconnect number `attempt` in a row. */
  delay(attempt: number): number;
  onNotification(notification: Notification): void;
  /** The stream is back after an interruption: changes may have been missed. */
  onResumed(): void;
}

interface Watched {
  readonly listeners: Set<(notification: Notification) => void>;
  readonly waiting: Array<(answer: SubscribeAnswer) => void>;
  acknowledged: boolean;
}

/**
 * The one `subscriptions/listen` stream to a modern upstream: list changes, and the resources that any peer watches.
 * A filter is fixed once sent, so another set of resources means a new stream, opened before the old one is closed.
 */
export class ModernListener {
  readonly #options: ModernListenerOptions;
  readonly #flags: JsonObject;
  readonly #watched = new Map<string, Watched>();
  #stream: { close(): void } | undefined;
  #next: { close(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #scheduled = false;
  readonly #row: RowOfAttempts;
  #interrupted = false;
  #closed = false;

  constructor(options: ModernListenerOptions) {
    this.#options = options;
    this.#row = new RowOfAttempts(options.now);
    this.#flags = listFlags(options.capabilities);
    this.#schedule();
  }

  /** Watches a resource; every `listener` is told of its updates until `unwatch`. */
  watch(uri: string, listener: (notification: Notification) => void): Promise<SubscribeAnswer> {
    if (this.#closed) return Promise.resolve(this.#unavailable("The connection is closed."));
    const known = this.#watched.get(uri);
    const watched: Watched = known ?? { listeners: new Set(), waiting: [], acknowledged: false };
    watched.listeners.add(listener);
    if (known === undefined) {
      this.#watched.set(uri, watched);
      this.#schedule();
    } else if (watched.acknowledged) return Promise.resolve({ ok: true });
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        settle(this.#unavailable(`It did not acknowledge a subscription within ${this.#options.timeoutMs} ms.`));
      }, this.#options.timeoutMs);
      const settle = (answer: SubscribeAnswer): void => {
        clearTimeout(timer);
        if (!answer.ok) this.unwatch(uri, listener);
        resolve(answer);
      };
      watched.waiting.push(settle);
    });
  }

  unwatch(uri: string, listener: (notification: Notification) => void): void {
    const watched = this.#watched.get(uri);
    if (watched === undefined || !watched.listeners.delete(listener) || watched.listeners.size > 0) return;
    this.#watched.delete(uri);
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#next?.close();
    this.#stream?.close();
    this.#settleAll(this.#unavailable("The connection was closed."));
  }

  // Several changes of one turn make one new stream.
  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#open();
    });
  }

  #open(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#next?.close();
    this.#next = undefined;
    const uris = [...this.#watched.keys()];
    if (uris.length === 0 && Object.keys(this.#flags).length === 0) {
      this.#stream?.close();
      this.#stream = undefined;
      return;
    }
    const filter = uris.length === 0 ? this.#flags : { ...this.#flags, resourceSubscriptions: uris };
    let stream: { close(): void } | undefined;
    stream = this.#options.channel.listen(filter, {
      onAcknowledged: (accepted) => {
        if (this.#next === stream) {
          this.#stream?.close();
          this.#stream = stream;
          this.#next = undefined;
        }
        this.#row.opened();
        this.#acknowledged(uris, accepted);
      },
      onNotification: (notification) => {
        this.#row.useful();
        this.#notification(notification);
      },
      onEnd: (reason, detail) => {
        if (this.#closed || (stream !== this.#next && stream !== this.#stream)) return;
        if (stream === this.#next) this.#next = undefined;
        else this.#stream = undefined;
        if (reason === "refused") {
          const error = { code: -32601, message: "This server does not report resource updates." };
          this.#settleAll({ ok: false, error });
          return;
        }
        this.#interrupted = true;
        if (reason === "unreachable") this.#settleAll(this.#unavailable(detail));
        this.#timer = setTimeout(() => this.#open(), this.#options.delay(this.#row.next()));
      },
    });
    this.#next = stream;
  }

  #acknowledged(uris: readonly string[], accepted: JsonObject): void {
    const list = accepted["resourceSubscriptions"];
    const agreed = new Set(Array.isArray(list) ? list : []);
    for (const uri of uris) {
      const watched = this.#watched.get(uri);
      if (watched === undefined) continue;
      watched.acknowledged = agreed.has(uri);
      const answer: SubscribeAnswer = watched.acknowledged
        ? { ok: true }
        : { ok: false, error: { code: -32602, message: "The server does not report updates of this resource." } };
      for (const settle of watched.waiting.splice(0)) settle(answer);
    }
    if (!this.#interrupted) return;
    this.#interrupted = false;
    this.#options.onResumed();
  }

  #notification(notification: Notification): void {
    if (notification.method !== "notifications/resources/updated") {
      this.#options.onNotification(notification);
      return;
    }
    const uri = notification.params["uri"];
    if (typeof uri !== "string") return;
    // Who watches a resource and a part of it hears of the part once, and finds out by itself who wanted to know.
    const concerned = new Set<(notification: Notification) => void>();
    for (const [watchedUri, { listeners }] of this.#watched) {
      if (covers(watchedUri, uri)) for (const listener of listeners) concerned.add(listener);
    }
    for (const listener of concerned) listener(notification);
  }

  #settleAll(answer: SubscribeAnswer): void {
    for (const watched of [...this.#watched.values()]) {
      if (!watched.acknowledged) for (const settle of watched.waiting.splice(0)) settle(answer);
    }
  }

  #unavailable(detail: string): SubscribeAnswer {
    const { upstream } = this.#options;
    return { ok: false, fault: { code: "UPSTREAM_UNAVAILABLE", upstream, detail, executed: "no" } };
  }
}

function listFlags(capabilities: JsonObject): JsonObject {
  const flags: Record<string, true> = {};
  for (const kind of ["tools", "prompts", "resources"] as const) {
    const capability = capabilities[kind];
    if (isObject(capability) && capability["listChanged"] === true) flags[`${kind}ListChanged`] = true;
  }
  return flags;
}
