import type { InputRequest, Notification } from "../../core/call.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { isEventId, type SseEvent } from "../../mcp/sse.ts";
import type { Intake } from "../messages/intake.ts";
import { namesLostSession } from "../messages/lost-session.ts";
import type { OddQuestion } from "../messages/odd-question.ts";
import { Throttle } from "../messages/throttle.ts";
import { createNoise, FLOOD_DETAIL } from "../waiting/flood.ts";
import { RowOfAttempts } from "../waiting/row-of-attempts.ts";
import type { HttpFailure, ReplyHeaders, ReplySink, UpstreamResponse } from "./response.ts";

/** Shorter delays that a server names are not enough where its streams bring nothing. */
const MIN_NAMED_MS = 1_000;

export interface LegacyStreamOptions {
  readonly intake: Intake;
  readonly now: () => number;
  open(lastEventId: string | undefined, sink: ReplySink): UpstreamResponse;
  /** Delay in ms before reconnect number `attempt` in a row. */
  delay(attempt: number): number;
  onNotification(notification: Notification): void;
  onRequest(id: RpcId, inputRequest: InputRequest): void;
  /** It asked in a form that is not read. */
  onOddQuestion(question: OddQuestion): void;
  onSessionLost(detail: string): void;
  /** The server sends more than is listened to; the stream is closed. */
  onFlood(detail: string): void;
}

export interface LegacyStream {
  /** Resolves once it is known whether the server offers the stream. What it says before that, many servers lose. */
  readonly settled: Promise<void>;
  close(): void;
}

/**
 * The standalone event stream of a legacy session, by which the server speaks outside any call. Reopened while the
 * session lives; a server that offers none (405) is left alone. 2025-11-25 basic/transports, "Listening for Messages".
 */
export function openLegacyStream(options: LegacyStreamOptions): LegacyStream {
  let reply: UpstreamResponse | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastEventId: string | undefined;
  let retryMs: number | undefined;
  const row = new RowOfAttempts(options.now);
  let offered = false;
  let closed = false;
  const noise = createNoise(options.now);
  const throttle = new Throttle(() => reply, options.intake, options.now);
  let settle = (): void => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });

  const again = (): void => {
    if (closed) return;
    const delay = options.delay(row.next());
    // A server may end its streams as it likes and say when it is asked again, if that is no more often than each second.
    const named = Math.min(retryMs ?? 0, 30_000);
    timer = options.intake.later(connect, named >= MIN_NAMED_MS ? named : Math.max(delay, named));
  };

  const onMessage = (bytes: Buffer): void => {
    const message = options.intake.read(bytes);
    throttle.take(bytes);
    if (message.kind !== "notification" && message.kind !== "request" && !noise.take(bytes)) {
      reply?.abort();
      options.onFlood(FLOOD_DETAIL);
      return;
    }
    if (message.kind === "notification") {
      options.onNotification({ method: message.method, params: message.params });
    } else if (message.kind === "request") {
      options.onRequest(message.id, { method: message.method, params: message.params });
    } else if (message.kind === "unreadable" && message.question !== undefined) {
      options.onOddQuestion(message.question);
    }
  };

  const sink: ReplySink = {
    onSent() {},
    onStream() {
      settle();
      row.opened();
      offered = true;
    },
    onEvent(event: SseEvent) {
      if (event.id !== undefined && isEventId(event.id)) lastEventId = event.id;
      if (event.retryMs !== undefined) retryMs = event.retryMs;
      if (event.data === "" || closed) return;
      row.useful();
      for (const part of options.intake.parts(Buffer.from(event.data))) if (!closed) onMessage(part);
    },
    onStreamEnd: again,
    onBody(status: number, _headers: ReplyHeaders, body: Buffer) {
      settle();
      if (closed || status === 405) return;
      // A server that never offered a stream may refuse it with any status: that says nothing about the session.
      if (offered && namesLostSession(status, body))
        options.onSessionLost(`HTTP ${status}: it no longer knows the session.`);
      else if (status >= 500 || status === 429) again();
    },
    onFailure({ kind, detail }: HttpFailure) {
      settle();
      if (closed) return;
      if (kind === "flooded" || kind === "too_large") {
        options.onFlood(detail);
        return;
      }
      // A connection that broke may have been a restart: what the next answer says about the session counts.
      offered = true;
      again();
    },
  };

  const connect = (): void => {
    reply = options.open(lastEventId, sink);
  };
  connect();

  return {
    settled,
    close() {
      settle();
      closed = true;
      clearTimeout(timer);
      reply?.abort();
    },
  };
}
