import type { Intake } from "../messages/intake.ts";
import type { Incoming, Unreadable } from "../messages/response-envelope.ts";
import { answerAlone, responseText } from "../protocol/session-requests.ts";
import { createNoise, FLOOD_DETAIL } from "../waiting/flood.ts";
import type { HttpEndpoint } from "./endpoint.ts";
import type { HttpFailure, ReplyHeaders, ReplySink, UpstreamResponse } from "./response.ts";

/** What came of one message sent on its own: a status with the message in its body, if there was one. */
export type OnceAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: ReplyHeaders;
      readonly message: Incoming | Unreadable;
      /** The beginning of the body, to be searched for well-known words and never shown. */
      readonly text: string;
      /** What it says where it is no message, in a line that may be shown. */
      readonly said?: string | undefined;
    }
  | { readonly kind: "failure"; readonly failure: HttpFailure | { readonly kind: "timeout"; readonly detail: string } };

interface OnceOptions {
  readonly timeoutMs: number;
  readonly path?: string;
  /** The server asks something on the stream of the answer; `answer`: the message that it is to be sent, which nobody else sends. */
  readonly onAsked?: (answer: string, headers: ReplyHeaders) => void;
}

const LINGER_MS = 1_000;

/**
 * Sends one message and waits for its answer, be it JSON or the first response in an event stream. For handshakes,
 * probes and notifications; calls go another way.
 */
export function sendOnce(
  endpoint: HttpEndpoint,
  headers: string[],
  body: string,
  options: OnceOptions,
): Promise<OnceAnswer> {
  return once(endpoint.intake, options, (sink) =>
    endpoint.post(headers, body, sink, options.path === undefined ? {} : { path: options.path }),
  );
}

/** Ends a legacy session: DELETE with the session's headers. */
export function deleteOnce(endpoint: HttpEndpoint, headers: string[], timeoutMs: number): Promise<OnceAnswer> {
  return once(endpoint.intake, { timeoutMs }, (sink) => endpoint.delete(headers, sink));
}

function once(
  intake: Intake,
  { timeoutMs, onAsked }: OnceOptions,
  send: (sink: ReplySink) => UpstreamResponse,
): Promise<OnceAnswer> {
  return new Promise((resolve) => {
    let streamHeaders: ReplyHeaders = {};
    let settled = false;
    let linger: NodeJS.Timeout | undefined;
    // For one answer: what is used up does not come back.
    const noise = createNoise(() => 0);
    const settle = (answer: OnceAnswer): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      resolve(answer);
    };
    const onMessage = (bytes: Buffer): void => {
      const message = intake.read(bytes);
      if (message.kind === "result" || message.kind === "error") {
        settle({ kind: "answer", status: 200, headers: streamHeaders, message, text: "" });
        // The server should end the stream now; one that does not may not keep the connection.
        linger = intake.later(() => reply.abort(), LINGER_MS);
      } else if (noise.take(bytes)) {
        const alone = answerAlone(message);
        if (alone !== undefined) onAsked?.(responseText(alone.id, alone.response), streamHeaders);
      } else {
        reply.abort();
        settle({ kind: "failure", failure: { kind: "broken", detail: FLOOD_DETAIL } });
      }
    };
    const reply = send({
      onSent() {},
      onStream(headers) {
        streamHeaders = headers;
      },
      onEvent(event) {
        if (event.data === "") return;
        for (const part of intake.parts(Buffer.from(event.data))) if (!settled) onMessage(part);
      },
      onStreamEnd(detail) {
        clearTimeout(linger);
        settle({
          kind: "failure",
          failure: { kind: "broken", detail: detail ?? "The event stream ended without a response." },
        });
      },
      onBody(status, headers, bytes) {
        const text = bytes.toString("utf8", 0, 2_000);
        const message = intake.read(bytes);
        const said = message.kind === "unreadable" ? intake.words(bytes) : undefined;
        settle({ kind: "answer", status, headers, message, text, said });
      },
      onFailure(failure) {
        settle({ kind: "failure", failure });
      },
    });
    const timer = intake.later(() => {
      reply.abort();
      settle({ kind: "failure", failure: { kind: "timeout", detail: `No answer within ${timeoutMs} ms.` } });
    }, timeoutMs);
    if (settled) clearTimeout(timer);
  });
}
