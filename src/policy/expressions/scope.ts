import type { GuardDeps, Places } from "../syntax/guards.ts";
import type { ArgumentType } from "../tool-schemas/argument-types.ts";
import type { FactTable } from "../values/facts.ts";
import { ofType, type Value } from "../values/values.ts";
import type { Trial } from "./trials.ts";

/** What an expression is checked against. */
export interface ExpressionDeps extends GuardDeps {
  /** `undefined`: nothing is known of the arguments. */
  readonly args: ArgumentType | undefined;
  /** Of the structured content of results; `undefined`: nothing is known of it. */
  readonly result: ArgumentType | undefined;
  /** What fields of the variables can be. */
  readonly facts: FactTable;
  /** Whether a text fits a pattern; `undefined` for a pattern that cannot be used. */
  matches(pattern: string, text: string): boolean | undefined;
  /** Evaluates parts of the text. */
  readonly trial: Trial;
  /** What is known of arguments is not known here, and they are looked at where it is. */
  readonly argumentsLater: boolean;
  /** Counts down with each step; at zero the rest goes unchecked. */
  readonly budget: { left: number };
}

/** The variables that can be named, and where each is read from. */
export interface Variables {
  readonly values: ReadonlyMap<string, Value>;
  readonly places: Places;
}

/** Where a text begins: nothing is bound. */
export function rootVariables({ args }: ExpressionDeps): Variables {
  return withValues(new Map([["args", { ...ofType(args, "args"), kinds: new Set(["map" as const]) }]]));
}

/** Variables with these values. */
export function withValues(values: ReadonlyMap<string, Value>): Variables {
  return { values, places: new Map([...values].map(([name, { place }]) => [name, place])) };
}
