import { sha256 } from "../../core/digest.ts";
import { randomId } from "../../core/ids.ts";
import type { SessionView } from "../../core/live-sessions.ts";
import { principalKey } from "../../core/principal.ts";
import type { ListChange } from "../../gateway/gateway.ts";
import type { SessionRecord, SessionStore } from "../../store/sessions/sessions.ts";
import type { Edge, RequestContext } from "../edge.ts";
import { LIST_CHANGED } from "../list-changes.ts";
import { HeldSessions } from "./held-sessions.ts";
import { busy, clientOf, type HttpSession, opened } from "./http-session.ts";
import type { Initialize } from "./initialize.ts";

/** The legacy sessions of one endpoint: facts in the store, a bounded number of live ones in memory. */
export interface SessionRegistry {
  /** Opens a session; `undefined` when too many are busy at once. */
  open(init: Initialize, context: RequestContext): Promise<{ id: string; session: HttpSession } | undefined>;
  /** The session of an id, if this principal opened it on this endpoint: else it does not exist. */
  find(id: string, context: RequestContext): Promise<HttpSession | undefined>;
  end(session: HttpSession): Promise<void>;
  /** Those in memory, in no order. */
  list(): readonly SessionView[];
  /** Ends one in memory on an operator's behalf; `false` if there is none with this hash. @throws StoreError */
  endByHash(idHash: string): Promise<boolean>;
  listChanged(change: ListChange): void;
  /** Drops what was ended elsewhere, reaps what is idle, writes back when sessions were last seen, lets finished streams go. */
  sweep(now: number): void;
  /** Cancels every call in flight: the gateway stops now. */
  cut(): void;
  /** Ends GET streams and writes back what the store does not know yet. */
  close(): Promise<void>;
  /** Whether `close` was called: no standing stream may open any more, since clients come back for one that ended. */
  readonly closed: boolean;
  readonly live: number;
  readonly replayBytes: number;
}

/**
 * Makes it.
 * Long because it is a flat list of what can be done with sessions, each over the same ones.
 */
export function createSessionRegistry(edge: Edge, store: SessionStore): SessionRegistry {
  const { limits, now, log } = edge;
  const live = new HeldSessions(edge, store);
  const loading = new Map<string, Promise<HttpSession | undefined>>();
  let closed = false;
  let reapedAt = now();
  let checkedAt = now();
  let reaping: Promise<void> = Promise.resolve();

  const load = async (idHash: string, context: RequestContext): Promise<HttpSession | undefined> => {
    const record = await store.find(idHash);
    if (record === undefined || !opened(record, context.principal)) return undefined;
    if (now() - record.lastSeenAt > limits.sessionIdleMs || !live.makeRoom()) return undefined;
    const session = live.hold(record, context);
    session.legacy.restore(context);
    return session;
  };

  const reap = async (at: number): Promise<void> => {
    const touched = [...live.values()].map((session) => {
      if (busy(session)) session.lastSeenAt = at;
      return live.touch(session);
    });
    await Promise.all(touched);
    const idle = await store.removeIdle(at - limits.sessionIdleMs);
    live.dropAll(idle, "the session was idle for too long");
  };

  // Another process on the same store may end a session, too; what runs here for it must not go on.
  const dropGone = async (): Promise<void> => live.dropAll(await store.gone(live.ids()), "the session was ended");

  const background = (work: () => Promise<void>, failed: string): void => {
    reaping = reaping.then(work).catch((err: unknown) => log.error({ err }, failed));
  };

  // A store that cannot be read ends nobody's session: it is asked again with the next request.
  const dropIfGone = async (idHash: string): Promise<void> => {
    const session = live.get(idHash);
    if (session === undefined || (await store.exists(idHash).catch(() => true))) return;
    if (live.get(idHash) === session) live.drop(session, "the session was ended");
  };

  return {
    async open(init, context) {
      const { principal, scope } = context;
      if (!(await live.makeOwnRoom(principal)) || !live.makeRoom()) return undefined;
      const id = randomId();
      const at = now();
      const record: SessionRecord = {
        idHash: sha256(id),
        issuer: principal.issuer,
        subject: principal.subject,
        endpoint: scope.endpoint,
        protocolVersion: init.protocolVersion,
        clientInfo: init.clientInfo,
        capabilities: init.capabilities,
        logLevel: undefined,
        subscriptions: [],
        createdAt: at,
        lastSeenAt: at,
      };
      await store.create(record);
      return { id, session: live.hold(record, context) };
    },

    async find(id, context) {
      const idHash = sha256(id);
      await dropIfGone(idHash);
      const session = live.get(idHash);
      if (session !== undefined) return live.admit(session, context);
      // Somebody else's look-up, which finds nothing, must not be theirs.
      const wanted = `${principalKey(context.principal)}\n${idHash}`;
      let pending = loading.get(wanted);
      if (pending === undefined) {
        pending = load(idHash, context).finally(() => loading.delete(wanted));
        loading.set(wanted, pending);
      }
      const loaded = await pending;
      return loaded === undefined ? undefined : live.admit(loaded, context);
    },

    end: (session) => live.end(session, "the client ended the session", "CALL_CANCELLED"),
    list: () => Array.from(live.values(), clientOf),
    async endByHash(idHash) {
      const session = live.get(idHash);
      if (session === undefined) return false;
      await live.end(session, "an operator ended the session");
      return true;
    },

    listChanged({ list, concerns }) {
      for (const { record, legacy, caller } of live.values()) {
        const scope = edge.gateway.scope(record.endpoint);
        if (scope !== undefined && concerns(scope, caller)) legacy.notify({ method: LIST_CHANGED[list], params: {} });
      }
    },

    sweep(at) {
      for (const { legacy, streams } of live.values()) {
        legacy.inputRequests.sweep(at);
        streams.sweep(at);
      }
      if (at - checkedAt >= limits.goneMs) {
        checkedAt = at;
        background(dropGone, "Could not look for sessions that were ended elsewhere");
      }
      if (at - reapedAt >= limits.touchMs) {
        reapedAt = at;
        background(() => reap(at), "Could not reap idle sessions");
      }
    },

    cut() {
      for (const { legacy } of live.values()) legacy.cancelAll("the gateway stops", "GATEWAY_STOPPED");
    },

    async close() {
      closed = true;
      for (const session of live.values()) session.streams.closeStanding();
      await reaping;
      await Promise.all([...live.values()].map((session) => live.touch(session)));
    },

    get closed() {
      return closed;
    },
    get live() {
      return live.size;
    },
    get replayBytes() {
      return live.replayBytes;
    },
  };
}
