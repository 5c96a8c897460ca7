import { Cancellation } from "../../core/cancellation.ts";
import type { JsonObject } from "../../core/json.ts";
import type { UpstreamRequest } from "../upstream.ts";

/** A request of the gateway's own (a list page, a subscription): nobody hears its progress or its log messages. */
export function plainRequest(
  method: string,
  params: JsonObject,
  cancellation: Cancellation = new Cancellation(),
): UpstreamRequest {
  return { method, params, mirrored: [], wantsProgress: false, logLevel: undefined, cancellation, onNotification() {} };
}
