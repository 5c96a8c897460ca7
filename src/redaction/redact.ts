import { writeExact } from "../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { changeNamed, changeReadable } from "./content.ts";
import { parseEmbedded } from "./embedded.ts";
import { BESIDE_LIMITS, createTally, LIMITS } from "./limits.ts";
import type { KeyedHash } from "./marks.ts";
import { MemberNames } from "./member-names.ts";
import { redactPaths } from "./redact-paths.ts";
import type { Search } from "./redact-text.ts";
import { redactValue } from "./redact-value.ts";
import { mergeRedactions, type PathRedaction, type Redaction } from "./redaction.ts";

export type { KeyedHash } from "./marks.ts";

/** A result as far as it may be given out, or why none of it may. */
export type RedactedResult =
  | {
      readonly ok: true;
      /** The very same object if nothing had to go. */
      readonly result: JsonObject;
      /** How many of each were taken out: by detector, and `path`. */
      readonly found: Readonly<Record<string, number>>;
    }
  /** Over a limit: nothing of the result may be given out. */
  | { readonly ok: false; readonly reason: string };

/**
 * Any JSON that goes to a client beside a result: params of notifications and questions. Detectors look at every text,
 * key and number; paths are not applied. The very same value if nothing had to go. Over a limit an object comes back
 * empty and anything else as a mark. @throws never
 */
export function redactJson(value: Json, redactions: readonly Redaction[], hash: KeyedHash): Json {
  const { detectors } = mergeRedactions(redactions);
  if (detectors.size === 0) return value;
  if (createTally(BESIDE_LIMITS).add(value) !== undefined) return isObject(value) ? {} : "[redacted]";
  return redactValue(value, { detectors, hash, count: () => {} });
}

/**
 * A tool's result (CallToolResult). Paths are applied to `structuredContent`, and to each text that is a JSON object or
 * list, because servers repeat the structured content there; detectors look at every text, key and number. Images,
 * audio and blobs are not looked into. Whoever sends it on must write it from this value: the bytes that it was read
 * from may hold members twice. @throws never
 */
export function redactResult(result: JsonObject, redactions: readonly Redaction[], hash: KeyedHash): RedactedResult {
  const { detectors, paths } = mergeRedactions(redactions);
  if (detectors.size === 0 && paths.length === 0) return { ok: true, result, found: {} };
  const found: Record<string, number> = {};
  const search: Search = {
    detectors,
    hash,
    count: (what) => {
      found[what] = (found[what] ?? 0) + 1;
    },
  };
  const named = redactNamed(result, paths, search);
  if (!named.ok) return named;
  if (detectors.size === 0) return { ok: true, result: named.result, found };
  return { ok: true, result: changeReadable(named.result, (value) => redactValue(value, search)), found };
}

type Named = { readonly ok: true; readonly result: JsonObject } | { readonly ok: false; readonly reason: string };

/** What the paths name, taken out; counts everything against the limits, also where there are no paths. */
function redactNamed(result: JsonObject, paths: readonly PathRedaction[], search: Search): Named {
  const tally = createTally();
  let reason = tally.add(result);
  if (reason !== undefined) return { ok: false, reason };
  let left: number = LIMITS.maxPlaces;
  const names = new MemberNames();
  const withoutNamed = (value: Json): Json => {
    const applied = redactPaths(value, paths, left, names, search);
    if (applied === undefined) {
      reason = `Paths name more than ${LIMITS.maxPlaces} values in it.`;
      return value;
    }
    left = applied.left;
    return applied.value;
  };
  const redacted = changeNamed(result, withoutNamed, (text) => {
    const embedded = parseEmbedded(text);
    if (embedded === undefined) return text;
    reason ??= tally.add(embedded.value);
    if (reason !== undefined) return text;
    const value = withoutNamed(embedded.value);
    return value === embedded.value && embedded.faithful ? text : writeExact(value);
  });
  if (names.isBeyond) reason ??= "Paths look at names in it that are too long, or too many, to be compared.";
  return reason === undefined ? { ok: true, result: redacted } : { ok: false, reason };
}
