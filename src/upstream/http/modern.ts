import type { JsonObject } from "../../core/json.ts";
import type { Round } from "../../core/round.ts";
import { encodeHeaderValue } from "../../mcp/headers/header-value.ts";
import { MODERN_REVISION } from "../../mcp/revisions.ts";
import type { SseEvent } from "../../mcp/sse.ts";
import { endsItsRequest } from "../messages/answered-id.ts";
import { modernRound } from "../messages/modern-result.ts";
import { requestText } from "../messages/request-text.ts";
import type { Incoming } from "../messages/response-envelope.ts";
import { Throttle } from "../messages/throttle.ts";
import type { Lost, RequestAttempt } from "../protocol/connection.ts";
import { lostRound } from "../protocol/lost-round.ts";
import type { ModernChannel } from "../protocol/modern-channel.ts";
import { type ExchangeWire, PendingRequest } from "../protocol/pending-request.ts";
import type { UpstreamRequest } from "../upstream.ts";
import { createNoise, FLOOD_DETAIL, type Noise } from "../waiting/flood.ts";
import type { HttpEndpoint } from "./endpoint.ts";
import { ListenSink } from "./listen.ts";
import { type HttpFailure, mayAnswer, type ReplyHeaders, type ReplySink, type UpstreamResponse } from "./response.ts";
import { failureFault, resultFault, tooMuch, unexpectedStatus } from "./status.ts";

export interface ModernHttpOptions {
  readonly upstream: string;
  readonly endpoint: HttpEndpoint;
  readonly clientInfo: JsonObject;
  readonly timeoutMs: number;
  readonly parkedMs: number;
  readonly closeMs: number;
  readonly now: () => number;
  readonly nextId: () => number;
  /** The server rejected mirrored headers: the tool definition that they were taken from is out of date. */
  readonly onHeaderMismatch: () => void;
}

/** Requests whose subject is mirrored in `Mcp-Name`. streamable-http, "Standard Request Headers". */
const NAMED: Readonly<Record<string, "name" | "uri">> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
};

/** Streamable HTTP of revision 2026-07-28: stateless, one POST per request. */
export function createModernHttp(options: ModernHttpOptions): ModernChannel {
  const { endpoint, clientInfo } = options;
  const headers = endpoint.postHeaders(["mcp-protocol-version", MODERN_REVISION]);

  const call = (
    request: UpstreamRequest,
    capabilities: JsonObject,
    additions: JsonObject | undefined,
    onDone: () => void,
  ): Promise<RequestAttempt> => {
    const id = options.nextId();
    const given = additions === undefined ? request.params : { ...request.params, ...additions };
    const modern = { clientInfo, capabilities, logLevel: request.logLevel };
    const own = { progressToken: request.wantsProgress ? id : undefined, meta: request.meta, modern };
    const again = async (more: JsonObject): Promise<Round> => {
      const attempt = await call(request, capabilities, more, () => {});
      return attempt.kind === "lost" ? lostRound(options.upstream, attempt, "UPSTREAM_CLOSED", "unknown") : attempt;
    };
    const transfer = new ModernCall(options);
    const exchange = new PendingRequest({
      id,
      intake: endpoint.intake,
      request,
      capabilities,
      timeoutMs: options.timeoutMs,
      parkedMs: options.parkedMs,
      wire: transfer,
      interpret: (result) => modernRound(options.upstream, result, again),
      onDone,
    });
    transfer.start(exchange, callHeaders(headers, request), requestText(id, request.method, given, own));
    return exchange.first;
  };

  return {
    call: (request, capabilities, onDone) => call(request, capabilities, undefined, onDone),
    listen(filter, handlers) {
      const id = options.nextId();
      const modern = { clientInfo, capabilities: {}, logLevel: undefined };
      const text = requestText(id, "subscriptions/listen", { notifications: filter }, { modern });
      const sink = new ListenSink(id, handlers, endpoint.intake, options.now);
      const reply = endpoint.post([...headers, "mcp-method", "subscriptions/listen"], text, sink, { stream: true });
      sink.attach(reply);
      return {
        close() {
          sink.mute();
          reply.abort();
        },
      };
    },
  };
}

function callHeaders(common: readonly string[], request: UpstreamRequest): string[] {
  const headers = [...common, "mcp-method", request.method];
  const field = NAMED[request.method];
  const name = field === undefined ? undefined : request.params[field];
  if (typeof name === "string") headers.push("mcp-name", encodeHeaderValue(name));
  for (const [header, value] of request.mirrored) headers.push(header, encodeHeaderValue(value));
  return headers;
}

/** Whether an error code can only come from a server that understood a modern request. */
function isModernError(code: number): boolean {
  return (code <= -32020 && code >= -32099) || (code <= -32600 && code >= -32700) || code === -32002;
}

/** What servers of the earlier era miss in a modern request. */
const EARLIER_ERA = /session|initiali[sz]|protocol.?version/i;

class ModernCall implements ReplySink, ExchangeWire {
  readonly #options: ModernHttpOptions;
  /** Only an event stream brings what nobody asked for. */
  #noise: Noise | undefined;
  #throttle: Throttle | undefined;
  #exchange: PendingRequest | undefined;
  #reply: UpstreamResponse | undefined;
  #lingering: NodeJS.Timeout | undefined;

  constructor(options: ModernHttpOptions) {
    this.#options = options;
  }

  start(exchange: PendingRequest, headers: string[], body: string): void {
    this.#exchange = exchange;
    if (exchange.begin()) this.#reply = this.#options.endpoint.post(headers, body, this);
  }

  // Closing the response is the cancellation. streamable-http, "Cancellation".
  giveUp(): void {
    this.#reply?.abort();
  }

  // A modern server never makes requests of its own, so there is nothing to answer.
  respond(): void {}

  onSent(): void {
    this.#exchange?.markSent();
  }

  onStream(): void {}

  onEvent(event: SseEvent): void {
    const exchange = this.#exchange;
    if (exchange === undefined || event.data === "") return;
    const bytes = Buffer.from(event.data);
    const message = this.#options.endpoint.intake.read(bytes);
    if (message.kind === "unreadable" && endsItsRequest(message, exchange.id)) {
      this.#stop(message.code, `An event of its stream: ${message.detail}`);
      return;
    }
    const isAnswer = message.kind === "result" || message.kind === "error";
    if (!isAnswer || !this.#ours(message)) {
      this.#throttle ??= new Throttle(() => this.#reply, this.#options.endpoint.intake, this.#options.now);
      this.#throttle.take(bytes);
    }
    if (message.kind === "request") return;
    if (message.kind === "unreadable" || (isAnswer && !this.#ours(message))) {
      this.#noise ??= createNoise(this.#options.now);
      if (!this.#noise.take(bytes)) this.#stop("UPSTREAM_INVALID", FLOOD_DETAIL);
      return;
    }
    exchange.receive(message);
    if (exchange.done) this.#linger();
  }

  // The server should end the stream now; one that does not may not keep the connection.
  #linger(): void {
    const { endpoint, closeMs } = this.#options;
    this.#lingering ??= endpoint.intake.later(() => this.#reply?.abort(), closeMs);
  }

  #stop(code: "UPSTREAM_INVALID" | "UPSTREAM_TOO_LARGE", detail: string): void {
    this.#exchange?.fail(code, detail);
    this.#reply?.abort();
  }

  onStreamEnd(detail: string | undefined): void {
    clearTimeout(this.#lingering);
    this.#exchange?.fail("UPSTREAM_CLOSED", detail ?? "The event stream ended without a response.");
  }

  onBody(status: number, headers: ReplyHeaders, body: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.done) return;
    const message = this.#options.endpoint.intake.read(body);
    if (message.kind === "result" && mayAnswer(status) && message.id === exchange.id) {
      exchange.receive(message);
      return;
    }
    if (message.kind === "result" && !mayAnswer(status)) {
      const { code, detail, executed } = resultFault(status);
      exchange.fail(code, detail, executed);
      return;
    }
    const said = message.kind === "unreadable" ? this.#options.endpoint.intake.words(body) : undefined;
    const fault = this.#options.endpoint.faultOf(status, headers) ?? tooMuch(message);
    if (fault !== undefined && !(status >= 500 && message.kind === "error" && message.id === exchange.id)) {
      exchange.fail(fault.code, fault.detail, fault.executed, said, fault.http);
    } else if (message.kind === "error" && this.#ours(message) && this.#isOfThisEra(status, message)) {
      if (message.error.code === -32020) this.#options.onHeaderMismatch();
      if (message.error.code === -32022) exchange.finish(lostEra("It no longer speaks revision 2026-07-28."));
      else exchange.receive(message);
    } else if (status >= 400) {
      const lost = lostEra(`HTTP ${status}, not as a server of revision 2026-07-28 answers.`);
      exchange.lost(message.kind === "error" ? { ...lost, error: message.error } : lost, said);
    } else {
      const { code, detail, executed } = unexpectedStatus(status);
      exchange.fail(code, detail, executed, said);
    }
  }

  onFailure(failure: HttpFailure): void {
    const fault = failureFault(failure, this.#exchange?.sent ?? false);
    this.#exchange?.fail(fault.code, fault.detail, fault.executed);
  }

  // An error that answers this very request is its answer, unless it talks of what there is in the earlier era alone.
  #isOfThisEra(status: number, { id, error }: Extract<Incoming, { kind: "error" }>): boolean {
    if (status < 300 || isModernError(error.code)) return true;
    return id === this.#exchange?.id && !EARLIER_ERA.test(error.message);
  }

  #ours(message: Extract<Incoming, { kind: "result" | "error" }>): boolean {
    return message.id === this.#exchange?.id || (message.kind === "error" && message.id === undefined);
  }
}

function lostEra(detail: string): Lost {
  return { kind: "lost", cause: "era", detail };
}
