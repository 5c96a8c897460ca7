import type { HttpEndpoint } from "./http-endpoint.ts";
import type { HttpFailure, HttpReply, ReplyHeaders, ReplySink } from "./http-reply.ts";
import { type Incoming, readIncoming } from "./response-envelope.ts";

/** What came of one message sent on its own: a status with the message in its body, if there was one. */
export type OnceAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: ReplyHeaders;
      readonly message: Incoming | undefined;
      /** The beginning of the body, to be searched for well-known words and never shown. */
      readonly text: string;
    }
  | { readonly kind: "failure"; readonly failure: HttpFailure | { readonly kind: "timeout"; readonly detail: string } };

const LINGER_MS = 1_000;

/**
 * Sends one message and waits for its answer, be it JSON or the first response in an event stream. For handshakes,
 * probes and notifications; calls go another way.
 */
export function sendOnce(
  endpoint: HttpEndpoint,
  headers: string[],
  body: string,
  options: { readonly timeoutMs: number; readonly path?: string },
): Promise<OnceAnswer> {
  return once(options.timeoutMs, (sink) =>
    endpoint.post(headers, body, sink, options.path === undefined ? {} : { path: options.path }),
  );
}

/** Ends a legacy session: DELETE with the session's headers. */
export function deleteOnce(endpoint: HttpEndpoint, headers: string[], timeoutMs: number): Promise<OnceAnswer> {
  return once(timeoutMs, (sink) => endpoint.delete(headers, sink));
}

function once(timeoutMs: number, send: (sink: ReplySink) => HttpReply): Promise<OnceAnswer> {
  return new Promise((resolve) => {
    let streamHeaders: ReplyHeaders = {};
    let settled = false;
    let linger: NodeJS.Timeout | undefined;
    const settle = (answer: OnceAnswer): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      resolve(answer);
    };
    const reply = send({
      onSent() {},
      onStream(headers) {
        streamHeaders = headers;
      },
      onEvent(event) {
        const message = event.data === "" ? undefined : readIncoming(Buffer.from(event.data));
        if (settled || (message?.kind !== "result" && message?.kind !== "error")) return;
        settle({ kind: "answer", status: 200, headers: streamHeaders, message, text: "" });
        // The server should end the stream now; one that does not may not keep the connection.
        linger = setTimeout(() => reply.abort(), LINGER_MS);
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
        settle({ kind: "answer", status, headers, message: readIncoming(bytes), text });
      },
      onFailure(failure) {
        settle({ kind: "failure", failure });
      },
    });
    const timer = setTimeout(() => {
      reply.abort();
      settle({ kind: "failure", failure: { kind: "timeout", detail: `No answer within ${timeoutMs} ms.` } });
    }, timeoutMs);
    if (settled) clearTimeout(timer);
  });
}
