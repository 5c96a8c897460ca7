import type { JsonObject } from "../core/json.ts";
import { FoldedKeys } from "../core/keys.ts";

/**
 * Characters of all different names of one result that are not plain ASCII and are compared: rows in any language have
 * far fewer, and the dearest of them take under a second, in a thread of their own.
 */
const MAX_FOLDED_CHARS = 500_000;

/** From so many members on an object's names are looked up, and not gone through for each path and row. */
const MANY = 24;

/** Finds the members of one result by their folded names. What it has folded is kept for all paths. */
export class FoldedNames {
  readonly #keys = new FoldedKeys(MAX_FOLDED_CHARS);
  readonly #large = new WeakMap<JsonObject, ReadonlyMap<string, readonly string[]>>();
  #hasEndless = false;

  /** Whether some could not be compared: too long, or too many. */
  get isBeyond(): boolean {
    return this.#hasEndless || this.#keys.isSpent;
  }

  /** The names in `object` that fold to `form`, in its order. @throws never */
  alike(object: JsonObject, form: string): readonly string[] {
    const known = this.#large.get(object);
    if (known !== undefined) return known.get(form) ?? [];
    const names = Object.keys(object);
    if (names.length <= MANY) return names.filter((name) => name === form || this.#formOf(name) === form);
    const byForm = new Map<string, string[]>();
    for (const name of names) {
      const its = this.#formOf(name);
      if (its === undefined) continue;
      const others = byForm.get(its);
      if (others === undefined) byForm.set(its, [name]);
      else others.push(name);
    }
    this.#large.set(object, byForm);
    return byForm.get(form) ?? [];
  }

  #formOf(name: string): string | undefined {
    const form = this.#keys.of(name);
    if (form === undefined) this.#hasEndless = true;
    return form;
  }
}
