import type { AstNode } from "../syntax/ast.ts";
import type { Narrowing } from "../syntax/guards.ts";
import type { ArgumentType } from "../tool-schemas/argument-types.ts";
import type { Value } from "../values/values.ts";

/** What is found in one text for one tool, at offsets into the text. Put together over all tools in `check-report.ts`. */
export type Finding =
  | {
      /** Arguments that may be missing where they are read. */
      readonly kind: "missing";
      readonly start: number;
      readonly end: number;
      /** All of them, outermost first; never empty. */
      readonly arguments: readonly MissingArgument[];
    }
  | {
      /**
       * `type`: evaluating it is an error. `never`: a comparison that can have one outcome only, by mistake.
       * `decided`: one whose outcome the schema's range decides. `doubtful`: one that can come out either way, and hardly
       * as it was meant.
       */
      readonly kind: "mistake";
      readonly what: "type" | "never" | "decided" | "doubtful";
      readonly start: number;
      readonly message: string;
      readonly hint: string | undefined;
      /** The hint proposes a text to write. */
      readonly proposes?: boolean;
      /** What may have been meant, and the comparison: `sooner` says that it would then be true the sooner. */
      readonly closer?: Closer;
    }
  | {
      /** Not a mistake by itself: an argument is named here, or something in a result. */
      readonly kind: "named";
      readonly origin: ArgumentType["origin"];
      readonly start: number;
      readonly place: string;
      readonly name: string;
      /** With what it is read from. */
      readonly written: string;
      readonly presence: "known" | "absent" | "unknown";
      /** Those that the tool has instead. */
      readonly names: readonly string[];
    }
  /** Not a mistake by itself: values are compared here. */
  | { readonly kind: "compared"; readonly start: number };

/** A value that a comparison may have been meant with. */
export interface Closer {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly sooner: boolean;
}

/** An argument that is read without being there for certain. */
export interface MissingArgument {
  readonly place: string;
  /** As it stands in the text. */
  readonly written: string;
  /** What asks whether it is there: `has(args.note)`. */
  readonly guard: string;
  /** The tool does not have it at all. */
  readonly absent: boolean;
}

/** Whether evaluation may fail here. */
export function canFail(finding: Finding): boolean {
  return finding.kind === "missing" || (finding.kind === "mistake" && finding.what === "type");
}

/** The places of all arguments that are reported as missing: whoever repairs that has them. */
export function reportedPlaces(findings: readonly Finding[]): readonly string[] {
  return findings.flatMap((finding) => (finding.kind === "missing" ? finding.arguments.map(({ place }) => place) : []));
}

/** What an expression comes to for one tool, and what is wrong with it. */
export interface Checked {
  readonly value: Value;
  readonly findings: readonly Finding[];
}

/** How the parts of an operator or a comprehension are looked at where it stands. */
export interface PartChecks {
  /** What a part comes to under these facts. */
  check(part: AstNode, facts: Narrowing): Checked;
  /** What is wrong with a part that must be true or false. */
  operand(part: AstNode, facts: Narrowing): readonly Finding[];
  /** What is known where a part came out so that the next is evaluated. */
  guards(part: AstNode): Narrowing;
  /** Whether a text fits a pattern; `undefined` for a pattern that cannot be used. */
  matches(pattern: string, text: string): boolean | undefined;
}
