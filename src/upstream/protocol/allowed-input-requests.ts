import type { JsonObject } from "../../core/json.ts";
import { INPUT_REQUEST_CAPABILITIES } from "../../mcp/messages.ts";

/** What a server hears that asks for anything else. Servers often hand such an error on to the model as their tool's. */
export const NOT_DECLARED = "Method not found: the client has not declared that this server can ask it for this.";

/** Whether a server may make this request of a client with these capabilities. */
export function isAllowedInputRequest(method: string, capabilities: JsonObject): boolean {
  for (const [known, capability] of Object.entries(INPUT_REQUEST_CAPABILITIES)) {
    if (known === method) return capabilities[capability] !== undefined;
  }
  return false;
}

/** Input requests that one call may have waiting; a server with more is answered with an error at once. */
export const MAX_WAITING_INPUT_REQUESTS = 64;

/** What a server hears that asks more. */
export const TOO_MANY = `${MAX_WAITING_INPUT_REQUESTS} questions of this call wait for an answer already.`;
