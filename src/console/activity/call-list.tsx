import { actorOf } from "../../audit/actor-of.ts";
import { matchesOf } from "../../audit/read/read-matches.ts";
import { subjectWords } from "../../audit/read/subject-of.ts";
import { lengthText } from "../../core/duration.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";
import { type Column, DataTable } from "../components/data-table.tsx";
import { DecisionBadge } from "../components/decision.tsx";
import { OutcomeBadge } from "../components/outcome.tsx";
import { AddressLabel } from "../components/person-label.tsx";
import { Time } from "../components/time.tsx";
import { harmless } from "../harmless.ts";
import { isOfServer } from "./definition-words.ts";
import { isLeftOut } from "./left-out-words.ts";
import { addressWords, refusedName } from "./refused-words.ts";

/** Calls and acts, the newest first. `now` in ms since the epoch. */
export function CallList({ entries, now }: { readonly entries: readonly AuditEntry[]; readonly now: number }) {
  return (
    <div class="calls">
      <DataTable caption="Calls" columns={columns(now)} rows={entries} rowId={({ seq }) => `entry-${seq}`} />
    </div>
  );
}

function columns(now: number): readonly Column<AuditEntry>[] {
  return [
    { title: "Call", cell: (entry) => <a href={timelineUrl(entry.callId)}>{nameOfEntry(entry)}</a> },
    { title: "When", cell: ({ at }) => <Time at={at} now={now} /> },
    { title: "Who", cell: (entry) => <AddressLabel text={short(whoOf(entry))} /> },
    { title: "Decision", cell: (entry) => <DecisionBadge entry={entry} /> },
    { title: "Policies", cell: (entry) => <Policies entry={entry} /> },
    { title: "Outcome", cell: ({ outcome }) => <OutcomeBadge outcome={outcome} /> },
    { title: "Took", kind: "number", cell: ({ durationMs }) => (durationMs === null ? "–" : lengthText(durationMs)) },
  ];
}

/** Where everything about one call stands. */
export function timelineUrl(id: string): string {
  return `/console/activity/${encodeURIComponent(id)}`;
}

function nameOfEntry(entry: AuditEntry): string {
  const { kind, upstream, callId } = entry;
  return short(subjectWords(entry) ?? refusedName(entry) ?? (kind === "admin" ? (upstream ?? callId) : callId));
}

function whoOf(entry: AuditEntry): string {
  const { kind, outcome } = entry;
  if (refusedName(entry) !== undefined) return actorOf(entry) ?? addressWords(entry);
  if (isOfServer(outcome)) return "the server";
  if (isLeftOut(outcome)) return actorOf(entry) ?? "many people";
  return actorOf(entry) ?? (kind === "opened" ? "nobody in particular" : "the gateway");
}

/** More policies than these are on the call's own page. */
const MAX_POLICIES = 3;

function Policies({ entry }: { readonly entry: AuditEntry }) {
  const matches = matchesOf(entry);
  if (matches.length === 0) return "–";
  const more = matches.length - MAX_POLICIES;
  return (
    <>
      {matches.slice(0, MAX_POLICIES).map(({ policy, shadow }, index) => (
        <>
          {index === 0 ? "" : ", "}
          <a href={`/console/policies/${encodeURIComponent(policy)}`}>{short(policy)}</a>
          {shadow ? <span class="soft"> (shadow)</span> : null}
        </>
      ))}
      {more > 0 ? ` and ${more} more` : null}
    </>
  );
}

function short(text: string): string {
  return harmless(text, 100).text;
}
