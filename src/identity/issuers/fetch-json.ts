import { isObject, type JsonObject } from "../../core/json.ts";
import { JSON_LIMITS } from "../../core/limits.ts";
import { parseJson } from "../../core/parse-json.ts";
import type { JsonLimits } from "../../core/scan-json.ts";
import { fetchOutbound } from "../../http/outbound.ts";
import { readCapped } from "../../http/read-capped.ts";

/** Keys and metadata of issuers are a few levels deep. */
const KEYS: JsonLimits = { ...JSON_LIMITS, maxDepth: 16 };

export type FetchedJson =
  | { readonly ok: true; readonly body: JsonObject }
  /** `reason` is for the log: a status, a code or a few words, nothing from the body. */
  | { readonly ok: false; readonly reason: string };

/** GETs a JSON object; no redirects, a capped body, and never longer than until `signal`. @throws never */
export async function fetchJson(url: string, signal: AbortSignal, maxBytes: number): Promise<FetchedJson> {
  try {
    const response = await fetchOutbound(url, { signal, redirect: "error", headers: { accept: "application/json" } });
    if (response.status !== 200) {
      await response.body?.cancel();
      return { ok: false, reason: `status ${response.status}` };
    }
    const bytes = await readCapped(response.body, maxBytes);
    if (bytes === undefined) return { ok: false, reason: "too large an answer" };
    const parsed = parseJson(bytes.toString("utf8"), KEYS);
    return parsed.ok && isObject(parsed.value)
      ? { ok: true, body: parsed.value }
      : { ok: false, reason: "the answer is not a JSON object" };
  } catch (err) {
    return { ok: false, reason: reasonOf(err) };
  }
}

// `fetch failed` says nothing; its cause has the code (ECONNREFUSED, CERT_HAS_EXPIRED, …).
function reasonOf(err: unknown): string {
  if (!(err instanceof Error)) return "unknown error";
  if (err.name === "TimeoutError" || err.name === "AbortError") return "no answer in time";
  const { cause } = err;
  if (cause instanceof Error) return "code" in cause ? String(cause.code) : cause.message;
  return err.message;
}
