import type { View } from "../../catalog/view.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Scope } from "../../core/scope.ts";
import type { Upstreams } from "../../upstream/upstream.ts";

/**
 * What at least one reachable upstream of the scope supports. Tools are always announced: an upstream that comes later
 * brings some, and `list_changed` tells.
 */
export function mergeCapabilities(scope: Scope, upstreams: Upstreams, view: View): JsonObject {
  const merged: Record<string, JsonObject> = { tools: { listChanged: true } };
  for (const name of scope.upstreams) {
    const status = upstreams.get(name)?.status();
    if (status === undefined || status.state === "down") continue;
    const { prompts, resources, completions, logging } = status.capabilities;
    if (isObject(prompts)) merged["prompts"] = { listChanged: true };
    if (isObject(resources)) {
      const subscribe = resources["subscribe"] === true || merged["resources"]?.["subscribe"] === true;
      merged["resources"] = { listChanged: true, ...(subscribe ? { subscribe: true } : {}) };
    }
    if (isObject(completions)) merged["completions"] = {};
    if (isObject(logging)) merged["logging"] = {};
  }
  // What is still listed of a server that went down a moment ago can still be asked for.
  if (view.prompts.size > 0) merged["prompts"] ??= { listChanged: true };
  if (view.resources.size + view.resourceTemplates.size > 0) merged["resources"] ??= { listChanged: true };
  return merged;
}

/** The instructions of the scope's upstreams, each under its upstream's name where there are several. */
export function mergeInstructions(scope: Scope, upstreams: Upstreams): string | undefined {
  const parts: string[] = [];
  for (const name of scope.upstreams) {
    const text = upstreams.get(name)?.status().instructions;
    if (text !== undefined && text !== "") parts.push(scope.prefixed ? `# ${name}\n\n${text}` : text);
  }
  return parts.length === 0 ? undefined : parts.join("\n\n");
}
