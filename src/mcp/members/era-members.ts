import type { Json } from "../../core/json.ts";
import type { RawJson } from "../../core/raw-json.ts";
import { readTtl } from "../caching.ts";
import { withMembers, withoutMembers } from "./raw-members.ts";

/** Members of results that revision 2026-07-28 has and no earlier one. Its schema, `Result` and `CacheableResult` */
const MODERN_MEMBERS: readonly string[] = ["resultType", "ttlMs", "cacheScope"];

/** The result of a request, from whichever server, as a client of an earlier revision gets it. */
export function asLegacyResult(result: RawJson): RawJson {
  return withoutMembers(result, MODERN_MEMBERS);
}

/**
 * The complete result of a request, from whichever server, as a client of 2026-07-28 gets it. What is read is for its caller
 * alone, whatever the server said: policies decide who may read it, and what of it is taken out.
 */
export function asModernResult(method: string, result: RawJson): RawJson {
  const wanted: Record<string, Json> = { resultType: "complete" };
  if (method === "resources/read") {
    wanted["ttlMs"] = readTtl(result.member("ttlMs"));
    wanted["cacheScope"] = "private";
  }
  return withMembers(result, wanted);
}
