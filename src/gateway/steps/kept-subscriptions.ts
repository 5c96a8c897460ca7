import type { Catalog } from "../../catalog/catalog.ts";
import type { ClientPeer, Notification } from "../../core/call.ts";
import type { Log } from "../../core/log.ts";
import type { Subscription, Upstream, Upstreams } from "../../upstream/upstream.ts";

/** A resource that somebody watches. */
export interface WatchedResource {
  /** The upstream's name. */
  readonly upstream: string;
  /** As its server knows it. */
  readonly uri: string;
  /** Whom the upstream serves. */
  readonly peer: ClientPeer;
  /** Whether they may still reach this upstream. */
  allowed(): boolean;
  onUpdated(notification: Notification): void;
}

/**
 * What clients watch, whatever becomes of the entry of its upstream: where another takes its place (a setting changed, or it was
 * removed and came back), that one is subscribed to as soon as it is reached.
 */
export interface KeptSubscriptions {
  add(watched: WatchedResource): Promise<Subscription>;
  /**
   * Takes up what a client was granted before, when its server can: it may not have come up since the gateway's restart. `find`: what it is, as far
   * as that is known by now. Nobody waits for the server's word; if it refuses, that is logged.
   */
  restore(find: () => WatchedResource | undefined): { close(): void };
}

interface Kept {
  readonly watched: WatchedResource;
  /** Where the server is that agreed to it: one elsewhere is another one, with resources of its own. */
  readonly address: string;
  /** With which it is, or is being, subscribed. */
  of: Upstream | undefined;
  close: () => void;
}

/** Makes the keeper of one gateway's. */
export function createKeptSubscriptions(deps: {
  readonly upstreams: Pick<Upstreams, "get" | "onEvent">;
  /** Where it can only be told by what servers list whose a resource is, changed lists may tell. */
  readonly catalog: Pick<Catalog, "onChange">;
  readonly log: Log;
}): KeptSubscriptions {
  const { upstreams, log } = deps;
  const kept = new Set<Kept>();
  /** Attempts to take up what was granted before. */
  const waiting = new Set<() => void>();
  const attemptAll = (): void => {
    for (const attempt of [...waiting]) attempt();
  };

  deps.catalog.onChange(({ list }) => {
    if (list === "resources") attemptAll();
  });
  upstreams.onEvent((event) => {
    if (event.kind !== "reached") return;
    attemptAll();
    const upstream = upstreams.get(event.upstream);
    if (upstream === undefined) return;
    for (const one of kept) if (one.watched.upstream === event.upstream) void renew(one, upstream);
  });

  /** Subscribes at the upstream that took the place of the one before. @throws never */
  async function renew(one: Kept, upstream: Upstream): Promise<void> {
    const { watched } = one;
    if (one.of === upstream || upstream.address !== one.address || !watched.allowed()) return;
    one.close();
    one.close = () => {};
    one.of = upstream;
    const answer = await subscribe(upstream, watched);
    if (!answer.ok) {
      // One that did not answer is asked again when it is reached again.
      if ("fault" in answer && one.of === upstream) one.of = undefined;
      log.warn({ upstream: upstream.name, uri: watched.uri }, "A subscription was not renewed.");
    } else if (one.of !== upstream || !kept.has(one)) answer.close();
    else {
      one.close = () => answer.close();
      // Something may have changed meanwhile.
      watched.onUpdated({ method: "notifications/resources/updated", params: { uri: watched.uri } });
    }
  }

  async function add(watched: WatchedResource): Promise<Subscription> {
    const upstream = upstreams.get(watched.upstream);
    if (upstream === undefined) return { ok: false, fault: gone(watched.upstream) };
    const answer = await subscribe(upstream, watched);
    if (!answer.ok) return answer;
    const one: Kept = { watched, address: upstream.address, of: upstream, close: () => answer.close() };
    kept.add(one);
    const now = upstreams.get(watched.upstream);
    // It was exchanged while its server agreed, and the other may have been reached before this was kept.
    if (now !== undefined && now.status().state === "ready") void renew(one, now);
    return {
      ok: true,
      close() {
        kept.delete(one);
        one.close();
      },
    };
  }

  function restore(find: () => WatchedResource | undefined): { close(): void } {
    let closed = false;
    let asking = false;
    let again = false;
    let subscribed = (): void => {};
    const take = async (watched: WatchedResource): Promise<void> => {
      const answer = await add(watched);
      if (closed) {
        if (answer.ok) answer.close();
        return;
      }
      // One that did not answer is asked again when it is reached.
      if (!answer.ok && "fault" in answer) return;
      waiting.delete(attempt);
      if (answer.ok) {
        subscribed = () => answer.close();
        // Something may have changed since the client heard of it last.
        watched.onUpdated({ method: "notifications/resources/updated", params: { uri: watched.uri } });
      } else log.warn({ upstream: watched.upstream, uri: watched.uri }, "A stored subscription was refused.");
    };
    const attempt = (): void => {
      const watched = find();
      again = asking;
      if (watched === undefined || asking) return;
      asking = true;
      void take(watched).finally(() => {
        asking = false;
        // It was reached while it was asked before that.
        if (again && waiting.has(attempt)) attempt();
      });
    };
    waiting.add(attempt);
    attempt();
    return {
      close() {
        closed = true;
        waiting.delete(attempt);
        subscribed();
      },
    };
  }

  return { add, restore };
}

function subscribe(upstream: Upstream, { peer, uri, onUpdated }: WatchedResource): Promise<Subscription> {
  return upstream.session(peer).subscribe(uri, onUpdated);
}

function gone(upstream: string) {
  const detail = "It is no longer registered.";
  return { code: "UPSTREAM_UNAVAILABLE", upstream, detail, executed: "no" } as const;
}
