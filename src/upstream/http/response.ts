import type { Dispatcher } from "undici";
import { WireFlood, type WireMeter } from "../../http/wire-meter.ts";
import { createSseDecoder, type SseEvent } from "../../mcp/sse.ts";
import { describeError } from "../messages/fault.ts";
import type { Intake } from "../messages/intake.ts";
import type { Pausable } from "../messages/throttle.ts";
import { BodyBuffer } from "./body-buffer.ts";
import { type Inflater, openInflater } from "./inflate.ts";

/** Response headers as undici parses them: lower-case names. */
export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Why no whole response came. `unreachable`: the request never left; `broken`: the connection ended before its time;
 * `flooded`: more came beside the response than any server has to say.
 */
export interface HttpFailure {
  readonly kind: "unreachable" | "broken" | "too_large" | "encoded" | "flooded";
  readonly detail: string;
}

/** Who reads one response. Exactly one of `onBody`, `onStreamEnd` and `onFailure` is the last thing that is called. */
export interface ReplySink {
  /** Events that it reads. Default: `message`. Servers send others to keep a stream alive, with whatever data. */
  readonly events?: ReadonlySet<string>;
  /** The request is being written: the upstream may see it from now on. */
  onSent(): void;
  /** An event stream begins that may hold the answer. */
  onStream(headers: ReplyHeaders): void;
  onEvent(event: SseEvent): void;
  /** The event stream ended; `detail` says why if it did not end properly. */
  onStreamEnd(detail: string | undefined): void;
  /** A response that is no event stream, whole. */
  onBody(status: number, headers: ReplyHeaders, body: Buffer): void;
  onFailure(failure: HttpFailure): void;
}

/** Hears whether the other side of a connection is there at all. */
export interface Reachability {
  /** An HTTP response came, whatever it says; its status, where it is the answer to a message. */
  reached(status: number | undefined): void;
  /** No connection could be made. */
  unreachable(detail: string): void;
  /** More came over a connection than belongs to any response. */
  flooded(detail: string): void;
}

/** What reads one response. */
export interface HttpReplyOptions {
  readonly sink: ReplySink;
  readonly maxBytes: number;
  readonly reachability: Reachability;
  readonly intake: Intake;
  /** Whether a message was sent: servers without an event stream refuse to open one with any status. */
  readonly posted: boolean;
  /** Of the connections that the response may come over. */
  readonly meter: WireMeter;
}

/** Whether a response with this status may hold the answer to a request: 202 and 204 say that there is none. */
export function mayAnswer(status: number): boolean {
  return status >= 200 && status < 300 && status !== 202 && status !== 204;
}

/** 2026-07-28 transports/streamable-http: every message is an event without another name. */
const MESSAGES: ReadonlySet<string> = new Set(["message"]);
/** Interim answers (1xx) before one response; honest servers send one or two. */
const MAX_INTERIM = 8;
/** undici's own word for a head or trailers of more than 16 KB. */
const HEAD_OVERFLOW = "UND_ERR_HEADERS_OVERFLOW";
const LONG_HEAD_DETAIL = "The head of its answer, or the trailers behind it, are longer than 16 KB.";

/** Reads one HTTP response for a sink, bounded in size. Handed to undici's `dispatch`. */
export class UpstreamResponse implements Dispatcher.DispatchHandler, Pausable {
  readonly #sink: ReplySink;
  readonly #maxBytes: number;
  readonly #reachability: Reachability;
  readonly #posted: boolean;
  readonly #intake: Intake;
  readonly #meter: WireMeter;
  readonly #body: BodyBuffer;
  #controller: Dispatcher.DispatchController | undefined;
  #headers: ReplyHeaders = {};
  #status = 0;
  #decoder: { push(chunk: Uint8Array): boolean } | undefined;
  #interim = 0;
  #inflater: Inflater | undefined;
  #over = false;

  constructor({ sink, maxBytes, reachability, intake, meter, posted }: HttpReplyOptions) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
    this.#body = new BodyBuffer(maxBytes);
    this.#reachability = reachability;
    this.#intake = intake;
    this.#meter = meter;
    this.#posted = posted;
  }

  /** Drops the connection; the sink hears nothing more. */
  abort(): void {
    this.#over = true;
    this.#inflater?.drop();
    this.#controller?.abort(new Error("given up"));
  }

  pause(): void {
    if (!this.#over) (this.#inflater ?? this.#controller)?.pause();
  }

  resume(): void {
    if (!this.#over) (this.#inflater ?? this.#controller)?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error("given up"));
    else this.#guard(() => this.#sink.onSent());
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ReplyHeaders): void {
    if (status >= 200) {
      this.#meter.head();
      if (!this.#over) this.#guard(() => this.#begin(status, headers));
    } else if (++this.#interim > MAX_INTERIM && !this.#over) {
      this.#guard(() => this.#flooded(`It sent more than ${MAX_INTERIM} interim answers (1xx) to one request.`));
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#meter.piece(chunk.length);
    if (this.#over) return;
    if (this.#inflater === undefined) this.#guard(() => this.#data(chunk));
    else if (!this.#inflater.push(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#over) return;
    if (this.#inflater === undefined) this.#guard(() => this.#end());
    else this.#inflater.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    if (error instanceof WireFlood) this.#guard(() => this.#flooded(error.message));
    else if ("code" in error && error.code === HEAD_OVERFLOW) this.#guard(() => this.#flooded(LONG_HEAD_DETAIL));
    else this.#guard(() => this.#broken(describeError(error)));
  }

  // What undici calls is called from its parser: a throw there would end in the middle of it, or of this process.
  #guard(work: () => void): void {
    this.#intake.guard(work, () => {
      this.abort();
      this.#sink.onFailure({ kind: "broken", detail: "The gateway failed to handle its answer." });
    });
  }

  #begin(status: number, headers: ReplyHeaders): void {
    this.#status = status;
    this.#headers = headers;
    this.#reachability.reached(this.#posted ? status : undefined);
    const encoding = headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity" && !this.#inflate(String(encoding))) {
      this.#fail({ kind: "encoded", detail: "The answer is compressed in a way that is not read here." });
      return;
    }
    const type = headers["content-type"];
    if (mayAnswer(status) && typeof type === "string" && /^text\/event-stream\b/i.test(type)) {
      const names = this.#sink.events ?? MESSAGES;
      this.#decoder = createSseDecoder({ maxBytes: this.#maxBytes, names, onEvent: (event) => this.#event(event) });
      this.#sink.onStream(headers);
    } else if (Number(headers["content-length"]) > this.#maxBytes) {
      this.#tooLarge();
    }
  }

  // Whoever is not told otherwise may compress (RFC 9110 §12.5.3). The bounds are those of what comes out, and
  // of what comes to nothing.
  #inflate(encoding: string): boolean {
    this.#inflater = openInflater(encoding, this.#maxBytes, {
      onData: (chunk) => {
        if (!this.#over) this.#guard(() => this.#data(chunk));
      },
      onEnd: () => {
        if (!this.#over) this.#guard(() => this.#end());
      },
      onError: (error) => {
        if (!this.#over)
          this.#guard(() => this.#fail({ kind: "broken", detail: `Its compression: ${describeError(error)}` }));
      },
      onBarren: () => this.#guard(() => this.#tooLarge()),
      onDrain: () => this.#controller?.resume(),
    });
    return this.#inflater !== undefined;
  }

  #data(chunk: Buffer): void {
    if (!(this.#decoder ?? this.#body).push(chunk)) this.#tooLarge();
  }

  #end(): void {
    this.#over = true;
    if (this.#decoder !== undefined) this.#sink.onStreamEnd(undefined);
    else this.#sink.onBody(this.#status, this.#headers, this.#body.whole());
  }

  #broken(detail: string): void {
    this.#over = true;
    this.#inflater?.drop();
    if (this.#decoder !== undefined) this.#sink.onStreamEnd(detail);
    else if (this.#controller === undefined) {
      this.#reachability.unreachable(detail);
      this.#sink.onFailure({ kind: "unreachable", detail });
    } else this.#sink.onFailure({ kind: "broken", detail });
  }

  #event(event: SseEvent): void {
    if (!this.#over) this.#sink.onEvent(event);
  }

  #flooded(detail: string): void {
    this.#fail({ kind: "flooded", detail });
    this.#reachability.flooded(detail);
  }

  #tooLarge(): void {
    this.#fail({ kind: "too_large", detail: `The answer is larger than ${this.#maxBytes} bytes.` });
  }

  #fail(failure: HttpFailure): void {
    if (this.#over) return;
    this.abort();
    this.#sink.onFailure(failure);
  }
}
