import type { JsonLimits } from "./scan-json.ts";

/**
 * What JSON from outside may be, whoever says it: clients, servers, issuers, receivers of messages. Places that expect
 * less allow less. `docs/limits.md` lists every bound.
 *
 * Nothing honest comes near: it is twelve thousand rows of four columns, or sixty embeddings. A hundred thousand names
 * are read in some 50 ms, for which everybody else waits.
 */
export const JSON_LIMITS: JsonLimits = { maxDepth: 64, maxCount: 100_000 };
