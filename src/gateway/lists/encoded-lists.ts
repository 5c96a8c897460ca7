import { DEFAULT_CATALOG_TIMING } from "../../catalog/timing.ts";
import type { View } from "../../catalog/view.ts";
import { writeExact } from "../../core/exact-json.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { ListKind } from "../../mcp/messages.ts";
import { META } from "../../mcp/revisions.ts";
import type { EncodedList } from "../gateway.ts";

/** What is to be listed: a view, or what policies leave of one. */
export type Listing = Pick<View, "items" | "ttlMs">;

/** Writes lists as result objects, each once per listing: a list request costs no more than its bytes. */
export function createListEncoder(serverInfo: JsonObject): (listing: Listing, kind: ListKind) => EncodedList {
  const cache = new WeakMap<Listing, Map<ListKind, EncodedList>>();
  return (listing, kind) => {
    let lists = cache.get(listing);
    if (lists === undefined) {
      lists = new Map();
      cache.set(listing, lists);
    }
    let encoded = lists.get(kind);
    if (encoded === undefined) {
      encoded = encode(listing, kind, serverInfo);
      lists.set(kind, encoded);
    }
    return encoded;
  };
}

function encode(listing: Listing, kind: ListKind, serverInfo: JsonObject): EncodedList {
  const items = listing.items(kind);
  // No longer than until it is read again here, whatever its servers say. 2026-07-28 server/utilities/caching
  const { refreshMs } = DEFAULT_CATALOG_TIMING;
  return {
    modern: writeExact({
      resultType: "complete",
      [kind]: items,
      ttlMs: Math.min(listing.ttlMs(kind) ?? refreshMs, refreshMs),
      // What is listed may depend on who asks.
      cacheScope: "private",
      _meta: { [META.serverInfo]: serverInfo },
    }),
    legacy: writeExact({ [kind]: kind === "tools" ? items.map(asLegacyTool) : items }),
  };
}

// Legacy clients know only object schemas for results, and one foreign schema would cost them the whole list.
function asLegacyTool(definition: JsonObject): JsonObject {
  const schema = definition["outputSchema"];
  if (schema === undefined || (isObject(schema) && schema["type"] === "object")) return definition;
  const { outputSchema: _, ...rest } = definition;
  return rest;
}
