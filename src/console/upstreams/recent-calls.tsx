import { actorOf } from "../../audit/actor-of.ts";
import { subjectOf } from "../../audit/read/subject-of.ts";
import { lengthText } from "../../core/duration.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";
import { type Column, DataTable } from "../components/data-table.tsx";
import { DecisionBadge } from "../components/decision.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { OutcomeBadge } from "../components/outcome.tsx";
import { Time } from "../components/time.tsx";
import { harmless } from "../harmless.ts";

/** What is known of an upstream's last calls. */
export interface LastCalls {
  /** The newest last. */
  readonly entries: readonly AuditEntry[];
  /** Whether the whole record was looked through. */
  readonly reachedStart: boolean;
}

/** The last requests of an upstream, the newest first; also for what nobody knew, and how many were only counted. */
export function RecentCalls({ calls, now }: { readonly calls: LastCalls; readonly now: number }) {
  const { entries, reachedStart } = calls;
  if (entries.length === 0) {
    return <p>{reachedStart ? "Nobody has called it yet." : "None of the latest calls was for it."}</p>;
  }
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
      cell: (entry) => (
        <ForeignText text={actorOf(entry) ?? (entry.kind === "opened" ? "the gateway" : "many people")} fold={80} />
      ),
    },
    { title: "Subject", cell: (entry) => <Subject entry={entry} /> },
    { title: "Decision", cell: (entry) => <DecisionBadge entry={entry} /> },
    { title: "Outcome", cell: ({ outcome }) => <OutcomeBadge outcome={outcome} /> },
    { title: "Took", kind: "number", cell: ({ durationMs }) => (durationMs === null ? "–" : lengthText(durationMs)) },
  ];
  return <DataTable caption="Last calls" columns={columns} rows={entries.toReversed()} />;
}

/** The name of a tool alone, of anything else with what it is. */
function Subject({ entry }: { readonly entry: AuditEntry }) {
  const subject = subjectOf(entry);
  if (subject === undefined) return "";
  const { kind, name } = subject;
  return (
    <>
      {kind === "tool" ? null : <span class="soft">{harmless(kind, 40).text} </span>}
      <ForeignText text={name} fold={80} />
    </>
  );
}
