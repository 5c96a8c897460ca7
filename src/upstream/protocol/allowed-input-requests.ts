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
