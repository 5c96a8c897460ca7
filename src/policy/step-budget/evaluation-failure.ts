/** Why an expression has no value: for authors and the audit, and therefore without anything from the call. */
export interface EvaluationFailure {
  readonly error: string;
}

/** Thrown by functions of this room inside an evaluation; its message holds nothing from the call. */
export class LimitExceeded extends Error {}

/** What the engine tells of a failed evaluation. */
interface EngineFailure {
  readonly code: string;
  readonly summary: string;
  readonly node?: { readonly input?: string; readonly start: number; readonly end: number };
}

// The engine's own messages quote values of the call, so each code has its words here.
const REASONS: Readonly<Record<string, string>> = {
  no_such_key: "is missing",
  index_out_of_bounds: "is not in the list",
  no_such_overload: "does not fit the types of its values",
  no_matching_overload: "does not fit the types of its values",
  field_type_mismatch: "has another type",
  list_item_type_mismatch: "has another type",
  variable_type_mismatch: "has another type",
  invalid_condition_type: "is neither true nor false",
  invalid_logical_operand: "is neither true nor false",
  invalid_comprehension_range: "is not a list",
  numeric_overflow: "overflows",
  division_by_zero: "divides by zero",
  modulo_by_zero: "divides by zero",
};

const UNREADABLE: Readonly<Record<string, string>> = {
  NestedTooDeep: "a value is nested too deeply to be read by a policy",
  TooManyItems: "a list or an object is too long to be read by a policy",
  TextTooLong: "a text is too long to be read by a policy",
  UnsafeNumber: "a number is beyond ±(2^53-1)",
  InexactNumber: "a number has more digits than a double",
  AmbiguousDefault: "the tool's schema has several defaults for a value that the call leaves out",
};

const MAX_QUOTE = 80;

/** Puts a caught error into words that name the place in the policy's text and nothing from the call. @throws never */
export function explainFailure(error: unknown, failure: EngineFailure | undefined): EvaluationFailure {
  if (error instanceof LimitExceeded) return { error: error.message };
  if (failure === undefined) return { error: "its evaluation went beyond the engine's limits" };
  if (failure.code === "unsupported_type") {
    const name = failure.summary.split(": ")[1] ?? "";
    return { error: Object.hasOwn(UNREADABLE, name) ? (UNREADABLE[name] ?? "") : "a value cannot be read by a policy" };
  }
  const reason = Object.hasOwn(REASONS, failure.code) ? REASONS[failure.code] : undefined;
  const { node } = failure;
  const quote = node?.input === undefined ? "" : node.input.slice(node.start, node.end).replaceAll(/\s+/g, " ");
  const place = quote.length > MAX_QUOTE ? `${quote.slice(0, MAX_QUOTE)}…` : quote;
  return { error: `${place === "" ? "the condition" : place} ${reason ?? "cannot be evaluated"}` };
}
