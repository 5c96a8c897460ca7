import { doneWithin } from "../../core/deadline.ts";
import type { HttpEndpoint } from "../http/endpoint.ts";
import { sendOnce } from "../http/once.ts";
import { samePath } from "../http/redirect.ts";
import type { HttpFailure, UpstreamResponse } from "../http/response.ts";
import type { MessageChannel, OpenChannel, SendResult } from "../process/message-channel.ts";

export interface SseChannelOptions {
  readonly endpoint: HttpEndpoint;
  readonly timeoutMs: number;
}

/** How long closing waits for what is being posted. */
const WRITTEN_MS = 2_000;

/** The first tells where messages are posted to. 2024-11-05 transports, "HTTP with SSE" */
const EVENTS: ReadonlySet<string> = new Set(["endpoint", "message"]);

/** The HTTP+SSE transport of 2024-11-05: an event stream names the path that messages are posted to. */
export function openSse(options: SseChannelOptions): OpenChannel {
  return (events) =>
    new Promise((resolve) => {
      const { endpoint, timeoutMs } = options;
      let channel: SseChannel | undefined;
      let over = false;
      const refuse = (detail: string): void => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        reply.abort();
        resolve({ ok: false, detail });
      };
      const ended = (detail: string): void => {
        if (channel === undefined) refuse(detail);
        else if (channel.end()) events.onClosed(detail);
      };
      const reply: UpstreamResponse = endpoint.get([], {
        events: EVENTS,
        onSent() {},
        onStream() {},
        onEvent(event) {
          if (over) return;
          if (channel !== undefined) {
            if (event.event === "message" && event.data !== "") events.onMessage(Buffer.from(event.data));
            return;
          }
          if (event.event !== "endpoint") return;
          const path = samePath(endpoint.url, event.data);
          if (path === undefined) {
            refuse("Its endpoint event names another origin, which is refused.");
            return;
          }
          clearTimeout(timer);
          channel = new SseChannel(options, path, reply);
          resolve({ ok: true, channel });
        },
        onStreamEnd: (detail) => ended(detail ?? "Its event stream ended."),
        onBody: (status, headers) =>
          ended(endpoint.faultOf(status, headers)?.detail ?? `HTTP ${status} instead of an event stream.`),
        onFailure: (failure: HttpFailure) => ended(failure.detail),
      });
      const timer = setTimeout(() => refuse(`No endpoint event within ${timeoutMs} ms.`), timeoutMs);
    });
}

class SseChannel implements MessageChannel {
  readonly #options: SseChannelOptions;
  readonly #path: string;
  readonly #reply: UpstreamResponse;
  #last: Promise<void> = Promise.resolve();
  #over = false;

  constructor(options: SseChannelOptions, path: string, reply: UpstreamResponse) {
    this.#options = options;
    this.#path = path;
    this.#reply = reply;
  }

  /** Whether this ended it, and not an earlier call. */
  end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    return true;
  }

  // One POST after the other: on two connections `initialized` could be overtaken by the first call.
  send(text: string): Promise<SendResult> {
    const sent = this.#last.then(() => this.#post(text));
    this.#last = sent.catch(() => {});
    return sent.then(() => "sent");
  }

  pause(): void {
    this.#reply.pause();
  }

  resume(): void {
    this.#reply.resume();
  }

  async close(): Promise<void> {
    if (!this.end()) return;
    await doneWithin(WRITTEN_MS, this.#last);
    this.#reply.abort();
  }

  async #post(text: string): Promise<void> {
    const { endpoint, timeoutMs } = this.#options;
    const answer = await sendOnce(endpoint, endpoint.postHeaders([]), text, { timeoutMs, path: this.#path });
    if (answer.kind === "failure") throw new Error(answer.failure.detail);
    if (answer.status >= 300) throw new Error(`HTTP ${answer.status} to a message.`);
  }
}
