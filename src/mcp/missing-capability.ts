import type { InputRequest } from "../core/call.ts";
import { isObject, type JsonObject } from "../core/json.ts";
import { INPUT_REQUEST_CAPABILITIES } from "./messages.ts";

/**
 * The client capabilities that an input request needs and `declared` lacks, in the shape of `ClientCapabilities`; `undefined` when
 * the client can be asked. 2026-07-28 patterns/mrtr, "Server Requirements"; client/elicitation, "Capabilities".
 */
export function missingCapability(inputRequest: InputRequest, declared: JsonObject): JsonObject | undefined {
  switch (inputRequest.method) {
    case "elicitation/create":
      return missingElicitation(inputRequest.params["mode"] === "url" ? "url" : "form", declared["elicitation"]);
    case "sampling/createMessage": {
      const sampling = declared["sampling"];
      if (!isObject(sampling)) return { sampling: {} };
      const needsTools = inputRequest.params["tools"] !== undefined || inputRequest.params["toolChoice"] !== undefined;
      return needsTools && !isObject(sampling["tools"]) ? { sampling: { tools: {} } } : undefined;
    }
    case "roots/list":
      return isObject(declared["roots"]) ? undefined : { roots: {} };
    default:
      return { experimental: { [inputRequest.method]: {} } };
  }
}

// An empty `elicitation` object means form mode, as it did before there were modes.
function missingElicitation(mode: "form" | "url", elicitation: unknown): JsonObject | undefined {
  if (!isObject(elicitation)) return { elicitation: mode === "url" ? { url: {} } : {} };
  if (isObject(elicitation[mode])) return undefined;
  const formByDefault = mode === "form" && elicitation["url"] === undefined;
  return formByDefault ? undefined : { elicitation: { [mode]: {} } };
}

const INPUT_CAPABILITIES: ReadonlySet<string> = new Set(Object.values(INPUT_REQUEST_CAPABILITIES));

/** The same capabilities without those that a server would ask the client for something by. */
export function withoutInputRequests(declared: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(declared).filter(([name]) => !INPUT_CAPABILITIES.has(name)));
}
