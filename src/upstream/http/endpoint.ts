import { type Dispatcher, Pool } from "undici";
import { USER_AGENT } from "../../core/version.ts";
import { WireMeter } from "../../http/wire-meter.ts";
import type { AddressRules } from "../addresses/address-rules.ts";
import { confinedConnect } from "../addresses/confined-connect.ts";
import type { Intake } from "../messages/intake.ts";
import type { UpstreamTiming } from "../timing.ts";
import { FirstAnswer, redirectTarget } from "./redirect.ts";
import { type Reachability, type ReplyHeaders, type ReplySink, UpstreamResponse } from "./response.ts";
import { type StatusFault, statusFault } from "./status.ts";

/** Names that the protocol or HTTP itself writes; a configured header may not compete with them. */
const OWN_HEADERS = new Set([
  "accept",
  "connection",
  "content-length",
  "content-type",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
  "transfer-encoding",
]);

/** Configured headers that say who asks, and of which nobody wants a credential. */
const NO_CREDENTIALS = new Set(["user-agent", "from", "accept-language", "referer", "origin"]);

/** Flat list of header names and values, as undici takes it. */
export type HeaderList = readonly string[];

export interface HttpEndpointOptions {
  readonly url: string;
  /** Configured by the operator; the only headers besides the protocol's own and `User-Agent`, which they may replace. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names, in lower case, that are not sent, `user-agent` among them. */
  readonly removedHeaders?: readonly string[] | undefined;
  readonly maxResponseBytes: number;
  readonly timing: UpstreamTiming;
  readonly reachability: Reachability;
  readonly intake: Intake;
  /** Where its connections may lead; `undefined`: anywhere. */
  readonly addresses: AddressRules | undefined;
}

/** Connections for one purpose. */
interface Line {
  readonly pool: Pool;
  readonly meter: WireMeter;
}

/**
 * One MCP endpoint over kept-alive connections. Follows no redirects but one to another path of the same origin, and holds no
 * timeouts of its own: every request has a deadline above.
 */
export class HttpEndpoint {
  readonly url: URL;
  readonly intake: Intake;
  readonly #path: string;
  readonly #configured: readonly string[];
  readonly #hasCredential: boolean;
  readonly #maxBytes: number;
  readonly #reachability: Reachability;
  readonly #calls: Line;
  /** Streams that stay open have their own connections, so that they never keep a call waiting. */
  readonly #streams: Line;

  constructor(options: HttpEndpointOptions) {
    this.url = new URL(options.url);
    this.intake = options.intake;
    this.#path = `${this.url.pathname}${this.url.search}`;
    this.#maxBytes = options.maxResponseBytes;
    this.#reachability = options.reachability;
    const configured = Object.entries(options.headers).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()));
    const named = configured.map(([name]) => name.toLowerCase());
    const anonymous = named.includes("user-agent") || options.removedHeaders?.includes("user-agent") === true;
    this.#configured = [...(anonymous ? [] : ["user-agent", USER_AGENT]), ...configured.flat()];
    this.#hasCredential = this.url.search !== "" || named.some((name) => !NO_CREDENTIALS.has(name));
    const { addresses, timing } = options;
    const line = (connections?: number): Line => {
      const meter = new WireMeter();
      const connect = meter.connector(confinedConnect(addresses, timing.connectMs));
      const bounds = connections === undefined ? {} : { connections };
      return { meter, pool: new Pool(this.url.origin, { bodyTimeout: 0, headersTimeout: 0, connect, ...bounds }) };
    };
    this.#calls = line(timing.maxConnections);
    this.#streams = line();
  }

  /** The fault that an answer's status amounts to, whatever its body says; see `statusFault`. */
  faultOf(status: number, headers: ReplyHeaders = {}): StatusFault | undefined {
    const target = status >= 300 && status < 400 ? redirectTarget(this.url, headers) : undefined;
    const shown = target === undefined ? undefined : this.intake.words(Buffer.from(target));
    const fault = statusFault(status, this.#hasCredential, shown);
    if (fault === undefined || status < 500) return fault;
    const retryAfter = headers["retry-after"];
    return { ...fault, http: { status, retryAfter: typeof retryAfter === "string" ? retryAfter : undefined } };
  }

  /** Headers of a POST that stay the same for a whole connection. */
  postHeaders(extra: HeaderList): string[] {
    const accept = "application/json, text/event-stream";
    return [...this.#configured, "content-type", "application/json", "accept", accept, ...extra];
  }

  /** Sends a message. `stream`: its response is expected to stay open. `path` stands for another path, same origin. */
  post(
    headers: string[],
    body: string,
    sink: ReplySink,
    options?: { stream?: boolean; path?: string },
  ): UpstreamResponse {
    const line = options?.stream === true ? this.#streams : this.#calls;
    return this.#dispatch(line, { method: "POST", path: options?.path ?? this.#path, headers, body }, sink);
  }

  /** Opens an event stream. */
  get(extra: HeaderList, sink: ReplySink): UpstreamResponse {
    const headers = [...this.#configured, "accept", "text/event-stream", ...extra];
    return this.#dispatch(this.#streams, { method: "GET", path: this.#path, headers }, sink);
  }

  delete(extra: HeaderList, sink: ReplySink): UpstreamResponse {
    const headers = [...this.#configured, ...extra];
    return this.#dispatch(this.#calls, { method: "DELETE", path: this.#path, headers }, sink);
  }

  /** Drops every connection. */
  async destroy(): Promise<void> {
    await Promise.all([this.#calls.pool.destroy(), this.#streams.pool.destroy()]);
  }

  #dispatch({ pool, meter }: Line, request: Dispatcher.DispatchOptions, sink: ReplySink): UpstreamResponse {
    const reply = new UpstreamResponse({
      sink,
      meter,
      maxBytes: this.#maxBytes,
      reachability: this.#reachability,
      intake: this.intake,
      posted: request.method === "POST",
    });
    const again = (path: string): void => void pool.dispatch({ ...request, path }, reply);
    pool.dispatch(request, new FirstAnswer(reply, meter, new URL(request.path, this.url), again));
    return reply;
  }
}
