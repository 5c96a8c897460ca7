import type { ListKind } from "../mcp/messages.ts";

/** The notification that tells of a changed list; templates belong to the resources. */
export const LIST_CHANGED: Readonly<Record<ListKind, string>> = {
  tools: "notifications/tools/list_changed",
  prompts: "notifications/prompts/list_changed",
  resources: "notifications/resources/list_changed",
  resourceTemplates: "notifications/resources/list_changed",
};
