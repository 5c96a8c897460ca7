import type { Dispatcher } from "undici";
import type { WireMeter } from "../../http/wire-meter.ts";
import type { ReplyHeaders, UpstreamResponse } from "./response.ts";

/** Redirects that keep method and body. RFC 9110 §15.4.8 and §15.4.9 */
const KEEPING: ReadonlySet<number> = new Set([307, 308]);
/** What a server may say beside such a redirect. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * The path that a server's reference leads to, with its query; `undefined` where that is of another origin: the gateway's
 * credentials go with every request, so a server may not send them elsewhere.
 */
export function samePath(base: URL, reference: string): string | undefined {
  if (!URL.canParse(reference, base.href)) return undefined;
  const url = new URL(reference, base);
  return url.origin === base.origin ? `${url.pathname}${url.search}` : undefined;
}

/** Where an answer redirects to, without user and query, which may be secret; `undefined` where that is not said, or is no HTTP. */
export function redirectTarget(base: URL, { location }: ReplyHeaders): string | undefined {
  if (typeof location !== "string" || !URL.canParse(location, base.href)) return undefined;
  const { origin, pathname } = new URL(location, base);
  return origin === "null" ? undefined : `${origin}${pathname}`;
}

/**
 * Reads the first answer to a request: a redirect within the origin sends it once more, with the same method and body, and all
 * else is the answer. What is answered then is the answer, whatever it is.
 */
export class FirstAnswer implements Dispatcher.DispatchHandler {
  readonly #reply: UpstreamResponse;
  readonly #meter: WireMeter;
  readonly #base: URL;
  readonly #again: (path: string) => void;
  #path: string | undefined;
  #bytes = 0;

  /** `base`: what was requested. `again`: sends the same to another path. */
  constructor(reply: UpstreamResponse, meter: WireMeter, base: URL, again: (path: string) => void) {
    this.#reply = reply;
    this.#meter = meter;
    this.#base = base;
    this.#again = again;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#reply.onRequestStart(controller);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ReplyHeaders): void {
    const { location } = headers;
    if (KEEPING.has(status) && typeof location === "string") this.#path = samePath(this.#base, location);
    if (this.#path === undefined) this.#reply.onResponseStart(controller, status, headers);
    else this.#meter.head();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#path === undefined) {
      this.#reply.onResponseData(controller, chunk);
      return;
    }
    this.#meter.piece(chunk.length);
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_BODY_BYTES) controller.abort(new Error("Its redirect has a body of more than 64 KB."));
  }

  onResponseEnd(): void {
    if (this.#path === undefined) this.#reply.onResponseEnd();
    else this.#again(this.#path);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#reply.onResponseError(controller, error);
  }
}
