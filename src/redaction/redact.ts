import { writeExact } from "../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { changeReadable } from "./content.ts";
import { parseEmbedded } from "./embedded.ts";
import { BESIDE_LIMITS, createSizeCounter, LIMITS, type SizeCounter } from "./limits.ts";
import type { MarkHash } from "./marks.ts";
import { FoldedNames } from "./member-names.ts";
import { BESIDE, changeOpen, RESULT } from "./open-places.ts";
import { redactPaths } from "./redact-paths.ts";
import type { TextSearch } from "./redact-text.ts";
import { redactValue } from "./redact-value.ts";
import { mergeRedactions, type PathRedaction, type Redaction } from "./redaction.ts";

export type { MarkHash } from "./marks.ts";

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
 * Any JSON that goes to a client beside a result: errors, params of notifications and questions. Paths begin at every value
 * of the server's own in it, detectors look at every text, key and number. The very same value if nothing had to go. Over
 * a limit an object comes back empty and anything else as a mark. @throws never
 */
export function redactJson(value: Json, redactions: readonly Redaction[], hash: MarkHash): Json {
  const { detectors, paths } = mergeRedactions(redactions);
  if (detectors.size === 0 && paths.length === 0) return value;
  const search: TextSearch = { detectors, hash, count: () => {} };
  const named = redactNamed(value, BESIDE, createSizeCounter(BESIDE_LIMITS), paths, search);
  if (!named.ok) return isObject(value) ? {} : "[redacted]";
  return detectors.size === 0 ? named.value : redactValue(named.value, search);
}

/**
 * A tool's result (CallToolResult). Paths begin at `structuredContent`, at all else that is the server's own in it
 * (`open-places.ts`), and at each text that is a JSON object or list, because servers repeat the structured content there;
 * detectors look at every text, key and number. Images,
 * audio and blobs are not looked into. Whoever sends it on must write it from this value: the bytes that it was read
 * from may hold members twice. @throws never
 */
export function redactResult(result: JsonObject, redactions: readonly Redaction[], hash: MarkHash): RedactedResult {
  const { detectors, paths } = mergeRedactions(redactions);
  if (detectors.size === 0 && paths.length === 0) return { ok: true, result, found: {} };
  const found: Record<string, number> = {};
  const search: TextSearch = {
    detectors,
    hash,
    count: (what) => {
      found[what] = (found[what] ?? 0) + 1;
    },
  };
  const named = redactNamed(result, RESULT, createSizeCounter(), paths, search);
  if (!named.ok) return named;
  const left = isObject(named.value) ? named.value : {};
  if (detectors.size === 0) return { ok: true, result: left, found };
  return { ok: true, result: changeReadable(left, (value) => redactValue(value, search)), found };
}

type Named = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: string };

/** What the paths name, taken out; counts everything against the limits, also where there are no paths. */
function redactNamed(
  given: Json,
  level: typeof RESULT,
  tally: SizeCounter,
  paths: readonly PathRedaction[],
  search: TextSearch,
): Named {
  let reason = tally.add(given);
  if (reason !== undefined) return { ok: false, reason };
  let left: number = LIMITS.maxPlaces;
  const names = new FoldedNames();
  const root = (value: Json): Json => {
    const applied = redactPaths(value, paths, left, names, search);
    if (applied === undefined) {
      reason = `Paths name more than ${LIMITS.maxPlaces} values in it.`;
      return value;
    }
    left = applied.left;
    return applied.value;
  };
  const text = (text: string): string => {
    const embedded = parseEmbedded(text);
    if (embedded === undefined) return text;
    reason ??= tally.add(embedded.value);
    if (reason !== undefined) return text;
    const value = root(embedded.value);
    return value === embedded.value && embedded.faithful ? text : writeExact(value);
  };
  const value = changeOpen(given, level, { root, text });
  if (names.isBeyond) reason ??= "Paths look at names in it that are too long, or too many, to be compared.";
  return reason === undefined ? { ok: true, value } : { ok: false, reason };
}
