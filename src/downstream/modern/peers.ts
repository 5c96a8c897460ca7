import { LRUCache } from "lru-cache";
import type { ClientPeer } from "../../core/call.ts";
import { sha256 } from "../../core/digest.ts";
import { type Principal, personKey, principalKey } from "../../core/principal.ts";
import { MAX_CLIENT_FACTS_CHARS, type RequestMeta } from "../../mcp/request-meta.ts";
import { withoutTasks } from "../../mcp/tasks.ts";

const MAX_PEERS = 4096;

/** The peers of modern requests: one per principal, client program and set of capabilities. */
export interface ModernPeers {
  /** `undefined` for a client that says too much of itself to be remembered: `MAX_CLIENT_FACTS_CHARS`. */
  of(principal: Principal, meta: RequestMeta): ClientPeer | undefined;
}

/**
 * Makes the peers, with a bounded memory that only saves work: a peer that fell out is made again with the same key.
 * Key parts are the JSON texts as sent, so equal clients share a peer and a different order of keys merely does not.
 */
export function createModernPeers(): ModernPeers {
  const peers = new LRUCache<string, ClientPeer>({ max: MAX_PEERS });
  return {
    of(principal, { clientInfo, capabilities }) {
      const facts = JSON.stringify([principal.clientId, clientInfo?.["name"], clientInfo?.["version"], capabilities]);
      if (facts.length > MAX_CLIENT_FACTS_CHARS) return undefined;
      const owner = principalKey(principal);
      const holder = personKey(principal);
      const text = `${owner}\n${facts}`;
      // Their next token may name another address: the peer is the same, the share is not.
      const memo = `${holder}\n${text}`;
      const known = peers.get(memo);
      if (known !== undefined) return known;
      const peer: ClientPeer = {
        key: `modern:${sha256(text)}`,
        owner,
        holder,
        // A task is followed where it was made, and an upstream is out of the client's reach.
        capabilities: withoutTasks(capabilities),
        takesInputRequests: false,
        // This era has no way from the server to the client outside a request. 2026-07-28 changelog
        request: async () => ({ ok: false, error: { code: -32601, message: "The client takes no requests." } }),
        notify: () => {},
      };
      peers.set(memo, peer);
      return peer;
    },
  };
}
