import { DEFAULT_CATALOG_TIMING } from "../../catalog/timing.ts";
import type { View } from "../../catalog/view.ts";
import { writeExact } from "../../core/exact-json.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { ListKind } from "../../mcp/messages.ts";
import { META } from "../../mcp/revisions.ts";
import type { EncodedList } from "../gateway.ts";
import type { InPieces } from "./in-pieces.ts";
import { SharedWork } from "./shared-work.ts";

/** What is to be listed: a view, or what policies leave of one. */
export type Listing = Pick<View, "items" | "ttlMs">;

/** What is known of one listing. */
interface Encoded {
  readonly lists: Map<ListKind, EncodedList>;
  readonly underWay: SharedWork<ListKind, EncodedList>;
}

/** Writes lists as result objects, each once per listing and in pieces: a list request costs no more than its bytes. */
export function createListEncoder(
  serverInfo: JsonObject,
  inPieces: InPieces,
): (listing: Listing, kind: ListKind, holder: string) => Promise<EncodedList> {
  const cache = new WeakMap<Listing, Encoded>();
  const encode = async (listing: Listing, kind: ListKind, holder: string): Promise<EncodedList> => {
    const texts = await inPieces.map(holder, listing.items(kind), (item) => {
      const modern = writeExact(item);
      const legacy = kind === "tools" ? asLegacyTool(item) : item;
      return { modern, legacy: legacy === item ? modern : writeExact(legacy) };
    });
    // No longer than until it is read again here, whatever its servers say. 2026-07-28 server/utilities/caching
    const { refreshMs } = DEFAULT_CATALOG_TIMING;
    const about = writeExact({
      resultType: "complete",
      ttlMs: Math.min(listing.ttlMs(kind) ?? refreshMs, refreshMs),
      // What is listed may depend on who asks.
      cacheScope: "private",
      _meta: { [META.serverInfo]: serverInfo },
    });
    return {
      modern: `${about.slice(0, -1)},"${kind}":[${texts.map(({ modern }) => modern).join(",")}]}`,
      legacy: `{"${kind}":[${texts.map(({ legacy }) => legacy).join(",")}]}`,
    };
  };
  return async (listing, kind, holder) => {
    let known = cache.get(listing);
    if (known === undefined) {
      known = { lists: new Map(), underWay: new SharedWork() };
      cache.set(listing, known);
    }
    const { lists, underWay } = known;
    return (
      lists.get(kind) ??
      underWay.do(kind, async () => {
        const encoded = await encode(listing, kind, holder);
        lists.set(kind, encoded);
        return encoded;
      })
    );
  };
}

// Legacy clients know only object schemas for results, and one foreign schema would cost them the whole list.
function asLegacyTool(definition: JsonObject): JsonObject {
  const schema = definition["outputSchema"];
  if (schema === undefined || (isObject(schema) && schema["type"] === "object")) return definition;
  const { outputSchema: _, ...rest } = definition;
  return rest;
}
