import { type CompiledPath, compilePath } from "./json-path.ts";

/** What can be found in a text by its form, see each detector; what none of them finds is in decision 005. */
export const DETECTORS = [
  "credit_card",
  "email",
  "phone",
  "iban",
  "us_ssn",
  "jwt",
  "private_key",
  "cloud_key",
] as const;
export type Detector = (typeof DETECTORS)[number];

/** What becomes of it, from the weakest to the strongest: a keyed hash, a mark, nothing at all. */
const BY_STRENGTH = ["hash", "replace", "drop"] as const;
export const REPLACEMENTS = ["replace", "hash", "drop"] as const;
export type Replacement = (typeof REPLACEMENTS)[number];

/** What becomes of data that is no text, such as pictures: the weaker first. */
export const BINARY_HANDLING = ["pass", "withhold"] as const;
export type BinaryHandling = (typeof BINARY_HANDLING)[number];

/** What one policy takes out. */
export interface RedactionRule {
  readonly detect: readonly Detector[];
  /** RFC 9535; each has passed `checkPath`. */
  readonly paths: readonly string[];
  readonly with: Replacement;
  /** `pass` without it. */
  readonly binary?: BinaryHandling;
}

/** A rule, ready to be applied. Immutable. */
export interface Redaction {
  readonly detectors: ReadonlyMap<Detector, Replacement>;
  readonly paths: readonly PathRedaction[];
  readonly binary: BinaryHandling;
}

/** A path and what becomes of the values at it. */
export interface PathRedaction {
  readonly path: CompiledPath;
  readonly with: Replacement;
}

/** Compiles a rule. @throws RangeError for a path that `checkPath` refuses */
export function compileRedaction(rule: RedactionRule): Redaction {
  return {
    detectors: new Map(rule.detect.map((detector) => [detector, rule.with])),
    paths: rule.paths.map((path) => ({ path: usable(path), with: rule.with })),
    binary: rule.binary ?? "pass",
  };
}

/** All of `redactions` as one. Where two take out the same, the stronger counts, whatever their order. @throws never */
export function mergeRedactions(redactions: readonly Redaction[]): Redaction {
  const [only] = redactions;
  if (only !== undefined && redactions.length === 1) return only;
  const detectors = new Map<Detector, Replacement>();
  // In the order of the table, so that the order of the rules decides nothing.
  for (const detector of DETECTORS) {
    for (const redaction of redactions) {
      const wanted = redaction.detectors.get(detector);
      if (wanted !== undefined) detectors.set(detector, stronger(detectors.get(detector), wanted));
    }
  }
  const paths = redactions.flatMap((redaction) => redaction.paths);
  return { detectors, paths, binary: redactions.some(({ binary }) => binary === "withhold") ? "withhold" : "pass" };
}

/** The stronger of two: drop, then replace, then hash. */
export function stronger(one: Replacement | undefined, other: Replacement): Replacement {
  return one !== undefined && BY_STRENGTH.indexOf(one) > BY_STRENGTH.indexOf(other) ? one : other;
}

function usable(path: string): CompiledPath {
  const compiled = compilePath(path);
  if (!compiled.ok) throw new RangeError(compiled.problem.message);
  return compiled.path;
}

/** Why a JSONPath (RFC 9535) cannot be used, with the offset of the fault in it; `undefined` if it can. @throws never */
export function checkPath(path: string): { readonly message: string; readonly offset: number } | undefined {
  const compiled = compilePath(path);
  return compiled.ok ? undefined : compiled.problem;
}
