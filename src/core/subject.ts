/** What requests are about. */
export const SUBJECT_KINDS = ["tool", "prompt", "resource"] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** The requests that policies decide on, and what each is about. A completion is about the prompt or resource that it completes for. */
export const DECIDED_METHODS = {
  "tools/call": ["tool"],
  "prompts/get": ["prompt"],
  "resources/read": ["resource"],
  "resources/subscribe": ["resource"],
  "completion/complete": ["prompt", "resource"],
} as const satisfies Readonly<Record<string, readonly SubjectKind[]>>;
export type DecidedMethod = keyof typeof DECIDED_METHODS;

/** What requests of a method are about. A completion is not kept, so that it does not matter which of both. */
export function subjectKindOf(method: DecidedMethod): SubjectKind {
  return DECIDED_METHODS[method][0];
}

/** A subject by its names. */
interface NamedSubject {
  readonly kind: SubjectKind;
  readonly upstream: string;
  readonly name: string;
}

/** What is called so, in one line: a tool as `crm/search`, others with their kind, as `prompt crm/summary`. Not escaped. No two are alike: no upstream's name has a blank. */
export function subjectPath({ kind, upstream, name }: NamedSubject): string {
  const path = `${upstream}/${name}`;
  return kind === "tool" ? path : `${kind} ${path}`;
}

/** `Tool`, `Prompt` or `Resource`, before a name. */
export function subjectTitle(kind: SubjectKind): string {
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
}

/** The request by which something of a kind is used. What somebody may never use is not shown to them. */
export const USES = {
  tool: "tools/call",
  prompt: "prompts/get",
  resource: "resources/read",
} as const satisfies Readonly<Record<SubjectKind, DecidedMethod>>;
