import { RE2JS, RE2JSException } from "re2js";

/** The regular expressions of a policy set: RE2, so that no text can make one take more than linear time. */
export interface Patterns {
  /** Compiles a pattern once. The reason, without a full stop, if RE2 does not know it. */
  add(pattern: string): { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** Whether the pattern, added before, matches anywhere in `text`. */
  test(text: string, pattern: string): boolean;
}

/** Makes an empty collection; it grows by `add` alone, at load. */
export function createPatterns(): Patterns {
  const compiled = new Map<string, RE2JS>();
  return {
    add(pattern) {
      if (compiled.has(pattern)) return { ok: true };
      try {
        compiled.set(pattern, RE2JS.compile(pattern));
        return { ok: true };
      } catch (error) {
        if (error instanceof RE2JSException) return { ok: false, reason: error.message.replace(/\.$/, "") };
        throw error;
      }
    },
    test(text, pattern) {
      const expression = compiled.get(pattern);
      if (expression === undefined) throw new Error("A pattern was not compiled at load.");
      return expression.test(text);
    },
  };
}
