import type { ClientFacts } from "../core/call.ts";
import type { Decision, Effect, Match } from "../core/decision.ts";
import { byPlace, type Diagnostic } from "../core/diagnostic.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";
import type { DecidedMethod, SubjectKind } from "../core/subject.ts";
import type { Redaction } from "../redaction/redaction.ts";
import type { PolicyTarget } from "./file/schema.ts";
import type { PolicyLevel } from "./levels.ts";
import type { ArgumentPath } from "./syntax/argument-paths.ts";

/** What a request is about, as its upstream listed it. */
export interface PolicySubject {
  readonly kind: SubjectKind;
  /** The upstream's own name of a tool or a prompt; of a resource its URI, or its template. */
  readonly name: string;
  readonly upstream: string;
  /** The definition as the upstream gave it; empty for a resource that it did not list. */
  readonly definition: JsonObject;
}

/** Everything that a policy can see of a request. Pure data: the time comes in, nothing is fetched. */
export interface PolicyInput {
  readonly principal: Principal;
  readonly client: ClientFacts;
  readonly subject: PolicySubject;
  /** Of a completion those of `params.context`, and the one that is completed as far as it was typed. */
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

/** The requests that a policy is about; see `decide/scope.ts`. */
export interface PolicyScope {
  readonly kinds: ReadonlySet<SubjectKind>;
  /** In the order of `DECIDED_METHODS`. */
  readonly methods: readonly DecidedMethod[];
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

/** HTTP headers that policies set for one request, and those that it goes without (`undefined`), by lower-case name. */
export type SentHeaders = ReadonlyMap<string, string | undefined>;

/** What policies make of a request before it is decided on. */
export interface Transformed {
  /** By policy: the match that is recorded. Those in shadow are there, too, though they change nothing. */
  readonly matches: ReadonlyMap<string, Match>;
  /** Those that are decided on, recorded and sent: the very ones that came where nothing is changed. */
  readonly arguments: JsonObject;
  readonly headers: SentHeaders | undefined;
  readonly meta: JsonObject | undefined;
}

/** Who looks at a list, and where. */
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
  /**
   * What policies make of a request before it is decided on; `undefined` where none of them concerns it. `approved`: people have
   * agreed to its arguments, which are not written again. @throws never
   */
  transform(input: PolicyInput, approved?: boolean): Transformed | undefined;
  /**
   * Decides one call: every matching policy counts, the strongest effect wins, errors fail closed. `transformed`: what became of
   * it, whose arguments are those of the input. @throws never
   */
  decide(input: PolicyInput, transformed?: Transformed): Decision;
  /**
   * Decides what of a result the client may see; to be asked where a decision says `inspectsResult`. Without a result
   * (what a tool says while it runs) a condition that reads it counts. @throws never
   */
  decideResult(input: PolicyInput, result: PolicyResult | undefined): ResultDecision;
  /**
   * Whether this viewer is not to know of a tool, a prompt or a resource: a `hide` matches, or its use would be refused
   * whatever its arguments and its time. Agrees with `hidden` of a decision. @throws never
   */
  hides(viewer: Viewer, subject: PolicySubject): boolean;
  /** Equal for viewers from whom the same is hidden; `undefined` if no policy hides anything from anybody. */
  viewerClass(viewer: Viewer): string | undefined;
  /** Whether results of it may reach somebody changed, so that those of a tool need not fit its `outputSchema` any more. */
  redacts(subject: PolicySubject): boolean;
  /**
   * Places of the arguments that applied policies read whose target fits it, for some caller at least: the same list
   * each time, as long as set and definition are. The empty path stands for the arguments as a whole.
   */
  looksAt(subject: PolicySubject): readonly ArgumentPath[];
  /** The enabled policies whose target fits it, for some caller at least, in file order; shadow ones included. */
  about(subject: PolicySubject): readonly { readonly id: string; readonly shadow: boolean }[];
  /** The levels which a request passes that deny what no policy of theirs allows, the gateway first. */
  wantsAllowOf(endpoint: string, upstream: string): readonly PolicyLevel[];
}

export interface PolicySummary {
  /** Of a policy of an endpoint or an upstream it begins with its level: `endpoint/finance:no-refunds`. */
  readonly id: string;
  readonly level: PolicyLevel;
  readonly file: string;
  /** Where it starts in the file, from 1. */
  readonly line: number;
  /** The last line of it, comments behind it left out. */
  readonly lastLine: number;
  readonly effect: Effect;
  /** The approval flow that it asks for, if it does. */
  readonly flow: string | undefined;
  /** Evaluated and recorded, not applied. */
  readonly shadow: boolean;
  readonly enabled: boolean;
  readonly description: string | undefined;
  /** With its level as one of its keys; `undefined`: every request. */
  readonly target: PolicyTarget | undefined;
  /** The requests that it is about. */
  readonly scope: PolicyScope;
  /** The condition as its author wrote it; `undefined`: the target decides. */
  readonly when: string | undefined;
  /** Places of the arguments that its condition, message and settings read. */
  readonly looksAt: readonly ArgumentPath[];
}

/** A text to compile. `name` is the path as the author knows it. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
  /** Whose policies they are: the gateway's without it. */
  readonly level?: PolicyLevel;
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
