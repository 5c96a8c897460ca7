import type { Expression } from "../cel/environment.ts";
import type { MemberPath } from "./member-paths.ts";

/** A name that a transformation writes to, and what. */
export interface WrittenName<Name> {
  readonly name: Name;
  /** As its author finds it: `arguments.set.limit`. */
  readonly place: string;
  readonly value: Expression;
}

/** What is set and what is left out, of one object. */
export interface Writing<Name> {
  readonly set: readonly WrittenName<Name>[];
  readonly remove: readonly Name[];
}

/** What a policy writes, compiled. */
export interface CompiledTransform {
  readonly arguments: Writing<MemberPath> | undefined;
  /** Lower-case names. */
  readonly headers: Writing<string> | undefined;
  readonly meta: Writing<string> | undefined;
  readonly result: Writing<MemberPath> | undefined;
}
