import type { SessionView } from "../../core/live-sessions.ts";
import type { Principal } from "../../core/principal.ts";
import type { Caller } from "../../gateway/gateway.ts";
import type { SessionRecord } from "../../store/sessions/sessions.ts";
import type { LegacySession } from "./session.ts";
import type { SessionStreams } from "./session-streams.ts";

/** A legacy session over HTTP, as this process holds it. */
export interface HttpSession {
  readonly record: SessionRecord;
  readonly legacy: LegacySession;
  readonly streams: SessionStreams;
  /** As the latest request showed it: roles come with each token anew. */
  caller: Caller;
  lastSeenAt: number;
  /** `lastSeenAt` as the store has it. */
  storedSeenAt: number;
}

/** Whether this principal opened the session: nobody else may know of it. */
export function opened(record: SessionRecord, principal: Principal): boolean {
  return record.issuer === principal.issuer && record.subject === principal.subject;
}

/** Whether something here depends on the session: a call that runs, or a stream that is read. */
export function busy(session: HttpSession): boolean {
  return session.legacy.inFlight > 0 || session.streams.connected;
}

/** The session as operators see it. */
export function clientOf({ record, legacy, streams, caller, lastSeenAt }: HttpSession): SessionView {
  const { idHash, issuer, subject, endpoint, protocolVersion, clientInfo, createdAt } = record;
  return {
    ...{ id: idHash, era: "legacy", issuer, subject, email: caller.principal.email },
    ...{ endpoint, protocolVersion, clientInfo, createdAt, lastSeenAt },
    connected: streams.connected,
    inFlight: legacy.inFlight,
  };
}
