import type { CustomFetch } from "openid-client";
import { JSON_LIMITS } from "../../core/limits.ts";
import { scanJson } from "../../core/scan-json.ts";
import { fetchOutbound } from "../../http/outbound.ts";
import { readCapped } from "../../http/read-capped.ts";

/**
 * A `fetch` that reads no more than `maxBytes` of an answer, nor one that is deeper or has more values than JSON from
 * outside may. @throws TypeError when there is more
 */
export function cappedFetch(maxBytes: number): CustomFetch {
  return async (url, { body, ...options }) => {
    const response = await fetchOutbound(url, { ...options, body: body ?? null });
    const bytes = await readCapped(response.body, maxBytes);
    if (bytes === undefined) throw tooLarge();
    const { kind } = scanJson(bytes, JSON_LIMITS);
    if (kind === "JSON_TOO_DEEP" || kind === "JSON_TOO_MANY") throw tooLarge();
    const { status, headers } = response;
    return new Response(status === 204 || status === 304 ? null : bytes, { status, headers });
  };
}

// With a code, as faults of the network have: it is no answer.
function tooLarge(): TypeError {
  return Object.assign(new TypeError("The answer is too large."), { code: "ETOOLARGE" });
}
