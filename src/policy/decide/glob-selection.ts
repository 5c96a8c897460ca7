import { compileGlob, compileGlobs } from "../../core/glob.ts";

/** A list of globs, some of which exclude. */
export interface GlobSelection {
  /** Whether a glob that does not exclude matches. */
  matches(text: string): boolean;
  /** Whether a glob that excludes matches. */
  excludes(text: string): boolean;
  /** Included and not excluded. */
  one(text: string): boolean;
  /** One of the texts is included and none is excluded; without texts whether everything is included. */
  any(texts: readonly string[]): boolean;
}

/** Compiles it. */
export function compileGlobSelection(patterns: readonly string[]): GlobSelection {
  const wanted = patterns.filter((pattern) => !isExclusion(pattern));
  const unwanted = patterns.filter(isExclusion).map((pattern) => pattern.slice(1));
  const matches = wanted.length === 0 ? () => false : compileAny(wanted);
  const includes = wanted.length === 0 ? () => true : matches;
  const excludes = unwanted.length === 0 ? () => false : compileAny(unwanted);
  return {
    matches,
    excludes,
    one: (text) => includes(text) && !excludes(text),
    any(texts) {
      let included = wanted.length === 0;
      for (const text of texts) {
        if (excludes(text)) return false;
        included ||= includes(text);
      }
      return included;
    },
  };
}

/** Whether an entry begins with `!`. */
export function isExclusion(pattern: string): boolean {
  return pattern.startsWith("!");
}

/** Whether one of these globs fits. Most targets name one role or client outright, and a call may meet a thousand of them. */
export function compileAny(patterns: readonly string[]): (text: string) => boolean {
  const [only = "", ...others] = patterns;
  return others.length === 0 ? compileGlob(only) : compileGlobs(patterns);
}

/** Whether an entry is more than one name. */
export function isGlob(pattern: string): boolean {
  return pattern.includes("*") || pattern.includes("?");
}
