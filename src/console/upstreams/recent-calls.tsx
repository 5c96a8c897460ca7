import { actorOf } from "../../audit/actor-of.ts";
import type { AuditEntry } from "../../store/audit-rows.ts";
import { type Column, DataTable } from "../components/data-table.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { Outcome } from "../components/outcome.tsx";
import { Time } from "../components/time.tsx";

/** The last calls of an upstream's tools, the newest first. */
export function RecentCalls({ entries, now }: { readonly entries: readonly AuditEntry[]; readonly now: number }) {
  if (entries.length === 0) return <p>Nobody has called its tools yet.</p>;
  const columns: readonly Column<AuditEntry>[] = [
    {
      title: "When",
      cell: ({ at, callId }) => (
        <a href={`/console/activity/${encodeURIComponent(callId)}`}>
          <Time at={at} now={now} />
        </a>
      ),
    },
    {
      title: "Who",
      cell: (entry) => <ForeignText text={actorOf(entry) ?? "the gateway"} fold={80} />,
    },
    { title: "Tool", cell: ({ tool }) => (tool === null ? "" : <ForeignText text={tool} fold={80} />) },
    { title: "Decision", cell: ({ decision }) => decision ?? "" },
    { title: "Outcome", cell: ({ outcome }) => <Outcome outcome={outcome} /> },
    {
      title: "Took",
      kind: "number",
      cell: ({ durationMs }) => (durationMs === null ? "" : `${Math.round(durationMs)} ms`),
    },
  ];
  return <DataTable caption="Last calls" columns={columns} rows={entries.toReversed()} />;
}
