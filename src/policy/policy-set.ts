import type { ClientFacts } from "../core/call.ts";
import type { Decision, Effect } from "../core/decision.ts";
import type { JsonObject } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";

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

/** A compiled set of policy files: one immutable value, swapped whole. */
export interface PolicySet {
  /** SHA-256 over the files' names and texts. */
  readonly digest: string;
  readonly policies: readonly PolicySummary[];
  /** Decides one call: every matching policy counts, the strongest effect wins, errors fail closed. @throws never */
  decide(input: PolicyInput): Decision;
}

export interface PolicySummary {
  readonly id: string;
  readonly file: string;
  /** Where it starts in the file, from 1. */
  readonly line: number;
  readonly effect: Effect;
  /** Evaluated and recorded, not applied. */
  readonly shadow: boolean;
  readonly enabled: boolean;
  readonly description: string | undefined;
}

/** A text to compile. `name` is the path as the author knows it. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** One mistake in a policy file. Lines and columns count from 1. */
export interface PolicyError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to write instead, if that can be told. */
  readonly hint: string | undefined;
}
