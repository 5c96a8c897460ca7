import { numberIn } from "../core/exact-json.ts";
import type { Json } from "../core/json.ts";

/**
 * How long a result may be kept, in whole ms, by what its server said: what is no number of them, or less than none, means not
 * at all. 2026-07-28 server/utilities/caching, "Time-to-Live (TTL) Field"
 */
export function readTtl(said: Json | undefined): number {
  const ms = numberIn(said);
  return ms !== undefined && ms > 0 ? Math.floor(Math.min(ms, Number.MAX_SAFE_INTEGER)) : 0;
}
