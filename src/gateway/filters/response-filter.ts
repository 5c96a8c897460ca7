import type { InputRequest, Notification, RpcError } from "../../core/call.ts";
import type { Match } from "../../core/decision.ts";
import type { RawJson } from "../../core/raw-json.ts";
import type { Redaction } from "../../redaction/redaction.ts";

/**
 * Stands between a server and the client for one request whose answer policies look at: whatever the server says passes
 * through here. @throws never
 */
export interface ResponseFilter {
  /** The result as the client may see it, its own bytes if nothing had to go; `undefined` if none of it may be given out. */
  result(result: RawJson): RawJson | undefined | Promise<RawJson | undefined>;
  error(error: RpcError): RpcError;
  notification(notification: Notification): Notification;
  inputRequests(given: Readonly<Record<string, InputRequest>>): Readonly<Record<string, InputRequest>>;
  /** What is taken out of all that comes beside the result. */
  beside(): readonly Redaction[];
  /** Every result policy that matched what passed so far, shadow ones too. */
  matched(): readonly Match[];
}
