import { connectionFailure, fetchOutbound } from "../../http/outbound.ts";
import type { Delivery } from "./notifier.ts";

/** One POST of JSON. */
export interface PostRequest {
  /** May hold a secret: it is never part of an error. */
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly signal: AbortSignal;
  /** How much of an answer other than 2xx is read, in bytes. Default 0. */
  readonly maxAnswerBytes?: number;
}

/** What came of it. `reason` is a code or a few words, without URL, headers and body. */
export type Posted =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfter: string | undefined;
      /** As far as it was read. */
      readonly answer: string;
    }
  | { readonly kind: "failed"; readonly reason: string };

/** Posts JSON once. Redirects are not followed: the body and its signature are meant for one receiver. @throws never */
export async function post(request: PostRequest): Promise<Posted> {
  try {
    const response = await fetchOutbound(request.url, {
      method: "POST",
      headers: [...request.headers],
      body: request.body,
      signal: request.signal,
      redirect: "manual",
    });
    const answer = await readStart(response, response.ok ? 0 : (request.maxAnswerBytes ?? 0));
    return {
      kind: "answered",
      status: response.status,
      retryAfter: response.headers.get("retry-after") ?? undefined,
      answer,
    };
  } catch (err) {
    return { kind: "failed", reason: request.signal.aborted ? "no answer in time" : connectionFailure(err) };
  }
}

/** How answers are read. */
export interface AnswerRules {
  /** Statuses after which the same message is not sent again. */
  readonly final: readonly number[];
  /** The receiver's own words for an error, if they are such: everything else it says is not repeated. */
  known?(answer: string): string | undefined;
}

/** 2xx means taken. A `Retry-After` counts with 429 and 503, up to an hour. RFC 9110 §10.2.3 */
export function sentOf(posted: Posted, now: number, rules: AnswerRules): Delivery {
  if (posted.kind === "failed") return { ok: false, error: posted.reason, retry: true };
  const { status, retryAfter, answer } = posted;
  if (status >= 200 && status < 300) return { ok: true };
  const detail = status >= 300 && status < 400 ? "redirects are not followed" : rules.known?.(answer);
  const error = detail === undefined ? `status ${status}` : `status ${status}: ${detail}`;
  if (rules.final.includes(status)) return { ok: false, error, retry: false };
  const wait = status === 429 || status === 503 ? waitMs(retryAfter, now) : undefined;
  return { ok: false, error, retry: true, ...(wait !== undefined && { retryAfterMs: wait }) };
}

const MAX_RETRY_AFTER_MS = 3_600_000;

/** Seconds or a date. */
function waitMs(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** The first bytes of a body; the rest is not waited for, whatever its size. */
async function readStart(response: Awaited<ReturnType<typeof fetchOutbound>>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined && size < maxBytes) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.byteLength;
  }
  await reader?.cancel();
  return Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8");
}
