import type { AuditFilter } from "../../store/audit/audit-rows.ts";

const SEARCH_FIELDS = [
  "user",
  "tool",
  "decision",
  "outcome",
  "client",
  "policy",
  "mode",
  "from",
  "to",
  "call",
  "method",
  "subject",
  "kind",
] as const;

/** The fields of the search as they stand in the address of the page. */
export type SearchField = (typeof SEARCH_FIELDS)[number];

const ENTRY_KINDS = ["opened", "decided", "admin", "refused"] as const satisfies readonly AuditFilter["kind"][];

/** What somebody searches for. */
export interface CallSearch {
  /** As written, `""` where nothing is. */
  readonly fields: Readonly<Record<SearchField, string>>;
  readonly filter: Omit<AuditFilter, "limit">;
  /** What could not be read, by field; it filters nothing. */
  readonly mistakes: ReadonlyMap<SearchField, string>;
  /** Whether anything is searched for at all. */
  readonly narrow: boolean;
}

/** Longest text that anything on record could be equal to. */
const MAX_TEXT = 512;

/** Reads the search from the query of a page. @throws never */
export function readSearch(query: (name: string) => string | undefined): CallSearch {
  const read = (name: SearchField): string => (query(name) ?? "").trim().slice(0, MAX_TEXT);
  const fields: CallSearch["fields"] = {
    ...{
      user: read("user"),
      tool: withUpstream(query("upstream"), read("tool")),
      decision: read("decision"),
      ...{ outcome: read("outcome"), client: read("client"), policy: read("policy") },
    },
    ...{ mode: read("mode"), from: toMinute(read("from")), to: toMinute(read("to")), call: read("call") },
    ...{ method: read("method"), subject: read("subject"), kind: read("kind") },
  };
  const since = timeIn(fields.from);
  const until = timeIn(fields.to);
  const mistakes = new Map<SearchField, string>();
  if (since === undefined && fields.from !== "") mistakes.set("from", WRITE_A_TIME);
  if (until === undefined && fields.to !== "") mistakes.set("to", WRITE_A_TIME);
  if (since !== undefined && until !== undefined && since >= until) {
    mistakes.set("to", "This is not after the beginning, so nothing can be found.");
  }
  const narrow = SEARCH_FIELDS.some((name) => fields[name] !== "");
  return { fields, filter: filterOf(fields, since, until), mistakes, narrow };
}

/** Links name the upstream by itself; the form has one field for both. `shop/` is every tool of it. */
function withUpstream(upstream: string | undefined, tool: string): string {
  return upstream === undefined || upstream === "" ? tool : `${upstream.trim()}/${tool}`.slice(0, MAX_TEXT);
}

const WRITE_A_TIME = "Write a day and a time, like 2026-11-22T14:30.";

function filterOf(
  fields: CallSearch["fields"],
  since: number | undefined,
  until: number | undefined,
): CallSearch["filter"] {
  const { user, tool, decision, outcome, client, policy, mode, call, method, subject, kind } = fields;
  // `expenses/create_expense` names both; a name without a slash is a tool's of any upstream.
  const slash = tool.indexOf("/");
  const name = tool.slice(slash + 1);
  // The id of an approval is found in the same field: whoever has one wants its calls.
  const id = call.startsWith("apr_") ? { approval: call } : { call };
  const asked = ENTRY_KINDS.find((known) => known === kind);
  return {
    ...(asked === undefined ? {} : { kind: asked }),
    ...(user === "" ? {} : { user }),
    ...(slash > 0 ? { upstream: tool.slice(0, slash) } : {}),
    ...(name === "" ? {} : { tool: name }),
    ...(method === "" ? {} : { method }),
    ...(subject === "" ? {} : { subject }),
    ...(decision === "" ? {} : { decision }),
    ...(outcome === "" ? {} : { outcome }),
    ...(client === "" ? {} : { client }),
    ...(policy === "" ? {} : { policy }),
    ...(mode === "shadow" ? { shadow: true } : {}),
    ...(call === "" ? {} : id),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

/** A day alone is its beginning: the field of the form wants a time. */
function toMinute(text: string): string {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text;
}

/** A field for day and time, read as UTC. */
function timeIn(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/.test(text)) return undefined;
  const at = Date.parse(`${text}Z`);
  return Number.isFinite(at) ? at : undefined;
}

/** The address of the page with this search, without a place in the list. */
export function searchUrl({ fields }: CallSearch, path = "/console/activity"): string {
  const query = new URLSearchParams();
  for (const name of SEARCH_FIELDS) if (fields[name] !== "") query.set(name, fields[name]);
  return query.size === 0 ? path : `${path}?${query}`;
}

/** Where the API writes all of it out. */
export function exportUrl({ filter }: CallSearch, format: "csv" | "jsonl"): string {
  const { since, until, shadow, ...texts } = filter;
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(texts)) if (typeof value === "string") query.set(name, value);
  if (shadow === true) query.set("shadow", "true");
  if (since !== undefined) query.set("since", new Date(since).toISOString());
  if (until !== undefined) query.set("until", new Date(until).toISOString());
  return `/api/v1/audit/export?${query}`;
}
