import type { Call } from "../../core/call.ts";
import type { FormRefusal } from "../../core/call-outcome.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { SubjectKind } from "../../core/subject.ts";
import type { Continuation } from "./request-state.ts";
import type { Subject } from "./subject.ts";

/** A call and what it is about, as far as a request for approval is bound to them. */
export interface NamedCall {
  readonly call: Call;
  readonly subject: Pick<Subject, "kind" | "method" | "upstream" | "name" | "digest" | "arguments">;
}

/** A call, with what it is about and what it goes on with. */
export interface ResolvedCall extends NamedCall {
  readonly call: Call;
  readonly subject: Subject;
  /** What a retry brings back. */
  readonly continuation: Continuation;
  /** Its server is down, or does not say which tools it has: it is decided about, and not made. */
  readonly unlisted: boolean;
}

/** What a call is about, or its answer if it is about nothing. */
export type Resolved = ({ readonly ok: true } & ResolvedCall) | Unresolved;

/** A call about nothing that there is, or one that is refused for its form. */
export interface Unresolved {
  readonly ok: false;
  readonly outcome: Extract<Outcome, { kind: "refused" }>;
  readonly kind: SubjectKind;
  /** The name or the URI, as far as it could be read. */
  readonly undecided: string;
  readonly form?: FormRefusal;
}
