import { LRUCache } from "lru-cache";
import type { ClientPeer } from "../core/call.ts";
import { isObject, type JsonObject } from "../core/json.ts";
import type { PolicySet } from "../policy/policy-set.ts";
import { type KeyedHash, redactJson } from "../redaction/redact.ts";
import type { Redaction } from "../redaction/redaction.ts";

/** For how many pairs of client and upstream it is remembered what their calls take out. */
const MAX_PAIRS = 4096;

/**
 * What upstreams tell and ask outside of any call. Old servers log on their session's own stream, so that a message may
 * be about any call of the client, or come after its end: it loses whatever the client's calls of this upstream lose.
 */
export interface OutsideTalk {
  /** The peer that this upstream is to serve. `guarded` says what a call takes out; absent where no policy looks. */
  peerFor(
    peer: ClientPeer,
    upstream: string,
    guarded?: { readonly set: PolicySet; readonly redactions: readonly Redaction[] },
  ): ClientPeer;
}

interface Pair {
  /** Stands for `inner` at the upstream. */
  readonly peer: ClientPeer;
  inner: ClientPeer;
  /** Whose redactions these are: those of a set that was replaced are not kept. */
  set: PolicySet;
  readonly redactions: Set<Redaction>;
}

export function createOutsideTalk(hash: KeyedHash): OutsideTalk {
  const pairs = new LRUCache<string, Pair>({ max: MAX_PAIRS });
  return {
    peerFor(peer, upstream, guarded) {
      if (guarded === undefined && pairs.size === 0) return peer;
      const key = `${peer.key}\n${upstream}`;
      let pair = pairs.get(key);
      if (pair === undefined) {
        if (guarded === undefined) return peer;
        pair = createPair(peer, guarded.set, hash);
        pairs.set(key, pair);
      }
      pair.inner = peer;
      if (guarded === undefined) return pair.peer;
      if (pair.set !== guarded.set) {
        pair.set = guarded.set;
        pair.redactions.clear();
      }
      for (const redaction of guarded.redactions) pair.redactions.add(redaction);
      return pair.peer;
    },
  };
}

function createPair(inner: ClientPeer, set: PolicySet, hash: KeyedHash): Pair {
  const redactions = new Set<Redaction>();
  const redacted = (params: JsonObject): JsonObject => {
    const value = redactJson(params, [...redactions], hash);
    return isObject(value) ? value : {};
  };
  const pair: Pair = {
    inner,
    set,
    redactions,
    peer: {
      key: inner.key,
      holder: inner.holder,
      capabilities: inner.capabilities,
      request: ({ method, params }) => pair.inner.request({ method, params: redacted(params) }),
      notify: ({ method, params }) => pair.inner.notify({ method, params: redacted(params) }),
    },
  };
  return pair;
}
