import type { View } from "../../catalog/view.ts";
import type { JsonObject } from "../../core/json.ts";

/** What a server lists of a prompt, or of a resource or the template that makes it; `undefined` where it lists nothing. */
export function listedDefinition(
  view: View | undefined,
  kind: "prompt" | "resource",
  upstream: string,
  name: string,
): JsonObject | undefined {
  return (kind === "prompt" ? view?.prompt(upstream, name) : view?.resource(upstream, name))?.definition;
}
