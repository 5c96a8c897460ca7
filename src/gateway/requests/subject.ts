import type { AuditOpening } from "../../audit/audit.ts";
import type { ToolEntry } from "../../catalog/entries.ts";
import type { JsonObject } from "../../core/json.ts";
import type { PolicyInput } from "../../policy/policy-set.ts";

/** What a request is about: a thing of some kind, with what is given to it. */
export type Subject = ToolSubject;

/** A tool, and the arguments of its call. */
export interface ToolSubject {
  readonly kind: "tool";
  readonly tool: ToolEntry;
  readonly arguments: JsonObject;
}

/** What differs from one kind of subject to the next. */
interface SubjectKind<S extends Subject> {
  /** What policies see of it. */
  facts(subject: S): Pick<PolicyInput, "tool" | "arguments">;
  /** What stands on record of it. */
  columns(subject: S): Pick<AuditOpening, "upstream" | "tool" | "definitionDigest" | "arguments">;
}

/** One row for each kind that there is. */
export const SUBJECT_KINDS: { readonly [K in Subject["kind"]]: SubjectKind<Extract<Subject, { kind: K }>> } = {
  tool: {
    facts: ({ tool: { name, upstream, definition }, arguments: args }) => ({
      tool: { name, upstream, definition },
      arguments: args,
    }),
    columns: ({ tool: { name, upstream, digest }, arguments: args }) => ({
      upstream,
      tool: name,
      definitionDigest: digest,
      arguments: args,
    }),
  },
};
