import type { UpstreamLatency } from "../../operations/activity/activity.ts";
import type { UpstreamView } from "../../operations/upstreams/upstreams.ts";
import { ButtonLink } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { type Column, DataTable } from "../components/data-table.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { Latency } from "./latency.tsx";
import { protocolOf, State, TroubleNote } from "./state.tsx";

/** All upstreams, or how to add the first. */
export function UpstreamList(props: {
  readonly upstreams: readonly UpstreamView[];
  /** What they did within the last day. */
  readonly latency: ReadonlyMap<string, UpstreamLatency>;
  /** ms since the epoch. */
  readonly now: number;
}) {
  const { upstreams, latency, now } = props;
  return (
    <>
      <p class="actions">
        <ButtonLink href="/console/upstreams/_register">Register an upstream</ButtonLink>
      </p>
      {upstreams.length === 0 ? (
        <NoUpstreams />
      ) : (
        <DataTable
          caption="Upstreams"
          columns={columns(latency, now)}
          rows={upstreams}
          rowId={({ name }) => `upstream-${name}`}
        />
      )}
    </>
  );
}

function NoUpstreams() {
  return (
    <EmptyState title="No server stands behind this gateway yet">
      <p>Add one to portcullis.yaml. It is reloaded at once:</p>
      <CodeBlock text={YAML} label="Lines for portcullis.yaml" />
      <p>Or register one while the gateway runs, here or in a terminal:</p>
      <CodeBlock text={COMMAND} label="Command" />
    </EmptyState>
  );
}

/** Longest address that stands on one line of the table. */
const MAX_UNBROKEN = 44;

const YAML = "upstreams:\n  github:\n    url: https://mcp.example.com/mcp";
const COMMAND = "portcullis upstreams add github --url https://mcp.example.com/mcp";

function columns(latency: ReadonlyMap<string, UpstreamLatency>, now: number): readonly Column<UpstreamView>[] {
  return [
    { title: "Upstream", cell: ({ name }) => <a href={`/console/upstreams/${name}`}>{name}</a> },
    {
      title: "State",
      cell: ({ status }) => (
        <>
          <State status={status} now={now} />
          <TroubleNote status={status} now={now} />
        </>
      ),
    },
    {
      title: "Tools",
      kind: "number",
      cell: ({ name, tools }) => <a href={`/console/tools?upstream=${name}`}>{tools}</a>,
    },
    {
      title: "Address",
      cell: ({ address, status }) => (
        <>
          <span class={address.length > MAX_UNBROKEN ? "mono" : "mono nowrap"}>
            <ForeignText text={address} fold={80} />
          </span>
          <div class="soft">{protocolOf(status)}</div>
        </>
      ),
    },
    { title: "Last day", cell: ({ name }) => <Latency upstream={name} latency={latency.get(name)} now={now} /> },
    { title: "From", cell: ({ source }) => <span class="nowrap">{source === "file" ? "file" : "registered"}</span> },
  ];
}
