import type { ClientFacts } from "../core/call.ts";
import type { Decision, Effect, Match } from "../core/decision.ts";
import { byPlace, type Diagnostic } from "../core/diagnostic.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";
import type { Redaction } from "../redaction/redaction.ts";
import type { PolicyTarget } from "./file/schema.ts";
import type { ArgumentPath } from "./syntax/argument-paths.ts";

/** Everything that a policy can see of a call. Pure data: the time comes in, nothing is fetched. */
export interface PolicyInput {
  readonly principal: Principal;
  readonly client: ClientFacts;
  readonly tool: {
    /** Original name. */
    readonly name: string;
    readonly upstream: string;
    /** The definition as the upstream gave it: title, annotations, `_meta`, `inputSchema`. */
    readonly definition: JsonObject;
  };
  readonly arguments: JsonObject;
  readonly request: {
    readonly id: string;
    readonly method: string;
    /** ms since the epoch. */
    readonly time: number;
    readonly session: string | undefined;
    readonly endpoint: string;
    /** Lower-case names, an allow-list. */
    readonly headers: JsonObject;
  };
}

/** What a condition of `redact` can see of a tool's result. */
export interface PolicyResult {
  readonly isError: boolean;
  /** `structuredContent`, `undefined` if there is none. */
  readonly structured: Json | undefined;
  /** All text blocks and the texts of embedded resources, with a line break between them. */
  readonly text: string;
}

/** What happens to a result on its way to the client. */
export interface ResultDecision {
  /** Every result policy that matched, in file order. */
  readonly matched: readonly Match[];
  /** Those in mode shadow that would have. Absent if none. */
  readonly unapplied?: readonly Match[];
  /** What is taken out; empty if nothing is. */
  readonly redactions: readonly Redaction[];
}

/** Who looks at a list of tools, and where. */
export interface Viewer {
  readonly principal: Principal;
  readonly client: ClientFacts;
  readonly endpoint: string;
}

/** A compiled set of policy files: one immutable value, swapped whole. */
export interface PolicySet {
  /** SHA-256 over the files' names and texts. */
  readonly digest: string;
  readonly policies: readonly PolicySummary[];
  /** Decides one call: every matching policy counts, the strongest effect wins, errors fail closed. @throws never */
  decide(input: PolicyInput): Decision;
  /**
   * Decides what of a result the client may see; to be asked where a decision says `inspectsResult`. Without a result
   * (what a tool says while it runs) a condition that reads it counts. @throws never
   */
  decideResult(input: PolicyInput, result: PolicyResult | undefined): ResultDecision;
  /**
   * Whether this viewer is not to know of a tool: a `hide` matches, or the call would be refused whatever its arguments
   * and its time. Agrees with `hidden` of a decision. @throws never
   */
  hides(viewer: Viewer, tool: PolicyInput["tool"]): boolean;
  /** Equal for viewers from whom the same tools are hidden; `undefined` if no policy hides any tool from anybody. */
  viewerClass(viewer: Viewer): string | undefined;
  /** Whether results of this tool may reach somebody changed, so that they need not fit its `outputSchema` any more. */
  redacts(tool: PolicyInput["tool"]): boolean;
  /**
   * Places of the arguments that applied policies read whose target fits this tool, for some caller at least: the same list
   * each time, as long as set and definition are. The empty path stands for the arguments as a whole.
   */
  looksAt(tool: PolicyInput["tool"]): readonly ArgumentPath[];
  /** The enabled policies whose target fits this tool, for some caller at least, in file order; shadow ones included. */
  about(tool: PolicyInput["tool"]): readonly { readonly id: string; readonly shadow: boolean }[];
}

export interface PolicySummary {
  readonly id: string;
  readonly file: string;
  /** Where it starts in the file, from 1. */
  readonly line: number;
  /** The last line of it, comments behind it left out. */
  readonly lastLine: number;
  readonly effect: Effect;
  /** Evaluated and recorded, not applied. */
  readonly shadow: boolean;
  readonly enabled: boolean;
  readonly description: string | undefined;
  /** `undefined`: every call. */
  readonly target: PolicyTarget | undefined;
  /** The condition as its author wrote it; `undefined`: the target decides. */
  readonly when: string | undefined;
  /** Places of the arguments that its condition, message and settings read. */
  readonly looksAt: readonly ArgumentPath[];
}

/** A text to compile. `name` is the path as the author knows it. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** A diagnostic of a policy file, or of its tests. */
export interface PolicyError extends Diagnostic {
  /** The change that `hint` proposes: offsets into the CEL text that the mistake is in, and what to put between them. */
  readonly fix?: { readonly start: number; readonly end: number; readonly text: string } | undefined;
}

/** More mistakes than these are not looked for: each is told with its line. */
export const MAX_MISTAKES = 100;

/** The first mistakes in their order; where there are more, a last one says so. */
export function firstMistakes(errors: readonly PolicyError[]): readonly PolicyError[] {
  const ordered = [...errors].sort(byPlace);
  const first = ordered.slice(0, MAX_MISTAKES);
  const last = first.at(-1);
  if (last === undefined || ordered.length === first.length) return ordered;
  const hint = "Mend these; the others are told then.";
  return [...first, { ...last, message: `There are more mistakes than these ${MAX_MISTAKES}.`, hint, fix: undefined }];
}
