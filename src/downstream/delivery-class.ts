import type { Json, JsonObject } from "../core/json.ts";

/** What may become of a message whose reader is behind. */
export type DeliveryClass =
  /** It goes out whatever waits before it. */
  | { readonly kind: "answer" }
  /** It waits. Where too much waits, the stream cannot go on. */
  | { readonly kind: "message" }
  /** It waits until a later one `about` the same takes its place. */
  | { readonly kind: "state"; readonly about: string }
  /** The same, and it may be left out. */
  | { readonly kind: "progress"; readonly about: string }
  /** It may be left out, and is counted then. */
  | { readonly kind: "log"; readonly level: Json | undefined };

export const ANSWER: DeliveryClass = { kind: "answer" };
export const MESSAGE: DeliveryClass = { kind: "message" };

/** How a notification is delivered. 2025-11-25 and 2026-07-28 schema, `ServerNotification`. */
export function deliveryClassOf(method: string, params: JsonObject): DeliveryClass {
  switch (method) {
    case "notifications/progress":
      return { kind: "progress", about: `${method} ${JSON.stringify(params["progressToken"])}` };
    case "notifications/message":
      return { kind: "log", level: params["level"] };
    case "notifications/resources/updated":
      return { kind: "state", about: `${method} ${String(params["uri"])}` };
    case "notifications/tools/list_changed":
    case "notifications/prompts/list_changed":
    case "notifications/resources/list_changed":
      return { kind: "state", about: method };
    default:
      return MESSAGE;
  }
}
