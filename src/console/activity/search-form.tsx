import type { CallOutcome, GATEWAY_LOST, OUTCOME_GROUPS } from "../../core/call-outcome.ts";
import { DECIDED_METHODS } from "../../core/subject.ts";
import type { AuditFilter } from "../../store/audit/audit-rows.ts";
import { DECISIONS } from "../call-words.ts";
import { Button } from "../components/button.tsx";
import { SelectField, TextField } from "../components/fields.tsx";
import { harmless } from "../harmless.ts";
import type { CallSearch, SearchField } from "./read-search.ts";

/** The search: a form that only asks, so that its address can be kept and sent. */
export function SearchForm({ search }: { readonly search: CallSearch }) {
  const { fields, mistakes } = search;
  const parts = (name: SearchField, label: string) => ({
    ...{ name, label, value: fields[name], error: mistakes.get(name) },
  });
  const more = ["kind", "method", "subject", "client", "policy", "mode", "from", "to", "call"] as const;
  return (
    <search aria-label="Calls">
      <form method="get" action="/console/activity" class="search">
        <div class="filters">
          <TextField {...parts("user", "User")} type="search" />
          <TextField {...parts("tool", "Tool")} type="search" />
          <SelectField {...parts("decision", "Decision")} options={[ANY, ...DECISIONS]} />
          <SelectField {...parts("outcome", "Outcome")} options={outcomesFor(fields.outcome)} />
          <Button>Search</Button>
        </div>
        <details open={more.some((name) => fields[name] !== "")}>
          <summary>Kind, method, prompt, resource, client, policy, time, id</summary>
          <div class="filters">
            <SelectField {...parts("kind", "Kind")} options={KINDS} />
            <SelectField {...parts("method", "Method")} options={[ANY, ...METHODS]} />
            <TextField {...parts("subject", "Name or URI")} type="search" />
            <TextField {...parts("client", "Client")} type="search" />
            <TextField {...parts("policy", "Policy")} type="search" />
            <SelectField {...parts("mode", "Policies")} options={MODES} />
            <TextField {...parts("from", "From (UTC)")} type="datetime-local" />
            <TextField {...parts("to", "To (UTC)")} type="datetime-local" />
            <TextField {...parts("call", "Request, trace or approval id")} type="search" />
          </div>
        </details>
      </form>
    </search>
  );
}

/** What the form offers; a link may ask for any other word, which stays chosen. */
function outcomesFor(chosen: string) {
  const known = OUTCOME_CHOICES.some(({ value }) => value === chosen);
  return known ? OUTCOME_CHOICES : [...OUTCOME_CHOICES, { value: chosen, label: harmless(chosen, 64).text }];
}

const OUTCOME_CHOICES: readonly {
  readonly value: "" | CallOutcome | typeof GATEWAY_LOST | keyof typeof OUTCOME_GROUPS;
  readonly label: string;
}[] = [
  { value: "", label: "any" },
  { value: "ok", label: "ok" },
  { value: "failed", label: "failed" },
  { value: "fault", label: "server’s fault" },
  { value: "tool_error", label: "tool error" },
  { value: "denied", label: "denied" },
  { value: "malformed", label: "malformed call" },
  { value: "TOOL_UNKNOWN", label: "unknown tool" },
  { value: "PROMPT_UNKNOWN", label: "unknown prompt" },
  { value: "RESOURCE_UNKNOWN", label: "unknown resource" },
  { value: "CALL_CANCELLED", label: "cancelled" },
  { value: "unanswered", label: "cancelled or cut off" },
  { value: "cut_off", label: "cut off at the gateway" },
  { value: "gateway_lost", label: "no end on record" },
];

const KINDS: readonly { readonly value: "" | NonNullable<AuditFilter["kind"]>; readonly label: string }[] = [
  { value: "", label: "all but refused requests" },
  { value: "opened", label: "requests" },
  { value: "decided", label: "approvals and sign-ins" },
  { value: "admin", label: "administration" },
  { value: "refused", label: "refused requests" },
];

const ANY = { value: "", label: "any" };
const METHODS = Object.keys(DECIDED_METHODS).map((value) => ({ value, label: value }));
const MODES = [
  { value: "", label: "in any mode" },
  { value: "shadow", label: "one in shadow" },
];
