import { fold } from "./fold.ts";
import { holdsValues, isObject, type Json, type JsonObject, pathStep } from "./json.ts";

/**
 * Keys that one reader tells apart and another does not. Decoders that ignore case (Go's `encoding/json`, C#'s web
 * defaults) take `Amount` for `amount`, and the last of both counts: what was decided on would not be what runs.
 */

/** Beyond it a key that is not plain ASCII is not folded: no name of a field is as long. Marks in long rows take longer than in short ones. */
const MAX_KEY_CHARS = 256;

/**
 * Characters of all different keys of one value that are not plain ASCII: one with more is not looked through. Folding
 * takes 0.05 to 0.14 µs for a character of a language, and 1.8 µs for one that stands for eighteen (U+FDFA).
 */
const MAX_FOLDED_CHARS = 25_000;

/** What the characters of a key are, from the cheapest to compare on. */
const PLAIN = 0;
const CAPITALS = 1;
const OTHER = 2;

function kindOf(key: string): typeof PLAIN | typeof CAPITALS | typeof OTHER {
  let kind: typeof PLAIN | typeof CAPITALS = PLAIN;
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    if (code < 0x20 || code > 0x7e) return OTHER;
    if (code >= 0x41 && code <= 0x5a) kind = CAPITALS;
  }
  return kind;
}

/**
 * Where in `value`, at any depth, an object has two keys of one folded form, a key with U+0000 (where some readers end it),
 * an endless one, or more than can be compared: its JSON path, from `path`. The caller vouches for the depth. @throws never
 */
export function findAmbiguousKey(value: Json | undefined, path: string): string | undefined {
  return holdsValues(value) ? search(value, path, new FoldedKeys()) : undefined;
}

/**
 * Folded forms of the keys of one value, within a budget: folding what servers and clients write costs more than reading
 * it. Rows repeat the names of their columns.
 */
export class FoldedKeys {
  /** None as long as all keys are plain ASCII, as nearly all are. */
  #forms: Map<string, string> | undefined;
  #left: number;

  /** With a budget of so many characters that are not plain ASCII. */
  constructor(budget: number = MAX_FOLDED_CHARS) {
    this.#left = budget;
  }

  /** Whether there were more than can be compared. */
  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** The folded form; `undefined` for an endless key, and for all others than plain ones once the budget is spent. */
  of(key: string): string | undefined {
    const kind = kindOf(key);
    if (kind !== OTHER) return kind === PLAIN ? key : key.toLowerCase();
    if (key.length > MAX_KEY_CHARS) return undefined;
    const before = this.#forms?.get(key);
    if (before !== undefined) return before;
    this.#left -= key.length;
    if (this.isSpent) return undefined;
    const form = fold(key);
    this.#forms ??= new Map();
    this.#forms.set(key, form);
    return form;
  }
}

/** Names that are declared for the members of one value, and their folded forms. */
export interface DeclaredNames {
  readonly names: ReadonlySet<string>;
  readonly forms: ReadonlySet<string>;
}

/** Reads declared names; `undefined` where they are too long, or too many, to be compared. */
export function declaredNames(names: Iterable<string>, keys: FoldedKeys): DeclaredNames | undefined {
  const set = new Set(names);
  const forms = new Set<string>();
  for (const name of set) {
    const form = keys.of(name);
    if (form === undefined) return undefined;
    forms.add(form);
  }
  return { names: set, forms };
}

/** Whether a reader could take `key` for one of the declared names, which it is not, or nobody can tell. */
export function readsLikeAnother(key: string, { names, forms }: DeclaredNames, keys: FoldedKeys): boolean {
  if (names.has(key) || names.size === 0) return false;
  const form = keys.of(key);
  return form === undefined || forms.has(form);
}

function search(value: readonly Json[] | JsonObject, path: string, forms: FoldedKeys): string | undefined {
  if (isObject(value)) {
    const keys = Object.keys(value);
    if (clashes(keys, forms)) return path;
    for (const key of keys) {
      const member = value[key];
      if (!holdsValues(member)) continue;
      const found = search(member, "", forms);
      if (found !== undefined) return `${path}${pathStep(key)}${found}`;
    }
    return undefined;
  }
  for (let index = 0; index < value.length; index++) {
    const item = value[index];
    if (!holdsValues(item)) continue;
    const found = search(item, "", forms);
    if (found !== undefined) return `${path}[${index}]${found}`;
  }
  return undefined;
}

/** Up to so many keys are compared by their lengths first, which makes no text for the names that most objects have. */
const FEW = 24;

// Two plain keys are never one. ASCII keys of two lengths are not either.
function clashes(keys: readonly string[], forms: FoldedKeys): boolean {
  let capitals = false;
  let other = false;
  for (const key of keys) {
    const kind = kindOf(key);
    if (kind === CAPITALS) capitals = true;
    else if (kind === OTHER) {
      if (key.length > MAX_KEY_CHARS || key.includes("\0")) return true;
      other = true;
    }
  }
  if (!capitals && !other) return false;
  if (other || keys.length > FEW) {
    const distinct = new Set(keys.map((key) => forms.of(key) ?? key));
    return distinct.size < keys.length || forms.isSpent;
  }
  for (let one = 1; one < keys.length; one++) {
    for (let two = 0; two < one; two++) {
      const [a = "", b = ""] = [keys[one], keys[two]];
      if (a.length === b.length && a.toLowerCase() === b.toLowerCase()) return true;
    }
  }
  return false;
}
