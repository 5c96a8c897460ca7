import type { ToolView } from "../../operations/upstreams/upstreams.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { type Column, DataTable } from "../components/data-table.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { SelectField, TextField } from "../components/fields.tsx";
import { toolPath } from "../tool-path.ts";
import { Annotations } from "./annotations.tsx";
import type { ToolSearch, ToolsFound } from "./find-tools.ts";
import { descriptionOf, onOneLine, titleOf } from "./tool-texts.ts";

/** Tools by server and name, with a search above. */
export function ToolList(props: {
  readonly found: ToolsFound;
  readonly search: ToolSearch;
  /** Names of the servers that offer any. */
  readonly upstreams: readonly string[];
}) {
  const { found, search, upstreams } = props;
  return (
    <>
      <SearchForm search={search} upstreams={upstreams} />
      {found.total === 0 ? (
        <EmptyState title="No tool fits">
          <p>
            Look for less, or <a href="/console/tools">show all tools</a>.
          </p>
        </EmptyState>
      ) : (
        <DataTable caption="Tools" columns={COLUMNS} rows={found.tools} />
      )}
      <Pages found={found} search={search} />
    </>
  );
}

function SearchForm({ search, upstreams }: { readonly search: ToolSearch; readonly upstreams: readonly string[] }) {
  const servers = [{ value: "", label: "All servers" }, ...upstreams.map((name) => ({ value: name, label: name }))];
  const covered = [
    { value: "", label: "All tools" },
    { value: "none", label: "Without a policy" },
  ];
  return (
    <form method="get" action="/console/tools" class="filters" aria-label="Find tools">
      <TextField label="Search" name="q" type="search" value={search.text} maxlength={200} />
      <SelectField label="Server" name="upstream" value={search.upstream} options={servers} />
      <SelectField label="Policies" name="policies" value={search.uncovered ? "none" : ""} options={covered} />
      <Button tone="plain">Search</Button>
    </form>
  );
}

const COLUMNS: readonly Column<ToolView>[] = [
  {
    title: "Tool",
    cell: (tool) => (
      <a class="mono" href={toolPath(tool)}>
        {onOneLine(tool.tool, 120)}
      </a>
    ),
  },
  {
    title: "Server",
    cell: ({ upstream }) => (
      <a class="nowrap" href={`/console/upstreams/${upstream}`}>
        {upstream}
      </a>
    ),
  },
  {
    title: "What it does",
    cell: ({ definition }) => (
      <span class="foreign">{onOneLine(titleOf(definition) ?? descriptionOf(definition) ?? "", 160)}</span>
    ),
  },
  { title: "It says of itself", cell: ({ definition }) => <Annotations definition={definition} /> },
  {
    title: "Policies",
    kind: "number",
    cell: ({ policies }) => (policies.length === 0 ? <Badge tone="warn">no policy</Badge> : policies.length),
  },
];

function Pages({ found, search }: { readonly found: ToolsFound; readonly search: ToolSearch }) {
  const { page, pages, total } = found;
  if (pages === 1) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {page > 1 ? (
        <a rel="prev" href={listUrl(search, page - 1)}>
          Previous
        </a>
      ) : null}
      <span>
        Page {page} of {pages}, {total} tools
      </span>
      {page < pages ? (
        <a rel="next" href={listUrl(search, page + 1)}>
          Next
        </a>
      ) : null}
    </nav>
  );
}

function listUrl({ text, upstream, uncovered }: ToolSearch, page: number): string {
  const query = new URLSearchParams({
    ...(text === "" ? {} : { q: text }),
    ...(upstream === "" ? {} : { upstream }),
    ...(uncovered ? { policies: "none" } : {}),
    page: String(page),
  });
  return `/console/tools?${query.toString()}`;
}
