import type { Condition, Expression } from "../cel/environment.ts";
import type { Template } from "../cel/template.ts";
import type { ArgumentPath } from "../syntax/argument-paths.ts";
import type { CompiledTransform } from "../transforms/transform.ts";

/** What an entry's texts compile to. */
export interface EntryParts {
  readonly condition: Condition | undefined;
  /** Variables and fields that the condition names. */
  readonly reads: ReadonlySet<string>;
  /** Those that decide what the policy is about: of the condition, and of what a limit counts by. */
  readonly names: ReadonlySet<string>;
  readonly message: Template | undefined;
  readonly key: Expression | undefined;
  readonly cost: Expression | undefined;
  /** What a `transform` writes. */
  readonly transform: CompiledTransform | undefined;
  /** Places of the arguments that any of these reads, or that are written. */
  readonly looksAt: readonly ArgumentPath[];
}

/** No names. */
export const NO_NAMES: ReadonlySet<string> = new Set();

/** Of an entry that has no texts. */
export const NO_PARTS: EntryParts = {
  condition: undefined,
  reads: NO_NAMES,
  names: NO_NAMES,
  message: undefined,
  key: undefined,
  cost: undefined,
  transform: undefined,
  looksAt: [],
};

/** All texts in the settings of a policy: some are nested. */
export function textsIn(settings: object): readonly unknown[] {
  return Object.values(settings).flatMap((value: unknown) =>
    typeof value === "object" && value !== null ? textsIn(value) : [value],
  );
}
