import type {
  AdminOutcome,
  ApprovalOutcome,
  CallOutcome,
  DefinitionOutcome,
  SignInOutcome,
} from "../core/call-outcome.ts";
import type { Decision, Match } from "../core/decision.ts";
import type { JsonObject } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";
import type { CredentialKind, RefusedAt } from "../core/refusals.ts";
import type { SubjectKind } from "../core/subject.ts";

/** Who calls, and from where. */
export interface AuditCaller {
  readonly callId: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly principal: Principal;
  readonly client: {
    readonly name: string;
    readonly version: string;
    readonly ip: string;
    readonly userAgent: string;
  };
  readonly endpoint: string;
  readonly session: string | undefined;
  readonly traceId: string | undefined;
}

/** A decided request, recorded before anything happens because of it. */
export interface AuditOpening extends AuditCaller {
  /** Of JSON-RPC, as `prompts/get`. */
  readonly method: string;
  readonly upstream: string;
  readonly subjectKind: SubjectKind;
  /** The own name of the tool or prompt, or the URI of the resource as its server knows it. */
  readonly subject: string;
  /** SHA-256 of the subject's definition, as the catalog had it; `undefined`: it had none. */
  readonly definitionDigest: string | undefined;
  readonly decision: Decision;
  readonly arguments: JsonObject;
  /** Those that came, where policies made others of them. */
  readonly given?: JsonObject | undefined;
  /** The headers that policies see. Kept sealed or not at all. */
  readonly headers: JsonObject;
  /** Id of the approval request with which the call is run. */
  readonly approval?: string | undefined;
  /** Id of the challenge whose sign-in lets the call pass. */
  readonly challenge?: string | undefined;
}

/** A request about what nobody knows, so that nothing is decided about it. Its arguments are not kept. */
export interface UnlistedOpening extends AuditCaller {
  readonly method: string;
  readonly subjectKind: SubjectKind;
  /** Whose it would be by its name; `undefined`: nobody's. */
  readonly upstream: string | undefined;
  /** What the client wrote, without that upstream's prefix. */
  readonly unlisted: string;
}

/** Calls like those that got no row of their own. */
export interface UnlistedAct {
  readonly about: "unlisted";
  readonly upstream: string | undefined;
  /** ms since the epoch. */
  readonly at: number;
  /** The first of them, ms since the epoch. */
  readonly since: number;
  readonly calls: number;
  /** Whose calls; `undefined`: those of many. */
  readonly actor: { readonly issuer: string; readonly subject: string; readonly email: string | undefined } | undefined;
}

/** How a recorded call ended. */
export interface AuditClosing {
  readonly callId: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly outcome: CallOutcome;
  readonly durationMs: number;
  /** For how much of that its server waited for answers of the client, ms. */
  readonly askedMs?: number | undefined;
  /** Id of the approval request that the call asked for or joined. */
  readonly approval?: string | undefined;
  /** Id of the challenge to sign in that the call was answered with. */
  readonly challenge?: string | undefined;
  /** Result policies that matched after the tool ran, shadow ones too. */
  readonly policies?: readonly Match[] | undefined;
}

/** Something that became of what a request waits for: a request for approval, or a challenge to sign in. */
export interface AuditAct {
  readonly about: "approval" | "step_up";
  /** The request's or the challenge's id. */
  readonly id: string;
  /** ms since the epoch. */
  readonly at: number;
  /** `undefined`: the gateway itself, or nobody knows who. */
  readonly actor: { readonly issuer: string; readonly subject: string; readonly email: string | undefined } | undefined;
  /** Of the request that waits; default `tools/call`. */
  readonly method?: string | undefined;
  readonly upstream: string;
  /** Default: `tool`. */
  readonly subjectKind?: SubjectKind | undefined;
  /** As that of an opening. */
  readonly subject: string;
  /** Ids of the policies that asked for approval; none for a challenge, which stand with its calls. */
  readonly policies: readonly string[];
  readonly outcome: ApprovalOutcome | SignInOutcome;
}

/** Something that an administrator did to the gateway itself. Never with credentials. */
export interface AdminAct {
  readonly about: "admin";
  /** What it was done to: the name of an upstream, the public id of a session. */
  readonly id: string;
  /** ms since the epoch. */
  readonly at: number;
  /** `undefined`: nobody at the gateway, but whoever changed its files. */
  readonly actor: { readonly issuer: string; readonly subject: string; readonly email: string | undefined } | undefined;
  /** The client's address. */
  readonly ip?: string;
  /** The upstream that it is about. */
  readonly upstream?: string;
  /** The hash of the session's id that it is about. */
  readonly session?: string;
  readonly outcome: AdminOutcome;
  /** What was changed: names and digests, bounded, and nothing of what a configuration holds. */
  readonly facts?: JsonObject;
}

/** Requests that were refused before anything was decided, and are alike. Never with credentials or arguments. */
export interface RefusalAct {
  readonly about: "refused";
  /** The same in the row of the first and in that of the others. */
  readonly id: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly code: string;
  readonly where: RefusedAt;
  /** `undefined`: of many addresses. */
  readonly ip: string | undefined;
  readonly credential: CredentialKind | undefined;
  /** As the token says, which nobody has verified. */
  readonly issuer: string | undefined;
  readonly method: string | undefined;
  readonly endpoint: string | undefined;
  /** Who that was, where it was proven. */
  readonly actor: { readonly issuer: string; readonly subject: string; readonly email: string | undefined } | undefined;
  /** For how many the row stands. */
  readonly count: number;
  /** Since when they came, ms since the epoch; `undefined` in the row of the first. */
  readonly since: number | undefined;
}

/** All that is recorded of what has happened already. */
export type Act = AuditAct | AdminAct | DefinitionAct | UnlistedAct | RefusalAct;

/** What an upstream says of its tools has changed. Nobody did that to the gateway, but it may change what policies say. */
export interface DefinitionAct {
  readonly about: "definition";
  readonly upstream: string;
  /** Original name; `undefined` where the row stands for many changes. */
  readonly tool: string | undefined;
  /** ms since the epoch. */
  readonly at: number;
  readonly outcome: DefinitionOutcome;
  /** Of the definition now; of a tool that is gone, of its last one. */
  readonly digest: string | undefined;
  /** What differs. Bounded, and without any text of the server's. */
  readonly difference: JsonObject;
}

/** The record of every decision. Rows are only ever added; each holds the hash of the one before. */
export interface Audit {
  /**
   * Resolves `true` once the row is committed; all rows of one event-loop turn share one transaction. `false`: it could
   * not be written, and the call must not be made. @throws never
   */
  open(opening: AuditOpening | UnlistedOpening): Promise<boolean>;
  /** Queues the closing row: it is written with the next opening, or a few milliseconds later. @throws never */
  close(closing: AuditClosing): void;
  /** Queues the row of something that was decided and is on disk elsewhere. @throws never */
  record(act: Act): void;
  /** Writes what is queued; call before the process ends. */
  flush(): Promise<void>;
}
