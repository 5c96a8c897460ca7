import { isObject, type Json } from "../core/json.ts";
import type { RawJson } from "../core/raw-json.ts";
import { SharedMemory } from "../core/shared-memory.ts";

const RESOURCE = Buffer.from('"resource');

/** Longest URI that is remembered, in characters. */
const MAX_URI = 8 * 1024;

/**
 * Remembers which upstream's results spoke of which resource, so that who got a link in a result can read it. What one
 * principal was told says nothing to another: a server could take over resources of its neighbours for everybody.
 */
export interface Mentions {
  /** `holder`: `principalKey` of whose call has this result. */
  learn(holder: string, upstream: string, result: RawJson): void;
  ownerOf(holder: string, uri: string): string | undefined;
}

/** `max`: how many links are remembered at most, of all principals together. */
export function createMentions(max = 10_000): Mentions {
  const owners = new SharedMemory<string>(max);
  return {
    learn(holder, upstream, result) {
      // Both content types that carry a URI begin with this word; most results have neither and are not parsed.
      if (!result.mentions(RESOURCE)) return;
      const value = result.value();
      if (!isObject(value)) return;
      for (const item of contentOf(value["content"])) {
        const resource = isObject(item) && isObject(item["resource"]) ? item["resource"] : item;
        if (isObject(resource) && typeof resource["uri"] === "string" && resource["uri"].length <= MAX_URI)
          owners.set(holder, resource["uri"], upstream);
      }
    },
    ownerOf: (holder, uri) => owners.get(holder, uri),
  };
}

function contentOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
