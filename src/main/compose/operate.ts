import type { LiveSessions } from "../../core/live-sessions.ts";
import { createApprovalOperations } from "../../operations/approvals/create-approval-operations.ts";
import type { Operations } from "../../operations/operations.ts";
import { createSessionOperations } from "../../operations/sessions/create-session-operations.ts";
import { createSignedInOperations } from "../../operations/sessions/create-signed-in-operations.ts";
import type { Wired } from "./wired.ts";

/** What operators see and do, made of the wired rooms and of what the endpoint holds for its clients. */
export function operate(deps: {
  readonly wired: Wired;
  readonly live: LiveSessions;
  /** Whose session of the console a record is. */
  readonly holderOf: Parameters<typeof createSignedInOperations>[0]["holderOf"];
  /** ms since the epoch. */
  readonly now: () => number;
}): Operations {
  const { wired, live, holderOf, now } = deps;
  return {
    approvals: createApprovalOperations({
      ...{ approvals: wired.approvals, definitions: wired.store.definitions },
      policies: () => wired.policies.current(),
      upstreams: wired.upstreams,
      definitionOf: wired.definitionOf,
    }),
    upstreams: wired.upstreamOperations,
    tools: wired.tools,
    events: wired.events,
    activity: wired.activity,
    sessions: createSessionOperations({ live, store: wired.store.sessions, audit: wired.audit, now }),
    signedIn: createSignedInOperations({ store: wired.store.consoleSessions, holderOf, audit: wired.audit, now }),
    policies: wired.policyOperations,
    notifications: { list: (filter) => wired.store.outbox.list(filter) },
  };
}
