import { type Refusal, refuse } from "../../core/errors.ts";
import { isJsonType } from "../../http/json-body.ts";

/** What forms of answer the client takes. */
export interface Accepted {
  readonly ok: true;
  readonly json: boolean;
  readonly sse: boolean;
}

/**
 * Reads `Accept` and checks `Content-Type` of a POST. Clients must list both forms of answer; one that lists only JSON,
 * only event streams, or `*` ranges is served in what it takes. 2025-11-25 transports, "Sending Messages to the Server".
 */
export function readMedia(contentType: string | undefined, accept: string | undefined): Accepted | Refusal {
  if (!isJsonType(contentType)) return refuse("MEDIA_TYPE_UNSUPPORTED");
  return readAccept(accept);
}

/** Reads `Accept`; absent means anything (RFC 9110 §12.5.1). */
export function readAccept(accept: string | undefined): Accepted | Refusal {
  if (accept === undefined || accept === "application/json, text/event-stream") return BOTH;
  let json = false;
  let sse = false;
  for (const range of accept.toLowerCase().split(",")) {
    const [type, ...parameters] = range.split(";").map((part) => part.trim());
    if (parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))) continue;
    if (type === "*/*") json = sse = true;
    else if (type === "application/json" || type === "application/*") json = true;
    else if (type === "text/event-stream" || type === "text/*") sse = true;
  }
  return json || sse ? { ok: true, json, sse } : refuse("NOT_ACCEPTABLE");
}

const BOTH: Accepted = { ok: true, json: true, sse: true };
