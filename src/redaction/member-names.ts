import type { JsonObject } from "../core/json.ts";
import { FoldedKeys } from "../core/keys.ts";

/**
 * Characters of all different names of one result that are not plain ASCII and are compared: rows in any language have
 * far fewer, and the dearest of them take under a second, in a thread of their own.
 */
const MAX_FOLDED_CHARS = 500_000;

/** From so many members on an object's names are looked up, and not gone through for each path and row. */
const MANY = 24;

/**
 * Finds the members of one result by their folded names, as they came and as they leave: `a` is also what
 * `a ann@example.com` is called where addresses are dropped. What it has folded is kept for all paths.
 */
export class FoldedNames {
  readonly #leaving: (name: string) => string;
  readonly #keys = new FoldedKeys(MAX_FOLDED_CHARS);
  readonly #large = new WeakMap<JsonObject, ReadonlyMap<string, readonly string[]>>();
  #hasEndless = false;

  /** `leaving` says what a name is once all that is looked for is taken out of it. */
  constructor(leaving: (name: string) => string) {
    this.#leaving = leaving;
  }

  /** Whether some could not be compared: too long, or too many. */
  get isBeyond(): boolean {
    return this.#hasEndless || this.#keys.isSpent;
  }

  /** The names in `object` that fold to `form`, or will, in its order. @throws never */
  alike(object: JsonObject, form: string): readonly string[] {
    const known = this.#large.get(object);
    if (known !== undefined) return known.get(form) ?? [];
    const names = Object.keys(object);
    if (names.length <= MANY) return names.filter((name) => name === form || this.#formsOf(name).includes(form));
    const byForm = new Map<string, string[]>();
    for (const name of names) {
      for (const its of this.#formsOf(name)) {
        const others = byForm.get(its);
        if (others === undefined) byForm.set(its, [name]);
        else others.push(name);
      }
    }
    this.#large.set(object, byForm);
    return byForm.get(form) ?? [];
  }

  #formsOf(name: string): readonly string[] {
    const left = this.#leaving(name);
    const forms = left === name ? [this.#formOf(name)] : [this.#formOf(name), this.#formOf(left)];
    return [...new Set(forms)].filter((form) => form !== undefined);
  }

  #formOf(name: string): string | undefined {
    const form = this.#keys.of(name);
    if (form === undefined) this.#hasEndless = true;
    return form;
  }
}
