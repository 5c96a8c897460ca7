/** A mistake in a CEL text, at offsets into it. */
export interface ExpressionProblem {
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint: string | undefined;
}
