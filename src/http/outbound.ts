import { Agent, buildConnector, fetch, Headers, type RequestInit, type Response } from "undici";
import { USER_AGENT } from "../core/version.ts";
import { nameLookups } from "./name-lookups.ts";
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
