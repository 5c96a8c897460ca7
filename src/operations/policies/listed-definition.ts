import type { View } from "../../catalog/view.ts";
import type { JsonObject } from "../../core/json.ts";

/** What a server lists of a prompt, or of a resource or the template that makes it; `undefined` where it lists nothing. */
export function listedDefinition(
  view: View | undefined,
  kind: "prompt" | "resource",
  upstream: string,
  name: string,
): JsonObject | undefined {
  if (kind === "resource") return view?.resource(upstream, name)?.definition;
  const prompts = [...(view?.prompts.values() ?? [])];
  return prompts.find((prompt) => prompt.upstream === upstream && prompt.key === name)?.definition;
}
