import type { AdminAct } from "../../audit/audit.ts";
import { refuse } from "../../core/errors.ts";
import type { Principal } from "../../core/principal.ts";
import type { ConsoleSessionRecord, ConsoleSessionStore } from "../../store/sessions/console-sessions.ts";
import { notAdmin } from "../access.ts";
import { cursorAt, readSessionCursor } from "./session-cursor.ts";
import type { SignedInOperations, SignedInView } from "./signed-in.ts";

/** Most sessions of one page. */
const MAX_LIMIT = 100;

/** Makes what administrators see and do about browsers that are signed in to the console. */
export function createSignedInOperations(deps: {
  readonly store: Pick<ConsoleSessionStore, "find" | "list" | "remove">;
  /** Whose session it is; `undefined`: nobody's any more, whatever the row says. */
  readonly holderOf: (record: ConsoleSessionRecord) => Principal | undefined;
  readonly audit: { record(act: AdminAct): void };
  /** ms since the epoch. */
  readonly now: () => number;
}): SignedInOperations {
  const { store, holderOf, audit, now } = deps;

  const viewOf = (record: ConsoleSessionRecord): readonly SignedInView[] => {
    const holder = holderOf(record);
    if (holder === undefined) return [];
    const { idHash, issuer, subject, createdAt, lastSeenAt, expiresAt } = record;
    return [{ id: idHash, issuer, subject, email: holder.email, createdAt, lastSeenAt, expiresAt }];
  };

  return {
    async list(query) {
      const limit = Math.min(Math.max(Math.trunc(query.limit), 1), MAX_LIMIT);
      const after = query.cursor === undefined ? undefined : readSessionCursor(query.cursor);
      const rows = await store.list(limit + 1, after && { lastSeenAt: after.lastSeenAt, idHash: after.id });
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      const more = rows.length > limit && last !== undefined;
      return { items: shown.flatMap(viewOf), nextCursor: more ? cursorAt(last.lastSeenAt, last.idHash) : undefined };
    },
    async find(id) {
      const record = await store.find(id);
      return record === undefined ? undefined : viewOf(record)[0];
    },
    async end(operator, id) {
      const refusal = notAdmin(operator);
      if (refusal !== undefined) return refusal;
      if (!(await store.remove(id))) return refuse("SESSION_UNKNOWN");
      const { issuer, subject, email } = operator.principal;
      const act = { about: "admin", id, at: now(), session: id, outcome: "console_session_ended" } as const;
      audit.record({ ...act, actor: { issuer, subject, email } });
      return { ok: true };
    },
  };
}
