import type { DecidedMethod } from "../../core/subject.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";

/** What an entry is about, by what kind of thing that is: a prompt may be called as a tool is. */
export interface EntrySubject {
  /** One of `SUBJECT_KINDS`, or a later version's. */
  readonly kind: string;
  /** Its own name; of a resource the URI, without secrets. */
  readonly name: string;
}

type About = Pick<AuditEntry, "kind" | "upstream" | "tool" | "method" | "subjectKind" | "subject">;

/** The tool, prompt or resource that an entry is about; `undefined`: it is about none. */
export function subjectOf({ tool, subjectKind, subject }: About): EntrySubject | undefined {
  if (subjectKind !== null) return subject === null ? undefined : { kind: subjectKind, name: subject };
  return tool === null ? undefined : { kind: "tool", name: tool };
}

/** The method of the request that an entry is about, or that waited for what it tells of; `undefined`: it is about none. */
export function methodOf({ kind, tool, method, subjectKind }: About): string | undefined {
  if (method !== null) return method;
  return kind === "admin" || tool === null || subjectKind !== null ? undefined : TOOL_CALL;
}

const TOOL_CALL: DecidedMethod = "tools/call";

/**
 * What an entry is about in words: `crm/search`, `prompt crm/summary`, `completion of prompt crm/summary`. What nobody has and
 * looks like a tool is told from that by `-/`. `undefined`: it is about none. Not escaped. @throws never
 */
export function subjectWords(entry: About): string | undefined {
  const subject = subjectOf(entry);
  if (subject === undefined) return undefined;
  const path = `${entry.upstream ?? "-"}/${subject.name}`;
  return subject.kind === "tool" ? path : `${WAYS.get(entry.method) ?? ""}${subject.kind} ${path}`;
}

const WAYS: ReadonlyMap<string | null, string> = new Map([
  ["completion/complete", "completion of "],
  ["resources/subscribe", "subscription to "],
] satisfies [DecidedMethod, string][]);
