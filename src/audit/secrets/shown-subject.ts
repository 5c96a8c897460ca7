import type { SubjectKind } from "../../core/subject.ts";
import { REDACTED } from "./redact.ts";
import { scrubText } from "./secrets.ts";

const MAX_URI = 480;

/**
 * What a request is about, as it is kept and shown. Names are those that a server lists. A client makes up URIs, and they
 * hold whatever URIs do: users, queries.
 */
export function shownSubject(kind: SubjectKind, subject: string): string {
  return kind === "resource" ? scrubText(subject, MAX_URI, REDACTED) : subject;
}
