import { writeExact } from "../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { redactBinary } from "./binary/redact-binary.ts";
import { changeBinary, changeReadable } from "./content.ts";
import { parseEmbedded } from "./embedded.ts";
import { BESIDE_LIMITS, createSizeCounter, LIMITS, type SizeCounter } from "./limits.ts";
import type { MarkHash } from "./marks.ts";
import { FoldedNames } from "./member-names.ts";
import { redactPaths } from "./redact-paths.ts";
import { leavingNames, type TextSearch } from "./redact-text.ts";
import { redactValue, type ValueSearch } from "./redact-value.ts";
import { mergeRedactions, type PathRedaction, type Redaction } from "./redaction.ts";
import { BESIDE, changeOpen, type OpenLevel, TEXT } from "./shapes/open-places.ts";
import { RESULT_KINDS, type ResultKind } from "./shapes/result-kinds.ts";

export type { MarkHash } from "./marks.ts";

/** A result as far as it may be given out, or why none of it may. */
export type RedactedResult =
  | {
      readonly ok: true;
      /** The very same object if nothing had to go. */
      readonly result: JsonObject;
      /** How many of each were taken out: by detector, `path`, and `binary`. */
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
  const named = new NamedPlaces(createSizeCounter(BESIDE_LIMITS), paths, search);
  const left = named.takeOut(value, BESIDE);
  const redacted = detectors.size === 0 || named.problem !== undefined ? left : redactValue(left, named.search);
  if (named.problem !== undefined) return isObject(value) ? {} : "[redacted]";
  return redacted;
}

/**
 * The result of a request of one kind. Paths begin at all that is the server's own in it (`open-places.ts`), and at each text
 * that is a JSON object or list, because servers repeat structured content there; detectors look at every text, key and
 * number, also at the URI of a resource. Base64 is looked into if it is a text: see `redactBinary`. Whoever sends it on must write it
 * from this value: the bytes that it was read from may hold members twice. @throws never
 */
export function redactResult(
  kind: ResultKind,
  result: JsonObject,
  redactions: readonly Redaction[],
  hash: MarkHash,
): RedactedResult {
  const { detectors, paths, binary } = mergeRedactions(redactions);
  if (detectors.size === 0 && paths.length === 0 && binary === "pass") return { ok: true, result, found: {} };
  const found: Record<string, number> = {};
  const count = (what: string): void => {
    found[what] = (found[what] ?? 0) + 1;
  };
  const search: TextSearch = { detectors, hash, count };
  const named = new NamedPlaces(createSizeCounter(), paths, search);
  const withholds = binary === "withhold";
  const { level, binary: place } = RESULT_KINDS[kind];
  const value = named.takeOut(result, level);
  if (named.problem !== undefined) return { ok: false, reason: named.problem };
  const left = isObject(value) ? value : {};
  const readable =
    detectors.size === 0 ? left : changeReadable(left, place, (member) => redactValue(member, named.search));
  // After all else: the type goes out as it is read here.
  const redacted = changeBinary(readable, place, (holder, member) =>
    redactBinary(holder, member, { withholds, text: (text) => named.decoded(text), withheld: () => count("binary") }),
  );
  return named.problem === undefined ? { ok: true, result: redacted, found } : { ok: false, reason: named.problem };
}

/** Takes out what the paths name, and counts everything against the limits, also where there are no paths. */
class NamedPlaces {
  readonly search: ValueSearch;
  readonly #tally: SizeCounter;
  readonly #paths: readonly PathRedaction[];
  readonly #leaving: (name: string) => string;
  readonly #names: FoldedNames;
  #left: number = LIMITS.maxPlaces;
  #problem: string | undefined;

  constructor(tally: SizeCounter, paths: readonly PathRedaction[], search: TextSearch) {
    this.#tally = tally;
    this.#paths = paths;
    this.#leaving = paths.length === 0 ? (name) => name : leavingNames(search);
    this.#names = new FoldedNames(this.#leaving);
    const uncovered = (value: Json): Json => this.#embedded(value);
    this.search = { ...search, uncovered };
  }

  /** The limit that was passed: nothing may be given out. */
  get problem(): string | undefined {
    if (this.#problem !== undefined || !this.#names.isBeyond) return this.#problem;
    return "Paths look at names in it that are too long, or too many, to be compared.";
  }

  takeOut(given: Json, level: OpenLevel): Json {
    this.#problem ??= this.#tally.add(given);
    if (this.#problem !== undefined) return given;
    return changeOpen(given, level, {
      leaving: this.#leaving,
      root: (value) => this.#root(value),
      text: (text) => {
        const embedded = parseEmbedded(text);
        if (embedded === undefined) return text;
        const value = this.#embedded(embedded.value);
        return value === embedded.value && embedded.faithful ? text : writeExact(value);
      },
    });
  }

  /** A text that was not one of the result's own: without what paths name in it, and what detectors find. */
  decoded(text: string): string {
    const left = this.takeOut(text, TEXT);
    if (this.problem !== undefined || typeof left !== "string") return "";
    const redacted = this.search.detectors.size === 0 ? left : redactValue(left, this.search);
    return typeof redacted === "string" ? redacted : "";
  }

  #embedded(value: Json): Json {
    this.#problem ??= this.#tally.add(value);
    return this.#problem === undefined ? this.#root(value) : value;
  }

  #root(value: Json): Json {
    const applied = redactPaths(value, this.#paths, this.#left, this.#names, this.search);
    if (applied === undefined) {
      this.#problem = `Paths name more than ${LIMITS.maxPlaces} values in it.`;
      return value;
    }
    this.#left = applied.left;
    return applied.value;
  }
}
