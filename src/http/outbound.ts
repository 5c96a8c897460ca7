import { Agent, buildConnector, Client, fetch, Headers, type RequestInit, type Response } from "undici";
import { USER_AGENT } from "../core/version.ts";
import { nameLookups } from "./name-lookups.ts";
import { readCapped } from "./read-capped.ts";
import { WireMeter } from "./wire-meter.ts";

const connect = buildConnector({ lookup: nameLookups.lookup });

/**
 * A connection for each request. What comes over it is counted as a whole, head, body and all: nobody who is asked this
 * way has a megabyte to say.
 */
const ONCE = new Agent({
  pipelining: 0,
  connect: (options, callback) => new WireMeter().connector(connect)(options, callback),
});

/**
 * `fetch` for whom the gateway asks by itself: issuers, sign-in providers, receivers of messages. It reads at most 1 MB
 * of an answer, what stands around the body included. @throws TypeError as `fetch` does
 */
export function fetchOutbound(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("user-agent", USER_AGENT);
  return fetch(url, { ...init, headers, dispatcher: ONCE });
}

/** One POST whose answer is wanted. */
export interface OutboundPost {
  readonly url: string;
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body: string | Uint8Array;
  /** Ends it, and the connection. */
  readonly signal: AbortSignal;
  /** Of an answer's body so much is read. */
  readonly maxBytes: number;
}

/** `body` is `undefined` where it is larger than was asked for. */
export interface OutboundAnswer {
  readonly status: number;
  readonly body: Buffer | undefined;
}

/**
 * Posts once, over a connection of its own, and reads the answer, which may be larger than that of `fetchOutbound`; beside it
 * at most 1 MB. Redirects are answers. @throws what the connection throws, also when `signal` ends it
 */
export async function postOutbound({ url, headers, body, signal, maxBytes }: OutboundPost): Promise<OutboundAnswer> {
  const { origin, pathname, search } = new URL(url);
  const meter = new WireMeter();
  const client = new Client(origin, { pipelining: 0, connect: meter.connector(connect) });
  try {
    const named = [...headers].flat();
    const answer = await client.request({
      path: `${pathname}${search}`,
      method: "POST",
      headers: [...named, "user-agent", USER_AGENT],
      body,
      signal,
    });
    meter.head();
    return { status: answer.statusCode, body: await readCapped(metered(answer.body, meter), maxBytes) };
  } finally {
    void client.destroy();
  }
}

async function* metered(body: AsyncIterable<Uint8Array>, meter: WireMeter): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    meter.piece(chunk.byteLength);
    yield chunk;
  }
}

/** Why nothing was answered, in a code or a few words: messages may hold the URL. */
export function connectionFailure(err: unknown): string {
  // `fetch failed` says nothing; its cause has a code (ECONNREFUSED, CERT_HAS_EXPIRED, …).
  for (const at of [err instanceof Error ? err.cause : undefined, err]) {
    const code = at instanceof Error && "code" in at ? at.code : undefined;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]*$/.test(code)) return code;
  }
  return "the connection failed";
}
