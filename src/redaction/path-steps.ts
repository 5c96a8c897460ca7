import { type JSONPathQuery, jsonpath } from "json-p3";

/** One step of a JSONPath: from each value, or with `descends` from it and all within it, to what any selector names. */
export interface PathStep {
  readonly descends: boolean;
  readonly selectors: readonly PathSelector[];
}

/** What one selector names of a value. RFC 9535 §2.3 */
export type PathSelector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | {
      readonly kind: "slice";
      readonly start: number | undefined;
      readonly stop: number | undefined;
      readonly by: number;
    }
  | { readonly kind: "every" }
  /** Members or items, each as far as the filter says so: `reads` are the paths in it. */
  | { readonly kind: "filter"; readonly reads: readonly PathQuestion[] };

/** A path in a filter. */
export interface PathQuestion {
  readonly text: string;
  /** It begins at the root of the whole value, not at what is filtered. */
  readonly isOfRoot: boolean;
  readonly steps: readonly PathStep[];
}

/** The steps of a path that was compiled. */
export function stepsOf(query: JSONPathQuery): readonly PathStep[] {
  return query.segments.map((segment) => ({
    // The class of descending segments is not exported; its text is fixed by the RFC.
    descends: segment.toString().startsWith(".."),
    selectors: segment.selectors.flatMap((selector): PathSelector[] => {
      if (selector instanceof jsonpath.selectors.NameSelector) return [{ kind: "name", name: selector.name }];
      if (selector instanceof jsonpath.selectors.IndexSelector) return [{ kind: "index", index: selector.index }];
      if (selector instanceof jsonpath.selectors.SliceSelector) {
        return [{ kind: "slice", start: selector.start, stop: selector.stop, by: selector.step ?? 1 }];
      }
      if (!(selector instanceof jsonpath.selectors.FilterSelector)) return [{ kind: "every" }];
      const reads = queriesIn(selector.expression).map((inner) => ({
        text: inner.toString(),
        isOfRoot: inner instanceof jsonpath.expressions.RootQuery,
        steps: stepsOf(inner.path),
      }));
      return [{ kind: "filter", reads }];
    }),
  }));
}

type FilterExpression = InstanceType<typeof jsonpath.expressions.FilterExpression>;
type FilterQuery = InstanceType<typeof jsonpath.expressions.FilterQuery>;

/** The paths that a filter reads. */
export function queriesIn(expression: FilterExpression): readonly FilterQuery[] {
  const { FilterQuery, FunctionExtension, InfixExpression, LogicalExpression, PrefixExpression } = jsonpath.expressions;
  if (expression instanceof FilterQuery) return [expression];
  if (expression instanceof LogicalExpression) return queriesIn(expression.expression);
  if (expression instanceof PrefixExpression) return queriesIn(expression.right);
  if (expression instanceof InfixExpression) return [...queriesIn(expression.left), ...queriesIn(expression.right)];
  if (expression instanceof FunctionExtension) return expression.args.flatMap(queriesIn);
  return [];
}
