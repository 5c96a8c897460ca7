import type { IncomingHttpHeaders } from "node:http";
import { buildConnector, type Dispatcher, Pool } from "undici";
import { USER_AGENT } from "../core/version.ts";
import { nameLookups } from "./name-lookups.ts";
import { WireMeter } from "./wire-meter.ts";

export interface OutboundPoolOptions {
  /** Base of all paths, without a query. May hold a secret: it is never part of an error. */
  readonly url: string;
  /** Configured by the operator, beside `User-Agent`, which they may replace, and those of a body of JSON. */
  readonly headers: Readonly<Record<string, string>>;
  /** Connections at most. Who asks for more at once waits. */
  readonly maxConnections: number;
}

/** One POST of JSON. */
export interface PoolPost {
  /** What stands behind the pool's URL, from its slash on; may be empty. */
  readonly path: string;
  /** Of this one only; lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly maxAnswerBytes: number;
  /** Ends it, wherever it is. */
  readonly signal: AbortSignal;
}

/** What came of it. `reason` is a code or a few words, without URL, headers and bodies. */
export type PoolAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: Buffer;
    }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Kept connections to one server that is asked again and again. Answers are read whole and up to a bound, never unpacked, and
 * redirects are answers like others. It has no deadline of its own.
 */
export class OutboundPool {
  readonly #pool: Pool;
  readonly #meter = new WireMeter();
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, headers, maxConnections }: OutboundPoolOptions) {
    const { origin, pathname } = new URL(url);
    this.#base = pathname.replace(/\/$/, "");
    const configured = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    this.#headers = {
      "user-agent": USER_AGENT,
      accept: "application/json",
      ...Object.fromEntries(configured),
      "content-type": "application/json",
    };
    const connect = this.#meter.connector(buildConnector({ lookup: nameLookups.lookup }));
    this.#pool = new Pool(origin, { connections: maxConnections, bodyTimeout: 0, headersTimeout: 0, connect });
  }

  /**
   * Asks once; and once more where a kept connection was gone before anything was answered, which tells nothing of the server.
   * @throws never
   */
  async post(request: PoolPost): Promise<PoolAnswer> {
    const first = await this.#try(request);
    if (first.kind !== "failed" || !GONE.has(first.reason) || request.signal.aborted) return first;
    return this.#try(request);
  }

  /** Drops every connection. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #try({ path, headers, body, signal, maxAnswerBytes }: PoolPost): Promise<PoolAnswer> {
    let response: Dispatcher.ResponseData;
    try {
      response = await this.#pool.request({
        method: "POST",
        path: `${this.#base}${path}` || "/",
        headers: headers === undefined ? this.#headers : { ...headers, ...this.#headers },
        body,
        signal,
      });
    } catch (err) {
      return { kind: "failed", reason: signal.aborted ? "no answer in time" : reasonOf(err) };
    }
    this.#meter.head();
    try {
      return await this.#read(response, maxAnswerBytes);
    } catch (err) {
      const reason = reasonOf(err);
      // Something was answered: asking again is for the next one.
      return { kind: "failed", reason: signal.aborted ? "no answer in time" : `${reason} within an answer` };
    }
  }

  async #read({ statusCode: status, headers, body }: Dispatcher.ResponseData, max: number): Promise<PoolAnswer> {
    // Whoever stops reading hears of it here, too.
    body.on("error", () => {});
    const encoding = headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      body.destroy();
      return { kind: "failed", reason: "a packed answer, which nobody asked for" };
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      this.#meter.piece(chunk.length);
      size += chunk.length;
      // Leaving the loop ends the connection.
      if (size > max) return { kind: "failed", reason: "too large an answer" };
      chunks.push(chunk);
    }
    return { kind: "answered", status, headers, body: Buffer.concat(chunks) };
  }
}

const GONE: ReadonlySet<string> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

// Messages may hold the URL; codes do not (ECONNREFUSED, CERT_HAS_EXPIRED, …).
function reasonOf(err: unknown): string {
  const code = err instanceof Error && "code" in err ? err.code : undefined;
  return typeof code === "string" && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : "the connection failed";
}
