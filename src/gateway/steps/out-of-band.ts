import type { ClientPeer } from "../../core/call.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { SharedMemory } from "../../core/shared-memory.ts";
import type { PolicySet } from "../../policy/policy-set.ts";
import { type MarkHash, redactJson } from "../../redaction/redact.ts";
import type { Redaction } from "../../redaction/redaction.ts";

/** For how many pairs of principal and upstream it is remembered what their calls take out. */
const MAX_PAIRS = 32_768;

/**
 * What upstreams tell and ask outside of any call. Old servers log on their session's own stream, so that a message may
 * be about any call of the client, or come after its end: it loses whatever its principal's calls of this upstream lose.
 * Not the client's alone: a principal can make any number of clients, and would be told what the oldest ones lost.
 */
export interface OutOfBand {
  /** The peer that this upstream is to serve. `guarded` says what a call takes out; absent where no policy looks. */
  peerFor(
    peer: ClientPeer,
    upstream: string,
    guarded?: { readonly set: PolicySet; readonly redactions: readonly Redaction[] },
  ): ClientPeer;
}

interface Pair {
  /** Whose redactions these are: those of a set that was replaced are not kept. */
  set: PolicySet;
  readonly redactions: Set<Redaction>;
  /** What stands for each of the principal's peers at the upstream. */
  readonly peers: WeakMap<ClientPeer, ClientPeer>;
}

/** `maxPairs`: how many principals and upstreams are remembered together. A principal has one for each upstream. */
export function createOutOfBand(hash: MarkHash, maxPairs = MAX_PAIRS): OutOfBand {
  const pairs = new SharedMemory<Pair>(maxPairs);
  return {
    peerFor(peer, upstream, guarded) {
      if (guarded === undefined && pairs.size === 0) return peer;
      let pair = pairs.get(peer.owner, upstream);
      if (pair === undefined) {
        if (guarded === undefined) return peer;
        pair = { set: guarded.set, redactions: new Set(), peers: new WeakMap() };
        pairs.set(peer.owner, upstream, pair);
      }
      if (guarded !== undefined) {
        if (pair.set !== guarded.set) {
          pair.set = guarded.set;
          pair.redactions.clear();
        }
        for (const redaction of guarded.redactions) pair.redactions.add(redaction);
      }
      let guardedPeer = pair.peers.get(peer);
      if (guardedPeer === undefined) {
        guardedPeer = withoutRedacted(peer, pair.redactions, hash);
        pair.peers.set(peer, guardedPeer);
      }
      return guardedPeer;
    },
  };
}

function withoutRedacted(peer: ClientPeer, redactions: ReadonlySet<Redaction>, hash: MarkHash): ClientPeer {
  const redacted = (params: JsonObject): JsonObject => {
    const value = redactJson(params, [...redactions], hash);
    return isObject(value) ? value : {};
  };
  return {
    key: peer.key,
    owner: peer.owner,
    holder: peer.holder,
    capabilities: peer.capabilities,
    takesInputRequests: peer.takesInputRequests,
    request: ({ method, params }) => peer.request({ method, params: redacted(params) }),
    notify: ({ method, params }) => peer.notify({ method, params: redacted(params) }),
    listening: () => peer.listening?.() === true,
  };
}
