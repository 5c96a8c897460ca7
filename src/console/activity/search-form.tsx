import { Button } from "../components/button.tsx";
import { SelectField, TextField } from "../components/fields.tsx";
import type { Search, SearchField } from "./read-search.ts";
import { DECISIONS } from "./words.ts";

/** The search: a form that only asks, so that its address can be kept and sent. */
export function SearchForm({ search }: { readonly search: Search }) {
  const { fields, mistakes } = search;
  const parts = (name: SearchField, label: string) => ({
    ...{ name, label, value: fields[name], error: mistakes.get(name) },
  });
  const more = ["policy", "mode", "from", "to", "call"] as const;
  return (
    <search aria-label="Calls">
      <form method="get" action="/console/activity" class="search">
        <div class="filters">
          <TextField {...parts("user", "User")} type="search" />
          <TextField {...parts("tool", "Tool")} type="search" />
          <SelectField {...parts("decision", "Decision")} options={[ANY, ...DECISIONS]} />
          <Button>Search</Button>
        </div>
        <details open={more.some((name) => fields[name] !== "")}>
          <summary>Policy, time, id</summary>
          <div class="filters">
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

const ANY = { value: "", label: "any" };
const MODES = [
  { value: "", label: "in any mode" },
  { value: "shadow", label: "one in shadow" },
];
