import type { ClientPeer } from "../../core/call.ts";
import { canonicalJson, type JsonObject } from "../../core/json.ts";
import { mayTake } from "../../core/shares.ts";
import { Turns } from "../../core/turns.ts";
import type { UpstreamLoad } from "../upstream.ts";
import { waitForTurn } from "../waiting/wait-for.ts";
import { PeerSession } from "./peer-session.ts";
import type { SessionOwner } from "./session-owner.ts";

export interface SessionPoolOptions {
  readonly owner: SessionOwner<PeerSession>;
  readonly idleMs: number;
  /** Legacy sessions (or children) open at once, the system connection not counted. */
  readonly maxSessions: number;
  readonly maxPeers: number;
  /** Sessions of one principal that may wait for room, and for how long. */
  readonly maxWaiting: number;
  readonly waitMs: number;
}

/**
 * The sessions of all peers with one upstream. One peer with other capabilities is another session, because a legacy
 * server learns them once; so nothing is advertised for a client that lacks it.
 *
 * Principals share the room, whatever number of clients they say they are: see `mayTake`. Whoever has its share makes
 * room by its own idlest session, then at the cost of somebody with more; or waits.
 */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #peers = new Map<string, PeerSession[]>();
  readonly #holders = new Map<string, Set<PeerSession>>();
  /** Those that were given room; who lost its connection meanwhile is left out when they are counted. */
  readonly #open = new Set<PeerSession>();
  readonly #turns: Turns;
  #size = 0;
  #serving = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#turns = new Turns(options.maxWaiting);
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
      this.#disown(found);
      found.peer = peer;
      this.#own(found);
      return found;
    }
    if (!mayTake(this.#holders.get(peer.holder)?.size ?? 0, this.#size, this.#options.maxPeers)) {
      this.#evict(idlestOf(this.#holders.get(peer.holder)) ?? idlestOf(this.#all()));
    }
    const session = new PeerSession(this.#options.owner, peer);
    this.#add(session);
    return session;
  }

  /** Makes room for one more open session, waiting for it where there is none. Whether there is any. */
  async reserve(session: PeerSession): Promise<boolean> {
    // Somebody may hold a session that was reaped: it counts again from now on.
    if (!this.#peers.get(session.peer.key)?.includes(session)) this.#add(session);
    this.#open.delete(session);
    const { holder } = session.peer;
    if (!this.#turns.awaited(holder) && this.#makeRoom(holder)) {
      this.#open.add(session);
      return true;
    }
    const queue = {
      wait: (key: string, begin: () => void) =>
        this.#turns.wait(key, () => {
          this.#open.add(session);
          begin();
        }),
    };
    return (await waitForTurn(queue, holder, this.#options.waitMs)) === "turn";
  }

  /** Looks, soon, whether somebody who waits for room can have it now. */
  freed(): void {
    if (this.#serving || !this.#turns.any) return;
    this.#serving = true;
    queueMicrotask(() => {
      this.#serving = false;
      this.#turns.serve((holder) => this.#makeRoom(holder));
    });
  }

  /** Closes what was not used for long enough. */
  reap(now: number): void {
    for (const session of [...this.#all()]) {
      if (session.unusedFor(this.#options.idleMs, now)) this.#evict(session);
    }
  }

  /** Closes a peer's sessions for good. */
  async release(peerKey: string): Promise<void> {
    const sessions = this.#peers.get(peerKey) ?? [];
    for (const session of sessions) this.#remove(session);
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

  #makeRoom(holder: string): boolean {
    const shares = new Map<string, number>();
    for (const session of this.#open) {
      if (session.connected) shares.set(session.peer.holder, (shares.get(session.peer.holder) ?? 0) + 1);
      else this.#open.delete(session);
    }
    const own = shares.get(holder) ?? 0;
    if (mayTake(own, this.#open.size, this.#options.maxSessions)) return true;
    const open = [...this.#open];
    const leaves =
      idlestOf(open.filter(({ peer }) => peer.holder === holder)) ??
      idlestOf(open.filter(({ peer }) => (shares.get(peer.holder) ?? 0) > own));
    this.#evict(leaves);
    return leaves !== undefined;
  }

  #add(session: PeerSession): void {
    const { key } = session.peer;
    const sessions = this.#peers.get(key);
    if (sessions === undefined) this.#peers.set(key, [session]);
    else sessions.unshift(session);
    this.#own(session);
    this.#size++;
  }

  #remove(session: PeerSession): void {
    const { key } = session.peer;
    const rest = this.#peers.get(key)?.filter((other) => other !== session) ?? [];
    if (rest.length === 0) this.#peers.delete(key);
    else this.#peers.set(key, rest);
    this.#disown(session);
    this.#open.delete(session);
    this.#size--;
  }

  /** Counts it for the holder of its peer. */
  #own(session: PeerSession): void {
    const { holder } = session.peer;
    const own = this.#holders.get(holder);
    if (own === undefined) this.#holders.set(holder, new Set([session]));
    else own.add(session);
  }

  /** Counts it no longer. Before its peer is replaced: another token may make the same client somebody else's share. */
  #disown(session: PeerSession): void {
    const { holder } = session.peer;
    const own = this.#holders.get(holder);
    own?.delete(session);
    if (own?.size === 0) this.#holders.delete(holder);
  }

  #evict(session: PeerSession | undefined): void {
    if (session === undefined) return;
    this.#remove(session);
    this.#options.owner.intake.own(session.disconnect());
  }
}

function idlestOf(sessions: Iterable<PeerSession> | undefined): PeerSession | undefined {
  let idlest: PeerSession | undefined;
  for (const session of sessions ?? []) {
    if (session.idle && (idlest === undefined || session.lastUsedAt < idlest.lastUsedAt)) idlest = session;
  }
  return idlest;
}

function sameJson(left: JsonObject, right: JsonObject): boolean {
  return left === right || canonicalJson(left) === canonicalJson(right);
}
