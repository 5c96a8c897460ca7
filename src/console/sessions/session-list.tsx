import { knownAs } from "../../core/known-as.ts";
import type { SessionView } from "../../core/live-sessions.ts";
import type { SessionPage } from "../../operations/sessions/sessions.ts";
import { type Column, DataTable } from "../components/data-table.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { Pager } from "../components/pager.tsx";
import { Time } from "../components/time.tsx";
import { harmless } from "../harmless.ts";
import { ConnectHelp } from "./connect-help.tsx";
import { endpointPath, Presence, SessionClient, SessionHolder } from "./session-facts.tsx";

/** The list of sessions, or what to do so that there is one. */
export function SessionList(props: {
  readonly page: SessionPage;
  readonly cursor: string | undefined;
  /** ms since the epoch. */
  readonly now: number;
  /** The URL of the endpoint that shows everything. */
  readonly mcp: string;
  /** Whether anybody called lately, with a session or without. */
  readonly called: boolean;
}) {
  const { page, cursor, now, mcp, called } = props;
  if (page.items.length === 0 && cursor === undefined && called) {
    return <p>No client holds a session now. Those of 2026-07-28 call without one: who called stands below.</p>;
  }
  if (page.items.length === 0 && cursor === undefined) {
    return (
      <EmptyState title="Nobody is connected">
        <p>MCP clients that use this gateway are listed here. This connects one:</p>
        <ConnectHelp mcp={mcp} />
      </EmptyState>
    );
  }
  return (
    <>
      <DataTable caption="Sessions" columns={columns(now)} rows={page.items} rowId={({ id }) => `session-${id}`} />
      <Pager url="/console/sessions" cursor={cursor} next={page.nextCursor} />
    </>
  );
}

function columns(now: number): readonly Column<SessionView>[] {
  return [
    { title: "Who", cell: (session) => <SessionHolder session={session} /> },
    { title: "Client", cell: ({ clientInfo }) => <SessionClient info={clientInfo} /> },
    { title: "Now", cell: (session) => <Presence session={session} /> },
    { title: "Endpoint", cell: ({ endpoint }) => <code>{endpointPath(endpoint)}</code> },
    { title: "Protocol", cell: ({ protocolVersion }) => protocolVersion },
    { title: "Since", cell: ({ createdAt }) => <Time at={createdAt} now={now} /> },
    { title: "Last seen", cell: ({ lastSeenAt }) => <Time at={lastSeenAt} now={now} /> },
    {
      title: "End",
      kind: "action",
      cell: ({ id, ...session }) => {
        const whose = harmless(knownAs(session), 160).text;
        return (
          <a class="button plain" href={`/console/sessions/end?id=${id}`} aria-label={`End the session of ${whose}`}>
            End…
          </a>
        );
      },
    },
  ];
}
