import type { AdminAct } from "../../audit/audit.ts";
import { clientInfoTexts } from "../../audit/client-texts.ts";
import { refuse } from "../../core/errors.ts";
import type { LiveSessions, SessionView } from "../../core/live-sessions.ts";
import type { SessionRecord, SessionStore } from "../../store/sessions/sessions.ts";
import { notAdmin } from "../access.ts";
import { cursorAt, type ListedPosition, readSessionCursor } from "./session-cursor.ts";
import type { SessionOperations } from "./sessions.ts";

/** Most sessions of one page. */
const MAX_LIMIT = 100;

/** Rows read at once while those are left out that this process knows better. */
const READ_ROWS = 500;

/**
 * Makes what administrators see and do about sessions: those that this process holds, as they are now, and of all others
 * what the store knows. A stream of a modern client is known only to the process that it is connected to.
 */
export function createSessionOperations(deps: {
  readonly live: LiveSessions;
  readonly store: Pick<SessionStore, "find" | "list" | "remove">;
  readonly audit: { record(act: AdminAct): void };
  /** ms since the epoch. */
  readonly now: () => number;
}): SessionOperations {
  const { live, store, audit, now } = deps;

  // What is live here stands in the store, too, with an older time: those rows are passed over.
  const storedAfter = async (
    after: ListedPosition | undefined,
    count: number,
    known: ReadonlySet<string>,
  ): Promise<readonly SessionView[]> => {
    const found: SessionView[] = [];
    let position = after === undefined ? undefined : { lastSeenAt: after.lastSeenAt, idHash: after.id };
    for (;;) {
      const rows = await store.list({ limit: READ_ROWS, ...(position === undefined ? {} : { after: position }) });
      for (const row of rows) if (!known.has(row.idHash)) found.push(viewOf(row));
      position = rows.at(-1);
      if (found.length >= count || rows.length < READ_ROWS) return found.slice(0, count);
    }
  };

  return {
    async list(query) {
      const limit = Math.min(Math.max(Math.trunc(query.limit), 1), MAX_LIMIT);
      const after = query.cursor === undefined ? undefined : readSessionCursor(query.cursor);
      const here = live.list();
      const known = new Set(here.map(({ id }) => id));
      const stored = await storedAfter(after, limit + 1, known);
      const shown = [...here.filter((session) => after === undefined || compare(after, session) < 0), ...stored];
      const items = shown.sort(compare).slice(0, limit);
      const last = items.at(-1);
      const more = shown.length > limit && last !== undefined;
      return { items: items.map(shownOf), nextCursor: more ? cursorAt(last.lastSeenAt, last.id) : undefined };
    },

    async find(id) {
      const here = live.list().find((session) => session.id === id);
      if (here !== undefined) return shownOf(here);
      const row = await store.find(id);
      return row === undefined ? undefined : shownOf(viewOf(row));
    },

    async end(operator, id) {
      const refusal = notAdmin(operator);
      if (refusal !== undefined) return refusal;
      // One that another process holds ends there when its row is gone.
      if (!(await live.end(id)) && !(await store.remove(id))) return refuse("SESSION_UNKNOWN");
      const { issuer, subject, email } = operator.principal;
      const act = { about: "admin", id, at: now(), session: id, outcome: "session_ended" } as const;
      audit.record({ ...act, actor: { issuer, subject, email } });
      return { ok: true };
    },
  };
}

function viewOf(row: SessionRecord): SessionView {
  const { idHash, issuer, subject, endpoint, protocolVersion, clientInfo, createdAt, lastSeenAt } = row;
  return {
    ...{ id: idHash, era: "legacy", issuer, subject, email: undefined, endpoint, protocolVersion, clientInfo },
    ...{ createdAt, lastSeenAt, connected: false, inFlight: 0 },
  };
}

/** Policies compare what a client said; people see it without what looks like a credential. */
function shownOf(session: SessionView): SessionView {
  return { ...session, clientInfo: clientInfoTexts(session.clientInfo) };
}

// The one seen last first; ids only make the order certain.
function compare(a: ListedPosition, b: ListedPosition): number {
  if (a.lastSeenAt !== b.lastSeenAt) return b.lastSeenAt - a.lastSeenAt;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
