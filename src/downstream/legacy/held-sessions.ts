import type { CallEnder } from "../../core/cancellation.ts";
import { randomId } from "../../core/ids.ts";
import { type Principal, personKey } from "../../core/principal.ts";
import type { SessionRecord, SessionStore } from "../../store/sessions/sessions.ts";
import { callerOf, type Edge, type RequestContext } from "../edge.ts";
import { busy, type HttpSession, opened } from "./http-session.ts";
import { ReplayRoom } from "./replay-room.ts";
import { LegacySession } from "./session.ts";
import { SessionStreams } from "./session-streams.ts";

/** The legacy sessions of one endpoint that are in memory, the least recently used first: a bounded number. */
export class HeldSessions {
  readonly #edge: Edge;
  readonly #store: SessionStore;
  readonly #held = new Map<string, HttpSession>();
  readonly #room = new ReplayRoom();
  readonly #boot = randomId().replace(/\W/g, "").slice(0, 6);
  #streamCount = 0;

  constructor(edge: Edge, store: SessionStore) {
    this.#edge = edge;
    this.#store = store;
  }

  get size(): number {
    return this.#held.size;
  }

  get replayBytes(): number {
    return this.#room.total.bytes;
  }

  get(idHash: string): HttpSession | undefined {
    return this.#held.get(idHash);
  }

  /** The hashes of their ids. */
  ids(): readonly string[] {
    return [...this.#held.keys()];
  }

  values(): MapIterator<HttpSession> {
    return this.#held.values();
  }

  /** Holds a session that is new, or comes back from the store. */
  hold(record: SessionRecord, context: RequestContext): HttpSession {
    const { limits, now } = this.#edge;
    const nextKey = () => `${this.#boot}${(++this.#streamCount).toString(36)}`;
    const holder = personKey(context.principal);
    const streams = new SessionStreams({ limits, now, room: this.#room, holder, nextKey });
    const legacy = new LegacySession(this.#edge, { ...record, handle: record.idHash }, context.principal, {
      push: (message, delivery) => streams.push(message, delivery),
      listening: () => streams.listening,
      save: (change) => this.#store.update(record.idHash, change),
    });
    const caller = callerOf(context, record.clientInfo);
    const session = { record, legacy, streams, caller, lastSeenAt: now(), storedSeenAt: record.lastSeenAt };
    this.#held.set(record.idHash, session);
    return session;
  }

  /** The session, where this request may use it: a foreign one answers exactly as one that does not exist. */
  admit(session: HttpSession, context: RequestContext): HttpSession | undefined {
    const { record } = session;
    const { principal, scope } = context;
    if (!opened(record, principal) || record.endpoint !== scope.endpoint || session.legacy.ended) return undefined;
    session.lastSeenAt = this.#edge.now();
    session.caller = callerOf(context, record.clientInfo);
    this.#held.delete(record.idHash);
    this.#held.set(record.idHash, session);
    return session;
  }

  /** Lets go of one; it stays in the store. `by`: who ends what it has in flight. */
  drop(session: HttpSession, reason: string, by: CallEnder = "SESSION_ENDED"): void {
    this.#held.delete(session.record.idHash);
    session.legacy.end(reason, by);
    session.streams.close();
  }

  dropAll(idHashes: readonly string[], reason: string): void {
    for (const session of idHashes.map((idHash) => this.#held.get(idHash))) {
      if (session !== undefined) this.drop(session, reason);
    }
  }

  /** Ends one for good. @throws StoreError */
  async end(session: HttpSession, reason: string, by?: CallEnder): Promise<void> {
    this.drop(session, reason, by);
    await this.#store.remove(session.record.idHash);
  }

  /** Has the least recently used session that nothing depends on make room; it comes back from the store when needed. */
  makeRoom(): boolean {
    if (this.#held.size < this.#edge.limits.maxSessions) return true;
    for (const session of this.#held.values()) {
      if (busy(session)) continue;
      this.drop(session, "the session was idle");
      void this.touch(session);
      return true;
    }
    return false;
  }

  /** The same among one person's: one client that opens sessions and leaves them would fill the store. @throws StoreError */
  async makeOwnRoom(principal: Principal): Promise<boolean> {
    const { maxSessionsPerPerson } = this.#edge.limits;
    if (this.#held.size < maxSessionsPerPerson) return true;
    const person = personKey(principal);
    const own = [...this.#held.values()].filter(({ legacy }) => legacy.peer.holder === person);
    if (own.length < maxSessionsPerPerson) return true;
    const idlest = own.find((session) => !busy(session));
    if (idlest === undefined) return false;
    await this.end(idlest, "its user opened too many sessions");
    return true;
  }

  /** Stores when it was last seen, where the store does not know. @throws never */
  touch(session: HttpSession): Promise<void> {
    if (session.lastSeenAt <= session.storedSeenAt) return Promise.resolve();
    session.storedSeenAt = session.lastSeenAt;
    const { idHash } = session.record;
    return this.#store.update(idHash, { lastSeenAt: session.lastSeenAt }).catch((err: unknown) => {
      this.#edge.log.error({ err, session: idHash }, "Could not store when a session was last seen");
    });
  }
}
