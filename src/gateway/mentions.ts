import { LRUCache } from "lru-cache";
import { isObject, type Json } from "../core/json.ts";
import type { RawJson } from "../core/raw-json.ts";

const RESOURCE = Buffer.from('"resource');

/** Longest URI that is remembered, in characters. */
const MAX_URI = 8 * 1024;

/** Remembers which upstream's results spoke of which resource, so that a link in a result can be read. Bounded. */
export interface Mentions {
  learn(upstream: string, result: RawJson): void;
  ownerOf(uri: string): string | undefined;
}

export function createMentions(max = 10_000): Mentions {
  const owners = new LRUCache<string, string>({ max });
  return {
    learn(upstream, result) {
      // Both content types that carry a URI begin with this word; most results have neither and are not parsed.
      if (!result.mentions(RESOURCE)) return;
      const value = result.value();
      if (!isObject(value)) return;
      for (const item of contentOf(value["content"])) {
        const holder = isObject(item) && isObject(item["resource"]) ? item["resource"] : item;
        if (isObject(holder) && typeof holder["uri"] === "string" && holder["uri"].length <= MAX_URI)
          owners.set(holder["uri"], upstream);
      }
    },
    ownerOf: (uri) => owners.get(uri),
  };
}

function contentOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
