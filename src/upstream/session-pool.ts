import type { ClientPeer } from "../core/call.ts";
import { canonicalJson, type JsonObject } from "../core/json.ts";
import { PeerSession, type SessionOwner } from "./peer-session.ts";
import type { UpstreamLoad } from "./upstream.ts";

export interface SessionPoolOptions {
  readonly owner: SessionOwner;
  readonly idleMs: number;
  /** Legacy sessions (or children) open at once, the system connection not counted. */
  readonly maxSessions: number;
  readonly maxPeers: number;
}

/**
 * The sessions of all peers with one upstream. One peer with other capabilities is another session, because a legacy
 * server learns them once; so nothing is advertised for a client that lacks it.
 */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #peers = new Map<string, PeerSession[]>();
  #size = 0;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
  }

  /** The session of a peer: a look-up where this very peer object was seen last. */
  get(peer: ClientPeer): PeerSession {
    const sessions = this.#peers.get(peer.key);
    const first = sessions?.[0];
    if (first !== undefined && first.peer === peer) return first;
    const found = sessions?.find(
      (session) => session.peer === peer || sameJson(session.capabilities, peer.capabilities),
    );
    if (found !== undefined) {
      found.peer = peer;
      return found;
    }
    if (this.#size >= this.#options.maxPeers) this.#forgetIdlest();
    const session = new PeerSession(this.#options.owner, peer);
    this.#add(session);
    return session;
  }

  /** Makes room for one more open session. Whether there is any. */
  reserve(session: PeerSession): boolean {
    // Somebody may hold a session that was reaped: it counts again from now on.
    if (!this.#peers.get(session.peer.key)?.includes(session)) this.#add(session);
    let open = 0;
    let idlest: PeerSession | undefined;
    for (const other of this.#all()) {
      if (other === session || !other.connected) continue;
      open++;
      if (other.idle && (idlest === undefined || other.lastUsedAt < idlest.lastUsedAt)) idlest = other;
    }
    if (open < this.#options.maxSessions) return true;
    if (idlest === undefined) return false;
    this.#remove(idlest);
    void idlest.disconnect();
    return true;
  }

  /** Closes what was not used for long enough. */
  reap(now: number): void {
    for (const session of [...this.#all()]) {
      if (!session.idle || now - session.lastUsedAt < this.#options.idleMs) continue;
      this.#remove(session);
      void session.disconnect();
    }
  }

  /** Closes a peer's sessions for good. */
  async release(peerKey: string): Promise<void> {
    const sessions = this.#peers.get(peerKey) ?? [];
    this.#peers.delete(peerKey);
    this.#size -= sessions.length;
    await Promise.all(sessions.map((session) => session.release()));
  }

  load(): UpstreamLoad {
    let connected = 0;
    let inFlight = 0;
    let watched = 0;
    for (const session of this.#all()) {
      if (session.connected) connected++;
      inFlight += session.inFlight;
      watched += session.watched;
    }
    return { peers: this.#size, connected, inFlight, watched };
  }

  /** Replaces every connection: the upstream is another one now. */
  renewAll(): void {
    for (const session of this.#all()) session.renew();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#peers.keys()].map((key) => this.release(key)));
  }

  *#all(): Iterable<PeerSession> {
    for (const sessions of this.#peers.values()) yield* sessions;
  }

  #add(session: PeerSession): void {
    const { key } = session.peer;
    const sessions = this.#peers.get(key);
    if (sessions === undefined) this.#peers.set(key, [session]);
    else sessions.unshift(session);
    this.#size++;
  }

  #remove(session: PeerSession): void {
    const { key } = session.peer;
    const rest = this.#peers.get(key)?.filter((other) => other !== session) ?? [];
    if (rest.length === 0) this.#peers.delete(key);
    else this.#peers.set(key, rest);
    this.#size--;
  }

  #forgetIdlest(): void {
    let idlest: PeerSession | undefined;
    for (const session of this.#all()) {
      if (session.idle && (idlest === undefined || session.lastUsedAt < idlest.lastUsedAt)) idlest = session;
    }
    if (idlest === undefined) return;
    this.#remove(idlest);
    void idlest.disconnect();
  }
}

function sameJson(left: JsonObject, right: JsonObject): boolean {
  return left === right || canonicalJson(left) === canonicalJson(right);
}
