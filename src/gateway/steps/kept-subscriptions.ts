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
  readonly log: Log;
}): KeptSubscriptions {
  const { upstreams, log } = deps;
  const kept = new Set<Kept>();

  upstreams.onEvent((event) => {
    if (event.kind !== "reached") return;
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

  return {
    async add(watched) {
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
    },
  };
}

function subscribe(upstream: Upstream, { peer, uri, onUpdated }: WatchedResource): Promise<Subscription> {
  return upstream.session(peer).subscribe(uri, onUpdated);
}

function gone(upstream: string) {
  const detail = "It is no longer registered.";
  return { code: "UPSTREAM_UNAVAILABLE", upstream, detail, executed: "no" } as const;
}
