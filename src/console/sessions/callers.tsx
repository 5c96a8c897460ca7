import { actorOf } from "../../audit/actor-of.ts";
import { clientName } from "../../audit/client-name.ts";
import { isRun } from "../../audit/is-run.ts";
import { hasFailed } from "../../core/call-outcome.ts";
import type { ActivityOperations } from "../../operations/activity/activity.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";
import { type Column, DataTable } from "../components/data-table.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { AddressLabel } from "../components/person-label.tsx";
import { Time } from "../components/time.tsx";
import { harmless } from "../harmless.ts";

/** Somebody with one of their programs, and what they called. */
export interface CallerLabel {
  /** Their last call: it says who and through what. */
  readonly last: AuditEntry;
  readonly calls: number;
  readonly failed: number;
}

/** Who called lately. */
export interface Callers {
  /** Who called last comes first. */
  readonly callers: readonly CallerLabel[];
  /** There are earlier calls, which were not looked at. */
  readonly more: boolean;
}

/** Calls that are looked at: who called before them is found in Activity. */
const MAX_CALLS = 500;

/**
 * Who called since then: also clients that have no session, of which nothing else tells. The run of an approved call is no call of
 * its own, but that it failed counts. @throws StoreError
 */
export async function readCallers(activity: Pick<ActivityOperations, "search">, since: number): Promise<Callers> {
  const { entries, nextCursor } = await activity.search({ since, limit: MAX_CALLS });
  const found = new Map<string, CallerLabel>();
  for (const entry of entries.toReversed()) {
    if (entry.kind !== "opened") continue;
    const key = JSON.stringify([entry.actorIssuer, entry.actor, entry.clientId, entry.client]);
    const { last, calls, failed } = found.get(key) ?? { last: entry, calls: 0, failed: 0 };
    found.set(key, {
      last,
      calls: calls + (isRun(entry) ? 0 : 1),
      failed: failed + (hasFailed(entry.outcome) ? 1 : 0),
    });
  }
  return { callers: [...found.values()].filter(({ calls }) => calls > 0), more: nextCursor !== undefined };
}

/** The list of them. Nothing where nobody called. `now` in ms since the epoch. */
export function CallerList({ found, now }: { readonly found: Callers; readonly now: number }) {
  if (found.callers.length === 0) return null;
  return (
    <section aria-labelledby="callers">
      <h2 id="callers">Who called in the last day</h2>
      <DataTable caption="Callers" columns={columns(now)} rows={found.callers} />
      {found.more ? <p class="soft">Of the last {MAX_CALLS} calls. Earlier ones stand under Activity.</p> : null}
    </section>
  );
}

function columns(now: number): readonly Column<CallerLabel>[] {
  return [
    {
      title: "Who",
      cell: ({ last }) => <AddressLabel text={harmless(actorOf(last) ?? "nobody in particular", 160).text} />,
    },
    { title: "Client", cell: ({ last }) => <Client name={clientName(last)} /> },
    { title: "Calls", kind: "number", cell: (caller) => <a href={callsUrl(caller)}>{caller.calls}</a> },
    { title: "Failed", kind: "number", cell: ({ failed }) => failed },
    { title: "Last call", cell: ({ last }) => <Time at={last.at} now={now} /> },
  ];
}

function Client({ name }: { readonly name: string | undefined }) {
  return name === undefined ? "unnamed" : <ForeignText text={name} fold={80} />;
}

function callsUrl({ last: { actor, client } }: CallerLabel): string {
  const query = new URLSearchParams({ ...(actor ? { user: actor } : {}), ...(client ? { client } : {}) });
  return `/console/activity?${query}`;
}
